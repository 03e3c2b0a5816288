#include "scsi/inquiry.h"

#include <array>
#include <utility>

#include "scsi/handlers.h"
#include "scsi/text.h"

namespace lunaria::scsi {
namespace {

constexpr std::size_t kStandardSize = 96;  // SPC-5 6.7.2: up to the end of the version descriptors
constexpr std::uint8_t kVersion = 0x06;    // SPC-4
// SPC-5 table 148: SAM-5, SPC-4, SBC-3, iSCSI; none of a version of the document in particular.
constexpr auto kVersionDescriptors = std::to_array<std::uint16_t>({0x00A0, 0x0460, 0x04C0, 0x0960});

struct StandardInquiry {
  Peripheral peripheral = Peripheral::kDisk;
  bool removable = false;
  std::string_view vendor;
  std::string_view product;
  std::string_view revision;
};

void put_standard(const StandardInquiry& inquiry, wire::Writer& out) {
  out.put_big_endian(inquiry.peripheral);
  out.put_big_endian(static_cast<std::uint8_t>(inquiry.removable ? 0x80 : 0x00));
  out.put_big_endian(kVersion);
  out.put_big_endian(std::uint8_t{0x32});  // NORMACA; HISUP: REPORT LUNS works; response data format 2
  out.put_big_endian(static_cast<std::uint8_t>(kStandardSize - 5));
  out.put_big_endian(std::uint8_t{0x38});  // TPGS: access changes implicitly and by SET TARGET PORT GROUPS; 3PC
  out.put_big_endian(std::uint8_t{0x10});  // MULTIP: there may be several ports
  out.put_big_endian(std::uint8_t{0x02});  // CMDQUE
  put_padded(out, inquiry.vendor, 8);
  put_padded(out, inquiry.product, 16);
  put_padded(out, inquiry.revision, 4);
  out.put_zeros(22);
  for (const std::uint16_t descriptor : kVersionDescriptors) {
    out.put_big_endian(descriptor);
  }
  out.put_zeros(kStandardSize - 58 - 2 * kVersionDescriptors.size());
}

}  // namespace

Outcome answer_inquiry(Execution& x, wire::Writer& out) {
  const std::uint8_t page = cdb::inquiry::PageCode::get(x.cdb());
  if (cdb::inquiry::Evpd::get(x.cdb())) {
    return put_vpd_page(page, x.unit, *x.nexus.nexus, out);
  }
  if (page != 0) {
    return invalid_cdb(2);
  }
  const Identity& identity = x.unit.identity;
  put_standard({Peripheral::kDisk, x.unit.options.removable, identity.vendor, identity.product, identity.revision},
               out);
  return good();
}

Outcome put_inquiry_without_unit(Peripheral peripheral, const Nexus& nexus, CdbBytes bytes, wire::Writer& out) {
  const std::uint8_t page = cdb::inquiry::PageCode::get(bytes);
  if (!cdb::inquiry::Evpd::get(bytes)) {
    if (page != 0) {
      return invalid_cdb(2);
    }
    put_standard({peripheral, false, "LUNARIA", "", ""}, out);
    return good();
  }
  if (peripheral == Peripheral::kWellKnownUnit && page == 0x83) {
    put_target_identification(peripheral, nexus, out);
    return good();
  }
  if (page != 0x00) {
    return invalid_cdb(2);
  }
  out.put_big_endian(peripheral);
  out.put_zeros(2);
  const bool has_identification = peripheral == Peripheral::kWellKnownUnit;
  out.put_big_endian(static_cast<std::uint8_t>(has_identification ? 2 : 1));
  out.put_zeros(1);
  if (has_identification) {
    out.put_big_endian(std::uint8_t{0x83});
  }
  return good();
}

}  // namespace lunaria::scsi
