// The Third-Party Copy VPD page's descriptors (SPC-5 7.7.17): what EXTENDED COPY and the token commands can do.

#include <array>

#include "scsi/command_table.h"
#include "scsi/third_party_copy.h"

namespace lunaria::scsi {
namespace {

constexpr std::uint8_t kExtendedCopy = 0x83;
constexpr std::uint8_t kReceiveCopyResults = 0x84;

void put_header(wire::Writer& out, std::uint16_t type, std::size_t length) {
  out.put_big_endian(type);
  out.put_big_endian(static_cast<std::uint16_t>(length));
}

// A list that is padded to a multiple of four, as every descriptor is.
template <class T>
void put_list(wire::Writer& out, std::uint16_t type, std::span<const T> values, std::size_t length_width) {
  const std::size_t size = length_width + values.size() * sizeof(T);
  const std::size_t padded = (size + 3) / 4 * 4;
  put_header(out, type, padded);
  if (length_width == 1) {
    out.put_big_endian(static_cast<std::uint8_t>(values.size() * sizeof(T)));
  } else {
    out.put_big_endian(static_cast<std::uint16_t>(values.size() * sizeof(T)));
  }
  for (const T value : values) {
    out.put_big_endian(value);
  }
  out.put_zeros(padded - size);
}

// SBC-4 6.6.9.3.
void put_block_token_limits(wire::Writer& out) {
  put_header(out, 0x0000, 0x20);
  out.put_zeros(6);
  out.put_big_endian(kTokenRangesMax);
  out.put_big_endian(kTokenTimeoutMax);
  out.put_big_endian(kTokenTimeoutDefault);
  out.put_big_endian(kTokenBytesMax / 4096);  // in logical blocks of whatever size
  out.put_big_endian(kTokenBytesMax / 4096);
}

// SPC-5 7.7.17.5: the service actions of the table's two opcodes.
void put_supported_commands(wire::Writer& out) {
  std::array<std::uint8_t, 64> list{};
  std::size_t size = 0;
  for (const std::uint8_t opcode : {kExtendedCopy, kReceiveCopyResults}) {
    list.at(size++) = opcode;
    const std::size_t count_at = size++;
    for (const CommandRow& row : command_rows()) {
      if (row.opcode == opcode) {
        list.at(size++) = static_cast<std::uint8_t>(row.service_action);
        ++list.at(count_at);
      }
    }
  }
  put_list(out, 0x0001, std::span<const std::uint8_t>(list).first(size), 1);
}

// SPC-5 7.7.17.6.
void put_parameter_data(wire::Writer& out) {
  put_header(out, 0x0004, 0x1C);
  out.put_zeros(4);
  out.put_big_endian(kCscdDescriptorsMax);
  out.put_big_endian(kSegmentDescriptorsMax);
  out.put_big_endian(kDescriptorListMax);
  out.put_zeros(4);
  out.put_zeros(12);
}

// SPC-5 7.7.17.9: tokens of this server only.
void put_token_features(wire::Writer& out) {
  constexpr std::size_t kBlockFeaturesSize = 0x30;
  put_header(out, 0x0106, 0x2C + kBlockFeaturesSize);
  out.put_zeros(12);
  out.put_big_endian(std::uint32_t{1});
  out.put_big_endian(kTokenTimeoutMax);
  out.put_big_endian(kTokenTimeoutMax);
  out.put_zeros(18);
  out.put_big_endian(static_cast<std::uint16_t>(kBlockFeaturesSize));
  // Block devices: granularity, then the bytes that are possible and those that are best.
  out.put_zeros(2);
  out.put_big_endian(static_cast<std::uint16_t>(kBlockFeaturesSize - 4));
  out.put_zeros(2);
  out.put_big_endian(std::uint16_t{1});
  for (int i = 0; i < 4; ++i) {
    out.put_big_endian(kTokenBytesMax);
  }
  out.put_zeros(8);
}

// SPC-5 7.7.17.10.
void put_supported_tokens(wire::Writer& out) {
  struct Type {
    RodType type;
    std::uint8_t flags;  // ECPY_INT, TOKEN_IN, TOKEN_OUT
    std::uint16_t preference;
  };
  constexpr std::uint8_t kIn = 0x02;
  constexpr std::uint8_t kOut = 0x01;
  constexpr auto kTypes =
      std::to_array<Type>({{RodType::kChangeVulnerable, kIn | kOut, 0xFFFF}, {RodType::kZero, kIn, 0x0000}});
  constexpr std::size_t kTypeSize = 64;
  put_header(out, 0x0108, 4 + kTypeSize * kTypes.size());
  out.put_zeros(2);
  out.put_big_endian(static_cast<std::uint16_t>(kTypeSize * kTypes.size()));
  for (const Type& type : kTypes) {
    out.put_big_endian(type.type);
    out.put_big_endian(type.flags);
    out.put_zeros(1);
    out.put_big_endian(type.preference);
    out.put_zeros(kTypeSize - 8);
  }
}

// SPC-5 7.7.17.11.
void put_general_copy(wire::Writer& out) {
  put_header(out, 0x8001, 0x20);
  out.put_big_endian(static_cast<std::uint32_t>(CopyOperations::kOperationsMax));
  out.put_big_endian(static_cast<std::uint32_t>(CopyOperations::kOperationsMax));
  out.put_big_endian(kSegmentLengthMax);
  out.put_big_endian(std::uint8_t{9});  // data segments in units of 512 bytes
  out.put_zeros(19);
}

}  // namespace

void put_copy_descriptors(wire::Writer& out) {
  put_block_token_limits(out);
  put_supported_commands(out);
  put_parameter_data(out);
  constexpr auto kDescriptors = std::to_array<std::uint8_t>({kBlockToBlock, kIdentificationCscd});
  put_list(out, 0x0008, std::span<const std::uint8_t>(kDescriptors), 1);
  constexpr auto kCscdIds = std::to_array<std::uint16_t>({0xFFFF});  // the unit that got the command
  put_list(out, 0x000C, std::span<const std::uint16_t>(kCscdIds), 2);
  put_token_features(out);
  put_supported_tokens(out);
  put_general_copy(out);
  put_header(out, 0xC001, 0x1C);  // SPC-5 7.7.17.13: no data is held
  out.put_zeros(0x1C);
}

}  // namespace lunaria::scsi
