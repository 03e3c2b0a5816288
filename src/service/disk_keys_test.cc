// Encrypted disks through the service: the key is there again after a restart, and gone once it was replaced.
#include <cerrno>

#include "service/world_test.h"

namespace lunaria::service {
namespace {

constexpr std::size_t kLength = 4096;

class DiskKeysTest : public ServiceTest {
 protected:
  CreateDisk request(const std::string& name) {
    CreateDisk disk;
    disk.name = name;
    disk.size = 64 << 20;
    disk.encrypted = true;
    return disk;
  }
  block::IoStatus io(DiskId disk, block::IoOperation operation, std::vector<std::byte>& memory) {
    std::optional<block::IoStatus> status;
    shard.run([&] { spawn(gate, work(disk, operation, memory, status)); });
    EXPECT_TRUE(world.run_until([&] { return status.has_value(); }));
    return status.value_or(block::IoStatus::kFailed);
  }
  void write(DiskId disk, std::byte value) {
    std::vector<std::byte> data(kLength, value);
    ASSERT_EQ(io(disk, block::IoOperation::kWrite, data), block::IoStatus::kOk);
    std::vector<std::byte> none;
    ASSERT_EQ(io(disk, block::IoOperation::kFlush, none), block::IoStatus::kOk);
  }
  std::vector<std::byte> read(DiskId disk) {
    std::vector<std::byte> data(kLength);
    EXPECT_EQ(io(disk, block::IoOperation::kRead, data), block::IoStatus::kOk);
    return data;
  }
  block::IoStatus erase(DiskId disk) {
    std::vector<std::byte> none;
    return io(disk, block::IoOperation::kCryptoErase, none);
  }
  /// What the file holds, past the daemon.
  std::vector<std::byte> stored_in(const std::string& path) {
    std::vector<std::byte> bytes(kLength);
    auto file = disks.open(path, {.write = false});
    EXPECT_TRUE(file);
    EXPECT_TRUE((*file)->read_at(0, bytes));
    return bytes;
  }

  runtime::Task<void> work(DiskId disk, block::IoOperation operation, std::vector<std::byte>& memory,
                           std::optional<block::IoStatus>& ended) {
    block::Io request(*data_plane->units.at(disk).volume, operation, 0, memory.size(), memory, false);
    const block::IoStatus status = co_await request;
    ended = status;
  }
};

TEST_F(DiskKeysTest, ADiskIsReadableAgainAfterARestart) {
  const Disk disk = must(service->create_disk(op(), request("one")));
  EXPECT_TRUE(disk.encrypted);
  EXPECT_FALSE(make_disk("plain").encrypted);
  write(disk.id, std::byte{5});
  restart();
  EXPECT_EQ(read(disk.id), std::vector(kLength, std::byte{5}));
  EXPECT_TRUE(must(service->get_disk(viewer(), disk.id)).encrypted);
  EXPECT_TRUE(data_plane->units.at(disk.id).volume->features().crypto_erase);
}

TEST_F(DiskKeysTest, NoTwoDisksAreEncryptedAlike) {
  const Disk one = must(service->create_disk(op(), request("one")));
  const Disk two = must(service->create_disk(op(), request("two")));
  write(one.id, std::byte{5});
  write(two.id, std::byte{5});
  const std::vector<std::byte> stored = stored_in(one.path);
  EXPECT_NE(stored, std::vector(kLength, std::byte{5}));
  EXPECT_NE(stored, std::vector(kLength, std::byte{0}));
  EXPECT_NE(stored, stored_in(two.path));
}

TEST_F(DiskKeysTest, AnErasedDiskIsWrittenWithAnotherKeyForGood) {
  const DiskId disk = must(service->create_disk(op(), request("one"))).id;
  write(disk, std::byte{5});
  EXPECT_EQ(erase(disk), block::IoStatus::kOk);
  const std::vector<std::byte> unreadable = read(disk);
  EXPECT_NE(unreadable, std::vector(kLength, std::byte{5}));
  restart();
  EXPECT_EQ(read(disk), unreadable) << "the key in force is the one that was kept";
  write(disk, std::byte{6});
  restart();
  EXPECT_EQ(read(disk), std::vector(kLength, std::byte{6}));
}

TEST_F(DiskKeysTest, AKeyOfAnotherHostFailsTheDiskAndNotTheServer) {
  const DiskId disk = must(service->create_disk(op(), request("one"))).id;
  const DiskId plain = make_disk("plain").id;
  stop();
  secrets = secret_box(std::byte{1});
  start();
  const Disk shown = must(service->get_disk(viewer(), disk));
  ASSERT_TRUE(shown.failure);
  EXPECT_NE(shown.failure->find("host key"), std::string::npos);
  EXPECT_FALSE(must(service->get_disk(viewer(), plain)).failure);
  stop();
  secrets = secret_box(std::byte{0});
  start();
  EXPECT_FALSE(must(service->get_disk(viewer(), disk)).failure);
}

TEST_F(DiskKeysTest, ADiskInMemoryIsNotEncrypted) {
  CreateDisk disk = request("memory");
  disk.kind = DiskKind::kRam;
  const Outcome<Disk> outcome = run(service->create_disk(op(), std::move(disk)));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kInvalidArgument);
}

// A management call holds the lock while it waits for the commands inside the unit, and one of them may be a SANITIZE.
TEST_F(DiskKeysTest, AnEraseDoesNotWaitForManagement) {
  const DiskId disk = must(service->create_disk(op(), request("one"))).id;
  std::optional<block::IoStatus> erased;
  std::vector<std::byte> none;
  data_plane->before_replacing = [&] { spawn(gate, work(disk, block::IoOperation::kCryptoErase, none, erased)); };
  data_plane->may_replace = [&] { return erased.has_value(); };
  must(service->resize_disk(op(), {disk, 128 << 20, false}));
  EXPECT_EQ(erased, block::IoStatus::kOk);
  write(disk, std::byte{7});
  restart();
  EXPECT_EQ(read(disk), std::vector(kLength, std::byte{7})) << "the volume that took over has the newer key";
}

}  // namespace
}  // namespace lunaria::service
