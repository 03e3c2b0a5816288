#pragma once

// HostileRow: one thing that a peer does wrong, with the answer that RFC 7143 asks for. hostile_*_rows.cc hold the
// table, hostile_test.cc plays it.

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "iscsi/connection.h"
#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"

namespace lunaria::iscsi::testing {

struct HostileRow {
  std::string why{};  ///< unique in the table
  std::function<void(TestBed&)> act{};
  std::vector<RejectReason> rejects{};   ///< in this order
  std::optional<CloseReason> closed{};   ///< the connection ends; none: it answers a ping at the end
  std::optional<LoginStatus> refusal{};  ///< of the login
  runtime::Duration hangs{};             ///< the time within which the end comes, while the peer does nothing
  bool logs_in = true;                   ///< before `act`
  BedOptions options{};
  std::function<void(TestBed&)> expects{};  ///< what else holds at the end
};
using HostileRows = std::vector<HostileRow>;

void add_rows_before_login(HostileRows& rows);
void add_rows_during_login(HostileRows& rows);
void add_rows_of_negotiation(HostileRows& rows);
void add_rows_of_requests(HostileRows& rows);
void add_rows_of_data(HostileRows& rows);
void add_rows_of_recovery(HostileRows& rows);
void add_rows_of_streams(HostileRows& rows);
void add_rows_of_numbers(HostileRows& rows);

/// A request with a tag of its own, acceptable but for what the row changes.
inline Pdu hostile_request(Opcode opcode, bool immediate = true) {
  Pdu pdu(opcode, immediate);
  pdu.set<bhs::InitiatorTaskTag>(0x700U);
  if (opcode == Opcode::kNopOut || opcode == Opcode::kTextRequest) {
    pdu.set<bhs::TargetTransferTag>(kReservedTag);
  }
  return pdu;
}
inline Pdu hostile_command(std::uint32_t expected = 0, bool read = false, bool write = false) {
  Pdu pdu = hostile_request(Opcode::kScsiCommand, false);
  pdu.set<bhs::scsi_command::Read>(read).set<bhs::scsi_command::Write>(write);
  pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(expected);
  return pdu;
}
inline Pdu hostile_data_out(std::uint32_t tag, std::uint32_t transfer_tag, std::uint32_t sn, std::uint32_t offset,
                            std::size_t size, bool final = true) {
  Pdu pdu(Opcode::kDataOut);
  pdu.set<bhs::Final>(final).set<bhs::InitiatorTaskTag>(tag).set<bhs::TargetTransferTag>(transfer_tag);
  pdu.set<bhs::data_out::DataSn>(sn).set<bhs::data_out::BufferOffset>(offset);
  pdu.data.resize(size);
  return pdu;
}

/// Starts a write that waits for data beyond its first burst; returns its R2T.
inline Pdu start_write(TestBed& bed, std::uint32_t length = 262144) {
  bed.initiator.answer_r2ts(false);
  bed.initiator.send_command(write_blocks(0, Bytes(length)));
  bed.pump();
  for (const Pdu& pdu : bed.initiator.received()) {
    if (pdu.opcode() == Opcode::kReadyToTransfer) {
      return pdu;
    }
  }
  check_failed("a long write is solicited", std::source_location::current());
}

/// "opcode 5", for the names of rows.
inline std::string name_of(Opcode opcode) {
  return "opcode " + std::to_string(static_cast<int>(opcode));
}

inline HostileRow sends(std::string why, Pdu pdu, std::vector<RejectReason> rejects,
                        std::optional<CloseReason> closed = {}, Encoding encoding = {}) {
  return {.why = std::move(why),
          .act = [pdu = std::move(pdu), encoding](TestBed& bed) { bed.initiator.send(pdu, false, encoding); },
          .rejects = std::move(rejects),
          .closed = closed};
}
inline HostileRow breaks_format(std::string why, Pdu pdu, Encoding encoding = {}) {
  return sends(std::move(why), std::move(pdu), {RejectReason::kInvalidPduField}, CloseReason::kFormatError, encoding);
}

}  // namespace lunaria::iscsi::testing
