#include <cerrno>

#include "catalogue/catalogue.h"
#include "service/event.h"
#include "service/names.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

class DiskTest : public ServiceTest {
 protected:
  DiskTest() { settings.image_directories = {"/srv"}; }
  CreateDisk request(const std::string& name) {
    CreateDisk disk;
    disk.name = name;
    disk.size = 64 * kMiB;
    return disk;
  }
  ErrorCode code_of(CreateDisk disk) {
    const Outcome<Disk> outcome = run(service->create_disk(op(), std::move(disk)));
    EXPECT_FALSE(outcome.has_value());
    return outcome ? ErrorCode::kBusy : outcome.error().code;
  }
  void make_file(const std::string& path, std::uint64_t size) {
    ASSERT_TRUE(disks.create_directories(std::filesystem::path(path).parent_path()));
    auto file = disks.open(path, {.create_new = true});
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->truncate(size));
    ASSERT_TRUE((*file)->sync());
  }
};

TEST_F(DiskTest, IsMadeServedAndListed) {
  const Disk disk = make_disk("one");
  EXPECT_EQ(disk.id, DiskId(1));
  EXPECT_EQ(disk.name, "one");
  EXPECT_EQ(disk.path, state_directory() + "/disks/one.img");
  EXPECT_EQ(disk.size, 64 * kMiB);
  EXPECT_EQ(disk.allocated_size, 0U);
  EXPECT_EQ(disk.serial, serial_of(disk.naa));
  EXPECT_FALSE(disk.failure);
  EXPECT_FALSE(disk.connected);
  const FakeDataPlane::Unit& unit = data_plane->units.at(disk.id);
  EXPECT_EQ(unit.config.identity.naa, disk.naa);
  EXPECT_EQ(unit.config.identity.serial, disk.serial);
  EXPECT_EQ(unit.volume->geometry().size(), 64 * kMiB);
  EXPECT_EQ(must(service->list_disks(viewer())), std::vector<Disk>{disk});
  EXPECT_EQ(must(service->get_disk(viewer(), disk.id)), disk);
  EXPECT_EQ(must(service->find_disk(viewer(), "ONE")), disk);
  EXPECT_EQ(disks.status(disk.path)->size, 64 * kMiB);
}

TEST_F(DiskTest, TakesItsSpaceWhenPreallocated) {
  CreateDisk disk = request("full");
  disk.kind = DiskKind::kPreallocated;
  disk.logical_block_size = 4096;
  const Disk made = must(service->create_disk(op(), std::move(disk)));
  EXPECT_EQ(made.allocated_size, 64 * kMiB);
  EXPECT_EQ(data_plane->units.at(made.id).volume->geometry().block_count, 64 * kMiB / 4096);
}

TEST_F(DiskTest, RoundsItsSizeUpToPhysicalBlocks) {
  CreateDisk disk = request("odd");
  disk.size = kMiB + 1;
  disk.physical_block_size = 65536;
  EXPECT_EQ(must(service->create_disk(op(), std::move(disk))).size, kMiB + 65536);
}

TEST_F(DiskTest, NamesItselfAfterItsFile) {
  CreateDisk disk = request("x");
  disk.name.reset();
  disk.path = "/srv/data.raw";
  EXPECT_EQ(must(service->create_disk(op(), disk)).name, "data");
  disk.path = "/srv/other/data.raw";
  EXPECT_EQ(must(service->create_disk(op(), disk)).name, "data-2");
  disk.path.reset();
  EXPECT_EQ(must(service->create_disk(op(), disk)).name, "disk-3");
}

TEST_F(DiskTest, RefusesBadRequests) {
  const auto refused = [&](auto change) {
    CreateDisk disk = request("bad");
    change(disk);
    return code_of(std::move(disk));
  };
  const auto invalid = ErrorCode::kInvalidArgument;
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.size = 0; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.size = kMiB - 1; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.size = (1ULL << 52) - kMiB + 1; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.size = ~0ULL; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.logical_block_size = 0; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.logical_block_size = 1024; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.physical_block_size = 0; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.physical_block_size = 6144; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.physical_block_size = 131072; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.logical_block_size = 4096, disk.physical_block_size = 512; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.name = ""; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.name = "../escape"; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.path = "relative.img"; }), invalid);
  EXPECT_EQ(refused([this](CreateDisk& disk) { disk.path = state_directory() + "/host.key"; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.description = std::string(2000, 'x'); }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.kind = DiskKind::kRam, disk.path = "/srv/x"; }), invalid);
  EXPECT_EQ(refused([](CreateDisk& disk) { disk.kind = DiskKind::kRam, disk.enabled = false; }), invalid);
  EXPECT_TRUE(must(service->list_disks(viewer())).empty());
  EXPECT_TRUE(data_plane->units.empty());
}

TEST_F(DiskTest, RefusesNamesPathsAndFilesThatAreTaken) {
  make_disk("one");
  EXPECT_EQ(code_of(request("ONE")), ErrorCode::kAlreadyExists);
  CreateDisk same_path = request("two");
  same_path.path = state_directory() + "/disks/one.img";
  EXPECT_EQ(code_of(same_path), ErrorCode::kAlreadyExists);
  make_file("/srv/precious.img", kMiB);
  CreateDisk overwrite = request("three");
  overwrite.path = "/srv/precious.img";
  EXPECT_EQ(code_of(overwrite), ErrorCode::kAlreadyExists);
  EXPECT_EQ(disks.status("/srv/precious.img")->size, kMiB);
  EXPECT_EQ(must(service->list_disks(viewer())).size(), 1U);
}

TEST_F(DiskTest, LeavesNothingBehindWhenTheStoreIsFull) {
  disks.options().capacity = 32 * kMiB;
  CreateDisk disk = request("full");
  disk.kind = DiskKind::kPreallocated;
  EXPECT_EQ(code_of(disk), ErrorCode::kNoSpace);
  EXPECT_TRUE(must(service->list_disks(viewer())).empty());
  EXPECT_FALSE(disks.status(state_directory() + "/disks/full.img"));
  disks.options().capacity = 1 << 30;
  EXPECT_FALSE(must(service->create_disk(op(), disk)).failure);
}

TEST_F(DiskTest, IsMadeWholeOrNotAtAllWhateverCallFails) {
  for (std::uint64_t n = 1;; ++n) {
    const std::string name = "disk" + std::to_string(n);
    disks.fail_call(n, sim::Fate::error(EIO));
    const Outcome<Disk> outcome = run(service->create_disk(op(), request(name)));
    disks.set_faults({});
    const std::size_t listed = must(service->list_disks(viewer())).size();
    ASSERT_LE(listed, outcome ? n : n) << n;
    if (!outcome) {
      EXPECT_EQ(listed, data_plane->units.size()) << n;
      EXPECT_FALSE(run(service->find_disk(viewer(), name))) << n;
      continue;
    }
    // From some call on the disk is there, and a failed opening only shows in its state.
    EXPECT_TRUE(data_plane->units.contains(outcome->id));
    if (!outcome->failure && n > 8) {
      break;
    }
  }
}

TEST_F(DiskTest, IsForgottenAndItsFileStays) {
  const Disk disk = make_disk("one");
  must(service->delete_disk(op(), {disk.id, false}));
  EXPECT_TRUE(data_plane->units.empty());
  EXPECT_TRUE(disks.status(disk.path));
  EXPECT_EQ(run(service->get_disk(viewer(), disk.id)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(run(service->delete_disk(op(), {disk.id, false})).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(make_disk("two").id, DiskId(2));
}

TEST_F(DiskTest, IsDeletedWithItsFileWhenAsked) {
  const Disk disk = make_disk("one");
  must(service->delete_disk(op(), {disk.id, true}));
  EXPECT_FALSE(disks.status(disk.path));
}

TEST_F(DiskTest, SaysSoWhenItsFileCannotBeRemoved) {
  const Disk disk = make_disk("one");
  disks.set_faults([&](const sim::Call& call) {
    return call.path == disk.path && call.kind == sim::CallKind::kMetadata ? sim::Fate::error(EACCES)
                                                                           : sim::Fate::proceed();
  });
  const Outcome<void> outcome = run(service->delete_disk(op(), {disk.id, true}));
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("by hand"), std::string::npos);
  EXPECT_TRUE(must(service->list_disks(viewer())).empty());
  restart();
  EXPECT_TRUE(must(service->list_disks(viewer())).empty());
}

TEST_F(DiskTest, CannotBeDeletedWhileMapped) {
  const Disk disk = make_disk("one");
  const Target target = make_target("t");
  must(service->map_disk(op(), {target.id, disk.id, std::nullopt, false}));
  const Outcome<void> outcome = run(service->delete_disk(op(), {disk.id, true}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kInUse);
  EXPECT_NE(outcome.error().message.find("target t"), std::string::npos);
}

TEST_F(DiskTest, ImportsAnImageWithoutTouchingIt) {
  make_file("/srv/image.raw", 10 * kMiB);
  ImportDisk import;
  import.path = "/srv/image.raw";
  const Disk disk = must(service->import_disk(op(), import));
  EXPECT_EQ(disk.name, "image");
  EXPECT_EQ(disk.size, 10 * kMiB);
  EXPECT_EQ(disk.kind, DiskKind::kThin);
  EXPECT_EQ(run(service->import_disk(op(), import)).error().code, ErrorCode::kAlreadyExists);
}

TEST_F(DiskTest, RefusesToImportWhatMakesNoDisk) {
  const auto code = [&](const std::string& path) {
    ImportDisk import;
    import.path = path;
    const Outcome<Disk> outcome = run(service->import_disk(op(), std::move(import)));
    return outcome ? ErrorCode::kBusy : outcome.error().code;
  };
  make_file("/srv/small.raw", kMiB - 512);
  make_file("/srv/odd.raw", 2 * kMiB + 1);
  make_file(state_directory() + "/host.key", 2 * kMiB);
  EXPECT_EQ(code("/srv/small.raw"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("/srv/odd.raw"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("/srv"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("/srv/none.raw"), ErrorCode::kNotFound);
  EXPECT_EQ(code(state_directory() + "/host.key"), ErrorCode::kInvalidArgument);
}

TEST_F(DiskTest, LooksAtWhereAPathLeadsNotAtHowItIsWritten) {
  const std::string state = state_directory();
  const Disk disk = make_disk("one");
  make_file(state + "/catalogue.copy", 2 * kMiB);
  make_file("/srv/deep/a.img", 2 * kMiB);
  disks.link_symbolically("/proc/self/root", "");
  disks.link_symbolically("/srv/state", state);
  disks.link_symbolically("/srv/image", state + "/catalogue.copy");
  disks.link_symbolically("/srv/short", "/srv/deep");
  disks.link("/srv/second.img", disk.path);
  const auto imported = [&](const std::string& path) {
    ImportDisk import;
    import.path = path;
    return run(service->import_disk(admin(), std::move(import)));
  };
  const auto made = [&](const std::string& path) {
    CreateDisk create = request("made");
    create.path = path;
    return run(service->create_disk(admin(), std::move(create)));
  };
  for (const std::string& path : {"/proc/self/root" + state + "/catalogue.copy",
                                  std::string("/srv/state/catalogue.copy"), std::string("/srv/image")}) {
    EXPECT_EQ(imported(path).error().code, ErrorCode::kInvalidArgument) << path;
  }
  for (const std::string& path :
       {"/proc/self/root" + state + "/planted", std::string("/srv/state/tls/planted"), state + "/disks/../planted"}) {
    EXPECT_EQ(made(path).error().code, ErrorCode::kInvalidArgument) << path;
  }
  for (const std::string& path :
       {"/proc/self/root" + disk.path, std::string("/srv/state/disks/one.img"), std::string("/srv/second.img")}) {
    EXPECT_EQ(imported(path).error().code, ErrorCode::kAlreadyExists) << path;
  }
  const Outcome<Disk> adopted = imported("/srv/short/a.img");
  ASSERT_TRUE(adopted) << adopted.error().message;
  EXPECT_EQ(adopted->path, "/srv/deep/a.img");
  const Outcome<Disk> fresh = made("/srv/state/disks/made.img");
  ASSERT_TRUE(fresh) << fresh.error().message;
  EXPECT_EQ(fresh->path, state + "/disks/made.img");
}

TEST_F(DiskTest, ChangesNameAndDescription) {
  const Disk disk = make_disk("one");
  make_disk("two");
  SetDisk change;
  change.id = disk.id;
  change.name = "One";  // its own name in another case
  change.description = "new";
  EXPECT_EQ(must(service->set_disk(op(), change)).name, "One");
  EXPECT_EQ(must(service->get_disk(viewer(), disk.id)).description, "new");
  change.name = "two";
  EXPECT_EQ(run(service->set_disk(op(), change)).error().code, ErrorCode::kAlreadyExists);
  change.name = "a/b";
  EXPECT_EQ(run(service->set_disk(op(), change)).error().code, ErrorCode::kInvalidArgument);
  change.id = DiskId(99);
  EXPECT_EQ(run(service->set_disk(op(), change)).error().code, ErrorCode::kNotFound);
}

TEST_F(DiskTest, IsNotReadyWhileDisabled) {
  const Disk disk = make_disk("one");
  SetDisk change;
  change.id = disk.id;
  change.enabled = false;
  const Disk disabled = must(service->set_disk(op(), change));
  EXPECT_FALSE(disabled.enabled);
  EXPECT_FALSE(disabled.failure);
  EXPECT_EQ(data_plane->units.at(disk.id).volume->failure(), "the disk is disabled");
  // The stand-in's failures are not the disk's.
  data_plane->observer(target::VolumeFailed{disk.id, "the disk is disabled"});
  EXPECT_FALSE(must(service->get_disk(viewer(), disk.id)).failure);
  change.enabled = true;
  EXPECT_TRUE(must(service->set_disk(op(), change)).enabled);
  EXPECT_FALSE(data_plane->units.at(disk.id).volume->failure());
}

TEST_F(DiskTest, TurnsReadOnlyInOptionsAndVolume) {
  const Disk disk = make_disk("one");
  SetDisk change;
  change.id = disk.id;
  change.read_only = true;
  EXPECT_TRUE(must(service->set_disk(op(), change)).read_only);
  EXPECT_TRUE(data_plane->units.at(disk.id).config.options.read_only);
  EXPECT_TRUE(data_plane->units.at(disk.id).volume->features().read_only);
}

TEST_F(DiskTest, GrowsWhileItIsInUse) {
  const Disk disk = make_disk("one");
  const Target target = make_target("t");
  must(service->map_disk(op(), {target.id, disk.id, std::nullopt, false}));
  data_plane->open_session(1, target.id, "iqn.x");
  const Disk grown = must(service->resize_disk(op(), {disk.id, 100 * kMiB, false}));
  EXPECT_EQ(grown.size, 100 * kMiB);
  EXPECT_TRUE(grown.connected);
  EXPECT_EQ(data_plane->units.at(disk.id).volume->geometry().size(), 100 * kMiB);
  EXPECT_EQ(disks.status(disk.path)->size, 100 * kMiB);
}

TEST_F(DiskTest, ShrinksOnlyWhenMeantAndUnseen) {
  const Disk disk = make_disk("one");
  const Target target = make_target("t");
  must(service->map_disk(op(), {target.id, disk.id, std::nullopt, false}));
  EXPECT_EQ(run(service->resize_disk(op(), {disk.id, 32 * kMiB, false})).error().code, ErrorCode::kInvalidArgument);
  data_plane->open_session(1, target.id, "iqn.x");
  EXPECT_EQ(run(service->resize_disk(op(), {disk.id, 32 * kMiB, true})).error().code, ErrorCode::kInUse);
  data_plane->close_session(1);
  EXPECT_EQ(must(service->resize_disk(op(), {disk.id, 32 * kMiB, true})).size, 32 * kMiB);
  EXPECT_EQ(disks.status(disk.path)->size, 32 * kMiB);
  EXPECT_EQ(run(service->resize_disk(op(), {disk.id, kMiB - 1, true})).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(run(service->resize_disk(op(), {DiskId(9), kMiB, true})).error().code, ErrorCode::kNotFound);
}

// SBC-4 4.11: nothing but its own end ends a SANITIZE, and it covers every block.
TEST_F(DiskTest, KeepsItsSizeAndAccessWhileAnInitiatorErasesIt) {
  const Disk disk = make_disk("one");
  data_plane->erasures[disk.id] = {.is_sanitize = true, .percent = 37};
  const auto resized = run(service->resize_disk(op(), {disk.id, 100 * kMiB, false}));
  ASSERT_FALSE(resized);
  EXPECT_EQ(resized.error(), (Error{ErrorCode::kInUse,
                                    "An initiator has disk one erased (SANITIZE, 37 % done). Try "
                                    "again when that has ended."}));
  EXPECT_EQ(disks.status(disk.path)->size, 64 * kMiB);
  SetDisk change;
  change.id = disk.id;
  change.read_only = true;
  EXPECT_EQ(run(service->set_disk(op(), change)).error().code, ErrorCode::kInUse);
  EXPECT_FALSE(must(service->get_disk(viewer(), disk.id)).read_only);
  EXPECT_EQ(data_plane->units.at(disk.id).replacements, 0);
  data_plane->erasures.clear();
  EXPECT_EQ(must(service->resize_disk(op(), {disk.id, 100 * kMiB, false})).size, 100 * kMiB);
  EXPECT_TRUE(must(service->set_disk(op(), change)).read_only);
  EXPECT_TRUE(data_plane->held_erasures.empty());
}

TEST_F(DiskTest, HoldsErasuresWhileItsSizeChanges) {
  const Disk disk = make_disk("one");
  bool was_held = false;
  data_plane->before_replacing = [&] { was_held = data_plane->held_erasures.contains(disk.id); };
  must(service->resize_disk(op(), {disk.id, 100 * kMiB, false}));
  EXPECT_TRUE(was_held);
  EXPECT_TRUE(data_plane->held_erasures.empty());
}

TEST_F(DiskTest, KeepsItsSizeWhenThereIsNoRoomToGrow) {
  CreateDisk request_full = request("one");
  request_full.kind = DiskKind::kPreallocated;
  const Disk disk = must(service->create_disk(op(), request_full));
  disks.options().capacity = 80 * kMiB;
  EXPECT_EQ(run(service->resize_disk(op(), {disk.id, 128 * kMiB, false})).error().code, ErrorCode::kNoSpace);
  EXPECT_TRUE(data_plane->held_erasures.empty());
  EXPECT_EQ(must(service->get_disk(viewer(), disk.id)).size, 64 * kMiB);
  EXPECT_EQ(disks.status(disk.path)->size, 64 * kMiB);
  restart();
  EXPECT_FALSE(must(service->get_disk(viewer(), disk.id)).failure);
}

TEST_F(DiskTest, InMemoryIsGoneAfterARestartAndItsIdIsNotReused) {
  CreateDisk ram = request("ram");
  ram.kind = DiskKind::kRam;
  const Disk disk = must(service->create_disk(op(), ram));
  EXPECT_EQ(disk.path, "");
  EXPECT_EQ(disk.allocated_size, disk.size);
  const Target target = make_target("t");
  must(service->map_disk(op(), {target.id, disk.id, std::nullopt, false}));
  SetDisk change;
  change.id = disk.id;
  change.enabled = false;
  EXPECT_EQ(run(service->set_disk(op(), change)).error().code, ErrorCode::kNotSupported);
  EXPECT_EQ(run(service->resize_disk(op(), {disk.id, 128 * kMiB, false})).error().code, ErrorCode::kNotSupported);
  restart();
  EXPECT_TRUE(must(service->list_disks(viewer())).empty());
  EXPECT_TRUE(must(service->list_mappings(viewer())).empty());
  EXPECT_EQ(make_disk("next").id, DiskId(2));
}

TEST_F(DiskTest, KeepsItsIdentityAcrossRestarts) {
  const Disk disk = make_disk("one");
  restart();
  EXPECT_EQ(must(service->get_disk(viewer(), disk.id)), disk);
  EXPECT_EQ(data_plane->units.at(disk.id).config.identity.naa, disk.naa);
}

TEST_F(DiskTest, IsShownAsFailedWhenItsFileIsMissingAndComesBackWithIt) {
  const Disk disk = make_disk("one");
  const Target target = make_target("t");
  must(service->map_disk(op(), {target.id, disk.id, std::nullopt, false}));
  stop();
  ASSERT_TRUE(disks.rename(disk.path, "/away"));
  start();
  const Disk failed = must(service->get_disk(viewer(), disk.id));
  ASSERT_TRUE(failed.failure);
  EXPECT_NE(failed.failure->find(disk.path), std::string::npos);
  EXPECT_EQ(failed.mappings.size(), 1U);
  EXPECT_TRUE(data_plane->units.at(disk.id).volume->failure());
  const Outcome<Disk> repaired = run(service->repair_disk(op(), disk.id));
  ASSERT_FALSE(repaired);
  EXPECT_EQ(repaired.error().code, ErrorCode::kIo);
  ASSERT_TRUE(disks.rename("/away", disk.path));
  SetDisk change;
  change.id = disk.id;
  change.enabled = true;
  EXPECT_FALSE(must(service->set_disk(op(), change)).failure);
  EXPECT_FALSE(data_plane->units.at(disk.id).volume->failure());
}

TEST_F(DiskTest, IsShownAsFailedWhenItFailsAtWork) {
  const Disk disk = make_disk("one");
  std::vector<DiskChanged> events;
  const Subscription subscription = service->subscribe([&](const Event& event) {
    if (const auto* changed = std::get_if<DiskChanged>(&event)) {
      events.push_back(*changed);
    }
  });
  data_plane->observer(target::VolumeFailed{disk.id, "a flush was lost"});
  data_plane->observer(target::VolumeFailed{disk.id, "a flush was lost"});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_FALSE(events[0].before->failure);
  EXPECT_EQ(events[0].after->failure, "a flush was lost");
  EXPECT_EQ(must(service->get_disk(viewer(), disk.id)).failure, "a flush was lost");
  EXPECT_FALSE(must(service->repair_disk(op(), disk.id)).failure);
}

// The kernel tells of a lost flush once: an image that opens well afterwards proves nothing.
TEST_F(DiskTest, StaysFailedThroughARestartUntilItIsCleared) {
  const Disk disk = make_disk("one");
  const Disk other = make_disk("two");
  shard.run([&] { data_plane->observer(target::VolumeFailed{disk.id, "a flush was lost"}); });
  world.run_until_idle();
  restart();
  EXPECT_EQ(must(service->get_disk(viewer(), disk.id)).failure, "a flush was lost");
  EXPECT_EQ(data_plane->units.at(disk.id).volume->failure(), "a flush was lost");
  EXPECT_FALSE(must(service->get_disk(viewer(), other.id)).failure);
  must(service->set_disk(
      op(),
      {.id = disk.id, .name = {}, .description = "described", .enabled = {}, .read_only = true, .removable = {}}));
  must(service->resize_disk(op(), {disk.id, 128 * kMiB, false}));
  EXPECT_EQ(data_plane->units.at(disk.id).volume->failure(), "a flush was lost");
  EXPECT_FALSE(
      must(service->set_disk(
               op(),
               {.id = disk.id, .name = {}, .description = {}, .enabled = true, .read_only = false, .removable = {}}))
          .failure);
  EXPECT_FALSE(data_plane->units.at(disk.id).volume->failure());
  shard.run([&] { data_plane->observer(target::VolumeFailed{disk.id, "again"}); });
  world.run_until_idle();
  EXPECT_FALSE(must(service->repair_disk(op(), disk.id)).failure);
  restart();
  EXPECT_FALSE(must(service->get_disk(viewer(), disk.id)).failure);
  EXPECT_FALSE(data_plane->units.at(disk.id).volume->failure());
}

/// The states that a crash between the steps of an operation leaves, made by hand.
class CrashedDiskTest : public DiskTest {
 protected:
  void SetUp() override {
    DiskTest::SetUp();
    disk_ = make_disk("one");
    stop();
  }
  void edit(const catalogue::Changes& changes) {
    const auto catalogue = catalogue::Catalogue::open({state_directory() + "/catalogue.db", {}});
    ASSERT_TRUE(catalogue);
    ASSERT_TRUE((*catalogue)->commit(changes));
  }
  catalogue::DiskRow row() {
    const auto catalogue = catalogue::Catalogue::open({state_directory() + "/catalogue.db", {}});
    return (*catalogue)->load()->disks.at(catalogue::DiskId(1));
  }
  catalogue::IntentRow intent(catalogue::IntentKind kind, const std::string& path) {
    return {catalogue::IntentId(100), kind, catalogue::DiskId(1), path, {}};
  }
  std::size_t intents_left() {
    stop();
    const auto catalogue = catalogue::Catalogue::open({state_directory() + "/catalogue.db", {}});
    return (*catalogue)->load()->intents.size();
  }
  Disk disk_;
};

TEST_F(CrashedDiskTest, IsForgottenWhenItsImageWasNotComplete) {
  ASSERT_TRUE(disks.rename(disk_.path, state_directory() + "/disks/half.new"));
  edit({intent(catalogue::IntentKind::kMakeImage, state_directory() + "/disks/half.new")});
  start();
  EXPECT_TRUE(must(service->list_disks(viewer())).empty());
  EXPECT_FALSE(disks.status(state_directory() + "/disks/half.new"));
  EXPECT_EQ(intents_left(), 0U);
}

TEST_F(CrashedDiskTest, IsKeptWhenItsImageWasComplete) {
  edit({intent(catalogue::IntentKind::kMakeImage, state_directory() + "/disks/gone.new")});
  start();
  EXPECT_EQ(must(service->list_disks(viewer())).size(), 1U);
  EXPECT_EQ(intents_left(), 0U);
}

TEST_F(CrashedDiskTest, LeavesAFileThatIsNotItsOwnAlone) {
  ASSERT_TRUE(disks.remove(disk_.path));
  make_file(disk_.path, 3 * kMiB);
  edit({intent(catalogue::IntentKind::kMakeImage, state_directory() + "/disks/gone.new")});
  start();
  EXPECT_TRUE(must(service->list_disks(viewer())).empty());
  EXPECT_EQ(disks.status(disk_.path)->size, 3 * kMiB);
}

TEST_F(CrashedDiskTest, LosesItsImageWhenThatWasBeingRemoved) {
  edit({catalogue::RemoveDisk{catalogue::DiskId(1)}, intent(catalogue::IntentKind::kRemoveImage, disk_.path)});
  start();
  EXPECT_FALSE(disks.status(disk_.path));
  EXPECT_EQ(intents_left(), 0U);
}

TEST_F(CrashedDiskTest, GetsAnImageOfTheSizeItShows) {
  ASSERT_TRUE((*disks.open(disk_.path, {}))->truncate(100 * kMiB));  // growing had begun
  edit({intent(catalogue::IntentKind::kResizeImage, disk_.path)});
  start();
  EXPECT_EQ(disks.status(disk_.path)->size, 64 * kMiB);
  stop();
  catalogue::DiskRow smaller = row();
  smaller.size = 32 * kMiB;  // shrinking had been committed
  edit({smaller, intent(catalogue::IntentKind::kResizeImage, disk_.path)});
  start();
  EXPECT_EQ(disks.status(disk_.path)->size, 32 * kMiB);
  EXPECT_EQ(must(service->get_disk(viewer(), disk_.id)).size, 32 * kMiB);
}

}  // namespace
}  // namespace lunaria::service
