#include "daemon/audit_log.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/journal_socket.h"
#include "security/small_file.h"
#include "sim/file_system.h"
#include "sim/world.h"

namespace lunaria::daemon {
namespace {

constexpr const char* kPath = "/state/audit/audit.jsonl";

class AuditLogTest : public testing::Test {
 protected:
  void make(bool with_file = true, bool with_journal = true) {
    auto file = with_file ? std::make_unique<AuditFile>(files_, AuditFile::Settings{.path = kPath}) : nullptr;
    AuditLog::Journal journal;
    if (with_journal) {
      journal = [this](std::string_view datagram) {
        datagrams_.emplace_back(datagram);
        return takes_datagrams_;
      };
    }
    audit_.emplace(shard_, log_, std::move(file), std::move(journal));
    run(open());
  }
  void TearDown() override { run(close()); }
  void run(runtime::Task<void> task) {
    shard_.run([&] { EXPECT_TRUE(runtime::spawn(gate_, std::move(task))); });
    world_.run_until_idle();
    EXPECT_EQ(gate_.count(), 0U);
  }
  runtime::Task<void> open() { EXPECT_TRUE(co_await audit_->open()); }
  runtime::Task<void> close() { co_await audit_->close(); }
  void record(std::string_view operation, const std::string& object = {}) {
    cim::AuditRecord record;
    record.operation = operation;
    record.object = object;
    record.result = operation == cim::kAuthenticate ? "refused" : "ok";
    shard_.run([&] { audit_->record(record); });
  }
  std::vector<nlohmann::json> lines() {
    std::vector<nlohmann::json> found;
    const auto read = security::read_small_file(files_, kPath, 64U << 20);
    std::string text;
    for (const std::byte byte : read ? *read : std::vector<std::byte>()) {
      text += static_cast<char>(byte);
    }
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      found.push_back(nlohmann::json::parse(line));
    }
    return found;
  }

  sim::World world_;
  sim::SimShard& shard_ = world_.add_shard();
  sim::SimFileSystem files_{world_};
  MemoryLog log_;
  runtime::Gate gate_;
  std::vector<std::string> datagrams_;
  bool takes_datagrams_ = true;
  std::optional<AuditLog> audit_;
};

TEST_F(AuditLogTest, WritesToBothInTheOrderOfTheRecords) {
  make();
  record("CreateInstance", "a");
  record("DeleteInstance", "b");
  EXPECT_EQ(datagrams_.size(), 2U) << "the journal has it before the operation is answered";
  record("ModifyInstance", "c");
  world_.run_until_idle();
  ASSERT_EQ(lines().size(), 3U);
  EXPECT_EQ(lines()[0]["object"], "a");
  EXPECT_EQ(lines()[1]["object"], "b");
  EXPECT_EQ(lines()[2]["object"], "c");
}

TEST_F(AuditLogTest, WritesWhatIsQueuedBeforeItCloses) {
  make();
  for (int i = 0; i < 100; ++i) {
    record("CreateInstance");
  }
  run(close());
  EXPECT_EQ(lines().size(), 100U);
  record("CreateInstance");
  world_.run_until_idle();
  EXPECT_EQ(lines().size(), 100U);
  EXPECT_EQ(datagrams_.size(), 101U);
  make();
}

TEST_F(AuditLogTest, CountsWhatAFullDiskDidNotTakeAndSaysSoLater) {
  make();
  files_.set_faults([](const sim::Call& call) {
    return call.kind == sim::CallKind::kWrite ? sim::Fate::error(ENOSPC) : sim::Fate::proceed();
  });
  record("CreateInstance");
  world_.run_until_idle();
  record("CreateInstance");
  world_.run_until_idle();
  EXPECT_EQ(std::ranges::count_if(log_.lines(), [](const std::string& line) { return line.contains("audit.lost"); }), 1)
      << "a full disk is no reason to fill it with lines that say so";
  files_.set_faults({});
  record("DeleteInstance");
  world_.run_until_idle();
  record("DeleteInstance");
  world_.run_until_idle();
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_EQ(lines()[0]["records_lost"], 2);
  EXPECT_FALSE(lines()[1].contains("records_lost"));
}

TEST_F(AuditLogTest, BoundsWhatWaitsForASlowDisk) {
  make(true, false);
  const std::string object(kAuditTextMax, 'x');
  const std::size_t count = AuditLog::kQueueBytesMax / kAuditTextMax + 100;
  for (std::size_t i = 0; i < count; ++i) {
    record("CreateInstance", object);
  }
  world_.run_until_idle();
  const std::size_t written = lines().size();
  EXPECT_LT(written, count);
  EXPECT_GT(written, count / 2);
  record("DeleteInstance");
  world_.run_until_idle();
  EXPECT_EQ(lines().back()["records_lost"], count - written);
}

TEST_F(AuditLogTest, KeepsGuessersFromFillingIt) {
  make();
  for (int i = 0; i < 1000; ++i) {
    record(cim::kAuthenticate);
  }
  record("CreateInstance");
  world_.run_until_idle();
  EXPECT_EQ(lines().size(), AuditLog::kRefusalBurst + 1U);
  world_.run_for(std::chrono::seconds(2));
  for (int i = 0; i < 1000; ++i) {
    record(cim::kAuthenticate);
  }
  world_.run_until_idle();
  const std::size_t expected = AuditLog::kRefusalBurst + 1U + 2 * AuditLog::kRefusalsPerSecond;
  ASSERT_NEAR(static_cast<double>(lines().size()), static_cast<double>(expected), 2.0);
  EXPECT_EQ(lines()[AuditLog::kRefusalBurst + 1]["refusals_left_out"], 1000 - AuditLog::kRefusalBurst);
}

TEST_F(AuditLogTest, SaysWhenNobodyTakesARecord) {
  make(false, true);
  record("CreateInstance");
  EXPECT_TRUE(log_.lines().empty());
  takes_datagrams_ = false;
  record("CreateInstance");
  EXPECT_TRUE(log_.contains("audit.lost"));
}

TEST(JournalSocketTest, SendsWithoutWaitingAndToleratesThatNobodyIsThere) {
  std::string directory = std::filesystem::temp_directory_path() / "lunaria-journal-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string path = directory + "/socket";
  JournalSocket journal(path);
  EXPECT_FALSE(journal.send("nobody is there"));
  const reactor::Descriptor receiver(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(bind(receiver.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address), 0);
  EXPECT_TRUE(journal.send("hello"));
  std::string received(16, '\0');
  EXPECT_EQ(recv(receiver.get(), received.data(), received.size(), 0), 5);
  EXPECT_EQ(received.substr(0, 5), "hello");
  int sent = 0;
  while (sent < 100'000 && journal.send("more than it takes")) {
    ++sent;
  }
  EXPECT_LT(sent, 100'000) << "a journal that does not read gets no more";
  EXPECT_FALSE(JournalSocket(std::string(200, 'x')).send("a path that is too long"));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace lunaria::daemon
