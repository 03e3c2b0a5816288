#include "service/names.h"

#include <gtest/gtest.h>

#include <set>

namespace lunaria::service {
namespace {

TEST(IscsiName, TakesWhatTheStandardAllowsInLowerCase) {
  EXPECT_EQ(canonical_iscsi_name("IQN.2026-11.com.Example:Disk-1"), "iqn.2026-11.com.example:disk-1");
  EXPECT_EQ(canonical_iscsi_name("iqn.2026-11.com.example"), "iqn.2026-11.com.example");
  EXPECT_EQ(canonical_iscsi_name("eui.02004567A425678D"), "eui.02004567a425678d");
  EXPECT_EQ(canonical_iscsi_name("naa.52004567BA64678D"), "naa.52004567ba64678d");
  EXPECT_EQ(canonical_iscsi_name("naa.62004567BA64678D0123456789ABCDEF"), "naa.62004567ba64678d0123456789abcdef");
  const std::string longest = "iqn.2026-11.com.example:" + std::string(kIscsiNameBytesMax - 24, 'a');
  EXPECT_EQ(canonical_iscsi_name(longest), longest);
}

TEST(IscsiName, RefusesEverythingElse) {
  const std::string too_long = "iqn.2026-11.com.example:" + std::string(kIscsiNameBytesMax - 23, 'a');
  for (const std::string& name :
       {std::string(), std::string("iqn"), std::string("iqn."), std::string("iqn.2026-11"), std::string("iqn.2026-11."),
        std::string("iqn.2026-13.com.example"), std::string("iqn.2026-00.com.example"),
        std::string("iqn.26-11.com.example"), std::string("iqn.2026-11.:x"), std::string("iqn.2026-11..com"),
        std::string("iqn.2026-11.com.:x"), std::string("iqn.2026-11.com.example:a b"),
        std::string("iqn.2026-11.com.example:a_b"), std::string("eui.02004567A425678"),
        std::string("eui.02004567A425678G"), std::string("naa.52004567BA64678D0"), std::string("disk"),
        std::string("iqn.2026-11.com.example\0x", 25), too_long}) {
    const Outcome<std::string> canonical = canonical_iscsi_name(name);
    ASSERT_FALSE(canonical) << name;
    EXPECT_EQ(canonical.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(AccessRules, HaveOneTextForOneMeaning) {
  EXPECT_EQ(canonical_rule({AccessMethod::kIqn, "*"})->value, "*");
  EXPECT_EQ(canonical_rule({AccessMethod::kIqn, "IQN.1991-05.com.Microsoft:Host_1"})->value,
            "iqn.1991-05.com.microsoft:host_1");
  EXPECT_EQ(canonical_rule({AccessMethod::kIpv4, "192.0.2.7"})->value, "192.0.2.7");
  EXPECT_EQ(canonical_rule({AccessMethod::kIpv4, "192.0.2.7/32"})->value, "192.0.2.7");
  EXPECT_EQ(canonical_rule({AccessMethod::kIpv4, "192.0.2.7/24"})->value, "192.0.2.0/24");
  EXPECT_EQ(canonical_rule({AccessMethod::kIpv4, "192.0.2.7/0"})->value, "0.0.0.0/0");
  EXPECT_EQ(canonical_rule({AccessMethod::kIpv6, "2001:DB8:0::7"})->value, "2001:db8::7");
  EXPECT_EQ(canonical_rule({AccessMethod::kIpv6, "2001:db8:ffff::7/33"})->value, "2001:db8:8000::/33");
}

TEST(AccessRules, RefuseWhatCannotMatch) {
  for (const AccessRule& rule :
       {AccessRule{AccessMethod::kIqn, ""}, AccessRule{AccessMethod::kIqn, "**"},
        AccessRule{AccessMethod::kIqn, "iqn."}, AccessRule{AccessMethod::kIqn, "iqn.a b"},
        AccessRule{AccessMethod::kIqn, "iqn.a\n"}, AccessRule{AccessMethod::kIpv4, "192.0.2"},
        AccessRule{AccessMethod::kIpv4, "192.0.2.1/33"}, AccessRule{AccessMethod::kIpv4, "2001:db8::1"},
        AccessRule{AccessMethod::kIpv6, "192.0.2.1"}, AccessRule{AccessMethod::kIpv6, "2001:db8::1/129"},
        AccessRule{static_cast<AccessMethod>(0), "x"}, AccessRule{static_cast<AccessMethod>(6), "x"}}) {
    const Outcome<AccessRule> canonical = canonical_rule(rule);
    ASSERT_FALSE(canonical) << rule.value;
    EXPECT_EQ(canonical.error().code, ErrorCode::kInvalidArgument) << rule.value;
  }
  for (const AccessMethod method : {AccessMethod::kDnsName, AccessMethod::kMac}) {
    EXPECT_EQ(canonical_rule({method, "192.0.2.1"}).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(DefaultIqn, ComesFromHostServerAndTarget) {
  EXPECT_EQ(default_iqn("array.example.com", "array", "db"), "iqn.2026-11.com.example:array-db");
  EXPECT_EQ(default_iqn("array", "array", "db"), "iqn.2026-11.org.lunaria:array-db");
  EXPECT_EQ(default_iqn("array.localdomain", "array", "db"), "iqn.2026-11.org.lunaria:array-db");
  EXPECT_EQ(default_iqn("192.0.2.1", "array", "db"), "iqn.2026-11.org.lunaria:array-db");
  EXPECT_EQ(default_iqn("a..b", "array", "db"), "iqn.2026-11.org.lunaria:array-db");
  EXPECT_EQ(default_iqn("array", "Array 1", "Büro: Nr. 7!"), "iqn.2026-11.org.lunaria:array-1-b-ro-nr.-7");
  EXPECT_EQ(default_iqn("array", "array", "***"), "iqn.2026-11.org.lunaria:array-target");
  for (const std::string& name : {std::string(223, 'x'), std::string("日本語"), std::string("a.b.c")}) {
    EXPECT_TRUE(canonical_iscsi_name(default_iqn("h.example.com", "s", name))) << name;
  }
}

TEST(Names, HaveTheirRules) {
  EXPECT_TRUE(check_disk_name("disk 1 für alles"));
  EXPECT_TRUE(check_disk_name(std::string(64, 'a')));
  for (const std::string& name :
       {std::string(), std::string(65, 'a'), std::string("a/b"), std::string("."), std::string(".hidden"),
        std::string(" a"), std::string("a "), std::string("a\tb"), std::string("\xff"), std::string("\xc0\x80"),
        std::string("\xed\xa0\x80"), std::string("a\0b", 3), std::string("\xc2\x85")}) {
    EXPECT_FALSE(check_disk_name(name)) << name;
  }
  EXPECT_TRUE(check_user_name("jane.doe@example.com"));
  for (const char* name : {"", "jane doe", "jane:doe", "jäne"}) {
    EXPECT_FALSE(check_user_name(name)) << name;
  }
  EXPECT_FALSE(check_description(std::string(kDescriptionBytesMax + 1, 'a')));
  EXPECT_TRUE(check_description(std::string(kDescriptionBytesMax, 'a')));
  EXPECT_FALSE(check_description("two\nlines"));
}

TEST(Paths, AreAbsoluteAndKeepOutOfOurOwnFiles) {
  EXPECT_TRUE(check_path("/srv/disks/a.img", "/var/lib/lunaria"));
  EXPECT_TRUE(check_path("/var/lib/lunaria/disks/a.img", "/var/lib/lunaria"));
  EXPECT_TRUE(check_path("/var/lib/lunaria-other/a.img", "/var/lib/lunaria"));
  for (const char* path :
       {"", "a.img", "/", "/srv/", "/srv//a", "/srv/./a", "/srv/../etc/passwd", "/srv/a\n", "/var/lib/lunaria/host.key",
        "/var/lib/lunaria/disks/../host.key", "/var/lib/lunaria/catalogue.db"}) {
    EXPECT_FALSE(check_path(path, "/var/lib/lunaria")) << path;
  }
}

TEST(Preferences, KeepToTheRangesOfTheStandard) {
  EXPECT_TRUE(check_preferences({}));
  const auto refuses = [](auto change) {
    target::NegotiationPreferences offer;
    change(offer);
    return !check_preferences(offer).has_value();
  };
  using Offer = target::NegotiationPreferences;
  EXPECT_TRUE(refuses([](Offer& offer) { offer.max_recv_data_segment_length = 511; }));
  EXPECT_TRUE(refuses([](Offer& offer) { offer.max_recv_data_segment_length = 1 << 24; }));
  EXPECT_FALSE(refuses([](Offer& offer) { offer.max_recv_data_segment_length = (1 << 24) - 1; }));
  EXPECT_TRUE(refuses([](Offer& offer) { offer.max_burst_length = 511; }));
  EXPECT_TRUE(refuses([](Offer& offer) { offer.first_burst_length = offer.max_burst_length + 1; }));
  EXPECT_FALSE(refuses([](Offer& offer) { offer.first_burst_length = offer.max_burst_length; }));
  EXPECT_TRUE(refuses([](Offer& offer) { offer.max_outstanding_r2t = 0; }));
  EXPECT_TRUE(refuses([](Offer& offer) { offer.max_connections = 0; }));
  EXPECT_TRUE(refuses([](Offer& offer) { offer.default_time2wait = 3601; }));
  EXPECT_TRUE(refuses([](Offer& offer) { offer.default_time2retain = 3601; }));
  EXPECT_TRUE(refuses([](Offer& offer) { offer.error_recovery_level = 3; }));
}

TEST(Secrets, HaveALength) {
  EXPECT_FALSE(check_secret(Secret("12345678901"), 255));
  EXPECT_TRUE(check_secret(Secret("123456789012"), 255));
  EXPECT_TRUE(check_secret(Secret("1234567890123456"), kWindowsSecretBytesMax));
  EXPECT_FALSE(check_secret(Secret("12345678901234567"), kWindowsSecretBytesMax));
  EXPECT_TRUE(check_secret(Secret(std::string(255, 'a')), 255));
  EXPECT_FALSE(check_secret(Secret(std::string(256, 'a')), 255));
  EXPECT_FALSE(check_password(Secret("1234567")));
  EXPECT_TRUE(check_password(Secret("12345678")));
  EXPECT_FALSE(check_password(Secret(std::string(1025, 'a'))));
}

TEST(Naa, IsLocallyAssignedAndTheDisksAlone) {
  Uuid one;
  Uuid other;
  other.bytes[0] = 1;
  std::set<std::array<std::uint8_t, 8>> seen;
  for (std::uint32_t id = 1; id <= 1000; ++id) {
    for (const Uuid& installation : {one, other}) {
      const std::array<std::uint8_t, 8> naa = derive_naa(installation, DiskId(id));
      EXPECT_EQ(naa[0] >> 4, 3);
      EXPECT_EQ(naa, derive_naa(installation, DiskId(id)));
      EXPECT_TRUE(seen.insert(naa).second);
    }
  }
  EXPECT_EQ(serial_of({0x3a, 0, 0, 0, 0, 0, 0, 0xff}), "3a000000000000ff");
}

TEST(SizeText, IsExact) {
  EXPECT_EQ(size_text(10ULL << 30), "10 GiB");
  EXPECT_EQ(size_text(1536ULL << 20), "1536 MiB");
  EXPECT_EQ(size_text(1000), "1000 bytes");
  EXPECT_EQ(size_text(0), "0 bytes");
}

}  // namespace
}  // namespace lunaria::service
