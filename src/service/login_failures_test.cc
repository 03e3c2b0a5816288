// Failed logins: what of them is told, and when.

#include "service/login_failures.h"

#include "service/limits.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

using namespace std::chrono_literals;

constexpr const char* kHost = "iqn.1993-08.org.debian:01:a";
const IpEndpoint kPeer = *IpEndpoint::parse("192.0.2.9:50000");

LoginsFailed failure_of(const std::string& initiator, const char* address = "192.0.2.9") {
  LoginsFailed failure;
  failure.initiator_name = initiator;
  failure.address = IpAddress::parse(address);
  return failure;
}

TEST(LoginFailures, TheFirstIsToldAtOnceAndTheRestOnceInAWhile) {
  LoginFailures failures;
  const runtime::Instant start{};
  EXPECT_EQ(failures.time_to_next(start), std::nullopt);
  const auto first = failures.add(failure_of(kHost), start);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->count, 1U);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(failures.add(failure_of(kHost), start + 1s));
  }
  EXPECT_EQ(failures.time_to_next(start + 1s), kLoginFailureInterval - 1s);
  EXPECT_TRUE(failures.take_due(start + kLoginFailureInterval - 1ns).empty());
  const auto due = failures.take_due(start + kLoginFailureInterval);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].count, 1000U);
  EXPECT_EQ(due[0].initiator_name, kHost);
  EXPECT_FALSE(failures.add(failure_of(kHost), start + kLoginFailureInterval)) << "that was told a moment ago";
  EXPECT_EQ(failures.take_due(start + 2 * kLoginFailureInterval).at(0).count, 1U);
}

TEST(LoginFailures, ASourceThatIsSilentIsForgotten) {
  LoginFailures failures;
  const runtime::Instant start{};
  ASSERT_TRUE(failures.add(failure_of(kHost), start));
  EXPECT_TRUE(failures.take_due(start + kLoginFailureInterval).empty());
  EXPECT_EQ(failures.source_count(), 0U);
  EXPECT_EQ(failures.time_to_next(start + kLoginFailureInterval), std::nullopt);
  EXPECT_TRUE(failures.add(failure_of(kHost), start + kLoginFailureInterval)) << "told at once again";
}

TEST(LoginFailures, NameAddressAndKindMakeASource) {
  LoginFailures failures;
  LoginsFailed management = failure_of("");
  management.kind = LoginsFailed::Kind::kManagement;
  for (const LoginsFailed& each :
       {failure_of(kHost), failure_of("iqn.b"), failure_of(kHost, "192.0.2.10"), failure_of(""), management}) {
    EXPECT_TRUE(failures.add(each, {}));
    EXPECT_FALSE(failures.add(each, {}));
  }
  EXPECT_EQ(failures.take_due(runtime::Instant{} + kLoginFailureInterval).size(), 5U);
}

TEST(LoginFailures, InventedNamesAreToldTogether) {
  LoginFailures failures;
  std::size_t told = 0;
  std::optional<LoginsFailed> last;
  for (std::size_t i = 0; i < 10 * kLoginFailureSourcesMax; ++i) {
    if (auto now = failures.add(failure_of("iqn.invented:" + std::to_string(i)), {})) {
      ++told;
      last = std::move(now);
    }
  }
  EXPECT_EQ(told, kLoginFailureSourcesMax + 1) << "the others count as one";
  EXPECT_EQ(failures.source_count(), told);
  EXPECT_TRUE(last->initiator_name.empty());
  EXPECT_FALSE(last->address);
  const auto due = failures.take_due(runtime::Instant{} + kLoginFailureInterval);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].count, 9 * kLoginFailureSourcesMax - 1);
}

class LoginFailureEvents : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    subscription = service->subscribe([this](const Event& event) {
      if (const auto* failed = std::get_if<LoginsFailed>(&event)) {
        told.push_back(*failed);
      }
    });
  }
  void TearDown() override { subscription = {}; }
  void reject(const std::string& target, bool is_authentication = true) {
    shard.run([&] {
      data_plane->observer(target::LoginRejected{kHost, target, kPeer, "CHAP failed", is_authentication, 1});
    });
  }

  std::vector<LoginsFailed> told;
  Subscription subscription;
};

TEST_F(LoginFailureEvents, GuessesOfASecretAreToldInTimeAndCounted) {
  const Target target = make_target("t");
  reject(target.iqn);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, LoginsFailed::Kind::kInitiator);
  EXPECT_EQ(told[0].initiator_name, kHost);
  EXPECT_EQ(told[0].address, kPeer.address);
  EXPECT_EQ(told[0].target_iqn, target.iqn);
  EXPECT_EQ(told[0].target_name, "t");
  EXPECT_EQ(told[0].portal_group_tag, 1);
  EXPECT_EQ(told[0].reason, "CHAP failed");
  for (int i = 0; i < 7; ++i) {
    reject(target.iqn);
  }
  EXPECT_EQ(told.size(), 1U);
  world.run_for(kLoginFailureInterval + 1s);
  ASSERT_EQ(told.size(), 2U) << "though nothing else happens";
  EXPECT_EQ(told[1].count, 7U);
  world.run_for(3 * kLoginFailureInterval);
  EXPECT_EQ(told.size(), 2U);
  reject(target.iqn);
  EXPECT_EQ(told.size(), 3U);
}

TEST_F(LoginFailureEvents, OtherRefusalsAreNotTold) {
  reject("iqn.2026-11.com.example:none", false);
  EXPECT_TRUE(told.empty());
}

TEST_F(LoginFailureEvents, ATargetThatHasGoneAndDiscoveryHaveNoName) {
  reject("iqn.2026-11.com.example:gone");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].target_name, "");
  world.run_for(2 * kLoginFailureInterval);
  reject("");
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].target_name, "");
}

}  // namespace
}  // namespace lunaria::service
