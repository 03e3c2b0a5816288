// Names of listeners: which share a question, and that those without an address hold up nobody else.

#include "daemon/listener_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/world.h"

namespace lunaria::daemon {
namespace {

using namespace std::chrono_literals;

/// Knows all names but the dead ones, which nobody answers for.
class FakeConversation final : public NameConversation {
 public:
  explicit FakeConversation(const runtime::Clock& clock) : clock_(clock) {}

  std::vector<service::NameAnswer> go_on(const std::vector<std::string>& names) override {
    if (!names.empty()) {
      questions.push_back(names);
    }
    for (const std::string& name : names) {
      EXPECT_TRUE(open_.try_emplace(name, clock_.now()).second) << name << " is open";
    }
    std::vector<service::NameAnswer> answers;
    for (const auto& [name, asked] : open_) {
      if (!dead.contains(name)) {
        answers.push_back(
            {.name = name, .kind = service::NameAnswer::Kind::kFound, .addresses = {*IpAddress::parse("192.0.2.7")}});
      } else if (clock_.now() - asked >= service::kNameLookupMax) {
        answers.push_back({.name = name, .reason = "the name service does not answer"});
      }
    }
    for (const service::NameAnswer& answer : answers) {
      open_.erase(answer.name);
    }
    return answers;
  }
  void wake() override {}

  std::set<std::string> dead;
  std::vector<std::vector<std::string>> questions;

 private:
  const runtime::Clock& clock_;
  std::map<std::string, runtime::Instant> open_;
};

class ListenerNamesTest : public testing::Test {
 protected:
  ~ListenerNamesTest() override {
    shard_.run([&] { EXPECT_TRUE(runtime::spawn(gate_, names_.close())); });
    world_.run_until_idle();
    EXPECT_EQ(gate_.count(), 0U);
  }
  void ask(const std::string& host) {
    shard_.run([&] { EXPECT_TRUE(runtime::spawn(gate_, keep(host))); });
  }
  void ask_and_wait(const std::string& host) {
    outcomes_.erase(host);
    ask(host);
    EXPECT_TRUE(world_.run_until([&] { return outcomes_.contains(host); }));
  }
  /// How long all these take that are asked for now.
  runtime::Duration time_of(const std::vector<std::string>& hosts) {
    const runtime::Instant before = world_.clock().now();
    for (const std::string& host : hosts) {
      outcomes_.erase(host);
      ask(host);
    }
    EXPECT_TRUE(world_.run_until(
        [&] { return std::ranges::all_of(hosts, [&](const std::string& host) { return outcomes_.contains(host); }); }));
    return world_.clock().now() - before;
  }
  runtime::Task<void> keep(std::string host) {
    auto outcome = co_await names_.look_up(host);
    outcomes_.insert_or_assign(host, std::move(outcome));
  }
  bool is_found(const std::string& host) { return outcomes_.contains(host) && outcomes_.at(host).has_value(); }

  using Names = std::vector<std::string>;
  sim::World world_{{.seed = 1}};
  sim::SimShard& shard_ = world_.add_shard();
  runtime::Gate gate_;
  FakeConversation resolver_{world_.clock()};
  ListenerNames names_{shard_, resolver_};
  std::map<std::string, ListenerNames::Outcome> outcomes_;
};

TEST_F(ListenerNamesTest, WhatIsAskedForTogetherSharesAQuestion) {
  for (const char* host : {"a", "b", "c"}) {
    ask(host);
  }
  world_.run_until_idle();
  EXPECT_TRUE(is_found("a") && is_found("b") && is_found("c"));
  EXPECT_EQ(resolver_.questions, (std::vector<Names>{{"a", "b", "c"}}));
}

TEST_F(ListenerNamesTest, AQuestionHasABoundedNumberOfNames) {
  for (std::size_t i = 0; i < service::kNamesPerLookupMax + 2; ++i) {
    ask("host" + std::to_string(i));
  }
  world_.run_until_idle();
  ASSERT_EQ(resolver_.questions.size(), 2U);
  EXPECT_EQ(resolver_.questions[0].size(), service::kNamesPerLookupMax);
  EXPECT_EQ(outcomes_.size(), service::kNamesPerLookupMax + 2);
}

TEST_F(ListenerNamesTest, ANameThatHasJustFailedIsNotAskedForAgain) {
  resolver_.dead = {"dead"};
  ask_and_wait("dead");
  EXPECT_EQ(outcomes_.at("dead").error(), "the name dead has no address: the name service does not answer");
  ask_and_wait("dead");
  EXPECT_EQ(resolver_.questions.size(), 1U);
  EXPECT_EQ(outcomes_.at("dead").error(), "the name dead has no address: the name service does not answer");
  world_.run_for(kFailedNameAge);
  resolver_.dead.clear();
  ask_and_wait("dead");
  EXPECT_TRUE(is_found("dead"));
  ask_and_wait("dead");
  EXPECT_EQ(resolver_.questions.size(), 3U) << "what is found is asked for whenever it is needed";
}

TEST_F(ListenerNamesTest, NamesThatNobodyAnswersForHoldUpNoOther) {
  resolver_.dead = {"dead1", "dead2", "dead3"};
  for (const char* host : {"dead1", "alive1", "dead2"}) {
    ask(host);
  }
  EXPECT_LT(time_of({"alive2"}), 50ms) << "asked for together";
  EXPECT_TRUE(is_found("alive1"));
  ask("dead3");
  EXPECT_LT(time_of({"alive1", "alive3"}), 50ms) << "asked for while others are open";
  EXPECT_FALSE(outcomes_.contains("dead1") || outcomes_.contains("dead3"));
  EXPECT_LT(time_of({"dead1", "dead2", "dead3"}), service::kNameLookupMax + 50ms);
}

TEST_F(ListenerNamesTest, ANameThatDiesAfterALongTimeHoldsUpNoOther) {
  EXPECT_LT(time_of({"host1", "host2"}), 50ms);
  world_.run_for(24h);
  resolver_.dead = {"host1"};
  ask("host1");
  EXPECT_LT(time_of({"host2"}), 50ms);
  EXPECT_LT(time_of({"host2"}), 50ms);
}

TEST_F(ListenerNamesTest, ANameThatIsBeingAskedForIsNotAskedForTwice) {
  resolver_.dead = {"dead"};
  ask("dead");
  world_.run_for(1s);
  EXPECT_LT(time_of({"dead", "dead"}), service::kNameLookupMax);
  EXPECT_EQ(resolver_.questions, (std::vector<Names>{{"dead"}}));
}

TEST_F(ListenerNamesTest, NothingIsLookedUpAfterTheEnd) {
  ask("a");
  shard_.run([&] { EXPECT_TRUE(runtime::spawn(gate_, names_.close())); });
  world_.run_until_idle();
  EXPECT_TRUE(is_found("a")) << "what is under way ends";
  ask_and_wait("b");
  EXPECT_FALSE(outcomes_.at("b"));
  EXPECT_EQ(resolver_.questions.size(), 1U);
}

}  // namespace
}  // namespace lunaria::daemon
