#pragma once

// Commands as FakeHost understands them.

#include "iscsi/testing/initiator.h"

namespace lunaria::iscsi::testing {

inline Bytes block_cdb(std::uint8_t opcode, std::uint32_t block, std::uint16_t count) {
  Bytes cdb(16);
  cdb[0] = std::byte{opcode};
  wire::BigEndian<std::uint32_t, 2>::set(std::span(cdb).first<16>(), block);
  wire::BigEndian<std::uint16_t, 7>::set(std::span(cdb).first<16>(), count);
  return cdb;
}

inline CommandRequest read_blocks(std::uint32_t block, std::uint16_t count) {
  return {.cdb = block_cdb(0x28, block, count), .read_length = count * 512U, .write_data = {}};
}

inline CommandRequest write_blocks(std::uint32_t block, Bytes data) {
  return {.cdb = block_cdb(0x2A, block, static_cast<std::uint16_t>(data.size() / 512)), .write_data = std::move(data)};
}

/// Bytes that differ from place to place and from seed to seed.
inline Bytes pattern(std::size_t size, unsigned seed = 1) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>((i * 31 + i / 251 + seed) & 0xFF);
  }
  return bytes;
}

}  // namespace lunaria::iscsi::testing
