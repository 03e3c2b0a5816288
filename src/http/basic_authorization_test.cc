#include "http/basic_authorization.h"

#include <gtest/gtest.h>

#include "http/limits.h"
#include "security/base64.h"

namespace lunaria::http {
namespace {

Fields with(std::string_view value) {
  Fields fields;
  fields.add("Authorization", value);
  return fields;
}

std::string encode(std::string_view plain) {
  return "Basic " + security::encode_base64(std::as_bytes(std::span(plain)));
}

TEST(BasicAuthorization, TakesUserAndPassword) {
  // RFC 7617 2 and 2.1.
  const auto plain = parse_basic_authorization(with("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->user, "Aladdin");
  EXPECT_EQ(plain->password.reveal(), "open sesame");
  const auto utf8 = parse_basic_authorization(with("Basic dGVzdDoxMjPCow=="));
  ASSERT_TRUE(utf8);
  EXPECT_EQ(utf8->password.reveal(), "123\xc2\xa3");
}

TEST(BasicAuthorization, PasswordIsAllBehindTheFirstColon) {
  EXPECT_EQ(parse_basic_authorization(with(encode("u:a:b:")))->password.reveal(), "a:b:");
  EXPECT_EQ(parse_basic_authorization(with(encode("u:")))->password.reveal(), "");
  EXPECT_EQ(parse_basic_authorization(with("bAsIc   " + encode("u:p").substr(6)))->user, "u");
}

TEST(BasicAuthorization, SaysWhatIsWrong) {
  EXPECT_EQ(parse_basic_authorization({}).error(), AuthorizationError::kMissing);
  Fields twice = with(encode("u:p"));
  twice.add("authorization", encode("u:q"));
  EXPECT_EQ(parse_basic_authorization(twice).error(), AuthorizationError::kRepeated);
  for (const std::string_view other : {"Negotiate YII=", "Basically dTpw", "", "Bearer x", "Digest username=\"u\""}) {
    EXPECT_EQ(parse_basic_authorization(with(other)).error(), AuthorizationError::kOtherScheme) << other;
  }
}

TEST(BasicAuthorization, RefusesWhatIsNotStrictlyRight) {
  const std::string rows[] = {
      "Basic",
      "Basic ",
      "Basic    ",
      "Basic dTpw=",
      "Basic dTp",
      "Basic dTpw dTpw",
      "Basic dTpw, Basic dTpw",
      "Basic dT*w",
      "Basic dTpx==",
      encode(""),
      encode("nocolon"),
      encode(":nouser"),
      encode(std::string("u:p\0anything", 12)),
      encode(std::string("u\0:p", 4)),
      encode(std::string("u:p\0", 4)),
      encode("u:p\n"),
      encode("u:\x1b"),
      encode("u\r:p"),
      encode("u:p\x7f"),
      encode("u:\xc3"),
      encode("u:\xc0\xaf"),
      encode("u:\xed\xa0\x80"),
      encode("u:\xf4\x90\x80\x80"),
      encode("\xff:p"),
      encode(std::string(kBasicUserMax + 1, 'u') + ":p"),
      encode("u:" + std::string(kBasicPasswordMax + 1, 'p')),
  };
  for (const std::string& row : rows) {
    const auto parsed = parse_basic_authorization(with(row));
    ASSERT_FALSE(parsed) << row;
    EXPECT_EQ(parsed.error(), AuthorizationError::kMalformed) << row;
  }
  EXPECT_TRUE(parse_basic_authorization(
      with(encode(std::string(kBasicUserMax, 'u') + ":" + std::string(kBasicPasswordMax, 'p')))));
}

TEST(BasicAuthorization, ClientsAndChallengesSpeakTheSame) {
  const Secret value = basic_authorization("admin", Secret("geheim"));
  const auto parsed = parse_basic_authorization(with(value.reveal()));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->user, "admin");
  EXPECT_EQ(parsed->password.reveal(), "geheim");
  EXPECT_EQ(basic_challenge("a\"b\\"), "Basic realm=\"a\\\"b\\\\\", charset=\"UTF-8\"");
}

TEST(Utf8, TakesAllCodePointsAndNothingElse) {
  for (const std::string_view good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                      "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good));
  }
  for (const std::string_view bad : {"\x80", "\xbf", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe1\x80", "\xf0\x8f\xbf\xbf",
                                     "\xf5\x80\x80\x80", "\xfe", "\xe1\x80\x41"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

}  // namespace
}  // namespace lunaria::http
