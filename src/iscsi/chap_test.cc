#include "iscsi/chap.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "iscsi/testing/fake_shard.h"

namespace lunaria::iscsi {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// Computed with the openssl command over: byte 01h, "secret-of-12+", "0123456789abcdef".
struct Vector {
  ChapAlgorithm algorithm;
  const char* response;
};

TEST(ChapResponse, IsTheDigestOfIdentifierSecretAndChallenge) {
  const Vector vectors[] = {
      {ChapAlgorithm::kMd5, "65e0b6c5f77862eaf5b17fe5b64c5c87"},
      {ChapAlgorithm::kSha1, "ff1f786749f453b41f08380150d7570dc8174c29"},
      {ChapAlgorithm::kSha256, "936561c99354a4ab541da46bf2ba01f8335ebbd486f38634dd27322d0ade333b"},
      {ChapAlgorithm::kSha3With256Bits, "ed7373ee661fe60ab0f2b32659beac3330e32bb8eeb391a17b2f464acbafef4e"},
  };
  for (const Vector& vector : vectors) {
    const auto response = chap_response(vector.algorithm, 1, "secret-of-12+", bytes_of("0123456789abcdef"));
    ASSERT_TRUE(response);
    EXPECT_EQ(to_hex(*response), vector.response);
    EXPECT_EQ(response->size(), chap_digest_size(vector.algorithm));
  }
}

TEST(ChapAlgorithm, KnowsTheRegisteredNumbers) {
  for (std::uint32_t number = 0; number < 300; ++number) {
    EXPECT_EQ(chap_algorithm(number).has_value(), number >= 5 && number <= 8) << number;
  }
}

class ChapTest : public ::testing::Test {
 protected:
  ChapCredential initiator_{.name = "alice", .secret = Secret("initiator-secret")};
  ChapCredential target_{.name = "disk", .secret = Secret("target-secret-1")};
  testing::FakeRandom random_;
  std::string text_;

  /// The answer's value of a key.
  std::string value(std::string_view name) const {
    const auto keys = parse_text(text_);
    for (const TextKey& key : *keys) {
      if (key.name == name) {
        return std::string(key.value);
      }
    }
    return "";
  }
  Result<void, ChapError> step(ChapAuthenticator& chap, std::vector<TextKey> keys) {
    TextBuilder answer;
    auto outcome = chap.step(keys, answer);
    text_ = answer.take();
    return outcome;
  }
  std::string proof(std::string_view secret) const {
    const auto challenge = parse_binary(value("CHAP_C"), 1024);
    const auto identifier = static_cast<std::uint8_t>(*parse_number(value("CHAP_I")));
    return format_binary(
        *chap_response(*chap_algorithm(*parse_number(value("CHAP_A"))), identifier, secret, *challenge));
  }
};

TEST_F(ChapTest, AcceptsTheRightSecretWithEveryAlgorithm) {
  for (const char* number : {"5", "6", "7", "8"}) {
    ChapAuthenticator chap(initiator_, nullptr, random_);
    ASSERT_TRUE(step(chap, {{"CHAP_A", number}}));
    EXPECT_EQ(value("CHAP_A"), number);
    const std::string answer = proof("initiator-secret");
    ASSERT_TRUE(step(chap, {{"CHAP_N", "alice"}, {"CHAP_R", answer}}));
    EXPECT_TRUE(chap.is_done());
    EXPECT_FALSE(chap.is_mutual());
    EXPECT_EQ(text_, "");
  }
}

TEST_F(ChapTest, ChoosesTheFirstAlgorithmItKnows) {
  ChapAuthenticator chap(initiator_, nullptr, random_);
  ASSERT_TRUE(step(chap, {{"CHAP_A", "9,300,7,5"}}));
  EXPECT_EQ(value("CHAP_A"), "7");
  EXPECT_EQ(parse_binary(value("CHAP_C"), 1024)->size(), 32U);
}

TEST_F(ChapTest, ProvesItselfWhenAsked) {
  ChapAuthenticator chap(initiator_, &target_, random_);
  ASSERT_TRUE(step(chap, {{"CHAP_A", "5"}}));
  const std::string answer = proof("initiator-secret");
  ASSERT_TRUE(step(chap, {{"CHAP_N", "alice"}, {"CHAP_R", answer}, {"CHAP_I", "9"}, {"CHAP_C", "0x0102030405060708"}}));
  EXPECT_TRUE(chap.is_mutual());
  EXPECT_EQ(value("CHAP_N"), "disk");
  const auto challenge = parse_binary("0x0102030405060708", 1024);
  EXPECT_EQ(value("CHAP_R"), format_binary(*chap_response(ChapAlgorithm::kMd5, 9, "target-secret-1", *challenge)));
}

TEST_F(ChapTest, RefusesWrongNamesAndSecretsAlike) {
  for (const auto& [name, secret] : {std::pair{"alice", "wrong"},
                                     {"bob", "initiator-secret"},
                                     {"bob", "wrong"},
                                     {"Alice", "initiator-secret"},
                                     {"", "initiator-secret"}}) {
    ChapAuthenticator chap(initiator_, nullptr, random_);
    ASSERT_TRUE(step(chap, {{"CHAP_A", "5"}}));
    const std::string answer = proof(secret);
    EXPECT_EQ(step(chap, {{"CHAP_N", name}, {"CHAP_R", answer}}).error(), ChapError::kWrongCredential);
    EXPECT_FALSE(chap.is_done());
    EXPECT_EQ(step(chap, {{"CHAP_N", name}, {"CHAP_R", answer}}).error(), ChapError::kOutOfSequence) << "no second try";
  }
}

TEST_F(ChapTest, RefusesReflection) {
  ChapAuthenticator chap(initiator_, &target_, random_);
  ASSERT_TRUE(step(chap, {{"CHAP_A", "5"}}));
  const std::string ours = value("CHAP_C");
  const std::string answer = proof("initiator-secret");
  EXPECT_EQ(step(chap, {{"CHAP_N", "alice"}, {"CHAP_R", answer}, {"CHAP_I", "1"}, {"CHAP_C", ours}}).error(),
            ChapError::kReflection);
}

TEST_F(ChapTest, RefusesToUseTheInitiatorsSecretForItself) {
  const ChapCredential same{.name = "disk", .secret = Secret("initiator-secret")};
  ChapAuthenticator chap(initiator_, &same, random_);
  ASSERT_TRUE(step(chap, {{"CHAP_A", "5"}}));
  const std::string answer = proof("initiator-secret");
  EXPECT_EQ(step(chap, {{"CHAP_N", "alice"}, {"CHAP_R", answer}, {"CHAP_I", "1"}, {"CHAP_C", "0x01"}}).error(),
            ChapError::kReflection);
}

TEST_F(ChapTest, RefusesToProveItselfWithoutACredential) {
  ChapAuthenticator chap(initiator_, nullptr, random_);
  ASSERT_TRUE(step(chap, {{"CHAP_A", "5"}}));
  const std::string answer = proof("initiator-secret");
  EXPECT_EQ(step(chap, {{"CHAP_N", "alice"}, {"CHAP_R", answer}, {"CHAP_I", "1"}, {"CHAP_C", "0x01"}}).error(),
            ChapError::kMutualRefused);
}

TEST_F(ChapTest, RefusesFirstStepsThatMakeNoSense) {
  const std::pair<std::vector<TextKey>, ChapError> rows[] = {
      {{}, ChapError::kOutOfSequence},
      {{{"CHAP_N", "alice"}}, ChapError::kOutOfSequence},
      {{{"CHAP_A", "5"}, {"CHAP_N", "alice"}}, ChapError::kOutOfSequence},
      {{{"CHAP_A", ""}}, ChapError::kMalformed},
      {{{"CHAP_A", "md5"}}, ChapError::kMalformed},
      {{{"CHAP_A", "4,9"}}, ChapError::kNoCommonAlgorithm},
  };
  for (const auto& [keys, error] : rows) {
    ChapAuthenticator chap(initiator_, nullptr, random_);
    EXPECT_EQ(step(chap, keys).error(), error);
  }
}

TEST_F(ChapTest, RefusesSecondStepsThatMakeNoSense) {
  const std::string long_challenge = "0x" + std::string(2050, '1');
  const std::pair<std::vector<TextKey>, ChapError> rows[] = {
      {{{"CHAP_A", "5"}}, ChapError::kOutOfSequence},
      {{{"CHAP_N", "alice"}}, ChapError::kOutOfSequence},
      {{{"CHAP_R", "0x01"}}, ChapError::kOutOfSequence},
      {{{"CHAP_N", "alice"}, {"CHAP_R", "01"}}, ChapError::kMalformed},
      {{{"CHAP_N", "alice"}, {"CHAP_R", "0x"}}, ChapError::kMalformed},
      {{{"CHAP_N", "alice"}, {"CHAP_R", "0x01"}}, ChapError::kWrongCredential},
      {{{"CHAP_N", "alice"}, {"CHAP_R", "0x01"}, {"CHAP_I", "1"}}, ChapError::kOutOfSequence},
      {{{"CHAP_N", "alice"}, {"CHAP_R", "0x01"}, {"CHAP_C", "0x01"}}, ChapError::kOutOfSequence},
      {{{"CHAP_N", "alice"}, {"CHAP_R", "0x01"}, {"CHAP_I", "256"}, {"CHAP_C", "0x01"}}, ChapError::kMalformed},
      {{{"CHAP_N", "alice"}, {"CHAP_R", "0x01"}, {"CHAP_I", "1"}, {"CHAP_C", long_challenge}}, ChapError::kMalformed},
  };
  for (const auto& [keys, error] : rows) {
    ChapAuthenticator chap(initiator_, &target_, random_);
    ASSERT_TRUE(step(chap, {{"CHAP_A", "5"}}));
    EXPECT_EQ(step(chap, keys).error(), error);
  }
}

TEST_F(ChapTest, TakesTheResponseInBase64) {
  ChapAuthenticator chap(initiator_, nullptr, random_);
  ASSERT_TRUE(step(chap, {{"CHAP_A", "5"}}));
  const auto challenge = parse_binary(value("CHAP_C"), 1024);
  const auto identifier = static_cast<std::uint8_t>(*parse_number(value("CHAP_I")));
  const auto response = chap_response(ChapAlgorithm::kMd5, identifier, "initiator-secret", *challenge);
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text = "0b";
  for (std::size_t bit = 0; bit < response->size() * 8; bit += 6) {
    unsigned digit = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) {
      const bool set =
          i < response->size() * 8 && (std::to_integer<unsigned>((*response)[i / 8]) >> (7 - i % 8) & 1) != 0;
      digit = digit << 1 | (set ? 1U : 0U);
    }
    text += kDigits[digit];
  }
  text += "==";
  EXPECT_TRUE(step(chap, {{"CHAP_N", "alice"}, {"CHAP_R", text}}));
}

}  // namespace
}  // namespace lunaria::iscsi
