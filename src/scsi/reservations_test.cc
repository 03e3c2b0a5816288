#include "scsi/reservations.h"

#include <gtest/gtest.h>

#include "scsi/harness_test.h"
#include "scsi/limits.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::outcome;

const char* const kConflict = "RESERVATION CONFLICT";
const Bytes kTestUnitReady{0x00, 0, 0, 0, 0, 0};
const Bytes kRead{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
const Bytes kWrite{0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0};

enum Action : std::uint8_t {
  kRegister,
  kReserve,
  kRelease,
  kClear,
  kPreempt,
  kPreemptAndAbort,
  kRegisterAndIgnore,
};

/// Initiators 0, 1 and 2 on one unit.
class ReservationsTest : public ::testing::Test {
 protected:
  ReservationsTest() {
    harness.add_initiator();
    harness.drain_attentions();
  }
  static Bytes list(std::uint64_t key, std::uint64_t action_key, std::uint8_t flags = 0) {
    Bytes bytes(24, 0);
    for (std::size_t i = 0; i < 8; ++i) {
      bytes[i] = static_cast<std::uint8_t>(key >> (56 - 8 * i));
      bytes[8 + i] = static_cast<std::uint8_t>(action_key >> (56 - 8 * i));
    }
    bytes[20] = flags;
    return bytes;
  }
  std::string out(std::size_t initiator, Action action, std::uint64_t key, std::uint64_t action_key,
                  std::uint8_t type = 0) {
    return harness.try_out({0x5F, action, type, 0, 0, 0, 0, 0, 24, 0},
                           {.data_out = list(key, action_key), .initiator = initiator});
  }
  Bytes in(std::uint8_t action) { return harness.run({0x5E, action, 0, 0, 0, 0, 0, 16, 0, 0})->data_in(); }
  std::string read(std::size_t initiator) { return harness.try_out(kRead, {.initiator = initiator}); }
  std::string write(std::size_t initiator) {
    return harness.try_out(kWrite, {.data_out = Bytes(512), .initiator = initiator});
  }
  std::string ready(std::size_t initiator) { return harness.try_out(kTestUnitReady, {.initiator = initiator}); }

  Harness harness;
};

TEST_F(ReservationsTest, RegistersChangesAndRemovesKeys) {
  EXPECT_EQ(out(0, kRegister, 0, 0), "GOOD");  // nothing to remove
  EXPECT_EQ(out(0, kRegister, 1, 0xAA), kConflict);
  EXPECT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  EXPECT_EQ(out(1, kRegister, 0, 0xBB), "GOOD");
  EXPECT_EQ(in(0), (Bytes{0, 0, 0, 2, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0xAA, 0, 0, 0, 0, 0, 0, 0, 0xBB}));
  EXPECT_EQ(out(0, kRegister, 0xBB, 0xCC), kConflict);
  EXPECT_EQ(out(0, kRegister, 0xAA, 0xCC), "GOOD");
  EXPECT_EQ(out(1, kRegisterAndIgnore, 0x99, 0), "GOOD");
  EXPECT_EQ(in(0), (Bytes{0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0xCC}));
}

TEST_F(ReservationsTest, RefusesAllElseWithoutARegistration) {
  for (const Action action : {kReserve, kRelease, kClear, kPreempt, kPreemptAndAbort}) {
    EXPECT_EQ(out(0, action, 0, 1, 1), kConflict);
  }
  EXPECT_EQ(out(0, kRegister, 0, 5), "GOOD");
  for (const Action action : {kReserve, kRelease, kClear, kPreempt, kPreemptAndAbort}) {
    EXPECT_EQ(out(0, action, 6, 1, 1), kConflict);
  }
}

// Who may read and write under each type: the holder, another registrant, a stranger.
TEST_F(ReservationsTest, EachTypeKeepsOutWhomItShould) {
  struct Case {
    std::uint8_t type;
    bool registrant_reads, registrant_writes, stranger_reads;
  };
  for (const Case& each : {Case{1, true, false, true}, Case{3, false, false, false}, Case{5, true, true, true},
                           Case{6, true, true, false}, Case{7, true, true, true}, Case{8, true, true, false}}) {
    const auto expected = [](bool allowed) { return allowed ? "GOOD" : kConflict; };
    ASSERT_EQ(out(0, kRegisterAndIgnore, 0, 0xAA), "GOOD");
    ASSERT_EQ(out(1, kRegisterAndIgnore, 0, 0xBB), "GOOD");
    ASSERT_EQ(out(0, kReserve, 0xAA, 0, each.type), "GOOD");
    EXPECT_EQ(read(0), "GOOD");
    EXPECT_EQ(write(0), "GOOD");
    EXPECT_EQ(read(1), expected(each.registrant_reads)) << int{each.type};
    EXPECT_EQ(write(1), expected(each.registrant_writes)) << int{each.type};
    EXPECT_EQ(read(2), expected(each.stranger_reads)) << int{each.type};
    EXPECT_EQ(write(2), kConflict) << int{each.type};
    EXPECT_EQ(ready(2), "GOOD");
    EXPECT_EQ(harness.try_out({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {.initiator = 2}), "GOOD");
    EXPECT_EQ(harness.try_out({0x12, 0, 0, 0, 96, 0}, {.initiator = 2}), "GOOD");
    EXPECT_EQ(harness.try_out({0x1A, 0, 0x3F, 0, 96, 0}, {.initiator = 2}), expected(each.stranger_reads));
    EXPECT_EQ(harness.try_out({0x1B, 0, 0, 0, 0, 0}, {.initiator = 2}), kConflict);
    EXPECT_EQ(harness.try_out({0x1B, 0, 0, 0, 1, 0}, {.initiator = 2}), "GOOD");
    EXPECT_EQ(harness.try_out({0x1B, 0, 0, 0, 0x21, 0}, {.initiator = 2}), kConflict);
    EXPECT_EQ(harness.try_out({0x1E, 0, 0, 0, 0, 0}, {.initiator = 2}), "GOOD");
    EXPECT_EQ(harness.try_out({0x1E, 0, 0, 0, 1, 0}, {.initiator = 2}), kConflict);
    EXPECT_EQ(harness.try_out({0x16, 0, 0, 0, 0, 0}, {.initiator = 2}), kConflict);
    ASSERT_EQ(out(0, kClear, 0xAA, 0), "GOOD");
    harness.drain_attentions();
  }
}

TEST_F(ReservationsTest, ReservesOnceAndReportsTheHolder) {
  ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  ASSERT_EQ(out(1, kRegister, 0, 0xBB), "GOOD");
  EXPECT_EQ(in(1), (Bytes{0, 0, 0, 2, 0, 0, 0, 0}));
  EXPECT_EQ(out(0, kReserve, 0xAA, 0, 5), "GOOD");
  EXPECT_EQ(out(0, kReserve, 0xAA, 0, 5), "GOOD");
  EXPECT_EQ(out(0, kReserve, 0xAA, 0, 1), kConflict);
  EXPECT_EQ(out(1, kReserve, 0xBB, 0, 5), kConflict);
  EXPECT_EQ(in(1), (Bytes{0, 0, 0, 2, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0xAA, 0, 0, 0, 0, 0, 5, 0, 0}));
  EXPECT_EQ(out(1, kRelease, 0xBB, 0, 5), "GOOD");  // not the holder: nothing happens
  EXPECT_EQ(out(0, kRelease, 0xAA, 0, 1), "5/2604");
  EXPECT_EQ(out(0, kRelease, 0xAA, 0, 5), "GOOD");
  EXPECT_EQ(ready(1), "6/2A04");
  EXPECT_EQ(in(1), (Bytes{0, 0, 0, 2, 0, 0, 0, 0}));
  EXPECT_EQ(out(0, kRelease, 0xAA, 0, 5), "GOOD");
}

TEST_F(ReservationsTest, AllRegistrantsHoldUntilTheLastHasGone) {
  ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  ASSERT_EQ(out(1, kRegister, 0, 0xBB), "GOOD");
  ASSERT_EQ(out(0, kReserve, 0xAA, 0, 7), "GOOD");
  EXPECT_EQ(in(1), (Bytes{0, 0, 0, 2, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0}));
  ASSERT_EQ(out(0, kRegister, 0xAA, 0), "GOOD");
  EXPECT_EQ(write(2), kConflict);
  ASSERT_EQ(out(1, kRegister, 0xBB, 0), "GOOD");
  EXPECT_EQ(write(2), "GOOD");
}

TEST_F(ReservationsTest, UnregisteringTheHolderReleases) {
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{1, 5}) {
    ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
    ASSERT_EQ(out(1, kRegisterAndIgnore, 0, 0xBB), "GOOD");
    ASSERT_EQ(out(0, kReserve, 0xAA, 0, type), "GOOD");
    ASSERT_EQ(out(0, kRegister, 0xAA, 0), "GOOD");
    EXPECT_EQ(write(2), "GOOD");
    EXPECT_EQ(ready(1), type == 5 ? "6/2A04" : "GOOD");
  }
}

TEST_F(ReservationsTest, ClearRemovesEverythingAndTellsTheOthers) {
  ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  ASSERT_EQ(out(1, kRegister, 0, 0xBB), "GOOD");
  ASSERT_EQ(out(0, kReserve, 0xAA, 0, 3), "GOOD");
  EXPECT_EQ(out(1, kClear, 0xBB, 0), "GOOD");
  EXPECT_EQ(ready(0), "6/2A03");
  EXPECT_EQ(ready(1), "GOOD");
  EXPECT_EQ(in(0), (Bytes{0, 0, 0, 3, 0, 0, 0, 0}));
  EXPECT_EQ(write(2), "GOOD");
}

TEST_F(ReservationsTest, PreemptTakesTheReservationOver) {
  ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  ASSERT_EQ(out(1, kRegister, 0, 0xBB), "GOOD");
  ASSERT_EQ(out(2, kRegister, 0, 0xCC), "GOOD");
  ASSERT_EQ(out(0, kReserve, 0xAA, 0, 5), "GOOD");
  EXPECT_EQ(out(1, kPreempt, 0xBB, 0xDD, 5), kConflict);  // nobody has that key
  EXPECT_EQ(out(1, kPreempt, 0xBB, 0, 5), "5/2600 list 8");
  EXPECT_EQ(out(1, kPreempt, 0xBB, 0xAA, 6), "GOOD");
  EXPECT_EQ(ready(0), "6/2A05");
  EXPECT_EQ(ready(2), "6/2A04");  // the type has changed
  EXPECT_EQ(in(1), (Bytes{0, 0, 0, 4, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0xBB, 0, 0, 0, 0, 0, 6, 0, 0}));
  EXPECT_EQ(read(0), kConflict);
  EXPECT_EQ(read(2), "GOOD");
}

TEST_F(ReservationsTest, PreemptOfANonHolderOnlyRemovesIt) {
  ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  ASSERT_EQ(out(1, kRegister, 0, 0xBB), "GOOD");
  ASSERT_EQ(out(0, kReserve, 0xAA, 0, 1), "GOOD");
  EXPECT_EQ(out(0, kPreempt, 0xAA, 0xBB, 3), "GOOD");
  EXPECT_EQ(ready(1), "6/2A05");
  EXPECT_EQ(in(1), (Bytes{0, 0, 0, 3, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0xAA, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_F(ReservationsTest, PreemptOfAllRegistrantsByKeyZero) {
  ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  ASSERT_EQ(out(1, kRegister, 0, 0xBB), "GOOD");
  ASSERT_EQ(out(0, kReserve, 0xAA, 0, 8), "GOOD");
  EXPECT_EQ(out(1, kPreempt, 0xBB, 0, 1), "GOOD");
  EXPECT_EQ(ready(0), "6/2A05");
  EXPECT_EQ(in(1), (Bytes{0, 0, 0, 3, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0xBB, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_F(ReservationsTest, PreemptAndAbortEndsTheTasksToo) {
  ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  ASSERT_EQ(out(1, kRegister, 0, 0xBB), "GOOD");
  const auto pending =
      harness.start(kWrite, {.data_out = Bytes(512, 9), .initiator = 0, .tag = 7, .hold_data_out = true});
  const auto fence =
      harness.start({0x5F, kPreemptAndAbort, 1, 0, 0, 0, 0, 0, 24, 0}, {.data_out = list(0xBB, 0xAA), .initiator = 1});
  EXPECT_TRUE(pending->command.aborted);
  EXPECT_EQ(outcome(*fence), "NOT DONE");
  pending->transport.release();
  EXPECT_EQ(outcome(*fence), "GOOD");
  EXPECT_EQ(harness.run(kRead)->status(), Status::kCheckCondition);  // commands cleared, registration preempted
}

TEST_F(ReservationsTest, OutlivesTheSessionOfItsHolder) {
  ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  ASSERT_EQ(out(0, kReserve, 0xAA, 0, 3), "GOOD");
  harness.unit.detach(harness.nexuses[0]->id);
  EXPECT_EQ(read(1), kConflict);
  // The same initiator port comes back with a new session.
  auto again = std::make_shared<Nexus>(*harness.nexuses[0]);
  again->id = NexusId{100};
  harness.unit.attach(again);
  harness.nexuses[0] = again;
  EXPECT_EQ(ready(0), "6/2900");
  EXPECT_EQ(read(0), "GOOD");
  EXPECT_TRUE(harness.unit.manage(TaskManagement::kLogicalUnitReset, again->id, 0));
  harness.drain_attentions();
  EXPECT_EQ(read(1), kConflict);
}

TEST_F(ReservationsTest, FullStatusNamesTheInitiatorPorts) {
  ASSERT_EQ(out(0, kRegister, 0, 0xAA), "GOOD");
  ASSERT_EQ(out(0, kReserve, 0xAA, 0, 3), "GOOD");
  const std::string port = "iqn.2024-01.test:host0,i,0x00023d000001";
  Bytes expected{0, 0, 0, 1, 0, 0, 0, 24 + 4 + 40, 0, 0, 0, 0, 0, 0,  0,    0xAA, 0, 0,
                 0, 0, 1, 3, 0, 0, 0, 0,           0, 1, 0, 0, 0, 44, 0x45, 0,    0, 40};
  expected.insert(expected.end(), port.begin(), port.end());
  expected.resize(8 + 24 + 4 + 40, 0);
  EXPECT_EQ(in(3), expected);
  EXPECT_EQ(in(2), (Bytes{0, 8, 0x1D, 0xB0, 0xEA, 0x01, 0, 0}));
}

TEST_F(ReservationsTest, RefusesBadParameters) {
  const auto with = [&](const Bytes& cdb, const Bytes& data) { return harness.try_out(cdb, {.data_out = data}); };
  EXPECT_EQ(with({0x5F, 0, 0, 0, 0, 0, 0, 0, 23, 0}, Bytes(23)), "5/1A00");
  EXPECT_EQ(with({0x5F, 0, 0, 0, 0, 0, 0, 0, 25, 0}, Bytes(25)), "5/1A00");
  EXPECT_EQ(with({0x5F, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0}, Bytes(24)), "5/1A00");
  EXPECT_EQ(with({0x5F, 0, 0, 0, 0, 0, 0, 0, 24, 0}, Bytes(23)), "5/1A00");
  EXPECT_EQ(with({0x5F, 1, 0x10, 0, 0, 0, 0, 0, 24, 0}, list(0, 1)), "5/2400 cdb 2.7");
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 2, 4, 9, 15}) {
    EXPECT_EQ(with({0x5F, 1, type, 0, 0, 0, 0, 0, 24, 0}, list(0, 1)), "5/2400 cdb 2.3");
  }
}

TEST(Registrations, AreBounded) {
  Harness harness;
  const auto register_one = [&](std::size_t initiator) {
    Bytes data(24, 0);
    data[15] = 1;
    return harness.try_out({0x5F, 6, 0, 0, 0, 0, 0, 0, 24, 0}, {.data_out = data, .initiator = initiator});
  };
  for (std::size_t i = 0; i < kRegistrationsMax; ++i) {
    const std::size_t initiator = harness.add_initiator();
    harness.run(kTestUnitReady, {.initiator = initiator});
    ASSERT_EQ(register_one(initiator), "GOOD");
  }
  EXPECT_EQ(register_one(0), "5/5504");
}

TEST(Reserve, KeepsOthersOutUntilReleased) {
  for (const bool ten : {false, true}) {
    Harness harness;
    const Bytes reserve = ten ? Bytes{0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0} : Bytes{0x16, 0, 0, 0, 0, 0};
    const Bytes release = ten ? Bytes{0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0} : Bytes{0x17, 0, 0, 0, 0, 0};
    EXPECT_EQ(harness.try_out(reserve), "GOOD");
    EXPECT_EQ(harness.try_out(reserve), "GOOD");
    EXPECT_EQ(harness.try_out(kRead), "GOOD");
    EXPECT_EQ(harness.try_out(kRead, {.initiator = 1}), kConflict);
    EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), kConflict);
    EXPECT_EQ(harness.try_out({0x12, 0, 0, 0, 96, 0}, {.initiator = 1}), "GOOD");
    EXPECT_EQ(harness.try_out(reserve, {.initiator = 1}), kConflict);
    EXPECT_EQ(harness.try_out(release, {.initiator = 1}), "GOOD");
    EXPECT_EQ(harness.try_out(kRead, {.initiator = 1}), kConflict);
    EXPECT_EQ(harness.try_out(release), "GOOD");
    EXPECT_EQ(harness.try_out(kRead, {.initiator = 1}), "GOOD");
  }
}

TEST(Reserve, GoesWithTheNexus) {
  Harness harness;
  EXPECT_EQ(harness.try_out({0x16, 0, 0, 0, 0, 0}), "GOOD");
  harness.unit.detach(harness.nexuses[0]->id);
  EXPECT_EQ(harness.try_out(kRead, {.initiator = 1}), "GOOD");
}

}  // namespace
}  // namespace lunaria::scsi
