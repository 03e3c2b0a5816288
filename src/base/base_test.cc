#include <gtest/gtest.h>

#include <span>
#include <string_view>

#include "base/crc32c.h"
#include "base/hex.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "base/mac_address.h"
#include "base/secret.h"
#include "base/uuid.h"

namespace lunaria {
namespace {

TEST(Crc32c, MatchesTheCheckValue) {
  constexpr std::string_view kDigits = "123456789";
  EXPECT_EQ(crc32c(std::as_bytes(std::span(kDigits))), 0xE3069283U);
}

TEST(Crc32c, MatchesTheExamplesOfRfc7143) {  // RFC 7143 appendix A.4
  std::array<std::byte, 32> data{};
  EXPECT_EQ(crc32c(data), 0x8A9136AAU);
  data.fill(std::byte{0xFF});
  EXPECT_EQ(crc32c(data), 0x62A8AB43U);
}

TEST(IpAddress, PrintsCanonicalText) {
  EXPECT_EQ(IpAddress::parse("2001:0DB8:0:0::1")->to_string(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1")->to_string(), "192.0.2.1");
  EXPECT_FALSE(IpAddress::parse("192.0.2"));
  EXPECT_FALSE(IpAddress::parse("host"));
  EXPECT_FALSE(IpAddress::parse(""));
}

TEST(IpPrefix, ContainsOnlyItsOwnFamilyAndBits) {
  const auto prefix = IpPrefix::parse("192.0.2.0/25");
  ASSERT_TRUE(prefix);
  EXPECT_TRUE(prefix->contains(*IpAddress::parse("192.0.2.127")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("192.0.2.128")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("::1")));
  EXPECT_FALSE(IpPrefix::parse("192.0.2.0/33"));
  EXPECT_FALSE(IpPrefix::parse("192.0.2.0/"));
}

TEST(IpPrefix, HasOneValueForOneNetwork) {
  EXPECT_EQ(IpPrefix::parse("192.0.2.9/24")->network().to_string(), "192.0.2.0/24");
  EXPECT_EQ(IpPrefix::parse("2001:db8:ffff::1/33")->network().to_string(), "2001:db8:8000::/33");
  EXPECT_EQ(IpPrefix::parse("192.0.2.9/0")->network().to_string(), "0.0.0.0/0");
  EXPECT_EQ(IpPrefix::parse("192.0.2.9")->network(), *IpPrefix::parse("192.0.2.9"));
}

TEST(IpAddress, KnowsWhatMeansSomethingOnOneLinkOnly) {
  for (const char* local : {"169.254.0.1", "fe80::1%2", "febf::1"}) {
    EXPECT_TRUE(IpAddress::parse(local)->is_link_local()) << local;
  }
  for (const char* global : {"169.253.0.1", "fec0::1", "2001:db8::1", "127.0.0.1"}) {
    EXPECT_FALSE(IpAddress::parse(global)->is_link_local()) << global;
  }
  EXPECT_EQ(IpAddress::parse("fe80::1%2")->without_scope(), *IpAddress::parse("fe80::1"));
}

TEST(MacAddress, ReadsTheFormsThatPeopleWrite) {
  for (const char* text : {"00:1b:21:aa:bb:0c", "00-1B-21-AA-BB-0C", "001b21AABB0c"}) {
    const auto mac = MacAddress::parse(text);
    ASSERT_TRUE(mac) << text;
    EXPECT_EQ(mac->to_string(), "00:1b:21:aa:bb:0c");
  }
  for (const char* text : {"", "00:1b:21:aa:bb", "00:1b:21:aa:bb:0c:0d", "00:1b:21-aa:bb:0c", "00:1b:21:aa:bb:0g",
                           "001b21aabb0", "0:1b:21:aa:bb:0c", "00 1b 21 aa bb 0c"}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
  EXPECT_FALSE(MacAddress::parse("00:00:00:00:00:00"));
  EXPECT_FALSE(MacAddress::parse("ff:ff:ff:ff:ff:ff"));
  EXPECT_FALSE(MacAddress::parse("01:00:5e:00:00:01")) << "a group";
}

TEST(IpEndpoint, NeedsBracketsForIpv6Only) {
  EXPECT_EQ(IpEndpoint::parse("[::1]:3260")->to_string(), "[::1]:3260");
  EXPECT_EQ(IpEndpoint::parse("127.0.0.1:3260")->port, 3260);
  EXPECT_FALSE(IpEndpoint::parse("::1:3260x"));
  EXPECT_FALSE(IpEndpoint::parse("[127.0.0.1]:1"));
  EXPECT_FALSE(IpEndpoint::parse("127.0.0.1:65536"));
}

TEST(Log, EscapesWhatCouldForgeALine) {
  MemoryLog log;
  log.warning("iscsi.login.rejected", {{"initiator", "a\nb"}, {"cid", 7U}, {"ok", true}});
  EXPECT_EQ(log.lines().front(), "warning iscsi.login.rejected initiator=\"a\\x0ab\" cid=7 ok=true");
}

TEST(Uuid, RoundTrips) {
  const Uuid uuid = Uuid::from_random({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  EXPECT_EQ(uuid.to_string(), "01020304-0506-4708-890a-0b0c0d0e0f10");
  EXPECT_EQ(Uuid::parse(uuid.to_string()), uuid);
  EXPECT_FALSE(Uuid::parse("01020304-0506-4708-890a-0b0c0d0e0f1"));
}

TEST(Secret, ComparesByContent) {
  EXPECT_EQ(Secret("abc"), Secret("abc"));
  EXPECT_FALSE(Secret("abc") == Secret("abd"));
  EXPECT_FALSE(Secret("abc") == Secret("ab"));
}

}  // namespace
}  // namespace lunaria
