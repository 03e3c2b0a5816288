// READ DEFECT DATA, PRE-FETCH, REPORT TIMESTAMP, REPORT IDENTIFYING INFORMATION: what has little to tell on this kind
// of unit.

#include <chrono>

#include "scsi/handlers.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

// SBC-4 5.20.2: which lists are valid, and the format that was asked for.
std::uint8_t defect_header(CdbBytes bytes) {
  return cdb::read_defects::ListFormat::get(bytes);
}

}  // namespace

// SBC-4 5.20, 5.21: both lists are empty.
Outcome answer_read_defects_10(Execution& x, wire::Writer& out) {
  out.put_zeros(1);
  out.put_big_endian(defect_header(x.cdb()));
  out.put_zeros(2);
  return good();
}

Outcome answer_read_defects_12(Execution& x, wire::Writer& out) {
  out.put_zeros(1);
  out.put_big_endian(cdb::read_defects::ListFormat12::get(x.cdb()));
  out.put_zeros(6);
  return good();
}

// SPC-5 6.38: the time of the server, which initiators do not set.
Outcome answer_report_timestamp(Execution& x, wire::Writer& out) {
  constexpr std::uint8_t kSetByOtherMeans = 0x3;  // TIMESTAMP ORIGIN
  const auto since_epoch = x.unit.home.clock().wall_time().time_since_epoch();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  out.put_big_endian(std::uint16_t{10});
  out.put_big_endian(kSetByOtherMeans);
  out.put_zeros(1);
  out.put_big_endian<std::uint64_t, 6>(static_cast<std::uint64_t>(milliseconds));
  out.put_zeros(2);
  return good();
}

// SPC-5 6.32: no identifying information is kept, for none can be set (the names that management gives are its own).
Outcome answer_identifying_information(Execution& x, wire::Writer& out) {
  constexpr std::uint8_t kPeripheral = 0x00;
  constexpr std::uint8_t kText = 0x02;
  constexpr std::uint8_t kSupportedTypes = 0x7F;
  const std::uint8_t type = cdb::identifying_information::InformationType::get(x.cdb());
  if (type != kPeripheral && type != kText && type != kSupportedTypes) {
    return invalid_cdb(10, std::uint8_t{7});
  }
  const bool lists_types = type == kSupportedTypes;
  out.put_zeros(2);
  out.put_big_endian(static_cast<std::uint16_t>(lists_types ? 8 : 0));
  if (lists_types) {
    for (const std::uint8_t supported : {kPeripheral, kText}) {
      out.put_big_endian(static_cast<std::uint8_t>(supported << 1));
      out.put_zeros(3);  // MAXIMUM INFORMATION LENGTH
    }
  }
  return good();
}

// SBC-4 5.13: whether the blocks were in a cache is not known, so GOOD and not CONDITION MET.
runtime::Task<Outcome> run_prefetch(Execution& x) {
  co_return check_range(x.unit, decode_range(x.cdb()));
}

}  // namespace lunaria::scsi
