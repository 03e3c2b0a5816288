// PERSISTENT RESERVE OUT beyond one port and one life of the unit: SPEC_I_PT, ALL_TG_PT, REGISTER AND MOVE, APTPL, and
// what a preempted initiator can still do.
#include <gtest/gtest.h>

#include "block/fault_volume.h"
#include "scsi/command_table.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Exchange;
using testing::Harness;
using testing::outcome;

const char* const kConflict = "RESERVATION CONFLICT";
const Bytes kTestUnitReady{0x00, 0, 0, 0, 0, 0};
const Bytes kWrite{0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0};
const Bytes kReserve{0x16, 0, 0, 0, 0, 0};
const Bytes kRelease{0x17, 0, 0, 0, 0, 0};

enum Action : std::uint8_t {
  kRegister,
  kReserveKey,
  kReleaseKey,
  kClear,
  kPreempt,
  kPreemptAndAbort,
  kRegisterAndIgnore,
  kMove,
};
constexpr std::uint8_t kPersist = 0x01;
constexpr std::uint8_t kAllPorts = 0x04;
constexpr std::uint8_t kNamed = 0x08;

void put(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) {
    bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)));
  }
}

Bytes basic_list(std::uint64_t key, std::uint64_t action_key, std::uint8_t flags = 0) {
  Bytes bytes(24, 0);
  put(bytes, 0, key, 8);
  put(bytes, 8, action_key, 8);
  bytes[20] = flags;
  return bytes;
}

Bytes transport_id(const std::string& name, bool names_port = true) {
  Bytes bytes(4 + std::max<std::size_t>((name.size() / 4 + 1) * 4, 20), 0);
  bytes[0] = names_port ? 0x45 : 0x05;
  put(bytes, 2, bytes.size() - 4, 2);
  std::ranges::copy(name, bytes.begin() + 4);
  return bytes;
}

Bytes named_list(std::uint64_t key, std::uint64_t action_key, const std::vector<Bytes>& ids, std::uint8_t flags = 0) {
  Bytes bytes = basic_list(key, action_key, static_cast<std::uint8_t>(kNamed | flags));
  bytes.resize(28);
  for (const Bytes& id : ids) {
    bytes.insert(bytes.end(), id.begin(), id.end());
  }
  put(bytes, 24, bytes.size() - 28, 4);
  return bytes;
}

Bytes move_list(std::uint64_t key, std::uint64_t action_key, std::uint16_t port, const Bytes& id,
                std::uint8_t flags = 0) {
  Bytes bytes = basic_list(key, action_key);
  bytes[17] = flags;
  put(bytes, 18, port, 2);
  put(bytes, 20, id.size(), 4);
  bytes.insert(bytes.end(), id.begin(), id.end());
  return bytes;
}

/// Initiators 0, 1 and 2; `second` is another path of initiator 0, through target port 2.
class PersistentReserveTest : public ::testing::Test {
 protected:
  PersistentReserveTest() {
    harness.add_initiator();
    second = harness.add_second_path(0);
    harness.drain_attentions();
  }
  static Bytes out_cdb(Action action, std::uint8_t type, std::size_t length) {
    Bytes cdb{0x5F, action, type, 0, 0, 0, 0, 0, 0, 0};
    put(cdb, 5, length, 4);
    return cdb;
  }
  std::string send(std::size_t initiator, Action action, const Bytes& list, std::uint8_t type = 0) {
    return harness.try_out(out_cdb(action, type, list.size()), {.data_out = list, .initiator = initiator});
  }
  std::string out(std::size_t initiator, Action action, std::uint64_t key, std::uint64_t action_key,
                  std::uint8_t type = 0, std::uint8_t flags = 0) {
    return send(initiator, action, basic_list(key, action_key, flags), type);
  }
  Bytes in(std::uint8_t action) { return harness.run({0x5E, action, 0, 0, 0, 0, 0, 16, 0, 0})->data_in(); }
  std::vector<unsigned> keys() {
    const Bytes data = in(0);
    std::vector<unsigned> found;
    for (std::size_t at = 8; at < data.size(); at += 8) {
      found.push_back(data.at(at + 7));
    }
    return found;
  }
  unsigned generation() { return in(0).at(3); }
  std::string write(std::size_t initiator) {
    return harness.try_out(kWrite, {.data_out = Bytes(512), .initiator = initiator});
  }
  std::string ready(std::size_t initiator) { return harness.try_out(kTestUnitReady, {.initiator = initiator}); }
  std::string port(std::size_t initiator) const { return harness.nexuses.at(initiator)->initiator_port; }
  using Keys = std::vector<unsigned>;

  Harness harness;
  std::size_t second = 0;
};

// SPC-5 tables 69 and 70: by the key that is registered (0: none), the two keys sent, and the action.
TEST_F(PersistentReserveTest, RegistersAsTheTablesSay) {
  struct Case {
    unsigned registered, key, action_key;
    const char* plain;
    Keys plain_keys;
    Keys ignoring_keys;
  };
  const Case cases[] = {
      {0, 0, 0, "GOOD", {}, {}},      {0, 0, 5, "GOOD", {5}, {5}},   {0, 7, 0, kConflict, {}, {}},
      {0, 7, 5, kConflict, {}, {5}},  {9, 0, 0, kConflict, {9}, {}}, {9, 0, 5, kConflict, {9}, {5}},
      {9, 7, 5, kConflict, {9}, {5}}, {9, 9, 0, "GOOD", {}, {}},     {9, 9, 5, "GOOD", {5}, {5}},
      {9, 9, 9, "GOOD", {9}, {9}},
  };
  for (const Case& each : cases) {
    for (const bool ignores : {false, true}) {
      ASSERT_EQ(out(0, kRegisterAndIgnore, 0, each.registered), "GOOD");
      const unsigned before = generation();
      const Keys keys_before = keys();
      const std::string expected = ignores ? "GOOD" : each.plain;
      EXPECT_EQ(out(0, ignores ? kRegisterAndIgnore : kRegister, each.key, each.action_key), expected);
      EXPECT_EQ(keys(), ignores ? each.ignoring_keys : each.plain_keys) << each.registered << each.key;
      const bool counts = expected == "GOOD" && (each.registered != 0 || each.action_key != 0);
      EXPECT_EQ(generation(), before + (counts ? 1 : 0));
    }
  }
}

TEST_F(PersistentReserveTest, OnlyRegisteringCountsTheGeneration) {
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  EXPECT_EQ(generation(), 1U);
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 1), "GOOD");
  ASSERT_EQ(out(0, kReleaseKey, 5, 0, 1), "GOOD");
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 2), "5/2400 cdb 2.3");
  EXPECT_EQ(generation(), 1U);
  ASSERT_EQ(out(0, kClear, 5, 0), "GOOD");
  EXPECT_EQ(generation(), 2U);
}

TEST_F(PersistentReserveTest, NamesOtherInitiatorsToRegister) {
  EXPECT_EQ(send(0, kRegister, named_list(0, 5, {transport_id(port(1)), transport_id("iqn.2024-01.test:later,i,0x7")})),
            "GOOD");
  EXPECT_EQ(keys(), (Keys{5, 5, 5}));
  EXPECT_EQ(out(1, kReserveKey, 5, 0, 3), "GOOD");
  EXPECT_EQ(write(0), kConflict);
  // The one that was not there yet finds its registration when it comes.
  auto later = std::make_shared<Nexus>(*harness.nexuses[0]);
  later->id = NexusId{77};
  later->initiator_name = "iqn.2024-01.test:later";
  later->initiator_port = "iqn.2024-01.test:later,i,0x000000000007";
  const std::size_t number = harness.add_nexus(later);
  EXPECT_EQ(ready(number), "6/2900");
  EXPECT_EQ(out(number, kPreempt, 5, 5, 3), "GOOD");
  EXPECT_EQ(write(number), "GOOD");
  EXPECT_EQ(ready(0), "6/2A05");
  EXPECT_EQ(keys(), Keys{5});
}

TEST_F(PersistentReserveTest, ADeviceNameStandsForItsPortsThatAreThere) {
  const std::string name = harness.nexuses[1]->initiator_name;
  EXPECT_EQ(send(0, kRegister, named_list(0, 5, {transport_id(name, false)})), "GOOD");
  EXPECT_EQ(keys(), (Keys{5, 5}));
  EXPECT_EQ(out(1, kReserveKey, 5, 0, 1), "GOOD");
  EXPECT_EQ(send(2, kRegister, named_list(0, 6, {transport_id("iqn.2024-01.test:nobody", false)})), "5/2600 list 28");
}

TEST_F(PersistentReserveTest, RefusesBadLists) {
  const Bytes id = transport_id(port(1));
  Bytes cut = named_list(0, 5, {id});
  cut.pop_back();
  Bytes long_length = named_list(0, 5, {id});
  put(long_length, 24, id.size() + 4, 4);
  Bytes wrong_protocol = named_list(0, 5, {id});
  wrong_protocol[28] = 0x46;
  Bytes no_length = basic_list(0, 5, kNamed);
  struct Case {
    Action action;
    Bytes list;
    const char* expected;
  };
  const Case cases[] = {
      {kRegister, Bytes(0), "5/1A00"},
      {kRegister, Bytes(23), "5/1A00"},
      {kRegister, Bytes(25), "5/1A00"},
      {kRegister, no_length, "5/1A00"},
      {kRegister, cut, "5/1A00"},
      {kRegister, long_length, "5/1A00"},
      {kRegister, wrong_protocol, "5/2600 list 28"},
      {kRegister, named_list(0, 5, {id, id}), "5/2600 list 28"},                 // named twice
      {kRegister, named_list(0, 5, {transport_id(port(0))}), "5/2600 list 28"},  // the sender itself
      {kRegister, named_list(0, 5, {id, Bytes(24, 0)}), "5/2600 list 72"},       // the second is none
      {kRegister, named_list(7, 5, {id}), kConflict},                            // a key, and not registered
      {kRegister, named_list(0, 0, {id}), "GOOD"},                               // nothing to register
      {kRegisterAndIgnore, named_list(0, 5, {id}), "5/2600 list 20.3"},
      {kReserveKey, named_list(0, 5, {id}), "5/2600 list 20.3"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(send(0, each.action, each.list, each.action == kReserveKey ? 1 : 0), each.expected);
    EXPECT_EQ(keys(), Keys{});
  }
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  EXPECT_EQ(send(0, kRegister, named_list(5, 6, {id})), "5/2400 cdb 1.4");
  EXPECT_EQ(send(0, kRegister, named_list(6, 6, {id})), kConflict);
  EXPECT_EQ(send(1, kRegister, named_list(0, 6, {transport_id(port(0))})), "5/2600 list 28");  // registered already
  EXPECT_EQ(keys(), Keys{5});
}

TEST_F(PersistentReserveTest, RegistersThroughOnePortUnlessAllAreAskedFor) {
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  EXPECT_EQ(out(second, kReserveKey, 5, 0, 1), kConflict);
  ASSERT_EQ(out(0, kRegister, 5, 0), "GOOD");
  ASSERT_EQ(out(0, kRegister, 0, 6, 0, kAllPorts), "GOOD");
  EXPECT_EQ(keys(), (Keys{6, 6}));
  EXPECT_EQ(out(second, kReserveKey, 6, 0, 1), "GOOD");
  EXPECT_EQ(write(0), kConflict);
  ASSERT_EQ(out(0, kRegister, 6, 7, 0, kAllPorts), "GOOD");
  EXPECT_EQ(keys(), (Keys{7, 7}));
  ASSERT_EQ(out(second, kRegister, 7, 8), "GOOD");
  EXPECT_EQ(out(0, kRegister, 7, 9, 0, kAllPorts), kConflict);  // as if sent through each port
  EXPECT_EQ(keys(), (Keys{7, 8}));
  ASSERT_EQ(out(0, kRegisterAndIgnore, 0, 9, 0, kAllPorts), "GOOD");
  ASSERT_EQ(out(0, kRegister, 9, 0, 0, kAllPorts), "GOOD");
  EXPECT_EQ(keys(), Keys{});
  EXPECT_EQ(write(1), "GOOD");
}

TEST_F(PersistentReserveTest, NamedInitiatorsAndAllPortsMultiply) {
  EXPECT_EQ(send(0, kRegister, named_list(0, 5, {transport_id(port(1))}, kAllPorts)), "GOOD");
  EXPECT_EQ(keys(), (Keys{5, 5, 5, 5}));
}

TEST_F(PersistentReserveTest, MovesAReservation) {
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 3), "GOOD");
  EXPECT_EQ(send(0, kMove, move_list(5, 6, 1, transport_id(port(1)))), "GOOD");
  EXPECT_EQ(keys(), (Keys{5, 6}));
  EXPECT_EQ(generation(), 2U);
  EXPECT_EQ(write(0), kConflict);
  EXPECT_EQ(write(1), "GOOD");
  // Back, to a registered nexus this time, and the mover leaves.
  EXPECT_EQ(send(1, kMove, move_list(6, 7, 2, transport_id(port(0)), 0x02)), "GOOD");
  EXPECT_EQ(keys(), (Keys{5, 7}));
  EXPECT_EQ(write(second), "GOOD");
  EXPECT_EQ(write(0), kConflict);
  EXPECT_EQ(write(1), kConflict);
}

TEST_F(PersistentReserveTest, RefusesToMove) {
  const Bytes id = transport_id(port(1));
  EXPECT_EQ(send(0, kMove, move_list(5, 6, 1, id)), kConflict);  // not registered
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  EXPECT_EQ(send(0, kMove, move_list(5, 6, 1, id)), "5/2400 cdb 1.4");  // nothing is reserved
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 1), "GOOD");
  Bytes cut = move_list(5, 6, 1, id);
  cut.pop_back();
  Bytes two = move_list(5, 6, 1, id);
  two.insert(two.end(), id.begin(), id.end());
  put(two, 20, 2 * id.size(), 4);
  EXPECT_EQ(send(0, kMove, basic_list(5, 6)), "5/2600 list 24");  // to nobody
  EXPECT_EQ(send(0, kMove, cut), "5/1A00");
  EXPECT_EQ(send(0, kMove, two), "5/2600 list 24");
  EXPECT_EQ(send(0, kMove, move_list(4, 6, 1, id)), kConflict);
  EXPECT_EQ(send(0, kMove, move_list(5, 0, 1, id)), "5/2600 list 8");
  EXPECT_EQ(send(0, kMove, move_list(5, 6, 3, id)), "5/2600 list 18");
  EXPECT_EQ(send(0, kMove, move_list(5, 6, 1, transport_id(port(0)))), "5/2600 list 24");
  ASSERT_EQ(out(1, kRegister, 0, 8), "GOOD");
  EXPECT_EQ(send(1, kMove, move_list(8, 6, 1, id)), "5/2400 cdb 1.4");  // not the holder
  ASSERT_EQ(out(0, kReleaseKey, 5, 0, 1), "GOOD");
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 7), "GOOD");
  EXPECT_EQ(send(0, kMove, move_list(5, 6, 1, id)), kConflict);  // all registrants hold it
  EXPECT_EQ(keys(), (Keys{5, 8}));
}

TEST_F(PersistentReserveTest, SavesWhatIsToPersist) {
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 1), "GOOD");
  EXPECT_TRUE(harness.saved.empty());
  EXPECT_EQ(in(2).at(3) & 0x01, 0);
  ASSERT_EQ(out(1, kRegister, 0, 6, 0, kPersist), "GOOD");
  ASSERT_EQ(harness.saved.size(), 1U);
  EXPECT_EQ(harness.saved.back().registrations.size(), 2U);
  EXPECT_EQ(harness.saved.back().type, ReservationType::kWriteExclusive);
  EXPECT_EQ(in(2).at(3) & 0x01, 1);
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 1), "GOOD");  // changes nothing
  EXPECT_EQ(harness.saved.size(), 1U);
  ASSERT_EQ(out(0, kReleaseKey, 5, 0, 1), "GOOD");
  ASSERT_EQ(harness.saved.size(), 2U);
  EXPECT_FALSE(harness.saved.back().is_reserved());
  ASSERT_EQ(out(1, kRegister, 6, 7), "GOOD");  // from now on nothing is to persist
  ASSERT_EQ(harness.saved.size(), 3U);
  EXPECT_EQ(harness.saved.back(), ReservationState{});
  ASSERT_EQ(out(1, kClear, 7, 0), "GOOD");
  EXPECT_EQ(harness.saved.size(), 3U);
}

TEST_F(PersistentReserveTest, AChangeThatCannotBeSavedIsNotMade) {
  harness.save_fails = true;
  EXPECT_EQ(out(0, kRegister, 0, 5, 0, kPersist), "4/4400");
  EXPECT_EQ(keys(), Keys{});
  EXPECT_EQ(generation(), 0U);
  harness.save_fails = false;
  EXPECT_EQ(out(0, kRegister, 0, 5, 0, kPersist), "GOOD");
  harness.save_fails = true;
  EXPECT_EQ(out(0, kClear, 5, 0), "4/4400");
  EXPECT_EQ(keys(), Keys{5});
}

TEST_F(PersistentReserveTest, OthersGoOnWhileAChangeIsSaved) {
  harness.hold_saves = true;
  const Bytes list = basic_list(0, 5, kPersist);
  const auto saving = harness.start(out_cdb(kRegister, 0, 24), {.data_out = list});
  const auto next = harness.start(out_cdb(kRegister, 0, 24), {.data_out = list, .initiator = 1});
  const auto aborted = harness.start(out_cdb(kRegister, 0, 24), {.data_out = list, .initiator = 2, .tag = 9});
  EXPECT_FALSE(saving->done);
  EXPECT_EQ(write(1), "GOOD");
  EXPECT_EQ(keys(), Keys{}) << "not in force before it is durable";
  EXPECT_EQ(harness.try_out(kReserve, {.initiator = 2}), kConflict);
  EXPECT_TRUE(harness.unit.manage(TaskManagement::kAbortTask, harness.nexuses[2]->id, 9));
  EXPECT_TRUE(aborted->done);
  harness.hold_saves = false;
  harness.saves_may_end.set();
  EXPECT_EQ(outcome(*saving), "GOOD");
  EXPECT_EQ(outcome(*next), "GOOD");
  EXPECT_EQ(keys(), (Keys{5, 5}));
}

TEST_F(PersistentReserveTest, WhatWasSavedIsInForceAgain) {
  ASSERT_EQ(out(0, kRegister, 0, 5, 0, kPersist), "GOOD");
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 3), "GOOD");
  const ReservationState saved = harness.saved.back();
  const std::unique_ptr<block::Volume> volume = Harness::ram(64);
  Harness later(Harness::ram(64));
  later.unit.detach(later.nexuses[0]->id);
  later.unit.detach(later.nexuses[1]->id);
  later.unit.restore(saved);
  later.unit.attach(later.nexuses[0]);
  later.unit.attach(later.nexuses[1]);
  later.drain_attentions();
  EXPECT_EQ(later.try_out(kWrite, {.data_out = Bytes(512), .initiator = 1}), kConflict);
  EXPECT_EQ(later.try_out(kWrite, {.data_out = Bytes(512)}), "GOOD");
  EXPECT_EQ(later.run({0x5E, 0, 0, 0, 0, 0, 0, 0, 16, 0})->data_in(),
            (Bytes{0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5}))
      << "PRgeneration begins anew";
}

TEST_F(PersistentReserveTest, PreemptingTheOwnKeyRemovesItUnlessTheReservationIsTakenOver) {
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  ASSERT_EQ(out(1, kRegister, 0, 5), "GOOD");
  EXPECT_EQ(out(0, kPreempt, 5, 5, 1), "GOOD");  // nothing is reserved
  EXPECT_EQ(keys(), Keys{});
  EXPECT_EQ(ready(1), "6/2A05");
  EXPECT_EQ(ready(0), "GOOD");
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 1), "GOOD");
  EXPECT_EQ(out(0, kPreempt, 5, 5, 3), "GOOD");
  EXPECT_EQ(keys(), Keys{5});
  EXPECT_EQ(in(1).at(21), 3);
}

// The write of a preempted initiator is on its way to the medium: it is over before the command that fences it is.
TEST(PreemptAndAbort, EndsAfterTheLastWriteOfThePreempted) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(64));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  const auto send = [&](std::size_t initiator, std::uint8_t action, const Bytes& list, std::uint8_t type) {
    return harness.start({0x5F, action, type, 0, 0, 0, 0, 0, 24, 0},
                         {.data_out = list, .initiator = initiator, .tag = 5U + action});
  };
  ASSERT_EQ(outcome(*send(0, kRegister, basic_list(0, 0xA), 0)), "GOOD");
  ASSERT_EQ(outcome(*send(1, kRegister, basic_list(0, 0xB), 0)), "GOOD");
  volume.set_fault(block::Fault{.operation = block::IoOperation::kWrite});
  const auto write = harness.start(kWrite, {.data_out = Bytes(512, 1), .initiator = 0, .tag = 3});
  const auto fence = send(1, kPreemptAndAbort, basic_list(0xB, 0xA), 1);
  EXPECT_FALSE(write->done);
  EXPECT_EQ(outcome(*fence), "NOT DONE");
  EXPECT_EQ(harness.try_out({0x5E, 0, 0, 0, 0, 0, 0, 0, 8, 0}, {.initiator = 1}), "GOOD") << "nobody else waits";
  volume.release();
  EXPECT_TRUE(write->done);
  EXPECT_EQ(outcome(*fence), "GOOD");
}

TEST(PreemptAndAbort, TwoThatFenceEachOtherBothEnd) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(64));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  const auto send = [&](std::size_t initiator, std::uint8_t action, const Bytes& list) {
    return harness.start({0x5F, action, 1, 0, 0, 0, 0, 0, 24, 0},
                         {.data_out = list, .initiator = initiator, .tag = 5U + action});
  };
  ASSERT_EQ(outcome(*send(0, kRegister, basic_list(0, 0xA))), "GOOD");
  ASSERT_EQ(outcome(*send(1, kRegister, basic_list(0, 0xB))), "GOOD");
  volume.set_fault(block::Fault{.operation = block::IoOperation::kWrite, .call_count = 2});
  const auto first_write = harness.start(kWrite, {.data_out = Bytes(512, 1), .initiator = 0, .tag = 3});
  const auto second_write = harness.start(kWrite, {.data_out = Bytes(512, 2), .initiator = 1, .tag = 3});
  const auto first = send(0, kPreemptAndAbort, basic_list(0xA, 0xB));
  ASSERT_EQ(outcome(*send(1, kRegisterAndIgnore, basic_list(0, 0xB))), "6/2A05");
  ASSERT_EQ(outcome(*send(1, kRegisterAndIgnore, basic_list(0, 0xB))), "6/2F00");
  ASSERT_EQ(outcome(*send(1, kRegisterAndIgnore, basic_list(0, 0xB))), "GOOD");
  const auto second = send(1, kPreemptAndAbort, basic_list(0xB, 0xA));
  EXPECT_TRUE(first->done);
  EXPECT_TRUE(first->command.aborted);
  EXPECT_EQ(outcome(*second), "NOT DONE");
  volume.release();
  EXPECT_EQ(outcome(*second), "GOOD");
  EXPECT_TRUE(first_write->done);
  EXPECT_TRUE(second_write->done);
}

TEST_F(PersistentReserveTest, ThoseWhoHaveOneMayGoOnReserving) {
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  ASSERT_EQ(out(1, kRegister, 0, 6), "GOOD");
  for (const Bytes& legacy : {kReserve, kRelease}) {
    EXPECT_EQ(harness.try_out(legacy), kConflict) << "nothing is reserved";
  }
  ASSERT_EQ(out(0, kReserveKey, 5, 0, 1), "GOOD");
  for (const Bytes& legacy : {kReserve, kRelease}) {
    EXPECT_EQ(harness.try_out(legacy), "GOOD");
    EXPECT_EQ(harness.try_out(legacy, {.initiator = 1}), kConflict);
    EXPECT_EQ(harness.try_out(legacy, {.initiator = 2}), kConflict);
  }
  ASSERT_EQ(out(0, kPreempt, 5, 5, 5), "GOOD");
  harness.drain_attentions();
  for (const Bytes& legacy : {kReserve, kRelease}) {
    EXPECT_EQ(harness.try_out(legacy, {.initiator = 1}), "GOOD");
    EXPECT_EQ(harness.try_out(legacy, {.initiator = 2}), kConflict);
  }
  EXPECT_EQ(write(1), "GOOD") << "no reservation of the old kind was made";
}

TEST_F(PersistentReserveTest, AReservedUnitRefusesThemOfEverybody) {
  ASSERT_EQ(harness.try_out(kReserve), "GOOD");
  for (const std::size_t initiator : {std::size_t{0}, std::size_t{1}}) {
    EXPECT_EQ(out(initiator, kRegister, 0, 5), kConflict);
    EXPECT_EQ(harness.try_out({0x5E, 0, 0, 0, 0, 0, 0, 0, 8, 0}, {.initiator = initiator}), kConflict);
  }
  ASSERT_EQ(harness.try_out(kRelease), "GOOD");
  EXPECT_EQ(out(0, kRegister, 0, 5), "GOOD");
}

// Every command of the table, from a stranger, under Write Exclusive and under Exclusive Access.
TEST_F(PersistentReserveTest, EveryCommandConflictsAsItsClassSays) {
  ASSERT_EQ(out(0, kRegister, 0, 5), "GOOD");
  for (const std::uint8_t type : {std::uint8_t{1}, std::uint8_t{3}}) {
    ASSERT_EQ(out(0, kReserveKey, 5, 0, type), "GOOD");
    for (const CommandRow& row : command_rows()) {
      Bytes cdb(row.length, 0);
      cdb[0] = row.opcode;
      if (row.service_action != kNoServiceAction) {
        cdb[1] = static_cast<std::uint8_t>(row.service_action);
      }
      const bool conflicts =
          row.conflict == ConflictClass::kWrites || (row.conflict == ConflictClass::kReads && type == 3);
      const bool judges_itself = row.opcode == 0x16 || row.opcode == 0x17 || row.opcode == 0x56 || row.opcode == 0x57 ||
                                 row.opcode == 0x1B || row.opcode == 0x5F;
      // A disk without a key does not know the command at all, which is judged first.
      const bool is_unknown = row.requirement == Requirement::kCryptoErase;
      if (!judges_itself && !is_unknown) {
        EXPECT_EQ(harness.try_out(cdb, {.data_out = Bytes(4096), .initiator = 2}) == kConflict, conflicts) << row.name;
      }
    }
    ASSERT_EQ(out(0, kReleaseKey, 5, 0, type), "GOOD");
  }
}

}  // namespace
}  // namespace lunaria::scsi
