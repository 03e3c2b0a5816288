#include "scsi/transport_id.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace lunaria::scsi {
namespace {

using Bytes = std::vector<std::byte>;

Bytes transport_id(std::uint8_t first, std::string_view name, std::size_t length) {
  Bytes bytes(4 + length);
  bytes[0] = std::byte{first};
  bytes[2] = static_cast<std::byte>(length >> 8);
  bytes[3] = static_cast<std::byte>(length);
  std::ranges::transform(name.substr(0, length), bytes.begin() + 4, [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

std::optional<TransportId> parse(const Bytes& bytes) {
  wire::Reader reader(bytes);
  return take_transport_id(reader);
}

TEST(TransportId, NamesADeviceOrAPort) {
  EXPECT_EQ(parse(transport_id(0x05, "iqn.2024-01.test:a", 20)), (TransportId{"iqn.2024-01.test:a", false}));
  EXPECT_EQ(parse(transport_id(0x45, "iqn.2024-01.test:a,i,0x00023d000001", 36)),
            (TransportId{"iqn.2024-01.test:a,i,0x00023d000001", true}));
}

TEST(TransportId, IsBroughtToTheFormThatNexusesCarry) {
  EXPECT_EQ(parse(transport_id(0x45, "IQN.2024-01.Test:A,i,0x23D000001", 36)),
            (TransportId{"iqn.2024-01.test:a,i,0x00023d000001", true}));
}

TEST(TransportId, RefusesWhatIsNoneOfIscsi) {
  const std::string long_name = "iqn.2024-01.test:" + std::string(250, 'x');
  const Bytes cases[] = {
      {},
      Bytes(3),
      transport_id(0x00, "iqn.2024-01.test:a", 20),                         // Fibre Channel
      transport_id(0x06, "iqn.2024-01.test:a", 20),                         // SAS
      transport_id(0x85, "iqn.2024-01.test:a", 20),                         // reserved format
      transport_id(0xC5, "iqn.2024-01.test:a", 20),                         // reserved format
      transport_id(0x05, "iqn.2024-01.t:a", 16),                            // too short
      transport_id(0x05, "iqn.2024-01.test:a", 22),                         // no multiple of four
      transport_id(0x05, "iqn.2024-01.test:abc", 20),                       // no null
      transport_id(0x05, std::string_view("iqn.2024-01.test\0a", 18), 20),  // text behind the null
      transport_id(0x05, "", 20),
      transport_id(0x05, long_name, 272),
      transport_id(0x45, "iqn.2024-01.test:a", 20),                    // no ISID
      transport_id(0x45, "iqn.2024-01.test:a,i,0x", 24),               // an empty one
      transport_id(0x45, "iqn.2024-01.test:a,i,0x00023d00000g", 36),   // not hexadecimal
      transport_id(0x45, "iqn.2024-01.test:a,i,0x000023d000001", 40),  // thirteen digits
      transport_id(0x45, ",i,0x00023d000001", 20),                     // no name
  };
  for (const Bytes& each : cases) {
    EXPECT_EQ(parse(each), std::nullopt) << each.size();
  }
  Bytes cut = transport_id(0x05, "iqn.2024-01.test:a", 20);
  while (!cut.empty()) {
    cut.pop_back();
    EXPECT_EQ(parse(cut), std::nullopt);
  }
}

TEST(TransportId, ReadsBackWhatItWrote) {
  for (const std::string port : {"iqn.a:b,i,0x000000000001", "iqn.2024-01.test:host,i,0x00023d000001"}) {
    Bytes bytes(transport_id_length(port));
    wire::Writer out(bytes);
    put_transport_id(out, port);
    EXPECT_EQ(out.needed(), bytes.size());
    EXPECT_EQ(parse(bytes), (TransportId{port, true}));
  }
}

}  // namespace
}  // namespace lunaria::scsi
