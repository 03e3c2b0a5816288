#include "pam/protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lunaria::pam {
namespace {

Question sample() {
  return {.service = "lunaria",
          .user = "alice",
          .password = Secret("correct horse"),
          .peer = "192.0.2.9",
          .administrators = "storage-admins",
          .operators = "",
          .viewers = "staff"};
}

TEST(PamQuestion, ComesOutAsItWentIn) {
  const auto encoded = encode(sample());
  ASSERT_TRUE(encoded);
  const auto decoded = decode_question(encoded->reveal());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->service, "lunaria");
  EXPECT_EQ(decoded->user, "alice");
  EXPECT_EQ(decoded->password.reveal(), "correct horse");
  EXPECT_EQ(decoded->peer, "192.0.2.9");
  EXPECT_EQ(decoded->administrators, "storage-admins");
  EXPECT_EQ(decoded->operators, "");
  EXPECT_EQ(decoded->viewers, "staff");
}

TEST(PamQuestion, FitsAtItsLongestAndNotBeyond) {
  Question longest = sample();
  longest.service = std::string(kServiceBytesMax, 's');
  longest.user = std::string(kUserBytesMax, 'u');
  longest.password = Secret(std::string(kPasswordBytesMax, 'p'));
  longest.peer = std::string(kPeerBytesMax, 'a');
  longest.administrators = longest.operators = longest.viewers = std::string(kGroupBytesMax, 'g');
  const auto encoded = encode(longest);
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->size(), kQuestionBytesMax);
  EXPECT_TRUE(decode_question(encoded->reveal()));
  longest.password = Secret(std::string(kPasswordBytesMax + 1, 'p'));
  EXPECT_FALSE(encode(longest));
}

TEST(PamQuestion, TakesNoNulThatWouldEndAText) {
  Question question = sample();
  question.user = std::string("root\0x", 6);
  EXPECT_FALSE(encode(question));
  question = sample();
  question.password = Secret(std::string_view("correct horse\0x", 15));
  EXPECT_FALSE(encode(question));
  std::string bytes(encode(sample())->reveal());
  bytes[bytes.find("alice") + 2] = '\0';
  EXPECT_FALSE(decode_question(bytes));
}

TEST(PamQuestion, IsRefusedWhenCutOrContinued) {
  const std::string bytes(encode(sample())->reveal());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_question(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_question(bytes + '\0'));
}

TEST(PamQuestion, NeedsAServiceAndAUser) {
  Question question = sample();
  question.user.clear();
  EXPECT_FALSE(decode_question(encode(question)->reveal()));
  question = sample();
  question.service.clear();
  EXPECT_FALSE(decode_question(encode(question)->reveal()));
}

TEST(PamAnswer, ComesOutAsItWentIn) {
  using Kind = Answer::Kind;
  const std::vector<Answer> answers = {
      {.kind = Kind::kGood, .role = std::nullopt, .reason = {}},
      {.kind = Kind::kGood, .role = Role::kViewer, .reason = {}},
      {.kind = Kind::kGood, .role = Role::kOperator, .reason = {}},
      {.kind = Kind::kGood, .role = Role::kAdministrator, .reason = {}},
      {.kind = Kind::kRefused, .role = {}, .reason = {}},
      {.kind = Kind::kFailed, .role = {}, .reason = "Module is unknown"},
      {.kind = Kind::kFailed, .role = {}, .reason = ""},
  };
  for (const Answer& answer : answers) {
    EXPECT_EQ(decode_answer(encode(answer)), answer) << encode(answer);
  }
}

TEST(PamAnswer, IsOneBoundedLine) {
  const std::string line =
      encode(Answer{.kind = Answer::Kind::kFailed, .role = {}, .reason = std::string(5000, 'x') + "\n"});
  EXPECT_EQ(line.size(), kAnswerBytesMax);
  EXPECT_TRUE(decode_answer(line));
  EXPECT_EQ(encode(Answer{.kind = Answer::Kind::kFailed, .role = {}, .reason = "a\ngood administrator\n"}),
            "failed a?good administrator?\n");
}

TEST(PamAnswer, IsNothingElse) {
  for (const std::string line : {"", "\n", "good", "good\n", "good \n", "good root\n", "good administrator",
                                 "good administrator\n\n", "good administrator \n", "Good administrator\n", "refused",
                                 "refused \n", "refused\nrefused\n", "failed\n", "failed a\nb\n", "administrator\n"}) {
    EXPECT_FALSE(decode_answer(line)) << line;
  }
  EXPECT_FALSE(decode_answer("failed " + std::string(kAnswerBytesMax, 'x') + "\n"));
}

}  // namespace
}  // namespace lunaria::pam
