#include "http/negotiate_authorization.h"

#include <gtest/gtest.h>

#include "http/limits.h"

namespace lunaria::http {
namespace {

Fields with(std::string_view value) {
  Fields fields;
  fields.add("Authorization", value);
  return fields;
}

std::vector<std::byte> bytes(std::size_t size) {
  return std::vector<std::byte>(size, std::byte{0x60});
}

TEST(NegotiateAuthorization, TakesATokenAsItIsMade) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{3}, kNegotiateTokenMax}) {
    const auto token = parse_negotiate_authorization(with(negotiate_value(bytes(size))));
    ASSERT_TRUE(token) << size;
    EXPECT_EQ(*token, bytes(size));
  }
  EXPECT_EQ(parse_negotiate_authorization(with("nEGOTIATE   YGA="))->size(), 2U);
}

TEST(NegotiateAuthorization, TheLargestTokenFitsIntoAFieldLine) {
  EXPECT_LE(std::string_view("Authorization: ").size() + negotiate_value(bytes(kNegotiateTokenMax)).size(),
            kFieldLineMax);
}

TEST(NegotiateAuthorization, SaysWhatIsWrong) {
  EXPECT_EQ(parse_negotiate_authorization({}).error(), AuthorizationError::kMissing);
  Fields twice = with("Negotiate YGA=");
  twice.add("authorization", "Negotiate YGA=");
  EXPECT_EQ(parse_negotiate_authorization(twice).error(), AuthorizationError::kRepeated);
  for (const std::string_view other : {"Basic dTpw", "Negotiates YGA=", "NTLM TlRMTVNTUAAB", "", "NegotiateYGA="}) {
    EXPECT_EQ(parse_negotiate_authorization(with(other)).error(), AuthorizationError::kOtherScheme) << other;
  }
}

TEST(NegotiateAuthorization, RefusesWhatIsNoToken) {
  const std::string too_large = negotiate_value(bytes(kNegotiateTokenMax + 1));
  const std::string_view rows[] = {"Negotiate",        "Negotiate ",       "Negotiate    ",   "Negotiate YG",
                                   "Negotiate YGA",    "Negotiate YGB=",   "Negotiate YGA==", "Negotiate Y*A=",
                                   "Negotiate YGA= x", "Negotiate YGA=,x", "Negotiate ====",  too_large};
  for (const std::string_view row : rows) {
    const auto token = parse_negotiate_authorization(with(row));
    ASSERT_FALSE(token) << row.substr(0, 40);
    EXPECT_EQ(token.error(), AuthorizationError::kMalformed) << row.substr(0, 40);
  }
}

TEST(NegotiateAnswer, IsFoundAmongOtherChallenges) {
  Fields fields;
  fields.add("WWW-Authenticate", "Basic realm=\"x\"");
  EXPECT_FALSE(find_negotiate_answer(fields));
  fields.add("www-authenticate", "negotiate YGA=");
  EXPECT_EQ(find_negotiate_answer(fields), bytes(2));
}

TEST(NegotiateAnswer, WithoutATokenIsNone) {
  for (const std::string_view value : {"Negotiate", "Negotiate ", "Negotiate !!", "Negotiated YGA="}) {
    Fields fields;
    fields.add("WWW-Authenticate", value);
    EXPECT_FALSE(find_negotiate_answer(fields)) << value;
  }
}

}  // namespace
}  // namespace lunaria::http
