// execute_without_unit: the commands that a target answers where the nexus has no logical unit, and those of the
// REPORT LUNS well-known unit (SPC-5 8.2).

#include "scsi/answer.h"
#include "scsi/command_table.h"
#include "scsi/inquiry.h"
#include "scsi/logical_unit.h"
#include "scsi/lun.h"
#include "scsi/report_luns.h"

namespace lunaria::scsi {
namespace {

constexpr std::uint8_t kTestUnitReady = 0x00;
constexpr std::uint8_t kRequestSense = 0x03;
constexpr std::uint8_t kInquiry = 0x12;
constexpr std::uint8_t kReportLuns = 0xA0;

Outcome answer(const Command& command, CdbBytes bytes, wire::Writer& out) {
  const bool well_known = command.lun == kReportLunsUnit;
  switch (cdb::Opcode::get(bytes)) {
    case kInquiry:
      return put_inquiry_without_unit(well_known ? Peripheral::kWellKnownUnit : Peripheral::kAbsent, *command.nexus,
                                      bytes, out);
    case kReportLuns:
      return put_lun_report(*command.nexus, bytes, out);
    case kRequestSense: {  // SPC-5 5.11.2: the absence is reported as parameter data
      Sense sense;
      if (!well_known) {
        sense = illegal_request(asc::kLogicalUnitNotSupported).sense;
      }
      const bool descriptors = cdb::request_sense::Descriptors::get(bytes);
      out.put(build_sense(sense, descriptors ? SenseFormat::kDescriptor : SenseFormat::kFixed).bytes());
      return good();
    }
    case kTestUnitReady:
      return good();
    default:
      return illegal_request(asc::kInvalidOperationCode);
  }
}

Outcome check_command(const Command& command, const CommandRow* row, CdbBytes bytes) {
  const std::uint8_t opcode = cdb::Opcode::get(bytes);
  const bool well_known = command.lun == kReportLunsUnit;
  if (opcode != kInquiry && opcode != kReportLuns && opcode != kRequestSense &&
      !(well_known && opcode == kTestUnitReady)) {
    return illegal_request(well_known ? asc::kInvalidOperationCode : asc::kLogicalUnitNotSupported);
  }
  if (command.cdb_length < row->length) {
    return invalid_cdb(command.cdb_length);
  }
  return check_reserved_bits(*row, bytes);
}

}  // namespace

runtime::Task<void> execute_without_unit(Command& command) {
  const CdbBytes bytes(command.cdb_bytes);
  bool known_opcode = false;
  const CommandRow* row = find_command(bytes, known_opcode);
  Outcome outcome = check_command(command, row, bytes);
  if (outcome.is_good()) {
    const std::uint32_t allocation = allocation_length(*row, bytes);
    runtime::Buffer buffer = co_await command.transport.buffers().allocate(answer_buffer_size(allocation));
    wire::Writer out(buffer.memory());
    outcome = answer(command, bytes, out);
    if (outcome.is_good()) {
      deliver_answer(command, std::move(buffer), out, allocation);
    }
  }
  finish(command, outcome, SenseFormat::kFixed);
}

}  // namespace lunaria::scsi
