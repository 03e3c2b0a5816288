#include "daemon/ticket_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "daemon/user_authenticator.h"
#include "http/basic_authorization.h"
#include "http/limits.h"
#include "http/negotiate_authorization.h"
#include "security/limits.h"
#include "service/world_test.h"

namespace lunaria::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Outcome = UserAuthenticator::Outcome;
using Kind = security::TicketRefusal::Kind;

/// Takes tokens that are a principal's name, and answers "proof"; those that begin with '!' are refused.
class FakeAcceptor final : public security::TicketAcceptor {
 public:
  Result<security::AcceptedTicket, security::TicketRefusal> accept(std::span<const std::byte> token) const override {
    ++calls;
    std::string text;
    std::ranges::transform(token, std::back_inserter(text), [](std::byte byte) { return static_cast<char>(byte); });
    if (text == "!unfinished") {
      return fail(security::TicketRefusal{Kind::kUnfinished, "more to say"});
    }
    if (text == "!keytab") {
      return fail(security::TicketRefusal{Kind::kUnavailable, "no such file"});
    }
    if (text.starts_with('!')) {
      return fail(security::TicketRefusal{Kind::kBadTicket, "Request is a replay"});
    }
    const auto proof = std::as_bytes(std::span(std::string_view("proof")));
    return security::AcceptedTicket{text, {proof.begin(), proof.end()}};
  }
  mutable int calls = 0;
};

class TicketLoginTest : public service::ServiceTest {
 protected:
  void SetUp() override {
    service::ServiceTest::SetUp();
    KerberosUsers users{.realms = {"EXAMPLE.COM"}, .roles = {}};
    EXPECT_TRUE(add_kerberos_role(users, "backup/host@OTHER.ORG=operator"));
    authenticator_.emplace(shard, *service, audit, log, &acceptor, std::move(users), nullptr);
    add_user("alice", security::Role::kOperator);
  }
  void TearDown() override { authenticator_.reset(); }

  void add_user(const std::string& name, security::Role role) {
    must(service->add_user(admin(), {name, Secret("correct horse"), role}));
  }
  static http::Peer remote(const std::string& endpoint = "198.51.100.5:40000", bool encrypted = true) {
    http::Peer peer;
    peer.remote = *IpEndpoint::parse(endpoint);
    peer.encrypted = encrypted;
    return peer;
  }
  static http::RequestHead with(std::string_view authorization) {
    http::RequestHead head{.method = "POST", .target = "/cimom"};
    head.fields.add("Authorization", authorization);
    return head;
  }
  static std::string ticket_of(std::string_view principal) {
    return http::negotiate_value(std::as_bytes(std::span(principal)));
  }
  runtime::Task<void> judge(const http::RequestHead& head, const http::Peer& peer, std::optional<Outcome>& outcome) {
    Outcome judged = co_await authenticator_->authenticate(head, peer);
    outcome.emplace(std::move(judged));
  }
  Outcome authenticate(const http::RequestHead& head, const http::Peer& peer = remote()) {
    std::optional<Outcome> outcome;
    const runtime::Instant start = world.clock().now();
    shard.run([&] { EXPECT_TRUE(runtime::spawn(gate, judge(head, peer, outcome))); });
    EXPECT_TRUE(world.run_until([&] { return outcome.has_value(); }));
    took = world.clock().now() - start;
    return *outcome;
  }
  Outcome show(std::string_view principal, const http::Peer& peer = remote()) {
    return authenticate(with(ticket_of(principal)), peer);
  }
  std::string last_refusal() const {
    const auto line = std::ranges::find_if(log.lines().rbegin(), log.lines().rend(), [](const std::string& each) {
      return each.find("management.login.refused") != std::string::npos;
    });
    return line == log.lines().rend() ? std::string() : *line;
  }

  FakeAcceptor acceptor;
  cim::MemoryAuditTrail audit;
  std::optional<UserAuthenticator> authenticator_;
  runtime::Duration took{};
};

TEST_F(TicketLoginTest, ATrustedRealmsPrincipalIsTheUserOfItsName) {
  const Outcome outcome = show("alice@EXAMPLE.COM");
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(outcome->principal.name, "alice");
  EXPECT_EQ(outcome->principal.role, security::Role::kOperator);
  EXPECT_EQ(outcome->principal.authentication, security::Authentication::kKerberos);
  EXPECT_EQ(outcome->principal.peer, "198.51.100.5:40000");
  EXPECT_EQ(outcome->proof, "Negotiate cHJvb2Y=");
  must(service->set_role(admin(), "alice", security::Role::kViewer));
  EXPECT_EQ(show("alice@EXAMPLE.COM")->principal.role, security::Role::kViewer) << "rights are those of now";
  must(service->delete_user(admin(), "alice"));
  EXPECT_FALSE(show("alice@EXAMPLE.COM"));
}

TEST_F(TicketLoginTest, AUserOfTheWholeNameGoesFirst) {
  add_user("alice@EXAMPLE.COM", security::Role::kAdministrator);
  EXPECT_EQ(show("alice@EXAMPLE.COM")->principal.name, "alice@EXAMPLE.COM");
}

TEST_F(TicketLoginTest, ARoleNeedsNoUser) {
  const Outcome outcome = show("backup/host@OTHER.ORG");
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(outcome->principal.name, "backup/host@OTHER.ORG");
  EXPECT_EQ(outcome->principal.role, security::Role::kOperator);
}

TEST_F(TicketLoginTest, OthersAreRefusedAndTheLogSaysWhy) {
  for (const auto& [principal, reason] :
       {std::pair{"alice@OTHER.ORG", "kerberos-realms"}, std::pair{"mallory@EXAMPLE.COM", "lunaria user add mallory"},
        std::pair{"alice/admin@EXAMPLE.COM", "kerberos-roles"}}) {
    const Outcome outcome = show(principal);
    ASSERT_FALSE(outcome) << principal;
    EXPECT_EQ(outcome.error().http_status, 403);
    EXPECT_FALSE(outcome.error().challenge) << "the ticket is good: another would not help";
    EXPECT_THAT(outcome.error().detail, HasSubstr(reason));
    EXPECT_THAT(last_refusal(), HasSubstr(principal));
    EXPECT_EQ(audit.records().back().user, principal);
    EXPECT_EQ(audit.records().back().reason, "no-such-user");
    EXPECT_THAT(last_refusal(), HasSubstr(reason));
  }
}

TEST_F(TicketLoginTest, ATicketThatIsNotGoodIsChallengedAgain) {
  const Outcome outcome = show("!replayed");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().http_status, 401);
  EXPECT_TRUE(outcome.error().challenge);
  EXPECT_TRUE(outcome.error().offers_negotiate);
  EXPECT_THAT(last_refusal(), HasSubstr("Request is a replay"));
  EXPECT_EQ(audit.records().back().authentication, cim::Authentication::kKerberos);
  EXPECT_EQ(audit.records().back().reason, "wrong-credentials");
}

TEST_F(TicketLoginTest, NegotiationsOfSeveralLegsAreRefusedAndNotOfferedAgain) {
  const Outcome outcome = show("!unfinished");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().http_status, 401);
  EXPECT_TRUE(outcome.error().challenge);
  EXPECT_FALSE(outcome.error().offers_negotiate) << "the client would begin the same again";
}

TEST_F(TicketLoginTest, AKeytabThatCannotBeReadIsNobodysGuess) {
  for (std::uint32_t i = 0; i < 3 * security::kThrottleFreeFailures; ++i) {
    const Outcome outcome = show("!keytab");
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().http_status, 503);
    EXPECT_LT(took, 10ms);
  }
}

TEST_F(TicketLoginTest, OffersBothSchemesAndStillTakesPasswords) {
  const Outcome nothing = authenticate(http::RequestHead{.method = "POST", .target = "/cimom"});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().http_status, 401);
  EXPECT_TRUE(nothing.error().challenge && nothing.error().offers_negotiate);
  const std::string right(http::basic_authorization("alice", Secret("correct horse")).reveal());
  const Outcome known = authenticate(with(right));
  ASSERT_TRUE(known) << known.error().detail;
  EXPECT_EQ(known->principal.authentication, security::Authentication::kPassword);
  EXPECT_THAT(known->proof, IsEmpty());
  EXPECT_FALSE(authenticate(with(std::string(http::basic_authorization("alice", Secret("wrong")).reveal()))));
  EXPECT_EQ(acceptor.calls, 0);
}

TEST_F(TicketLoginTest, WhatIsMalformedOrTooLargeReachesNoLibrary) {
  const std::vector<std::byte> large(http::kNegotiateTokenMax + 1);
  http::RequestHead twice = with(ticket_of("alice@EXAMPLE.COM"));
  twice.fields.add("Authorization", ticket_of("alice@EXAMPLE.COM"));
  for (const http::RequestHead& head :
       {with("Negotiate"), with("Negotiate !!!"), with(http::negotiate_value(large)), twice}) {
    const Outcome outcome = authenticate(head);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().http_status, 400);
  }
  EXPECT_EQ(acceptor.calls, 0);
}

TEST_F(TicketLoginTest, TicketsAreNotTakenOverPlainHttpFromAnotherHost) {
  const Outcome outcome = show("alice@EXAMPLE.COM", remote("198.51.100.5:40000", false));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().http_status, 403);
  EXPECT_EQ(acceptor.calls, 0);
  EXPECT_TRUE(show("alice@EXAMPLE.COM", remote("127.0.0.1:40000", false)));
}

TEST_F(TicketLoginTest, ManyBadTicketsOfOneAddressAreSlowedDownAndThenRefused) {
  Outcome last = show("!forged");
  for (int i = 0; i < 40 && last.error().http_status == 401; ++i) {
    last = show("!forged");
  }
  ASSERT_EQ(last.error().http_status, 429);
  EXPECT_GT(last.error().retry_after_s, 0U);
  const int judged = acceptor.calls;
  EXPECT_EQ(show("!forged").error().http_status, 429);
  EXPECT_EQ(acceptor.calls, judged) << "what is refused costs nothing";
  EXPECT_TRUE(show("alice@EXAMPLE.COM", remote("203.0.113.9:1"))) << "others are let in";
  EXPECT_LT(took, 10ms);
}

TEST_F(TicketLoginTest, OneGoodTicketDoesNotOpenTheConnection) {
  const http::Peer peer = remote();
  ASSERT_TRUE(show("alice@EXAMPLE.COM", peer));
  EXPECT_EQ(authenticate(http::RequestHead{.method = "POST", .target = "/cimom"}, peer).error().http_status, 401);
}

}  // namespace
}  // namespace lunaria::daemon
