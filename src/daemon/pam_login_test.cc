#include "daemon/pam_login.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/gate.h"
#include "security/limits.h"
#include "sim/world.h"

namespace lunaria::daemon {
namespace {

using pam::Answer;

class PamLoginTest : public testing::Test {
 protected:
  /// What the helper says from now on.
  void answer(Answer::Kind kind, std::optional<pam::Role> role = std::nullopt) {
    answer_ = {.kind = kind, .role = role, .reason = "the directory is down"};
  }
  runtime::Task<void> judge(std::string user, std::string password,
                            std::optional<std::optional<security::Principal>>& outcome) {
    auto judged = co_await login_.judge(std::move(user), Secret(password), "192.0.2.9", "192.0.2.9:1");
    outcome.emplace(std::move(judged));
  }
  std::optional<security::Principal> log_in(const std::string& user, const std::string& password = "correct horse") {
    std::optional<std::optional<security::Principal>> outcome;
    shard_.run([&] { EXPECT_TRUE(runtime::spawn(gate_, judge(user, password, outcome))); });
    EXPECT_TRUE(world_.run_until([&] { return outcome.has_value(); }));
    return *outcome;
  }
  std::optional<security::Principal> remembered(const std::string& user, std::string_view password = "correct horse") {
    return login_.remembered(user, Secret(password), "192.0.2.9:2");
  }

  sim::World world_;
  sim::SimShard& shard_ = world_.add_shard();
  MemoryLog log_;
  runtime::Gate gate_;
  Answer answer_;
  std::vector<std::string> asked_;
  PamLogin login_{
      shard_,
      log_,
      {.service = "lunaria", .administrators = "admins", .operators = "ops", .viewers = "staff", .helper = ""},
      [this](const pam::Question& question) {
        EXPECT_EQ(question.service, "lunaria");
        EXPECT_EQ(question.administrators, "admins");
        EXPECT_EQ(question.operators, "ops");
        EXPECT_EQ(question.viewers, "staff");
        EXPECT_EQ(question.peer, "192.0.2.9");
        asked_.push_back(question.user + ":" + std::string(question.password.reveal()));
        return answer_;
      }};
};

TEST_F(PamLoginTest, LetsInWhomPamKnowsWithTheRoleOfTheGroup) {
  for (const auto& [role, wanted] : {std::pair(pam::Role::kViewer, security::Role::kViewer),
                                     std::pair(pam::Role::kOperator, security::Role::kOperator),
                                     std::pair(pam::Role::kAdministrator, security::Role::kAdministrator)}) {
    answer(Answer::Kind::kGood, role);
    const auto principal = log_in("alice");
    ASSERT_TRUE(principal);
    EXPECT_EQ(*principal, (security::Principal{"alice", wanted, security::Authentication::kPam, "192.0.2.9:1"}));
  }
  EXPECT_EQ(asked_, (std::vector<std::string>(3, "alice:correct horse")));
}

TEST_F(PamLoginTest, LetsInNobodyElse) {
  answer(Answer::Kind::kRefused);
  EXPECT_FALSE(log_in("alice"));
  EXPECT_TRUE(log_.lines().empty());
  answer(Answer::Kind::kGood);
  EXPECT_FALSE(log_in("alice")) << "a user without a role";
  EXPECT_TRUE(log_.contains("management.pam.no_role user=alice"));
  answer(Answer::Kind::kFailed);
  EXPECT_FALSE(log_in("alice"));
  EXPECT_TRUE(log_.contains("management.pam.failed user=alice peer=192.0.2.9:1 reason=\"the directory is down\""));
  EXPECT_FALSE(remembered("alice"));
}

TEST_F(PamLoginTest, RemembersAGoodPasswordForAWhileAndNoOther) {
  answer(Answer::Kind::kGood, pam::Role::kOperator);
  EXPECT_FALSE(remembered("alice"));
  ASSERT_TRUE(log_in("alice"));
  EXPECT_EQ(remembered("alice")->role, security::Role::kOperator);
  EXPECT_EQ(remembered("alice")->peer, "192.0.2.9:2");
  EXPECT_FALSE(remembered("alice", "correct hors"));
  EXPECT_FALSE(remembered("alice", ""));
  EXPECT_FALSE(remembered("bob"));
  EXPECT_TRUE(remembered("alice")) << "a wrong one does not push the right one out";
  world_.run_for(PamLogin::kRememberedFor - std::chrono::seconds(1));
  EXPECT_TRUE(remembered("alice"));
  world_.run_for(std::chrono::seconds(1));
  EXPECT_FALSE(remembered("alice")) << "it is time to ask again, used or not";
}

TEST_F(PamLoginTest, BoundsWhatItRemembers) {
  answer(Answer::Kind::kGood, pam::Role::kViewer);
  for (std::size_t i = 0; i < security::kVerifiedEntriesMax + 10; ++i) {
    ASSERT_TRUE(log_in("user" + std::to_string(i)));
  }
  std::size_t known = 0;
  for (std::size_t i = 0; i < security::kVerifiedEntriesMax + 10; ++i) {
    known += remembered("user" + std::to_string(i)) ? 1U : 0U;
  }
  EXPECT_LE(known, security::kVerifiedEntriesMax);
  EXPECT_GE(known, 10U);
}

TEST_F(PamLoginTest, TurnsAwayWhoWouldWaitTooLong) {
  answer(Answer::Kind::kGood, pam::Role::kViewer);
  std::vector<std::optional<std::optional<security::Principal>>> outcomes(100);
  shard_.run([&] {
    for (auto& outcome : outcomes) {
      EXPECT_TRUE(runtime::spawn(gate_, judge("alice", "correct horse", outcome)));
    }
  });
  world_.run_until_idle();
  std::size_t let_in = 0;
  for (const auto& outcome : outcomes) {
    ASSERT_TRUE(outcome.has_value());
    let_in += outcome->has_value() ? 1U : 0U;
  }
  EXPECT_EQ(let_in, PamLogin::kHelpersMax + PamLogin::kWaitingMax);
  EXPECT_EQ(asked_.size(), let_in);
  EXPECT_TRUE(log_.contains("management.pam.busy"));
}

}  // namespace
}  // namespace lunaria::daemon
