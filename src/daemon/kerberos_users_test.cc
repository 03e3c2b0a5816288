#include "daemon/kerberos_users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lunaria::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

KerberosUsers trusting(std::vector<std::string> realms) {
  return {.realms = std::move(realms), .roles = {}};
}

TEST(KerberosUsers, PrincipalsOfTrustedRealmsAreUsersByTheirWholeOrFirstName) {
  const KerberosUsers users = trusting({"EXAMPLE.COM", "OTHER.ORG"});
  EXPECT_THAT(catalogue_names(users, "alice@EXAMPLE.COM"), ElementsAre("alice@EXAMPLE.COM", "alice"));
  EXPECT_THAT(catalogue_names(users, "a.b-c_d@OTHER.ORG"), ElementsAre("a.b-c_d@OTHER.ORG", "a.b-c_d"));
}

TEST(KerberosUsers, OthersAreNobody) {
  const KerberosUsers users = trusting({"EXAMPLE.COM"});
  for (const std::string_view principal :
       {"alice@OTHER.ORG", "alice@example.com", "alice@EXAMPLE.COM@OTHER.ORG", "alice\\@EXAMPLE.COM@OTHER.ORG",
        "alice@OTHER\\@EXAMPLE.COM", "alice/admin@EXAMPLE.COM", "@EXAMPLE.COM", "alice@", "alice", "",
        "alice@EXAMPLE.COM ", "WELLKNOWN/ANONYMOUS@EXAMPLE.COM"}) {
    EXPECT_THAT(catalogue_names(users, principal), IsEmpty()) << principal;
  }
  EXPECT_THAT(catalogue_names({}, "alice@EXAMPLE.COM"), IsEmpty()) << "no realm is trusted unasked";
}

TEST(KerberosUsers, RolesAreOfWholePrincipals) {
  KerberosUsers users;
  ASSERT_TRUE(add_kerberos_role(users, "alice/admin@EXAMPLE.COM=administrator"));
  ASSERT_TRUE(add_kerberos_role(users, "back=up@EXAMPLE.COM=viewer"));
  EXPECT_EQ(kerberos_role(users, "alice/admin@EXAMPLE.COM"), security::Role::kAdministrator);
  EXPECT_EQ(kerberos_role(users, "back=up@EXAMPLE.COM"), security::Role::kViewer);
  for (const std::string_view other : {"alice@EXAMPLE.COM", "alice/admin@EXAMPLE.ORG", "alice/admin", ""}) {
    EXPECT_FALSE(kerberos_role(users, other)) << other;
  }
}

TEST(KerberosUsers, RolesThatCannotBeReadAreRefusedByName) {
  for (const std::string_view text : {"", "alice", "alice@EXAMPLE.COM", "alice@EXAMPLE.COM=", "alice@EXAMPLE.COM=root",
                                      "alice=viewer", "@EXAMPLE.COM=viewer", "alice@=viewer", "=viewer"}) {
    KerberosUsers users;
    const auto added = add_kerberos_role(users, text);
    ASSERT_FALSE(added) << text;
    EXPECT_THAT(added.error(), HasSubstr("'" + std::string(text) + "'"));
    EXPECT_THAT(users.roles, IsEmpty());
  }
  KerberosUsers users;
  ASSERT_TRUE(add_kerberos_role(users, "alice@EXAMPLE.COM=viewer"));
  EXPECT_FALSE(add_kerberos_role(users, "alice@EXAMPLE.COM=operator")) << "which one counts?";
}

}  // namespace
}  // namespace lunaria::daemon
