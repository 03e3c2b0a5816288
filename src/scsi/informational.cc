// LOG SENSE, READ DEFECT DATA, REPORT TARGET PORT GROUPS, PRE-FETCH: what has little to tell on this kind of unit.

#include "scsi/handlers.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

constexpr std::uint8_t kSupportedPages = 0x00;
constexpr std::uint8_t kAllSubpages = 0xFF;

// SBC-4 5.20.2: which lists are valid, and the format that was asked for.
std::uint8_t defect_header(CdbBytes bytes) {
  return cdb::read_defects::ListFormat::get(bytes);
}

}  // namespace

// SPC-5 6.8, 7.3: the list of pages, which are only that list so far.
Outcome answer_log_sense(Execution& x, wire::Writer& out) {
  const std::uint8_t subpage = cdb::log_sense::SubpageCode::get(x.cdb());
  if (cdb::log_sense::PageCode::get(x.cdb()) != kSupportedPages) {
    return invalid_cdb(2, std::uint8_t{5});
  }
  if (subpage == 0) {
    out.put_big_endian(std::uint32_t{1});
    out.put_big_endian(kSupportedPages);
    return good();
  }
  if (subpage != kAllSubpages) {
    return invalid_cdb(3);
  }
  out.put_big_endian(std::uint8_t{0x40});  // SPF
  out.put_big_endian(kAllSubpages);
  out.put_big_endian(std::uint16_t{4});
  out.put_big_endian(std::uint16_t{0x0000});
  out.put_big_endian(std::uint16_t{0x00FF});
  return good();
}

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

// SPC-5 6.37: the group of the port that was asked is active and optimized; it always is.
Outcome answer_target_port_groups(Execution& x, wire::Writer& out) {
  const std::uint8_t format = cdb::target_port_groups::Format::get(x.cdb());
  if (format > 1) {
    return invalid_cdb(1, std::uint8_t{7});
  }
  const bool extended = format == 1;
  out.put_big_endian(std::uint32_t{extended ? 16U : 12U});
  if (extended) {
    out.put_big_endian(std::uint8_t{0x10});  // the extended header
    out.put_zeros(3);
  }
  out.put_big_endian(std::uint8_t{0x00});  // active/optimized
  out.put_big_endian(std::uint8_t{0x01});  // AO_SUP: no other state is
  out.put_big_endian(x.nexus.nexus->target_port_group);
  out.put_zeros(3);
  out.put_big_endian(std::uint8_t{1});
  out.put_zeros(2);
  out.put_big_endian(x.nexus.nexus->relative_target_port);
  return good();
}

// SBC-4 5.13: whether the blocks were in a cache is not known, so GOOD and not CONDITION MET.
runtime::Task<Outcome> run_prefetch(Execution& x) {
  co_return check_range(x.unit, decode_range(x.cdb()));
}

}  // namespace lunaria::scsi
