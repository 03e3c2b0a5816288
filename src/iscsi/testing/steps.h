#pragma once

// What tests of a connection do again and again with a TestBed. Needs GoogleTest, which fuzzers do not have: hence not
// in bed.h.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "iscsi/testing/bed.h"

namespace lunaria::iscsi::testing {

/// Offers `value` for a key, instead of what is offered otherwise.
inline void set_key(BedOptions& options, const std::string& name, const std::string& value) {
  for (auto& [key, current] : options.initiator.keys) {
    if (key == name) {
      current = value;
      return;
    }
  }
  options.initiator.keys.emplace_back(name, value);
}

/// Runs one request to its end.
inline const Outcome& run(TestBed& bed, const CommandRequest& request) {
  const auto tag = bed.initiator.send_command(request);
  bed.pump();
  const Outcome& outcome = *bed.initiator.outcome(tag);
  EXPECT_TRUE(outcome.done);
  return outcome;
}

/// How many such PDUs the initiator has received.
inline std::size_t count(const TestBed& bed, Opcode opcode) {
  return static_cast<std::size_t>(
      std::ranges::count_if(bed.initiator.received(), [opcode](const Pdu& pdu) { return pdu.opcode() == opcode; }));
}

}  // namespace lunaria::iscsi::testing
