// Vital product data pages (SPC-5 7.7, SBC-4 6.6).

#include <algorithm>
#include <array>
#include <string>

#include "scsi/designator.h"
#include "scsi/inquiry.h"
#include "scsi/limits.h"
#include "scsi/log_sense.h"
#include "scsi/medium.h"
#include "scsi/text.h"
#include "scsi/third_party_copy.h"

namespace lunaria::scsi {
namespace {

// What a page function gets.
struct PageContext {
  const UnitState& unit;
  const Nexus& nexus;
};

struct VpdPage {
  std::uint8_t code;
  void (*put)(const PageContext&, wire::Writer&);
};

constexpr std::uint8_t kProtocolIscsi = 0x5;  // SPC-5 7.6.1

// SPC-5 7.7.6.1: the header of a designation descriptor. Those of ports and devices say which protocol they are of.
void put_designator(wire::Writer& out, CodeSet code_set, Association association, DesignatorType type,
                    std::size_t length) {
  const bool has_protocol = association != Association::kUnit;
  out.put_big_endian(
      static_cast<std::uint8_t>((has_protocol ? kProtocolIscsi << 4 : 0) | std::to_underlying(code_set)));
  out.put_big_endian(static_cast<std::uint8_t>((has_protocol ? 0x80 : 0) | std::to_underlying(association) << 4 |
                                               std::to_underlying(type)));
  out.put_zeros(1);
  out.put_big_endian(static_cast<std::uint8_t>(length));
}

void put_name(wire::Writer& out, Association association, std::string_view name) {
  put_designator(out, CodeSet::kUtf8, association, DesignatorType::kName, padded_name_length(name));
  put_padded_name(out, name);
}

void put_target_designators(wire::Writer& out, const Nexus& nexus) {
  put_designator(out, CodeSet::kBinary, Association::kTargetPort, DesignatorType::kRelativePort, 4);
  out.put_zeros(2);
  out.put_big_endian(nexus.relative_target_port);
  put_designator(out, CodeSet::kBinary, Association::kTargetPort, DesignatorType::kPortGroup, 4);
  out.put_zeros(2);
  out.put_big_endian(nexus.target_port_group);
  put_name(out, Association::kTargetPort, nexus.target_port);
  put_name(out, Association::kTargetDevice, nexus.target_name);
}

void put_unit_designators(wire::Writer& out, const Identity& identity) {
  for (const Designator& designator : unit_designators(identity)) {
    put_designator(out, designator.code_set, Association::kUnit, designator.type, designator.bytes.size());
    out.put(std::as_bytes(std::span(designator.bytes)));
  }
}

void put_supported_pages(const PageContext& context, wire::Writer& out);

// SPC-5 7.7.19.
void put_serial_number(const PageContext& context, wire::Writer& out) {
  out.put_text(context.unit.identity.serial);
}

// SPC-5 7.7.6.
void put_identification(const PageContext& context, wire::Writer& out) {
  put_unit_designators(out, context.unit.identity);
  put_target_designators(out, context.nexus);
}

// SPC-5 7.7.9: there are none.
void put_management_addresses(const PageContext& /*context*/, wire::Writer& /*out*/) {}

// SPC-5 7.7.7.
void put_extended_inquiry(const PageContext& context, wire::Writer& out) {
  out.put_zeros(1);
  out.put_big_endian(std::uint8_t{0x17});  // GROUP_SUP, HEADSUP, ORDSUP, SIMPSUP
  out.put_big_endian(static_cast<std::uint8_t>(context.unit.features.volatile_cache ? 0x01 : 0x00));  // V_SUP
  out.put_zeros(0x3C - 3);
}

// SPC-5 7.7.8: all pages are shared by all nexuses.
void put_mode_page_policy(const PageContext& /*context*/, wire::Writer& out) {
  out.put_big_endian(std::uint32_t{0x3FFF0000});
}

// SPC-5 7.7.16: the port that was asked. Others are on other sessions' paths.
void put_scsi_ports(const PageContext& context, wire::Writer& out) {
  const std::size_t length = 4 + padded_name_length(context.nexus.target_port);
  out.put_zeros(2);
  out.put_big_endian(context.nexus.relative_target_port);
  out.put_zeros(6);
  out.put_big_endian(static_cast<std::uint16_t>(length));
  put_name(out, Association::kTargetPort, context.nexus.target_port);
}

// SPC-5 7.7.17.
void put_third_party_copy(const PageContext& /*context*/, wire::Writer& out) {
  put_copy_descriptors(out);
}

// SBC-4 6.6.4. Lengths are in logical blocks.
void put_block_limits(const PageContext& context, wire::Writer& out) {
  const block::Features& features = context.unit.features;
  const std::uint32_t block_size = context.unit.geometry.logical_block_size;
  const std::uint32_t granularity = std::max(context.unit.geometry.physical_block_size, block_size) / block_size;
  out.put_zeros(1);  // not WSNZ: WRITE SAME of zero blocks goes on to the last one
  out.put_big_endian(static_cast<std::uint8_t>(kCompareAndWriteBlocksMax));
  out.put_big_endian(static_cast<std::uint16_t>(granularity));
  out.put_big_endian(static_cast<std::uint32_t>(kTransferLengthMax / block_size));
  out.put_big_endian(static_cast<std::uint32_t>(kStepLength / block_size));  // the optimal transfer length
  out.put_zeros(4);
  out.put_big_endian(features.unmap ? UINT32_MAX : 0);  // UNMAP goes in steps, so there is no limit
  out.put_big_endian(features.unmap ? kUnmapDescriptorsMax : 0);
  const bool has_granularity = features.unmap && features.unmap_granularity >= block_size;
  out.put_big_endian(has_granularity ? features.unmap_granularity / block_size : 0);
  out.put_big_endian(has_granularity ? 0x8000'0000U : 0);  // UGAVALID, aligned to LBA 0
  out.put_big_endian(kWriteSameLengthMax / block_size);
  out.put_big_endian(atomic_length_max(context.unit) / block_size);
  out.put_zeros(0x3C - 44);  // WRITE ATOMIC: any alignment, any whole number of blocks, no boundaries
}

// SBC-4 6.6.3.
void put_block_characteristics(const PageContext& context, wire::Writer& out) {
  const block::Features& features = context.unit.features;
  out.put_big_endian(std::uint16_t{1});  // no medium that rotates
  out.put_zeros(1);
  // WABEREQ and WACEREQ: blocks can be read without error after the erasures that there are.
  out.put_big_endian(static_cast<std::uint8_t>((features.unmap ? 0x40 : 0) | (features.crypto_erase ? 0x10 : 0)));
  out.put_big_endian(std::uint8_t{0x02});  // FUAB: SYNCHRONIZE CACHE and FUA reach stable storage
  out.put_zeros(0x3C - 5);
}

// SBC-4 6.6.6.
void put_provisioning(const PageContext& context, wire::Writer& out) {
  const block::Features& features = context.unit.features;
  out.put_big_endian(static_cast<std::uint8_t>(features.unmap ? threshold_exponent(context.unit) : 0));
  // LBPU, LBPWS, LBPWS10 (what UNMAP and WRITE SAME can do), LBPRZ 001b where unmapped blocks read as zeros.
  const std::uint8_t zeros = features.unmapped_reads_zeros ? 0x04 : 0x00;
  out.put_big_endian(static_cast<std::uint8_t>(features.unmap ? 0xE0 | zeros : 0x00));
  out.put_big_endian(static_cast<std::uint8_t>(features.thin ? 0x02 : 0x00));
  out.put_zeros(1);
}

constexpr auto kPages = std::to_array<VpdPage>({
    {0x00, put_supported_pages},
    {0x80, put_serial_number},
    {0x83, put_identification},
    {0x85, put_management_addresses},
    {0x86, put_extended_inquiry},
    {0x87, put_mode_page_policy},
    {0x88, put_scsi_ports},
    {0x8F, put_third_party_copy},
    {0xB0, put_block_limits},
    {0xB1, put_block_characteristics},
    {0xB2, put_provisioning},
});
static_assert(std::ranges::is_sorted(kPages, {}, &VpdPage::code), "page 00h lists them in ascending order");

void put_supported_pages(const PageContext& /*context*/, wire::Writer& out) {
  for (const VpdPage& page : kPages) {
    out.put_big_endian(page.code);
  }
}

// The PAGE LENGTH is known when the body is written. The buffer holds a page's header at least.
void put_header(wire::Writer& out, Peripheral peripheral, std::uint8_t page) {
  out.put_big_endian(peripheral);
  out.put_big_endian(page);
  out.put_zeros(2);
}
void set_page_length(wire::Writer& out) {
  wire::BigEndian<std::uint16_t, 2>::set(out.written().first<4>(), static_cast<std::uint16_t>(out.needed() - 4));
}

}  // namespace

Outcome put_vpd_page(std::uint8_t page, const UnitState& unit, const Nexus& nexus, wire::Writer& out) {
  const auto* found = std::ranges::find(kPages, page, &VpdPage::code);
  if (found == kPages.end()) {
    return invalid_cdb(2);
  }
  put_header(out, Peripheral::kDisk, page);
  found->put({unit, nexus}, out);
  set_page_length(out);
  return good();
}

void put_target_identification(Peripheral peripheral, const Nexus& nexus, wire::Writer& out) {
  put_header(out, peripheral, 0x83);
  put_target_designators(out, nexus);
  set_page_length(out);
}

}  // namespace lunaria::scsi
