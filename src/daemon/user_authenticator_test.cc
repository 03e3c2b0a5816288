#include "daemon/user_authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "http/basic_authorization.h"
#include "security/limits.h"
#include "service/event.h"
#include "service/world_test.h"

namespace lunaria::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using Outcome = Result<security::Principal, wbem::AuthenticationFailure>;

class UserAuthentication : public service::ServiceTest {
 protected:
  void SetUp() override {
    service::ServiceTest::SetUp();
    authenticator_.emplace(shard, *service, audit_, log, nullptr, KerberosUsers{}, nullptr);
    add_user("alice", "correct horse", security::Role::kOperator);
  }
  void TearDown() override { authenticator_.reset(); }

  void add_user(const std::string& name, const std::string& password, security::Role role) {
    must(service->add_user(admin(), {name, Secret(password), role}));
  }

  static http::Peer remote(const std::string& endpoint = "198.51.100.5:40000", bool encrypted = true) {
    http::Peer peer;
    peer.remote = *IpEndpoint::parse(endpoint);
    peer.encrypted = encrypted;
    return peer;
  }
  static http::Peer local_socket(uid_t uid) {
    http::Peer peer;
    peer.credentials = runtime::PeerCredentials{.pid = 17, .uid = uid, .gid = uid};
    return peer;
  }
  static http::RequestHead with_field(std::string_view name, std::string_view value) {
    http::RequestHead head{.method = "POST", .target = "/cimom"};
    head.fields.add(name, value);
    return head;
  }
  static http::RequestHead with_password(std::string_view user, const std::string& password) {
    return with_field("Authorization", http::basic_authorization(user, Secret(password)).reveal());
  }

  runtime::Task<void> judge(const http::RequestHead& head, const http::Peer& peer, std::optional<Outcome>& outcome) {
    auto judged = co_await authenticator_->authenticate(head, peer);
    outcome.emplace(judged ? Outcome(std::move(judged->principal)) : fail(judged.error()));
  }
  Outcome authenticate(const http::RequestHead& head, const http::Peer& peer) {
    std::optional<Outcome> outcome;
    const runtime::Instant start = world.clock().now();
    shard.run([&] { EXPECT_TRUE(runtime::spawn(gate, judge(head, peer, outcome))); });
    EXPECT_TRUE(world.run_until([&] { return outcome.has_value(); }));
    took_ = world.clock().now() - start;
    return *outcome;
  }
  Outcome log_in(std::string_view user, const std::string& password, const http::Peer& peer = remote()) {
    return authenticate(with_password(user, password), peer);
  }
  std::vector<std::string> lines_with(std::string_view text) const {
    std::vector<std::string> lines;
    std::ranges::copy_if(log.lines(), std::back_inserter(lines),
                         [text](const std::string& line) { return line.find(text) != std::string::npos; });
    return lines;
  }

  cim::MemoryAuditTrail audit_;
  std::optional<UserAuthenticator> authenticator_;
  runtime::Duration took_{};
};

TEST_F(UserAuthentication, TakesTheRightPasswordOverTlsAndFromLoopback) {
  const Outcome over_tls = log_in("alice", "correct horse");
  ASSERT_TRUE(over_tls) << over_tls.error().detail;
  EXPECT_EQ(over_tls->name, "alice");
  EXPECT_EQ(over_tls->role, security::Role::kOperator);
  EXPECT_EQ(over_tls->authentication, security::Authentication::kPassword);
  EXPECT_EQ(over_tls->peer, "198.51.100.5:40000");
  EXPECT_TRUE(log_in("alice", "correct horse", remote("127.0.0.1:40000", false)));
}

TEST_F(UserAuthentication, TakesNoPasswordOverPlainHttpFromAnotherHost) {
  const Outcome outcome = log_in("alice", "correct horse", remote("198.51.100.5:40000", false));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().http_status, 403);
  EXPECT_FALSE(outcome.error().challenge) << "a challenge would invite the password";
}

TEST_F(UserAuthentication, ChallengesWhoShowsNothing) {
  for (const auto& head : {http::RequestHead{.method = "POST", .target = "/cimom"},
                           with_field("Authorization", "Negotiate abcd"), with_field("Authorization", "Bearer x")}) {
    const Outcome outcome = authenticate(head, remote());
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().http_status, 401);
    EXPECT_TRUE(outcome.error().challenge);
    EXPECT_FALSE(outcome.error().offers_negotiate) << "there is no keytab";
  }
}

TEST_F(UserAuthentication, RefusesMalformedCredentials) {
  http::RequestHead twice = with_password("alice", "correct horse");
  twice.fields.add("Authorization", "Basic YTpi");
  for (const auto& head : {with_field("Authorization", "Basic"), with_field("Authorization", "Basic !!!"),
                           with_field("Authorization", "Basic YWxpY2U="), twice}) {
    const Outcome outcome = authenticate(head, remote());
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().http_status, 400);
  }
}

TEST_F(UserAuthentication, DoesNotTakeAPasswordWithMoreBehindANul) {
  EXPECT_FALSE(log_in("alice", std::string("correct horse\0x", 15)));
  EXPECT_FALSE(log_in(std::string_view("alice\0x", 7), "correct horse"));
  EXPECT_FALSE(log_in("alice", "correct hors"));
  EXPECT_FALSE(log_in("alice", ""));
}

TEST_F(UserAuthentication, DoesNotTellWhetherTheUserExists) {
  const Outcome wrong = log_in("alice", "wrong secret");
  const Outcome nobody = log_in("mallory", "wrong secret");
  ASSERT_FALSE(wrong);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(wrong.error().http_status, 401);
  EXPECT_TRUE(wrong.error().challenge);
  EXPECT_EQ(nobody.error().http_status, wrong.error().http_status);
  EXPECT_EQ(nobody.error().detail, wrong.error().detail);
  EXPECT_EQ(nobody.error().challenge, wrong.error().challenge);
  const auto refused = lines_with("management.login.refused");
  ASSERT_EQ(refused.size(), 2U);
  std::string with_other_name = refused[0];
  with_other_name.replace(with_other_name.find("alice"), 5, "mallory");
  EXPECT_EQ(with_other_name, refused[1]);
  for (const std::string& line : log.lines()) {
    EXPECT_THAT(line, Not(HasSubstr("wrong secret")));
  }
}

TEST_F(UserAuthentication, DelaysGuessesAndThenRefusesThem) {
  for (std::uint32_t i = 0; i <= security::kThrottleFreeFailures; ++i) {
    EXPECT_FALSE(log_in("alice", "guess"));
    EXPECT_LT(took_, 200ms);
  }
  EXPECT_FALSE(log_in("alice", "guess"));
  EXPECT_GE(took_, security::kThrottleDelayFirst);
  Outcome last = log_in("alice", "guess");
  for (int i = 0; i < 20 && !last && last.error().http_status == 401; ++i) {
    last = log_in("alice", "guess");
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().http_status, 429);
  EXPECT_GT(last.error().retry_after_s, 0U);
  EXPECT_FALSE(lines_with("management.login.throttled").empty());
}

TEST_F(UserAuthentication, TellsOfASourceThatIsThrottledAndNotOfEachGuess) {
  std::vector<service::LoginsFailed> told;
  const service::Subscription subscription = service->subscribe([&](const service::Event& event) {
    if (const auto* failed = std::get_if<service::LoginsFailed>(&event)) {
      told.push_back(*failed);
    }
  });
  Outcome guess = log_in("alice", "guess");
  while (guess.error().http_status == 401) {
    EXPECT_TRUE(told.empty());
    guess = log_in("alice", "guess");
  }
  ASSERT_EQ(guess.error().http_status, 429);
  (void)log_in("bob", "guess");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, service::LoginsFailed::Kind::kManagement);
  EXPECT_EQ(told[0].address, IpAddress::parse("198.51.100.5"));
}

TEST_F(UserAuthentication, DoesNotSlowDownWhoIsKnownWhileOthersGuess) {
  ASSERT_TRUE(log_in("alice", "correct horse"));
  Outcome guess = log_in("alice", "guess");
  for (int i = 0; i < 20 && guess.error().http_status == 401; ++i) {
    guess = log_in("alice", "guess");
  }
  ASSERT_EQ(guess.error().http_status, 429) << "that address waits";
  const Outcome known = log_in("alice", "correct horse");
  ASSERT_TRUE(known) << known.error().detail;
  EXPECT_EQ(known->role, security::Role::kOperator);
  EXPECT_EQ(took_, 0ns) << "no wait and no hash";
  must(service->set_role(admin(), "alice", security::Role::kViewer));
  EXPECT_EQ(log_in("alice", "correct horse")->role, security::Role::kViewer) << "rights are those of now";
  must(service->set_password(admin(), "alice", Secret("another horse")));
  EXPECT_FALSE(log_in("alice", "correct horse")) << "a password is forgotten when it changes";
}

TEST_F(UserAuthentication, ManyRequestsAtOnceOfOneClientAreAllServed) {
  ASSERT_TRUE(log_in("alice", "correct horse"));
  const http::RequestHead head = with_password("alice", "correct horse");
  const http::Peer peer = remote();
  std::vector<std::optional<Outcome>> outcomes(4 * security::kThrottlePendingMax);
  shard.run([&] {
    for (std::optional<Outcome>& outcome : outcomes) {
      EXPECT_TRUE(runtime::spawn(gate, judge(head, peer, outcome)));
    }
  });
  EXPECT_TRUE(
      world.run_until([&] { return std::ranges::all_of(outcomes, [](const auto& o) { return o.has_value(); }); }));
  EXPECT_TRUE(std::ranges::all_of(outcomes, [](const auto& outcome) { return outcome->has_value(); }));
}

TEST_F(UserAuthentication, KnowsRootAndItselfByTheSocket) {
  for (const uid_t uid : {uid_t{0}, geteuid()}) {
    const Outcome outcome = authenticate({}, local_socket(uid));
    ASSERT_TRUE(outcome) << outcome.error().detail;
    EXPECT_EQ(outcome->role, security::Role::kAdministrator);
    EXPECT_EQ(outcome->authentication, security::Authentication::kPeerCredentials);
  }
}

TEST_F(UserAuthentication, KnowsOthersOnTheSocketByTheirUser) {
  constexpr uid_t kNobody = 65534;
  const Outcome stranger = authenticate({}, local_socket(kNobody));
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().http_status, 403);
  EXPECT_THAT(stranger.error().detail, HasSubstr("lunaria user add nobody"));
  add_user("nobody", "some secret", security::Role::kViewer);
  const Outcome user = authenticate({}, local_socket(kNobody));
  ASSERT_TRUE(user) << user.error().detail;
  EXPECT_EQ(user->role, security::Role::kViewer);
  EXPECT_EQ(user->name, "nobody");
  const Outcome nameless = authenticate({}, local_socket(54321));
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().http_status, 403);
}

TEST_F(UserAuthentication, KnowsAUserByTheCommonNameOfAVerifiedCertificate) {
  http::Peer peer = remote();
  peer.certificate = security::PeerCertificate{.subject = "CN=alice", .common_name = "alice", .sha256 = {}, .der = {}};
  const Outcome outcome = authenticate({}, peer);
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(outcome->name, "alice");
  EXPECT_EQ(outcome->role, security::Role::kOperator);
  EXPECT_EQ(outcome->authentication, security::Authentication::kClientCertificate);
  must(service->set_role(admin(), "alice", security::Role::kViewer));
  EXPECT_EQ(authenticate({}, peer)->role, security::Role::kViewer) << "rights are those of now";
}

TEST_F(UserAuthentication, RefusesCertificatesOfStrangersAndWithoutName) {
  for (const std::string name : {"mallory", "", "ALICE"}) {
    http::Peer peer = remote();
    peer.certificate = security::PeerCertificate{.subject = "CN=" + name, .common_name = name, .sha256 = {}, .der = {}};
    const Outcome outcome = authenticate({}, peer);
    ASSERT_FALSE(outcome) << name;
    EXPECT_EQ(outcome.error().http_status, 403);
  }
  EXPECT_EQ(lines_with("management.login.refused").size(), 3U);
}

TEST_F(UserAuthentication, RecordsWhoWasRefusedAndNobodyElse) {
  const auto last = [this] { return audit_.records().back(); };
  EXPECT_TRUE(log_in("alice", "correct horse"));
  EXPECT_FALSE(authenticate({.method = "POST", .target = "/cimom"}, remote()));
  EXPECT_TRUE(audit_.records().empty()) << "who shows nothing is asked, not refused";
  EXPECT_FALSE(log_in("alice", "wrong secret"));
  EXPECT_EQ(last().user, "alice");
  EXPECT_EQ(last().operation, cim::kAuthenticate);
  EXPECT_EQ(last().peer, "198.51.100.5:40000");
  EXPECT_EQ(last().transport, "https");
  EXPECT_EQ(last().result, "refused");
  EXPECT_EQ(last().reason, "wrong-credentials");
  EXPECT_EQ(last().role, std::nullopt);
  EXPECT_FALSE(log_in("alice", "correct horse", remote("198.51.100.5:40000", false)));
  EXPECT_EQ(last().reason, "plain-http");
  EXPECT_FALSE(authenticate(with_field("Authorization", "Basic !!!"), remote()));
  EXPECT_EQ(last().reason, "malformed");
  EXPECT_FALSE(authenticate({}, local_socket(54321)));
  EXPECT_EQ(last().user, "uid-54321");
  EXPECT_EQ(last().authentication, cim::Authentication::kPeerCredentials);
  EXPECT_EQ(last().reason, "no-such-user");
  EXPECT_EQ(audit_.records().size(), 4U);
}

/// With PAM, which knows dora, an operator.
class PamAuthentication : public UserAuthentication {
 protected:
  void SetUp() override {
    UserAuthentication::SetUp();
    authenticator_.emplace(shard, *service, audit_, log, nullptr, KerberosUsers{}, &pam_);
  }

  std::vector<std::string> asked_;
  PamLogin pam_{shard, log, {"lunaria", "", "ops", "", ""}, [this](const pam::Question& question) {
                  asked_.push_back(question.user + '@' + question.peer);
                  const bool is_good = question.user == "dora" && question.password.reveal() == "correct horse";
                  return pam::Answer{.kind = is_good ? pam::Answer::Kind::kGood : pam::Answer::Kind::kRefused,
                                     .role = is_good ? std::optional(pam::Role::kOperator) : std::nullopt,
                                     .reason = {}};
                }};
};

TEST_F(PamAuthentication, AsksAboutUsersThatTheCatalogueDoesNotHave) {
  const Outcome dora = log_in("dora", "correct horse");
  ASSERT_TRUE(dora) << dora.error().detail;
  EXPECT_EQ(dora->role, security::Role::kOperator);
  EXPECT_EQ(dora->authentication, security::Authentication::kPam);
  EXPECT_EQ(asked_, std::vector<std::string>{"dora@198.51.100.5"});
  EXPECT_TRUE(log_in("dora", "correct horse"));
  EXPECT_EQ(asked_.size(), 1U) << "it was good a moment ago";
  EXPECT_FALSE(log_in("dora", "correct hors"));
  EXPECT_EQ(asked_.size(), 2U) << "another password is another question";
}

TEST_F(PamAuthentication, NeverAsksAboutAUserOfTheCatalogue) {
  EXPECT_TRUE(log_in("alice", "correct horse"));
  EXPECT_FALSE(log_in("alice", "wrong secret"));
  EXPECT_TRUE(asked_.empty());
  ASSERT_TRUE(log_in("dora", "correct horse"));
  add_user("dora", "battery staple", security::Role::kViewer);
  EXPECT_FALSE(log_in("dora", "correct horse")) << "from now on the catalogue alone says who dora is";
  EXPECT_EQ(log_in("dora", "battery staple")->role, security::Role::kViewer);
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(PamAuthentication, RefusesEverybodyInTheSameWayAndTime) {
  for (const char* user : {"alice", "dora", "mallory", "-u", "../shadow"}) {
    const Outcome outcome = log_in(user, "wrong secret");
    ASSERT_FALSE(outcome) << user;
    EXPECT_EQ(outcome.error().http_status, 401);
    EXPECT_EQ(outcome.error().detail, "The user or the password is wrong");
    EXPECT_TRUE(outcome.error().challenge);
    EXPECT_GE(took_, PamLogin::kRefusalTime) << user;
    EXPECT_LT(took_, PamLogin::kRefusalTime + 10ms) << user;
    EXPECT_EQ(audit_.records().back().user, user);
    EXPECT_EQ(audit_.records().back().reason, "wrong-credentials");
    world.run_for(security::kThrottleForget + 1min);
  }
  EXPECT_EQ(asked_.size(), 2U) << "what is no name of a user here is no question for PAM";
}

TEST_F(PamAuthentication, SlowsGuessingDownAndThenRefuses) {
  Outcome last = log_in("dora", "guess");
  for (int i = 0; i < 20 && !last && last.error().http_status == 401; ++i) {
    last = log_in("dora", "guess");
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().http_status, 429);
  const std::size_t asked = asked_.size();
  EXPECT_FALSE(log_in("dora", "guess"));
  EXPECT_EQ(asked_.size(), asked) << "no process is started for it";
}

TEST_F(UserAuthentication, APasswordGoesBeforeACertificate) {
  add_user("bob", "battery staple", security::Role::kViewer);
  http::Peer peer = remote();
  peer.certificate = security::PeerCertificate{.subject = "CN=alice", .common_name = "alice", .sha256 = {}, .der = {}};
  EXPECT_EQ(log_in("bob", "battery staple", peer)->name, "bob");
  EXPECT_FALSE(log_in("bob", "wrong", peer)) << "a wrong password is not made good by a certificate";
}

TEST_F(UserAuthentication, PasswordsOnTheSocketDoNotMakeAnotherUser) {
  const Outcome outcome = authenticate(with_password("alice", "correct horse"), local_socket(54321));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().http_status, 403);
}

}  // namespace
}  // namespace lunaria::daemon
