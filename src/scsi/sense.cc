#include "scsi/sense.h"

#include <utility>

#include "wire/fields.h"

namespace lunaria::scsi {
namespace {

using wire::BigEndian;

// SPC-5 4.4.3.
namespace fixed {
constexpr std::size_t kSize = 18;
constexpr std::byte kCurrentError{0x70};
using Valid = wire::Bits<bool, 0, 7>;
using Key = wire::Bits<SenseKey, 2, 0, 4>;
using Information = BigEndian<std::uint32_t, 3>;
using AdditionalLength = BigEndian<std::uint8_t, 7>;
using Additional = BigEndian<AdditionalSense, 12>;
constexpr std::size_t kKeySpecific = 15;
}  // namespace fixed

// SPC-5 4.4.2.
namespace descriptor {
constexpr std::size_t kHeaderSize = 8;
constexpr std::byte kCurrentError{0x72};
using Key = wire::Bits<SenseKey, 1, 0, 4>;
using Additional = BigEndian<AdditionalSense, 2>;
using AdditionalLength = BigEndian<std::uint8_t, 7>;
constexpr std::size_t kInformationSize = 12;
using Information = BigEndian<std::uint64_t, 4>;
constexpr std::size_t kKeySpecificSize = 8;
}  // namespace descriptor

// SPC-5 4.4.2.4.2: three bytes.
void put_field_pointer(std::span<std::byte, 3> bytes, const FieldPointer& field) {
  std::uint8_t first = 0x80;  // SKSV
  if (field.in_cdb) {
    first |= 0x40;
  }
  if (field.bit) {
    first = static_cast<std::uint8_t>(first | 0x08 | (*field.bit & 0x07));
  }
  BigEndian<std::uint8_t, 0>::set(bytes, first);
  BigEndian<std::uint16_t, 1>::set(bytes, field.byte);
}

// SPC-5 4.4.2.4.4: three bytes.
void put_progress(std::span<std::byte, 3> bytes, std::uint16_t progress) {
  BigEndian<std::uint8_t, 0>::set(bytes, 0x80);  // SKSV
  BigEndian<std::uint16_t, 1>::set(bytes, progress);
}

void put_key_specific(std::span<std::byte, 3> bytes, const Sense& sense) {
  if (sense.field) {
    put_field_pointer(bytes, *sense.field);
  } else if (sense.progress) {
    put_progress(bytes, *sense.progress);
  }
}

SenseBytes build_fixed(const Sense& sense) {
  SenseBytes result;
  const auto bytes = std::span(result.storage).first<fixed::kSize>();
  bytes[0] = fixed::kCurrentError;
  fixed::Key::set(bytes, sense.key);
  if (sense.information && *sense.information <= UINT32_MAX) {
    fixed::Valid::set(bytes, true);
    fixed::Information::set(bytes, static_cast<std::uint32_t>(*sense.information));
  }
  fixed::AdditionalLength::set(bytes, fixed::kSize - 8);
  fixed::Additional::set(bytes, sense.additional);
  put_key_specific(bytes.subspan<fixed::kKeySpecific, 3>(), sense);
  result.size = fixed::kSize;
  return result;
}

SenseBytes build_descriptors(const Sense& sense) {
  SenseBytes result;
  const auto bytes = std::span(result.storage);
  bytes[0] = descriptor::kCurrentError;
  descriptor::Key::set(bytes, sense.key);
  descriptor::Additional::set(bytes, sense.additional);
  std::size_t size = descriptor::kHeaderSize;
  if (sense.information) {
    const auto part = bytes.subspan(size).first<descriptor::kInformationSize>();
    part[1] = std::byte{descriptor::kInformationSize - 2};
    part[2] = std::byte{0x80};  // VALID
    descriptor::Information::set(part, *sense.information);
    size += descriptor::kInformationSize;
  }
  if (sense.field || sense.progress) {
    const auto part = bytes.subspan(size).first<descriptor::kKeySpecificSize>();
    part[0] = std::byte{0x02};
    part[1] = std::byte{descriptor::kKeySpecificSize - 2};
    put_key_specific(part.subspan<4, 3>(), sense);
    size += descriptor::kKeySpecificSize;
  }
  static_assert(descriptor::kHeaderSize + descriptor::kInformationSize + descriptor::kKeySpecificSize <=
                SenseBytes::kSizeMax);
  descriptor::AdditionalLength::set(bytes, static_cast<std::uint8_t>(size - descriptor::kHeaderSize));
  result.size = static_cast<std::uint8_t>(size);
  return result;
}

}  // namespace

SenseBytes build_sense(const Sense& sense, SenseFormat format) {
  return format == SenseFormat::kFixed ? build_fixed(sense) : build_descriptors(sense);
}

}  // namespace lunaria::scsi
