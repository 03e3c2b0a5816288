// MODE SENSE and MODE SELECT, 6 and 10 (SPC-5 6.11 - 6.14): headers and block descriptors around mode_pages.h.

#include <algorithm>

#include "scsi/handlers.h"
#include "scsi/medium.h"
#include "scsi/mode_pages.h"

namespace lunaria::scsi {
namespace {

constexpr std::size_t kHeaderSize6 = 4;
constexpr std::size_t kHeaderSize10 = 8;
constexpr std::size_t kShortDescriptorSize = 8;
constexpr std::size_t kLongDescriptorSize = 16;
constexpr std::uint8_t kWriteProtected = 0x80;  // SBC-4 6.5.1: WP
constexpr std::uint8_t kDpoFua = 0x10;          // DPOFUA

// SPC-5 7.5.6.1: number of blocks, density code, block length.
void put_short_descriptor(wire::Writer& out, const block::Geometry& geometry) {
  out.put_big_endian(static_cast<std::uint32_t>(std::min<std::uint64_t>(geometry.block_count, UINT32_MAX)));
  out.put_zeros(1);
  out.put_big_endian<std::uint32_t, 3>(geometry.logical_block_size);
}

// SBC-4 6.5.2.3.
void put_long_descriptor(wire::Writer& out, const block::Geometry& geometry) {
  out.put_big_endian(geometry.block_count);
  out.put_zeros(4);
  out.put_big_endian(geometry.logical_block_size);
}

std::uint8_t device_specific(const Execution& x) {
  const bool is_protected = x.command.read_only || x.unit.is_write_protected();
  return static_cast<std::uint8_t>(kDpoFua | (is_protected ? kWriteProtected : 0));
}

Outcome put_pages(Execution& x, wire::Writer& out) {
  const PageControl control{cdb::mode::PageControl::get(x.cdb())};
  if (control == PageControl::kSaved) {
    return illegal_request(asc::kSavingParametersNotSupported);
  }
  const ModeSettings settings = control == PageControl::kDefault ? x.unit.default_modes() : x.unit.modes;
  return put_mode_pages(out, cdb::mode::PageCode::get(x.cdb()), cdb::mode::SubpageCode::get(x.cdb()), control, settings,
                        x.unit.mode_capabilities());
}

// Applies a received list: `size` bytes with the page data beginning behind header and block descriptors.
runtime::Task<Outcome> apply_list(Execution& x, std::span<const std::byte> list, std::size_t pages_at) {
  UnitState& unit = x.unit;
  const auto settings = parse_mode_pages(list, pages_at, unit.modes, unit.mode_capabilities());
  if (!settings) {
    co_return settings.error();
  }
  if (*settings == unit.modes) {
    co_return good();
  }
  const bool cache_goes = unit.modes.write_cache && !settings->write_cache;
  unit.set_modes(*settings);
  unit.establish(asc::kModeParametersChanged, &x.nexus);
  if (cache_goes) {  // what it holds must not be volatile any more once we answer
    const block::IoStatus status = co_await block::flush(*unit.volume);
    co_return io_outcome(unit, status, 0);
  }
  co_return good();
}

// A descriptor may only say what is true already: neither capacity nor block size change this way.
Outcome check_descriptor(const UnitState& unit, std::span<const std::byte> list, std::size_t at, std::size_t size) {
  if (size == 0) {
    return good();
  }
  wire::Reader reader(list.subspan(at, size));
  const bool is_long = size == kLongDescriptorSize;
  const std::uint64_t blocks =
      is_long ? *reader.take_big_endian<std::uint64_t>() : *reader.take_big_endian<std::uint32_t>();
  const std::uint64_t all_ones = is_long ? UINT64_MAX : UINT32_MAX;
  if (blocks != 0 && blocks != all_ones && blocks != unit.geometry.block_count) {
    return invalid_list(at);
  }
  const std::size_t reserved = is_long ? 4 : 1;
  if (std::ranges::any_of(*reader.take(reserved), [](std::byte byte) { return byte != std::byte{}; })) {
    return invalid_list(at + (is_long ? 8 : 4));
  }
  const std::uint32_t block_size =
      is_long ? *reader.take_big_endian<std::uint32_t>() : *reader.take_big_endian<std::uint32_t, 3>();
  if (block_size != unit.geometry.logical_block_size) {
    return invalid_list(at + (is_long ? 12 : 5));
  }
  return good();
}

// The header's fields that both lengths of the command have.
struct SelectHeader {
  std::size_t size;
  std::uint64_t mode_data_length;
  std::uint8_t medium_type;
  std::uint64_t descriptor_length;
  bool long_lba;
};

runtime::Task<Outcome> select(Execution& x, std::span<const std::byte> list, SelectHeader header) {
  if (header.mode_data_length != 0) {
    co_return invalid_list(0);
  }
  if (header.medium_type != 0) {
    co_return invalid_list(header.size == kHeaderSize6 ? 1 : 2);
  }
  const std::size_t expected = header.long_lba ? kLongDescriptorSize : kShortDescriptorSize;
  if (header.descriptor_length != 0 && header.descriptor_length != expected) {
    co_return invalid_list(header.size == kHeaderSize6 ? 3 : 6);
  }
  if (list.size() - header.size < header.descriptor_length) {
    co_return illegal_request(asc::kParameterListLengthError);
  }
  if (const Outcome outcome = check_descriptor(x.unit, list, header.size, header.descriptor_length);
      !outcome.is_good()) {
    co_return outcome;
  }
  co_return co_await apply_list(x, list, header.size + header.descriptor_length);
}

// The checks of the CDB itself; nothing is saved, and only pages of the standard are known.
Outcome check_select(CdbBytes bytes) {
  if (!cdb::mode::PageFormat::get(bytes)) {
    return invalid_cdb(1, std::uint8_t{4});
  }
  return cdb::mode::SavePages::get(bytes) ? invalid_cdb(1, std::uint8_t{0}) : good();
}

}  // namespace

Outcome answer_mode_sense_6(Execution& x, wire::Writer& out) {
  const bool has_descriptor = !cdb::mode::DisableBlockDescriptors::get(x.cdb());
  out.put_zeros(2);
  out.put_big_endian(device_specific(x));
  out.put_big_endian(static_cast<std::uint8_t>(has_descriptor ? kShortDescriptorSize : 0));
  if (has_descriptor) {
    put_short_descriptor(out, x.unit.geometry);
  }
  const Outcome outcome = put_pages(x, out);
  wire::BigEndian<std::uint8_t, 0>::set(out.written().first<kHeaderSize6>(),
                                        static_cast<std::uint8_t>(out.needed() - 1));
  return outcome;
}

Outcome answer_mode_sense_10(Execution& x, wire::Writer& out) {
  const bool has_descriptor = !cdb::mode::DisableBlockDescriptors::get(x.cdb());
  const bool is_long = has_descriptor && cdb::mode::LongLbaAccepted::get(x.cdb());
  out.put_zeros(3);
  out.put_big_endian(device_specific(x));
  out.put_big_endian(static_cast<std::uint8_t>(is_long ? 1 : 0));
  out.put_zeros(1);
  if (is_long) {
    out.put_big_endian(std::uint16_t{kLongDescriptorSize});
    put_long_descriptor(out, x.unit.geometry);
  } else {
    out.put_big_endian(static_cast<std::uint16_t>(has_descriptor ? kShortDescriptorSize : 0));
    if (has_descriptor) {
      put_short_descriptor(out, x.unit.geometry);
    }
  }
  const Outcome outcome = put_pages(x, out);
  wire::BigEndian<std::uint16_t, 0>::set(out.written().first<kHeaderSize10>(),
                                         static_cast<std::uint16_t>(out.needed() - 2));
  return outcome;
}

runtime::Task<Outcome> run_mode_select_6(Execution& x) {
  if (const Outcome outcome = check_select(x.cdb()); !outcome.is_good()) {
    co_return outcome;
  }
  const std::size_t length = cdb::mode::ListLength6::get(x.cdb());
  if (length == 0) {
    co_return good();
  }
  const Outcome received = co_await receive_list(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  if (length < kHeaderSize6) {
    co_return illegal_request(asc::kParameterListLengthError);
  }
  const std::span<const std::byte> list = x.command.transport.data_out().first(length);
  const auto head = list.first<kHeaderSize6>();
  const SelectHeader header{kHeaderSize6, wire::BigEndian<std::uint8_t, 0>::get(head),
                            wire::BigEndian<std::uint8_t, 1>::get(head), wire::BigEndian<std::uint8_t, 3>::get(head),
                            false};
  co_return co_await select(x, list, header);
}

runtime::Task<Outcome> run_mode_select_10(Execution& x) {
  if (const Outcome outcome = check_select(x.cdb()); !outcome.is_good()) {
    co_return outcome;
  }
  const std::size_t length = cdb::mode::ListLength10::get(x.cdb());
  if (length == 0) {
    co_return good();
  }
  const Outcome received = co_await receive_list(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  if (length < kHeaderSize10) {
    co_return illegal_request(asc::kParameterListLengthError);
  }
  const std::span<const std::byte> list = x.command.transport.data_out().first(length);
  const auto head = list.first<kHeaderSize10>();
  const SelectHeader header{kHeaderSize10, wire::BigEndian<std::uint16_t, 0>::get(head),
                            wire::BigEndian<std::uint8_t, 2>::get(head), wire::BigEndian<std::uint16_t, 6>::get(head),
                            wire::Bits<bool, 4, 0>::get(head)};
  co_return co_await select(x, list, header);
}

}  // namespace lunaria::scsi
