#pragma once

// InitiatorTask: a request of an Initiator with what has come for it so far. A value: a command whose connection failed
// goes from one Initiator to another.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "iscsi/opcode.h"
#include "iscsi/testing/pdu.h"

namespace lunaria::iscsi::testing {

struct CommandRequest {
  std::uint64_t lun = 0;
  Bytes cdb;
  std::uint32_t read_length = 0;
  Bytes write_data;
  bool immediate = false;  ///< an immediate command, not: with immediate data
  std::uint8_t attribute = 1;
};

/// What became of a request.
struct Outcome {
  bool done = false;
  std::uint8_t status = 0xFF;    ///< SCSI status
  std::uint8_t response = 0xFF;  ///< task management, logout
  Bytes data;                    ///< data-in, or the text or ping data
  Bytes sense;
  bool overflow = false;
  bool underflow = false;
  std::uint32_t residual = 0;
};

struct InitiatorTask {
  CommandRequest request;
  Outcome outcome;
  std::uint32_t data_sn = 0;  ///< the first DataSN, or R2TSN of a write, that has not come
  bool text = false;
  bool is_command = false;  ///< a SCSI command
  std::uint32_t command_sn = 0;
  bool is_abandoned = false;  ///< nobody waits for its answer

  /// What recovery needs to know (ErrorRecoveryLevel 1 and 2).
  struct Recovery {
    struct Piece {
      std::uint32_t offset = 0;
      std::uint32_t size = 0;
    };
    std::map<std::uint32_t, Piece> pieces;   ///< Data-In that has come, by DataSN
    std::set<std::uint32_t> r2ts;            ///< R2TSNs that have come
    std::uint32_t whole = 0;                 ///< bytes of the pieces before data_sn
    std::uint32_t sent = 0;                  ///< numbers before it have been sent by the target
    std::uint32_t asked = 0;                 ///< and those before it, where missing, been asked for
    std::optional<std::uint32_t> data_end;   ///< how many Data-In there are
    std::optional<std::uint32_t> status_sn;  ///< the status has come
    std::uint32_t ack_tag = kReservedTag;    ///< a Data-In has asked for an acknowledgement by this tag
    std::uint32_t ack_end = 0;               ///< of the data before it
    bool has_acknowledged = false;           ///< some data, by a DataACK
  } recovery;

  void note_sent(std::uint32_t number) { recovery.sent = std::max(recovery.sent, number + 1); }
};

}  // namespace lunaria::iscsi::testing
