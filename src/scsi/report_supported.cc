// REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS (SPC-5 6.35, 6.36): what the command table says.

#include <algorithm>

#include "scsi/command_table.h"
#include "scsi/handlers.h"

namespace lunaria::scsi {
namespace {

constexpr std::uint16_t kTimeoutsSize = 12;

/// The REPORTING OPTIONS field.
enum class Report : std::uint8_t { kAll = 0, kOpcode = 1, kServiceAction = 2, kEither = 3 };

// No command has a nominal or recommended timeout of its own.
void put_timeouts(wire::Writer& out) {
  out.put_big_endian(static_cast<std::uint16_t>(kTimeoutsSize - 2));
  out.put_zeros(kTimeoutsSize - 2);
}

void put_all(const Execution& x, bool timeouts, wire::Writer& out) {
  const auto is_listed = [&](const CommandRow& row) { return is_supported(row, x.unit); };
  const auto count = static_cast<std::uint32_t>(std::ranges::count_if(command_rows(), is_listed));
  out.put_big_endian(count * (8U + (timeouts ? kTimeoutsSize : 0U)));
  for (const CommandRow& row : command_rows()) {
    if (!is_listed(row)) {
      continue;
    }
    const bool has_service_action = row.service_action != kNoServiceAction;
    out.put_big_endian(row.opcode);
    out.put_zeros(1);
    out.put_big_endian(static_cast<std::uint16_t>(has_service_action ? row.service_action : 0));
    out.put_zeros(1);
    out.put_big_endian(static_cast<std::uint8_t>((timeouts ? 0x02 : 0) | (has_service_action ? 0x01 : 0)));
    out.put_big_endian(std::uint16_t{row.length});
    if (timeouts) {
      put_timeouts(out);
    }
  }
}

void put_one(const CommandRow* row, bool timeouts, wire::Writer& out) {
  const bool has_timeouts = row != nullptr && timeouts;
  out.put_zeros(1);
  out.put_big_endian(static_cast<std::uint8_t>((has_timeouts ? 0x80 : 0) | (row != nullptr ? 0x03 : 0x01)));
  out.put_big_endian(std::uint16_t{row != nullptr ? row->length : std::uint8_t{0}});
  if (row != nullptr) {
    auto usage = row->usage;
    usage[control_byte(*row)] |= kNaca;
    out.put(std::as_bytes(std::span(usage).first(row->length)));
  }
  if (has_timeouts) {
    put_timeouts(out);
  }
}

}  // namespace

Outcome answer_report_opcodes(Execution& x, wire::Writer& out) {
  const bool timeouts = cdb::report_opcodes::ReturnTimeouts::get(x.cdb());
  const std::uint8_t opcode = cdb::report_opcodes::RequestedOpcode::get(x.cdb());
  const std::uint16_t service_action = cdb::report_opcodes::RequestedServiceAction::get(x.cdb());
  const std::uint8_t option = cdb::report_opcodes::ReportingOptions::get(x.cdb());
  if (option > std::to_underlying(Report::kEither)) {
    return invalid_cdb(2, std::uint8_t{2});
  }
  const Report report{option};
  if (report == Report::kAll) {
    put_all(x, timeouts, out);
    return good();
  }
  const auto rows = command_rows();
  const auto first = std::ranges::find(rows, opcode, &CommandRow::opcode);
  const bool has_actions = first != rows.end() && first->service_action != kNoServiceAction;
  if (first != rows.end() &&
      ((report == Report::kOpcode && has_actions) || (report == Report::kServiceAction && !has_actions))) {
    return invalid_cdb(2, std::uint8_t{2});
  }
  const auto found = std::ranges::find_if(rows, [&](const CommandRow& row) {
    const std::uint16_t action = has_actions ? row.service_action : std::uint16_t{0};
    const bool action_fits = report == Report::kOpcode || action == service_action;
    return row.opcode == opcode && action_fits && is_supported(row, x.unit);
  });
  put_one(found != rows.end() ? &*found : nullptr, timeouts, out);
  return good();
}

Outcome answer_report_functions(Execution& x, wire::Writer& out) {
  const bool extended = cdb::report_functions::ReturnExtended::get(x.cdb());
  // SPC-5 table 293. ABORT TASK, ABORT TASK SET, CLEAR ACA, CLEAR TASK SET, LOGICAL UNIT RESET; QUERY TASK.
  const bool queries = x.nexus.nexus->has_query_functions;
  out.put_big_endian(static_cast<std::uint8_t>(0x80 | 0x40 | 0x20 | 0x10 | 0x08 | (queries ? 0x04 : 0x00)));
  // QUERY ASYNCHRONOUS EVENT, QUERY TASK SET, I_T NEXUS RESET.
  out.put_big_endian(static_cast<std::uint8_t>(queries ? 0x04 | 0x02 | 0x01 : 0x00));
  out.put_zeros(1);
  out.put_big_endian(static_cast<std::uint8_t>(extended ? 0x0C : 0x00));
  if (extended) {
    out.put_zeros(12);  // no timeouts are set
  }
  return good();
}

}  // namespace lunaria::scsi
