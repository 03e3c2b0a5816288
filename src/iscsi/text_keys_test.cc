#include "iscsi/text_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lunaria::iscsi {
namespace {

using namespace std::string_literals;

struct BadText {
  const char* why;
  std::string text;
  TextError error;
};

TEST(ParseText, SplitsPairsAndSkipsStrayNuls) {
  const std::string text = "A=1\0\0Bc=\0D=x=y\0"s;
  const auto keys = parse_text(text);
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 3U);
  EXPECT_EQ((*keys)[0].name, "A");
  EXPECT_EQ((*keys)[0].value, "1");
  EXPECT_EQ((*keys)[1].value, "");
  EXPECT_EQ((*keys)[2].value, "x=y");
}

TEST(ParseText, TakesNothingAsNoKeys) {
  EXPECT_EQ(parse_text("")->size(), 0U);
}

TEST(ParseText, RefusesWhatIsNoList) {
  const BadText rows[] = {
      {"no separator", "Key\0"s, TextError::kNoSeparator},
      {"no name", "=value\0"s, TextError::kBadKeyName},
      {"a space in the name", "Two Words=1\0"s, TextError::kBadKeyName},
      {"a control character in the name", "A\x01=1\0"s, TextError::kBadKeyName},
      {"a byte above ASCII in the name", "\xC3\xA9=1\0"s, TextError::kBadKeyName},
      {"name of 64 bytes", std::string(64, 'K') + "=1\0"s, TextError::kKeyTooLong},
      {"value of 8193 bytes", "K="s + std::string(8193, 'v') + "\0"s, TextError::kValueTooLong},
      {"a line feed in the value", "K=a\nb\0"s, TextError::kBadValue},
      {"no NUL at the end", "A=1\0B=2"s, TextError::kNotTerminated},
      {"only a beginning", "A"s, TextError::kNotTerminated},
  };
  for (const BadText& row : rows) {
    const auto keys = parse_text(row.text);
    ASSERT_FALSE(keys) << row.why;
    EXPECT_EQ(keys.error(), row.error) << row.why;
  }
}

TEST(ParseText, TakesNamesAndValuesOfTheGreatestLength) {
  EXPECT_TRUE(parse_text(std::string(63, 'K') + "=1\0"s));
  EXPECT_TRUE(parse_text("K="s + std::string(8192, 'v') + "\0"s));
}

TEST(ParseText, BoundsTheNumberOfKeys) {
  std::string text;
  for (std::size_t i = 0; i < kTextKeysMax; ++i) {
    text += "K=1\0"s;
  }
  EXPECT_TRUE(parse_text(text));
  EXPECT_EQ(parse_text(text + "K=1\0"s).error(), TextError::kTooManyKeys);
}

TEST(TextBuilder, EndsEveryPairWithNul) {
  TextBuilder builder;
  builder.add("A", "x");
  builder.add_number("B", 42);
  EXPECT_EQ(builder.text(), "A=x\0B=42\0"s);
}

TEST(ParseNumber, ReadsDecimalAndHexadecimalUpTo32Bits) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("4294967295"), 4294967295U);
  EXPECT_EQ(parse_number("0x00FFfF"), 65535U);
  for (const char* text : {"", "-1", "4294967296", "1 ", " 1", "0x", "0x100000000", "1k", "+1", "0b1"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

std::string binary(std::string_view text) {
  const auto bytes = parse_binary(text, 1024);
  return bytes ? format_binary(*bytes) : "refused";
}

TEST(ParseBinary, ReadsBothForms) {
  EXPECT_EQ(binary("0x00ff"), "0x00ff");
  EXPECT_EQ(binary("0XABC"), "0x0abc");
  // RFC 4648 section 10.
  EXPECT_EQ(binary("0bZg=="), "0x66");
  EXPECT_EQ(binary("0bZm8="), "0x666f");
  EXPECT_EQ(binary("0BZm9vYmFy"), "0x666f6f626172");
  EXPECT_EQ(binary("0bZm8"), "0x666f");
}

TEST(ParseBinary, RefusesTheRest) {
  for (const char* text : {"", "0x", "0b", "12", "0xg0", "0bZ",
                           "0bZg=", "0bZ===", "0bZ\xC3\xA9=", "0bZh==", "0b====", "0bZm9v=", "0bZm=v"}) {
    EXPECT_EQ(binary(text), "refused") << text;
  }
  EXPECT_EQ(parse_binary("0x" + std::string(2050, '0'), 1024), std::nullopt);
  EXPECT_TRUE(parse_binary("0x" + std::string(2048, '0'), 1024).has_value());
}

TEST(NormalizeName, FoldsCaseAndBoundsLength) {
  EXPECT_EQ(normalize_name("IQN.2004-01.org.Example:Disk"), "iqn.2004-01.org.example:disk");
  EXPECT_TRUE(normalize_name(std::string(223, 'a')));
  EXPECT_FALSE(normalize_name(std::string(224, 'a')));
  EXPECT_FALSE(normalize_name(""));
  EXPECT_FALSE(normalize_name("iqn 1"));
  EXPECT_FALSE(normalize_name("iqn\t1"));
}

TEST(SplitList, KeepsOrderAndBoundsEntries) {
  EXPECT_THAT(split_list("CRC32C,None"), ::testing::ElementsAre("CRC32C", "None"));
  EXPECT_THAT(split_list(""), ::testing::ElementsAre(""));
  EXPECT_EQ(split_list(std::string(1000, ',')).size(), kListEntriesMax);
}

}  // namespace
}  // namespace lunaria::iscsi
