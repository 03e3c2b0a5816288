// LOG SENSE (SPC-5 6.8) and its pages: the lists of pages, Logical Block Provisioning (SBC-4 6.4.5), General and Group
// Statistics and Performance (SPC-5 7.3.10, 7.3.11).

#include "scsi/log_sense.h"

#include <algorithm>

#include "scsi/answer.h"
#include "scsi/handlers.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

constexpr std::uint8_t kSupportedPages = 0x00;
constexpr std::uint8_t kProvisioning = 0x0C;
constexpr std::uint8_t kStatistics = 0x19;
constexpr std::uint8_t kAllSubpages = 0xFF;
constexpr std::size_t kHeaderSize = 4;
constexpr std::uint8_t kCumulative = 0x01;  // PC: the current cumulative values; there are no thresholds to show with 0

// SPC-5 7.3.2.2.1: DU and the format of a binary list; nothing can be set.
constexpr std::uint8_t kBinaryList = 0x03;

void put_parameter_header(wire::Writer& out, std::uint16_t code, std::uint8_t length) {
  out.put_big_endian(code);
  out.put_big_endian(kBinaryList);
  out.put_big_endian(length);
}

bool has_provisioning(const UnitState& unit) {
  return unit.features.thin;
}

void put_page_list(const UnitState& unit, bool subpages, wire::Writer& out) {
  const auto put_code = [&](std::uint8_t page, std::uint8_t subpage) {
    out.put_big_endian(page);
    if (subpages) {
      out.put_big_endian(subpage);
    }
  };
  put_code(kSupportedPages, 0);
  if (subpages) {
    put_code(kSupportedPages, kAllSubpages);
  }
  if (has_provisioning(unit)) {
    put_code(kProvisioning, 0);
  }
  put_code(kStatistics, 0);
  for (std::uint8_t group = 1; subpages && group <= AccessStatistics::kGroups; ++group) {
    put_code(kStatistics, group);
  }
}

// How long commands took is not measured: the processing intervals stay zero.
void put_counts(const AccessCounts& counts, std::uint8_t length, wire::Writer& out) {
  put_parameter_header(out, 0x0001, length);
  out.put_big_endian(counts.read_commands);
  out.put_big_endian(counts.write_commands);
  out.put_big_endian(counts.blocks_received);
  out.put_big_endian(counts.blocks_transmitted);
  out.put_zeros(length - 4 * sizeof(std::uint64_t));
}

// SPC-5 table 385: one millisecond.
void put_time_interval(wire::Writer& out) {
  put_parameter_header(out, 0x0003, 8);
  out.put_big_endian(static_cast<std::uint32_t>(-3));
  out.put_big_endian(std::uint32_t{1});
}

void put_general_statistics(const UnitState& unit, wire::Writer& out) {
  put_counts(unit.statistics.all(), 0x40, out);
  put_parameter_header(out, 0x0002, 8);
  out.put_zeros(8);
  put_time_interval(out);
}

void put_group_statistics(const UnitState& unit, std::uint8_t group, wire::Writer& out) {
  put_counts(unit.statistics.of_group(group), 0x30, out);
  put_time_interval(out);
}

// SBC-4 6.4.5.2, 6.4.5.3: a resource count, and whose resources they are.
void put_resource(wire::Writer& out, std::uint16_t code, std::uint64_t bytes, std::uint8_t scope) {
  put_parameter_header(out, code, 8);
  out.put_big_endian(static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes >> 20, UINT32_MAX)));
  out.put_big_endian(scope);
  out.put_zeros(3);
}

constexpr std::uint8_t kThisUnit = 0x01;
constexpr std::uint8_t kSharedByUnits = 0x02;

runtime::Task<Outcome> put_provisioning(UnitState& unit, wire::Writer& out) {
  const block::Space space = co_await block::space(*unit.volume);
  if (space.status != block::IoStatus::kOk) {
    co_return io_outcome(unit, space.status, 0);
  }
  put_resource(out, 0x0001, space.available, kSharedByUnits);
  put_resource(out, 0x0002, space.used, kThisUnit);
  co_return good();
}

runtime::Task<Outcome> put_page(UnitState& unit, std::uint8_t page, std::uint8_t subpage, wire::Writer& out) {
  if (page == kSupportedPages && (subpage == 0 || subpage == kAllSubpages)) {
    put_page_list(unit, subpage != 0, out);
    co_return good();
  }
  if (page == kProvisioning && subpage == 0 && has_provisioning(unit)) {
    co_return co_await put_provisioning(unit, out);
  }
  if (page == kStatistics && subpage <= AccessStatistics::kGroups) {
    if (subpage == 0) {
      put_general_statistics(unit, out);
    } else {
      put_group_statistics(unit, subpage, out);
    }
    co_return good();
  }
  const bool is_page =
      page == kSupportedPages || page == kStatistics || (page == kProvisioning && has_provisioning(unit));
  co_return is_page ? invalid_cdb(3) : invalid_cdb(2, std::uint8_t{5});
}

}  // namespace

runtime::Task<Outcome> run_log_sense(Execution& x) {
  const std::uint8_t page = cdb::log_sense::PageCode::get(x.cdb());
  const std::uint8_t subpage = cdb::log_sense::SubpageCode::get(x.cdb());
  const std::uint8_t control = cdb::log_sense::PageControl::get(x.cdb());
  if (control > kCumulative) {  // there are no thresholds, and no default values but zero
    co_return invalid_cdb(2, std::uint8_t{7});
  }
  const std::uint32_t allocation = cdb::log_sense::AllocationLength::get(x.cdb());
  runtime::Buffer buffer = co_await x.command.transport.buffers().allocate(answer_buffer_size(allocation));
  wire::Writer out(buffer.memory());
  out.put_big_endian(static_cast<std::uint8_t>(page | (subpage != 0 ? 0x40 : 0x00)));  // SPF
  out.put_big_endian(subpage);
  out.put_zeros(2);
  const Outcome outcome = co_await put_page(x.unit, page, subpage, out);
  if (!outcome.is_good()) {
    co_return outcome;
  }
  wire::BigEndian<std::uint16_t, 2>::set(out.written().first<kHeaderSize>(),
                                         static_cast<std::uint16_t>(out.needed() - kHeaderSize));
  deliver_answer(x.command, std::move(buffer), out, allocation);
  co_return good();
}

}  // namespace lunaria::scsi
