#include "wire/fields.h"

#include <gtest/gtest.h>

#include <array>

#include "wire/reader.h"

namespace lunaria::wire {
namespace {

TEST(BigEndian, ReadsAndWritesOddWidths) {
  std::array<std::byte, 8> bytes{};
  using Length = BigEndian<std::uint32_t, 5, 3>;
  Length::set(std::span(bytes), 0x010203U);
  EXPECT_EQ(bytes[5], std::byte{1});
  EXPECT_EQ(bytes[7], std::byte{3});
  EXPECT_EQ(Length::get(std::span(bytes)), 0x010203U);
}

TEST(LittleEndian, PutsTheLowByteFirst) {
  std::array<std::byte, 4> bytes{};
  LittleEndian<std::uint32_t, 0>::set(std::span(bytes), 0x01020304U);
  EXPECT_EQ(bytes[0], std::byte{4});
  EXPECT_EQ((LittleEndian<std::uint32_t, 0>::get(std::span<const std::byte, 4>(bytes))), 0x01020304U);
}

TEST(Bits, LeavesTheOtherBitsAlone) {
  std::array<std::byte, 1> bytes{std::byte{0xFF}};
  Bits<std::uint8_t, 0, 2, 3>::set(std::span(bytes), 0);
  EXPECT_EQ(bytes[0], std::byte{0b1110'0011});
  EXPECT_EQ((Bits<std::uint8_t, 0, 5, 3>::get(std::span(bytes))), 7);
}

TEST(Reader, RefusesToReadPastTheEnd) {
  const std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
  Reader reader(bytes);
  EXPECT_EQ(reader.take_big_endian<std::uint16_t>(), 0x0102);
  EXPECT_FALSE(reader.take_big_endian<std::uint16_t>());
  EXPECT_EQ(reader.remaining(), 1U);
}

TEST(Writer, CountsWhatDoesNotFit) {
  std::array<std::byte, 3> buffer{};
  Writer writer(buffer);
  writer.put_big_endian<std::uint32_t>(0x01020304);
  EXPECT_EQ(writer.needed(), 4U);
  EXPECT_EQ(writer.written().size(), 3U);
  EXPECT_EQ(buffer[2], std::byte{3});
}

}  // namespace
}  // namespace lunaria::wire
