// Names of listeners: which are asked for together, and that those without an address hold up nobody else.

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

/// Knows all names but the dead ones.
class FakeResolver final : public service::NameResolver {
 public:
  std::vector<service::NameAnswer> resolve(const std::vector<std::string>& names) override {
    questions.push_back(names);
    std::vector<service::NameAnswer> answers;
    for (const std::string& name : names) {
      service::NameAnswer& answer = answers.emplace_back();
      answer.name = name;
      if (dead.contains(name)) {
        answer.reason = "the name service does not answer";
      } else {
        answer.kind = service::NameAnswer::Kind::kFound;
        answer.addresses = {*IpAddress::parse("192.0.2.7")};
      }
    }
    return answers;
  }
  void cancel() override {}

  std::set<std::string> dead;
  std::vector<std::vector<std::string>> questions;
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
    ask(host);
    world_.run_until_idle();
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
  FakeResolver resolver_;
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

TEST_F(ListenerNamesTest, NamesThatFailedBeforeHaveAQuestionOfTheirOwn) {
  resolver_.dead = {"dead1", "dead2"};
  ask("dead1");
  ask_and_wait("dead2");
  world_.run_for(kFailedNameAge);
  resolver_.questions.clear();
  for (const char* host : {"dead1", "alive1", "dead2", "alive2"}) {
    ask(host);
  }
  world_.run_until_idle();
  EXPECT_TRUE(is_found("alive1") && is_found("alive2"));
  std::ranges::sort(resolver_.questions);
  EXPECT_EQ(resolver_.questions, (std::vector<Names>{{"alive1", "alive2"}, {"dead1", "dead2"}}));
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
