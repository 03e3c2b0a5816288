// Subscriptions that a program holds for as long as it runs.

#include "cli/subscribing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <variant>

#include "cli/testing/fake_server.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace filter = schema::cim_indication_filter;
namespace destination = schema::cim_listener_destination_cimxml;
namespace subscription = schema::cim_indication_subscription;

class TestClock final : public runtime::Clock {
 public:
  runtime::Instant now() const override { return runtime::Instant(1h) + passed; }
  runtime::WallTime wall_time() const override {
    return runtime::WallTime(std::chrono::seconds(1'800'000'000)) + floor<std::chrono::microseconds>(passed);
  }
  runtime::Duration passed{};
};

class Counting final : public runtime::Random {
 public:
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, std::byte{++count_}); }

 private:
  std::uint8_t count_ = 0;
};

/// As a server does, it fills in the keys that clients leave out, and says how much time a subscription has left. Can
/// be out of reach.
class TestServer final : public Server {
 public:
  Outcome<wbem::cimxml::ResponseMessage> call(wbem::Operation operation, cim::NamespaceName name_space) override {
    ++calls;
    if (is_away) {
      return fail(Failure{ExitCode::kCannotConnect, "nobody is there"});
    }
    if (auto* create = std::get_if<wbem::CreateInstance>(&operation)) {
      create->instance = completed(create->instance);
    }
    const bool is_get = std::holds_alternative<wbem::GetInstance>(operation);
    auto answer = inner.call(std::move(operation), std::move(name_space));
    if (answer && is_get) {
      (void)answer->instances.at(0).instance.set(subscription::kSubscriptionTimeRemaining, cim::Value(left));
    }
    return answer;
  }

  FakeServer inner;
  std::uint64_t left = 0;
  bool is_away = false;
  int calls = 0;

 private:
  static cim::Instance completed(const cim::Instance& instance) {
    cim::InstanceBuilder builder(instance.class_name());
    for (std::size_t i = 0; i < instance.values().size(); ++i) {
      builder.add(instance.cls()->property(i).name, instance.value(i));
    }
    if (instance.class_name() != subscription::kClass) {
      builder.add(std::string(filter::kSystemCreationClassName), cim::Value("s"));
      builder.add(std::string(filter::kSystemName), cim::Value("s"));
      builder.add(std::string(filter::kCreationClassName), cim::Value(instance.class_name()));
    }
    return builder.build();
  }
};

class HeldSubscriptions : public ::testing::Test {
 protected:
  static SubscriptionWish wish() {
    SubscriptionWish wish;
    wish.url = "http://127.0.0.1:5990";
    wish.query = "SELECT * FROM CIM_Indication";
    wish.language = "DMTF:CQL";
    wish.spaces = {"root/lunaria"};
    return wish;
  }
  void begin() {
    held.emplace(server, clock, random);
    const auto made = held->make(wish());
    ASSERT_TRUE(made) << made.error().message;
  }
  /// keep() after that time.
  Outcome<void> keep_after(runtime::Duration time) {
    clock.passed += time;
    return held->keep();
  }
  std::vector<std::string> names(std::string_view class_name) {
    std::vector<std::string> names;
    for (const auto& each : *enumerate(server.inner, kInteropSpace, class_name)) {
      names.push_back(text_of(each.instance, filter::kName));
    }
    return names;
  }
  NamedInstances subscriptions() { return *enumerate(server.inner, kInteropSpace, subscription::kClass); }
  std::uint64_t duration() { return number_of(subscriptions().at(0).instance, subscription::kSubscriptionDuration); }
  void add(std::string_view class_name, const std::string& name) {
    server.inner.add(kInteropSpace, class_name,
                     {{std::string(filter::kSystemCreationClassName), cim::Value("s")},
                      {std::string(filter::kSystemName), cim::Value("s")},
                      {std::string(filter::kCreationClassName), cim::Value(class_name)},
                      {std::string(filter::kName), cim::Value(name)}});
  }
  void remove_subscription() {
    const cim::ObjectPath path = subscriptions().at(0).instance.path(cim::NamespaceName(kInteropSpace));
    ASSERT_TRUE(delete_instance(server.inner, path));
  }

  TestServer server;
  TestClock clock;
  Counting random;
  std::optional<HeldSubscription> held;
};

TEST_F(HeldSubscriptions, EndBySuchTimeAndLeaveNothing) {
  begin();
  EXPECT_THAT(names(filter::kClass), ElementsAre("lunaria-listen:1800000000-0101010101010101"));
  EXPECT_EQ(names(destination::kClass), names(filter::kClass));
  EXPECT_EQ(number_of(enumerate(server.inner, kInteropSpace, destination::kClass)->at(0).instance,
                      destination::kPersistenceType),
            3U)
      << "the destination goes with it";
  EXPECT_EQ(duration(), 300U);
  held.reset();
  EXPECT_THAT(names(filter::kClass), IsEmpty());
  EXPECT_THAT(names(destination::kClass), IsEmpty());
  EXPECT_TRUE(subscriptions().empty());
}

TEST_F(HeldSubscriptions, AskForMoreTimeWhenHalfOfItIsOver) {
  begin();
  const int calls = server.calls;
  EXPECT_TRUE(keep_after(149s));
  EXPECT_EQ(server.calls, calls);
  server.left = 150;
  EXPECT_TRUE(keep_after(1s));
  EXPECT_EQ(duration(), 450U) << "300 s from now, counted from its beginning";
  EXPECT_TRUE(keep_after(149s));
  EXPECT_EQ(duration(), 450U);
  server.left = 100;
  EXPECT_TRUE(keep_after(1s));
  EXPECT_EQ(duration(), 650U);
}

TEST_F(HeldSubscriptions, AskAgainSoonWhenTheServerIsAway) {
  begin();
  server.is_away = true;
  EXPECT_TRUE(keep_after(150s));
  const int calls = server.calls;
  EXPECT_TRUE(keep_after(9s));
  EXPECT_EQ(server.calls, calls) << "not all the time";
  server.is_away = false;
  server.left = 140;
  EXPECT_TRUE(keep_after(1s));
  EXPECT_EQ(duration(), 460U);
}

TEST_F(HeldSubscriptions, AreMadeAnewWhenTheyHaveGone) {
  begin();
  remove_subscription();
  EXPECT_TRUE(keep_after(150s));
  EXPECT_EQ(subscriptions().size(), 1U);
  EXPECT_THAT(names(filter::kClass), ElementsAre("lunaria-listen:1800000150-0202020202020202"));
  EXPECT_EQ(names(destination::kClass), names(filter::kClass));
  server.left = 150;
  EXPECT_TRUE(keep_after(150s));
  EXPECT_EQ(duration(), 450U) << "and kept";
}

TEST_F(HeldSubscriptions, SayWhyTheyCannotBeMadeAnew) {
  begin();
  remove_subscription();
  add(filter::kClass, "unused");
  server.inner.fail_with(Failure{ExitCode::kNotFound, "gone, and you may not"});
  const auto kept = keep_after(150s);
  ASSERT_FALSE(kept);
  EXPECT_THAT(kept.error().message, HasSubstr("you may not"));
}

TEST_F(HeldSubscriptions, RenewalsAreToldFromWhatHappens) {
  begin();
  const std::string held_path = subscriptions().at(0).instance.path(cim::NamespaceName(kInteropSpace)).to_string();
  const auto told = [](const char* class_name, const std::string& path) {
    cim::InstanceBuilder builder(class_name);
    builder.add("SourceInstanceModelPath", cim::Value(path));
    return is_renewal(builder.build());
  };
  EXPECT_TRUE(told("CIM_InstModification", held_path));
  EXPECT_FALSE(told("CIM_InstDeletion", held_path));
  EXPECT_FALSE(told("CIM_InstModification", "root/lunaria:LUNARIA_Disk.Name=\"lunaria-listen:1\""));
  EXPECT_FALSE(
      told("CIM_InstModification", "root/interop:CIM_IndicationSubscription.Filter=\"a:F.Name=\\\"monitor\\\"\""));
}

TEST_F(HeldSubscriptions, RemoveWhatKilledProgramsLeft) {
  const std::string old = "lunaria-listen:1799999699-1";
  const std::string future = "lunaria-listen:1800000301-1";
  const std::string young = "lunaria-listen:1799999700-1";
  const std::string used = "lunaria-listen:1700000000-2";
  for (const std::string& name : {old, future, young, used, std::string("monitor"), std::string("lunaria-listen:x")}) {
    add(filter::kClass, name);
  }
  add(destination::kClass, old);
  add(destination::kClass, used);
  const auto path_of_used = [&](std::string_view class_name) {
    for (const auto& each : *enumerate(server.inner, kInteropSpace, class_name)) {
      if (text_of(each.instance, filter::kName) == used) {
        return each.instance.path(cim::NamespaceName(kInteropSpace));
      }
    }
    return cim::ObjectPath();
  };
  server.inner.add(kInteropSpace, subscription::kClass,
                   {{std::string(subscription::kFilter), cim::Value(path_of_used(filter::kClass))},
                    {std::string(subscription::kHandler), cim::Value(path_of_used(destination::kClass))}});
  begin();
  held.reset();
  EXPECT_THAT(names(filter::kClass), ElementsAre(young, used, "monitor", "lunaria-listen:x"));
  EXPECT_THAT(names(destination::kClass), ElementsAre(used));
}

}  // namespace
}  // namespace lunaria::cli
