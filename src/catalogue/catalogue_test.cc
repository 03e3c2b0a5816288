#include "catalogue/catalogue.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "catalogue/fault_vfs.h"

namespace lunaria::catalogue {
namespace {

/// A directory that goes with the test.
class TestDirectory final {
 public:
  TestDirectory() {
    // Memory where there is some: these tests sync a lot, and none of them is about this machine's disk.
    const std::filesystem::path memory = "/dev/shm";
    std::error_code error;
    const bool has_memory = std::filesystem::is_directory(memory, error);
    std::string name = (has_memory ? memory : std::filesystem::temp_directory_path()) / "lunaria-catalogue-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() { std::filesystem::remove_all(path_); }
  std::string file() const { return path_ / "catalogue.db"; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::unique_ptr<Catalogue> open_or_fail(const std::string& path, const std::string& vfs = {}) {
  Outcome<std::unique_ptr<Catalogue>> catalogue = Catalogue::open({path, vfs});
  EXPECT_TRUE(catalogue.has_value()) << catalogue.error().message;
  return catalogue ? std::move(*catalogue) : nullptr;
}

Contents load_or_fail(const Catalogue& catalogue) {
  Outcome<Contents> contents = catalogue.load();
  EXPECT_TRUE(contents.has_value()) << contents.error().message;
  return contents ? std::move(*contents) : Contents{};
}

Uuid guid_of(std::uint8_t kind, std::uint32_t number) {
  Uuid guid;
  guid.bytes[0] = kind;
  guid.bytes[14] = static_cast<std::uint8_t>(number >> 8);
  guid.bytes[15] = static_cast<std::uint8_t>(number);
  return guid;
}

runtime::WallTime time_of(std::int64_t microseconds) {
  return runtime::WallTime(std::chrono::microseconds(microseconds));
}

DiskRow disk_row(std::uint32_t id) {
  DiskRow row;
  row.id = DiskId(id);
  row.guid = guid_of(1, id);
  row.name = "disk" + std::to_string(id);
  row.description = "a disk";
  row.kind = "thin";
  row.caching = "buffered";
  row.path = "/disks/" + row.name;
  row.size = 1ULL << 50;
  row.serial = "serial" + std::to_string(id);
  row.naa = {0x30, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
  row.created = time_of(id);
  row.rate_limit = {1000, 2000, 1ULL << 30, 1ULL << 31};
  row.space_threshold = 1ULL << 33;
  row.used_threshold = 1ULL << 34;
  return row;
}

TargetRow target_row(std::uint32_t id) {
  TargetRow row;
  row.id = TargetId(id);
  row.guid = guid_of(2, id);
  row.name = "target" + std::to_string(id);
  row.iqn = "iqn.2026-11.org.lunaria:" + row.name;
  row.preferences = {1, 2, 3, 4, 5, 6, 7, 2, true, false, true};
  row.receive_buffer_count = 10;
  row.chap_enabled = true;
  row.created = time_of(1000 + id);
  return row;
}

/// One row of every kind.
Changes one_of_each() {
  return {ServerRow{guid_of(9, 1), "server", true, true, time_of(5)},
          disk_row(1),
          target_row(1),
          ChapRow{TargetId(1), ChapDirection::kForward, "user", {std::byte{1}, std::byte{0}, std::byte{255}}},
          ChapRow{TargetId(1), ChapDirection::kReverse, "", {}},
          MappingRow{TargetId(1), DiskId(1), 16383, true, true},
          DiskFailureRow{DiskId(1), "a flush was lost", time_of(12)},
          DiskKeyRow{DiskId(1), {std::byte{9}}},
          ReservationsRow{DiskId(1),
                          8,
                          {{"iqn.a:b,i,0x000000000001", "iqn.c:d,t,0x0001", 1, 0xFFFF'FFFF'FFFF'FFFE, false},
                           {"iqn.a:a,i,0x000000000001", "iqn.c:d,t,0xffff", 65535, 1, true}}},
          MappingInitiatorRow{TargetId(1), DiskId(1), "iqn.a", 0, true},
          MappingInitiatorRow{TargetId(1), DiskId(1), "iqn.b", std::nullopt, false},
          PortalGroupRow{2, "a group", {true, "finder", {std::byte{7}}}, {}},
          TargetPortalGroupRow{TargetId(1), 2},
          RedirectRow{TargetId(1), 0, true, "192.0.2.1:3260"},
          HostAddressRow{"host.example.com", "192.0.2.1 2001:db8::1"},
          InitiatorRow{"iqn.a", "a host", false, {}, {true, "us", {std::byte{8}}}, time_of(6), {5, 6, 7, 8}},
          AccessRuleRow{TargetId(1), 4, "*"},
          PortalRow{"2001:db8::1", 3260, true, 1},
          UserRow{"admin", "$argon2id$...", "administrator", time_of(7)},
          ServiceStateRow{"ObjectManager", 3, 2, time_of(8), 4},
          ServiceStateRow{"Other", 12, 2, std::nullopt},
          JobRow{JobId(1), "job", "admin", 10, 50, 7, "went wrong", time_of(9), time_of(10), std::nullopt},
          IntentRow{IntentId(1), IntentKind::kResizeImage, DiskId(1), "/disks/disk1", time_of(11)}};
}

TEST(Catalogue, KeepsEveryKindOfRowAcrossReopening) {
  const TestDirectory directory;
  Contents expected;
  {
    const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
    EXPECT_EQ(load_or_fail(*catalogue), expected);
    ASSERT_TRUE(catalogue->commit(one_of_each()));
    expected.apply(one_of_each());
    EXPECT_EQ(load_or_fail(*catalogue), expected);
  }
  const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
  EXPECT_EQ(load_or_fail(*catalogue), expected);
  EXPECT_EQ(catalogue->commit_count(), 1);
}

/// A change that is often valid and sometimes not.
Change random_change(std::mt19937& random) {
  const auto pick = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  const DiskId disk{1 + pick(4)};
  const TargetId target{1 + pick(3)};
  const auto tag = static_cast<std::uint16_t>(1 + pick(2));
  switch (pick(25)) {
    case 24:
      return DiskKeyRow{disk, {std::byte{static_cast<std::uint8_t>(pick(5))}}};
    case 14:
    case 15:
      return MappingInitiatorRow{target, disk, "iqn." + std::to_string(pick(2)), std::nullopt, pick(2) == 0};
    case 16:
      return RemoveMappingInitiator{target, disk, "iqn.1"};
    case 17:
      return PortalGroupRow{tag, "group" + std::to_string(pick(3)), {}, {}};
    case 18:
      return TargetPortalGroupRow{target, tag};
    case 19:
      return RemoveTargetPortalGroup{{target, tag}};
    case 20:
      return RemovePortalGroup{tag};
    case 21:
      return RedirectRow{target, tag, pick(2) == 0, "192.0.2.1"};
    case 22:
      return RemoveRedirect{target, tag};
    case 23:
      return pick(2) == 0 ? Change(RemoveInitiator{"iqn.0"})
                          : Change(InitiatorRow{"iqn.0", "", pick(2) == 0, {}, {}, time_of(pick(9)), {}});
    case 0: {
      DiskRow row = disk_row(static_cast<std::uint32_t>(disk));
      row.size = 1 + pick(1000);
      return row;
    }
    case 1: {
      TargetRow row = target_row(static_cast<std::uint32_t>(target));
      row.enabled = pick(2) == 0;
      return row;
    }
    case 2:
      return ChapRow{target, static_cast<ChapDirection>(pick(2)), "user" + std::to_string(pick(3)), {std::byte{3}}};
    case 3:
      return MappingRow{target, disk, static_cast<std::uint16_t>(pick(3)), pick(2) == 0};
    case 4:
      return AccessRuleRow{target, 4, "iqn." + std::to_string(pick(3))};
    case 5:
      return PortalRow{"192.0.2." + std::to_string(pick(3)), 3260, pick(2) == 0, 1};
    case 6:
      return UserRow{"user" + std::to_string(pick(2)), "hash", "viewer", time_of(pick(9))};
    case 7:
      return RemoveDisk{disk};
    case 8:
      return RemoveTarget{target};
    case 9:
      return RemoveChap{target, ChapDirection::kForward};
    case 10:
      return RemoveMapping{target, disk};
    case 11:
      return RemoveAccessRule{{target, 4, "iqn.1"}};
    case 12:
      return RemoveUser{"user1"};
    default:
      return RemovePortal{"192.0.2.1"};
  }
}

TEST(Catalogue, MemoryAndFileSayTheSameAfterAnyChanges) {
  const TestDirectory directory;
  std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
  std::mt19937 random(7);
  Contents expected;
  int conflicts = 0;
  for (int round = 0; round < 300; ++round) {
    Changes changes;
    for (std::uint32_t count = 1 + random() % 3; count > 0; --count) {
      changes.push_back(random_change(random));
    }
    const Outcome<void> done = catalogue->commit(changes);
    if (done) {
      expected.apply(changes);
    } else {
      ASSERT_EQ(done.error().code, ErrorCode::kConflict) << done.error().message;
      ++conflicts;
    }
    if (round % 20 == 0) {
      ASSERT_EQ(load_or_fail(*catalogue), expected) << round;
    }
  }
  EXPECT_GT(conflicts, 10);
  EXPECT_LT(conflicts, 250);
  catalogue.reset();
  EXPECT_EQ(load_or_fail(*open_or_fail(directory.file())), expected);
}

TEST(Catalogue, NeverGivesAnIdTwice) {
  const TestDirectory directory;
  {
    const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
    ASSERT_TRUE(catalogue->commit({disk_row(1), disk_row(2), target_row(5)}));
    ASSERT_TRUE(catalogue->commit({RemoveDisk{DiskId(2)}, RemoveTarget{TargetId(5)}}));
  }
  const Contents contents = load_or_fail(*open_or_fail(directory.file()));
  EXPECT_EQ(contents.last_disk, DiskId(2));
  EXPECT_EQ(contents.last_target, TargetId(5));
}

TEST(Catalogue, RefusesToForgetAMappedDisk) {
  const TestDirectory directory;
  const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
  ASSERT_TRUE(catalogue->commit({disk_row(1), target_row(1), MappingRow{TargetId(1), DiskId(1), 0, false}}));
  const Outcome<void> done = catalogue->commit({RemoveDisk{DiskId(1)}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kConflict);
  EXPECT_EQ(load_or_fail(*catalogue).disks.size(), 1U);
}

TEST(Catalogue, RefusesNamesThatDifferInCaseOnly) {
  const TestDirectory directory;
  const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
  ASSERT_TRUE(catalogue->commit({target_row(1)}));
  TargetRow second = target_row(2);
  second.name = "TARGET1";
  const Outcome<void> done = catalogue->commit({second});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kConflict);
}

TEST(Catalogue, IsReadableByItsOwnerOnly) {
  const TestDirectory directory;
  const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
  ASSERT_TRUE(catalogue->commit({disk_row(1)}));
  using std::filesystem::perms;
  for (const char* suffix : {"", "-wal"}) {
    EXPECT_EQ(std::filesystem::status(directory.file() + suffix).permissions(), perms::owner_read | perms::owner_write)
        << suffix;
  }
}

TEST(Catalogue, RefusesASecondProcessOnTheSameFile) {
  const TestDirectory directory;
  const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
  // Within one process the lock is the connection's just as well.
  const Outcome<std::unique_ptr<Catalogue>> second = Catalogue::open({directory.file(), {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
}

TEST(Catalogue, SaysWhatToDoWhenItsDirectoryIsMissing) {
  const TestDirectory directory;
  const Outcome<std::unique_ptr<Catalogue>> opened = Catalogue::open({directory.path() / "no" / "catalogue.db", {}});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCannotOpen);
  EXPECT_NE(opened.error().message.find("Check that its directory exists"), std::string::npos);
}

TEST(Catalogue, SaysWhatToDoWhenItIsDamaged) {
  const TestDirectory directory;
  {
    const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
    Changes changes;
    for (std::uint32_t id = 1; id <= 200; ++id) {
      changes.push_back(disk_row(id));
    }
    ASSERT_TRUE(catalogue->commit(changes));
  }
  std::fstream file(directory.file(), std::ios::in | std::ios::out | std::ios::binary);
  for (const std::int64_t page : {3, 5, 8, 12, 20}) {
    file.seekp(page * 4096);
    file.write("garbage garbage garbage", 23);
  }
  file.close();
  const Outcome<std::unique_ptr<Catalogue>> opened = Catalogue::open({directory.file(), {}});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find("backup"), std::string::npos);
}

TEST(Catalogue, LeavesAFileOfAnotherProgramAlone) {
  const TestDirectory directory;
  std::ofstream(directory.file()) << "this is a text file, longer than a header of a hundred bytes, which SQLite reads "
                                     "before it says what the file is not";
  const Outcome<std::unique_ptr<Catalogue>> opened = Catalogue::open({directory.file(), {}});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
}

constexpr std::array kOneStep = {Migration{"one",
                                           "CREATE TABLE catalogue (id INTEGER PRIMARY KEY, commit_count "
                                           "INTEGER NOT NULL); INSERT INTO catalogue VALUES (1, 0)"}};
constexpr std::array kTwoSteps = {kOneStep[0], Migration{"two", "CREATE TABLE later (id INTEGER PRIMARY KEY)"}};
constexpr std::array kBrokenStep = {kOneStep[0],
                                    Migration{"broken", "CREATE TABLE half (id INTEGER); CREATE nonsense"}};

TEST(Migrations, RunOnceEachAndForwardOnly) {
  const TestDirectory directory;
  ASSERT_TRUE(Catalogue::open({directory.file(), {}, kOneStep}));
  ASSERT_TRUE(Catalogue::open({directory.file(), {}, kTwoSteps}));
  ASSERT_TRUE(Catalogue::open({directory.file(), {}, kTwoSteps}));
  const Outcome<std::unique_ptr<Catalogue>> older = Catalogue::open({directory.file(), {}, kOneStep});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::kNewerSchema);
  EXPECT_NE(older.error().message.find("has schema 2"), std::string::npos);
}

TEST(Migrations, APortalOfTheFirstSchemaIsInAPortalGroup) {
  const TestDirectory directory;
  ASSERT_TRUE(Catalogue::open({directory.file(), {}, migrations().first(1)}));
  {
    const Outcome<std::unique_ptr<Database>> database = Database::open({directory.file(), {}});
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->execute("INSERT INTO portals VALUES ('192.0.2.1', 3260, 1, 0)"));
  }
  const Contents contents = load_or_fail(*open_or_fail(directory.file()));
  EXPECT_EQ(contents.portals.at("192.0.2.1").portal_group_tag, 1);
  EXPECT_EQ(contents.portal_groups.at(1), PortalGroupRow{});
}

TEST(Migrations, AServiceOfTheFirstSchemaWasAsItWasAskedToBe) {
  const TestDirectory directory;
  ASSERT_TRUE(Catalogue::open({directory.file(), {}, migrations().first(1)}));
  {
    const Outcome<std::unique_ptr<Database>> database = Database::open({directory.file(), {}});
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->execute("INSERT INTO service_states VALUES ('on', 2, 3, NULL), ('off', 3, 2, NULL)"));
  }
  const Contents contents = load_or_fail(*open_or_fail(directory.file()));
  EXPECT_EQ(contents.service_states.at("on").enabled_state, 2);
  EXPECT_EQ(contents.service_states.at("off").enabled_state, 3);
}

TEST(Migrations, AFailedStepLeavesTheOneBefore) {
  const TestDirectory directory;
  ASSERT_TRUE(Catalogue::open({directory.file(), {}, kOneStep}));
  const Outcome<std::unique_ptr<Catalogue>> broken = Catalogue::open({directory.file(), {}, kBrokenStep});
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("schema 2 (broken)"), std::string::npos);
  const Outcome<std::unique_ptr<Database>> database = Database::open({directory.file(), {}});
  ASSERT_TRUE(database);
  EXPECT_EQ((*database)->query_integer("PRAGMA user_version"), 1);
  EXPECT_EQ((*database)->query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
}

/// Commits disks from `first` on until one fails; returns how many were acknowledged.
std::uint32_t commit_until_failure(Catalogue& catalogue, std::uint32_t first, std::uint32_t last) {
  for (std::uint32_t id = first; id <= last; ++id) {
    if (!catalogue.commit({disk_row(id)})) {
      return id - first;
    }
  }
  return last - first + 1;
}

TEST(Faults, AFailedWriteOrSyncLeavesTheLastCommittedState) {
  for (int n = 0;; ++n) {
    const TestDirectory directory;
    FaultVfs vfs;
    const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file(), vfs.name());
    ASSERT_TRUE(catalogue->commit({disk_row(1)}));
    Contents expected = load_or_fail(*catalogue);
    vfs.arm(FaultVfs::Fault::kIoError, n);
    for (std::uint32_t id = 2; id <= 4; ++id) {
      const Changes changes = {disk_row(id)};
      if (catalogue->commit(changes)) {
        expected.apply(changes);
      }
    }
    vfs.disarm();
    EXPECT_EQ(load_or_fail(*catalogue), expected) << n;
    ASSERT_TRUE(catalogue->commit({disk_row(9)})) << n;  // it goes on afterwards
    if (!vfs.fired()) {
      EXPECT_GT(n, 6);
      break;
    }
  }
}

TEST(Faults, NoSpaceFailsTheChangeAndNothingElse) {
  const TestDirectory directory;
  FaultVfs vfs;
  const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file(), vfs.name());
  ASSERT_TRUE(catalogue->commit({disk_row(1)}));
  for (int n = 0; n < 3; ++n) {
    vfs.arm(FaultVfs::Fault::kNoSpace, n);
    const Outcome<void> done = catalogue->commit({disk_row(2)});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kNoSpace);
    vfs.disarm();
    EXPECT_EQ(load_or_fail(*catalogue).disks.size(), 1U);
  }
  ASSERT_TRUE(catalogue->commit({disk_row(2)}));
  EXPECT_EQ(load_or_fail(*catalogue).disks.size(), 2U);
}

/// Opens and commits five disks with a power cut after `n` operations, counted from the opening or from after it.
/// Returns how many were acknowledged.
std::uint32_t run_until_power_cut(FaultVfs& vfs, const std::string& path, int n, bool while_opening) {
  if (while_opening) {
    vfs.arm(FaultVfs::Fault::kPowerCut, n);
  }
  const Outcome<std::unique_ptr<Catalogue>> catalogue = Catalogue::open({path, vfs.name()});
  if (!while_opening) {
    vfs.arm(FaultVfs::Fault::kPowerCut, n);
  }
  return catalogue ? commit_until_failure(**catalogue, 1, 5) : 0;
}

void expect_power_cuts_survived(bool while_opening) {
  std::mt19937_64 random(11);
  std::uint32_t most_acknowledged = 0;
  // The first start writes the whole schema; every third of its operations will do.
  for (int n = 0;; n += while_opening ? 3 : 1) {
    bool fired = false;
    // All unsynced writes lost, all kept, and a mixture.
    for (const std::uint64_t kept : {std::uint64_t{0}, ~std::uint64_t{0}, random()}) {
      const TestDirectory directory;
      FaultVfs vfs;
      const std::uint32_t acknowledged = run_until_power_cut(vfs, directory.file(), n, while_opening);
      fired = vfs.fired();
      vfs.restore_power(kept);
      const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file(), vfs.name());
      ASSERT_NE(catalogue, nullptr) << n;
      const std::size_t found = load_or_fail(*catalogue).disks.size();
      ASSERT_GE(found, acknowledged) << n;
      ASSERT_LE(found, acknowledged + 1) << n;
      ASSERT_EQ(catalogue->commit_count(), static_cast<std::int64_t>(found)) << n;
      most_acknowledged = std::max(most_acknowledged, fired ? acknowledged : 0);
    }
    if (!fired || (while_opening && most_acknowledged > 2)) {
      break;
    }
  }
  EXPECT_GT(most_acknowledged, while_opening ? 2U : 3U);
}

TEST(Faults, APowerCutWhileCommittingKeepsWhatWasAcknowledged) {
  expect_power_cuts_survived(false);
}

TEST(Faults, APowerCutAtTheFirstStartKeepsWhatWasAcknowledged) {
  expect_power_cuts_survived(true);
}

DiskKeyRow key_row(std::byte filler) {
  return {DiskId(1), std::vector<std::byte>(92, filler)};
}

// Whenever the power goes while a key is replaced: the old key or the new one, and the new one once that was answered.
TEST(Faults, APowerCutWhileAKeyIsReplacedLeavesOneOfTheTwo) {
  std::mt19937_64 random(12);
  bool fired = true;
  for (int n = 0; fired; ++n) {
    for (const std::uint64_t kept : {std::uint64_t{0}, ~std::uint64_t{0}, random()}) {
      const TestDirectory directory;
      FaultVfs vfs;
      std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file(), vfs.name());
      ASSERT_TRUE(catalogue->commit({disk_row(1), key_row(std::byte{0xA1})}));
      vfs.arm(FaultVfs::Fault::kPowerCut, n);
      const bool replaced = catalogue->commit({key_row(std::byte{0xB2})}).has_value();
      const bool wiped = replaced && catalogue->wipe_remains().has_value();
      fired = vfs.fired();
      catalogue.reset();
      vfs.restore_power(kept);
      catalogue = open_or_fail(directory.file(), vfs.name());
      ASSERT_NE(catalogue, nullptr) << n;
      const DiskKeyRow found = load_or_fail(*catalogue).disk_keys.at(DiskId(1));
      ASSERT_TRUE(found == key_row(std::byte{0xB2}) || (!replaced && found == key_row(std::byte{0xA1}))) << n;
      ASSERT_EQ(wiped, !fired) << n;
    }
  }
}

/// Whether the database or its log holds ten of these bytes in a row.
bool any_file_holds(const TestDirectory& directory, char filler) {
  return std::ranges::any_of(std::filesystem::directory_iterator(directory.path()), [filler](const auto& entry) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return bytes.find(std::string(10, filler)) != std::string::npos;
  });
}

TEST(Catalogue, LeavesNothingOfAKeyThatWasReplacedOrRemoved) {
  const TestDirectory directory;
  const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
  ASSERT_TRUE(catalogue->commit({disk_row(1), key_row(std::byte{0xA1})}));
  EXPECT_TRUE(any_file_holds(directory, '\xA1'));
  ASSERT_TRUE(catalogue->commit({key_row(std::byte{0xB2})}));
  ASSERT_TRUE(catalogue->wipe_remains());
  EXPECT_FALSE(any_file_holds(directory, '\xA1'));
  EXPECT_TRUE(any_file_holds(directory, '\xB2'));
  ASSERT_TRUE(catalogue->commit({RemoveDisk{DiskId(1)}}));
  ASSERT_TRUE(catalogue->wipe_remains());
  EXPECT_FALSE(any_file_holds(directory, '\xB2'));
}

/// Commits for ever and says so, one byte a commit.
[[noreturn]] void commit_and_acknowledge(const std::string& path, int pipe) {
  Outcome<std::unique_ptr<Catalogue>> catalogue = Catalogue::open({path, {}});
  if (!catalogue) {
    _exit(2);
  }
  const auto first = static_cast<std::uint32_t>((*catalogue)->load()->last_disk) + 1;
  for (std::uint32_t id = first;; ++id) {
    if (!(*catalogue)->commit({disk_row(id)}) || ::write(pipe, "c", 1) != 1) {
      _exit(3);
    }
  }
}

TEST(Faults, KillingTheProcessKeepsWhatWasAcknowledged) {
  const TestDirectory directory;
  std::uint32_t known = 0;
  for (int round = 0; round < 5; ++round) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      commit_and_acknowledge(directory.file(), pipe[1]);
    }
    ::close(pipe[1]);
    char byte = 0;
    for (int count = 0; count < 20 + round && ::read(pipe[0], &byte, 1) == 1; ++count) {
      ++known;
    }
    ::kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    while (::read(pipe[0], &byte, 1) == 1) {
      ++known;
    }
    ::close(pipe[0]);
    const std::unique_ptr<Catalogue> catalogue = open_or_fail(directory.file());
    const Contents contents = load_or_fail(*catalogue);
    ASSERT_GE(contents.disks.size(), known);
    ASSERT_LE(contents.disks.size(), known + 1U);
    known = static_cast<std::uint32_t>(contents.disks.size());
  }
}

}  // namespace
}  // namespace lunaria::catalogue
