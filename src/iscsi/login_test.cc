#include <gtest/gtest.h>

#include "iscsi/login_engine.h"
#include "iscsi/login_stage.h"
#include "iscsi/testing/bed.h"

namespace lunaria::iscsi {
namespace {

using testing::BedOptions;
using testing::Pdu;
using testing::TestBed;

// The stages alone: every state crossed with every combination of bits.

bool is_allowed(LoginState state, StageRequest request) {
  if (request.transit && (request.more || request.next <= request.current || request.next == 2)) {
    return false;
  }
  switch (state) {
    case LoginState::kStart:
      return request.current <= 1;
    case LoginState::kSecurity:
      return request.current == 0;
    case LoginState::kOperational:
      return request.current == 1;
    case LoginState::kFullFeature:
      return false;
  }
  return false;
}

TEST(LoginStages, FollowTheStandardForEveryStateAndRequest) {
  for (const LoginState state :
       {LoginState::kStart, LoginState::kSecurity, LoginState::kOperational, LoginState::kFullFeature}) {
    for (unsigned bits = 0; bits < 64; ++bits) {
      const StageRequest request{.current = static_cast<std::uint8_t>(bits & 3),
                                 .next = static_cast<std::uint8_t>(bits >> 2 & 3),
                                 .transit = (bits & 16) != 0,
                                 .more = (bits & 32) != 0};
      EXPECT_EQ(enter_request(state, request).has_value(), is_allowed(state, request))
          << static_cast<int>(state) << " " << bits;
    }
  }
}

static_assert(*enter_request(LoginState::kStart, {.current = 0, .next = 1, .transit = true}) == LoginState::kSecurity);
static_assert(after_transit({.current = 0, .next = 3, .transit = true}) == LoginState::kFullFeature);

// One request against a whole connection, and the status that it earns.

std::string pairs(std::initializer_list<std::pair<const char*, std::string>> keys) {
  std::string text;
  for (const auto& [name, value] : keys) {
    text += std::string(name) + "=" + value + std::string(1, '\0');
  }
  return text;
}
const std::string kNames =
    pairs({{"InitiatorName", "iqn.2004-01.org.example:host"}, {"TargetName", "iqn.2004-01.org.example:disk"}});

Pdu login_request(std::uint8_t current, std::optional<std::uint8_t> next, const std::string& text) {
  Pdu pdu(Opcode::kLoginRequest, true);
  pdu.set<bhs::login::Transit>(next.has_value()).set<bhs::login::CurrentStage>(current);
  pdu.set<bhs::login::NextStage>(next.value_or(0)).set<bhs::login::Isid>(std::uint64_t{0x4000'0000'0001});
  pdu.set<bhs::InitiatorTaskTag>(0x11U).set<bhs::CmdSn>(1U).set_text(text);
  return pdu;
}

struct StatusRow {
  const char* why;
  std::vector<Pdu> requests;
  std::optional<LoginStatus> status;  ///< nullopt: the connection is closed without a word
};

std::vector<StatusRow> status_rows() {
  const auto first = [](const std::string& text) { return login_request(1, 3, text); };
  std::vector<StatusRow> rows = {
      {"a complete login", {first(kNames)}, LoginStatus::kSuccess},
      {"no text", {first("")}, LoginStatus::kMissingParameter},
      {"no InitiatorName", {first(pairs({{"TargetName", "iqn.x"}}))}, LoginStatus::kMissingParameter},
      {"no TargetName", {first(pairs({{"InitiatorName", "iqn.x"}}))}, LoginStatus::kMissingParameter},
      {"empty InitiatorName", {first(pairs({{"InitiatorName", ""}}))}, LoginStatus::kInitiatorError},
      {"name of 224 bytes",
       {first(pairs({{"InitiatorName", std::string(224, 'a')}, {"TargetName", "iqn.x"}}))},
       LoginStatus::kInitiatorError},
      {"name with a space", {first(pairs({{"InitiatorName", "iqn x"}}))}, LoginStatus::kInitiatorError},
      {"unknown session type",
       {first(kNames + pairs({{"SessionType", "Other"}}))},
       LoginStatus::kSessionTypeNotSupported},
      {"discovery needs no target",
       {first(pairs({{"InitiatorName", "iqn.x"}, {"SessionType", "Discovery"}}))},
       LoginStatus::kSuccess},
      {"text without NUL", {first("InitiatorName=iqn.x")}, LoginStatus::kInitiatorError},
      {"text without separator", {first(std::string("Name\0", 5))}, LoginStatus::kInitiatorError},
      {"a key twice",
       {first(kNames + pairs({{"MaxBurstLength", "512"}, {"MaxBurstLength", "512"}}))},
       LoginStatus::kInitiatorError},
      {"a key twice over two requests",
       {login_request(1, std::nullopt, kNames + pairs({{"MaxBurstLength", "512"}})),
        first(pairs({{"MaxBurstLength", "512"}}))},
       LoginStatus::kInitiatorError},
      {"SendTargets while logging in", {first(kNames + pairs({{"SendTargets", "All"}}))}, LoginStatus::kInitiatorError},
      {"an operational key in the security stage",
       {login_request(0, 1, kNames + pairs({{"MaxBurstLength", "512"}}))},
       LoginStatus::kInitiatorError},
      {"AuthMethod in the operational stage",
       {first(kNames + pairs({{"AuthMethod", "None"}}))},
       LoginStatus::kInitiatorError},
      {"no common AuthMethod",
       {login_request(0, 1, kNames + pairs({{"AuthMethod", "KRB5,SRP"}}))},
       LoginStatus::kAuthenticationFailure},
      {"CHAP keys without CHAP",
       {login_request(0, 1, kNames + pairs({{"AuthMethod", "None"}, {"CHAP_A", "5"}}))},
       LoginStatus::kAuthenticationFailure},
      {"stage 2", {login_request(2, std::nullopt, kNames)}, LoginStatus::kInitiatorError},
      {"stage 3 first", {login_request(3, std::nullopt, kNames)}, LoginStatus::kInitiatorError},
      {"transit to stage 2", {login_request(0, 2, kNames)}, LoginStatus::kInitiatorError},
      {"transit to the same stage", {login_request(1, 1, kNames)}, LoginStatus::kInitiatorError},
      {"transit backwards", {login_request(1, 0, kNames)}, LoginStatus::kInitiatorError},
      {"back to security",
       {login_request(1, std::nullopt, kNames), login_request(0, std::nullopt, "")},
       LoginStatus::kInitiatorError},
      {"security to full feature", {login_request(0, 3, kNames)}, LoginStatus::kSuccess},
  };
  const auto changed = [&rows](const char* why, LoginStatus status, auto change) {
    Pdu pdu = login_request(1, 3, kNames);
    change(pdu);
    rows.push_back({why, {pdu}, status});
  };
  changed("version 1 only", LoginStatus::kUnsupportedVersion, [](Pdu& pdu) {
    pdu.set<bhs::login::VersionMax>(std::uint8_t{1}).set<bhs::login::VersionMin>(std::uint8_t{1});
  });
  changed("versions 0 to 1", LoginStatus::kSuccess, [](Pdu& pdu) { pdu.set<bhs::login::VersionMax>(std::uint8_t{1}); });
  changed("not immediate", LoginStatus::kInitiatorError, [](Pdu& pdu) { pdu.set<bhs::Immediate>(false); });
  changed("C with T", LoginStatus::kInitiatorError, [](Pdu& pdu) { pdu.set<bhs::login::Continue>(true); });
  changed("data above 8192", LoginStatus::kInitiatorError, [](Pdu& pdu) { pdu.data.resize(8193); });
  changed("an AHS", LoginStatus::kInitiatorError, [](Pdu& pdu) { pdu.additional.resize(8); });
  const auto differing = [&rows](const char* why, auto change) {
    Pdu second = login_request(1, 3, "");
    change(second);
    rows.push_back({why, {login_request(1, std::nullopt, kNames), second}, LoginStatus::kInitiatorError});
  };
  differing("another ISID", [](Pdu& pdu) { pdu.set<bhs::login::Isid>(std::uint64_t{5}); });
  differing("another TSIH", [](Pdu& pdu) { pdu.set<bhs::login::Tsih>(std::uint16_t{5}); });
  differing("another CID", [](Pdu& pdu) { pdu.set<bhs::login::Cid>(std::uint16_t{5}); });
  differing("another tag", [](Pdu& pdu) { pdu.set<bhs::InitiatorTaskTag>(5U); });
  differing("another CmdSN", [](Pdu& pdu) { pdu.set<bhs::CmdSn>(5U); });
  rows.push_back({"another PDU after the first",
                  {login_request(1, std::nullopt, kNames), Pdu(Opcode::kNopOut, true)},
                  LoginStatus::kInvalidDuringLogin});
  rows.push_back({"another PDU first", {Pdu(Opcode::kScsiCommand)}, std::nullopt});
  return rows;
}

/// The status of the last login response.
std::optional<LoginStatus> last_status(TestBed& bed, const StatusRow& row) {
  std::optional<LoginStatus> status;
  for (const Pdu& request : row.requests) {
    status.reset();
    bed.feed(testing::encode(request));
    bed.advance(std::chrono::seconds(2));
    status = bed.initiator.refusal();
    if (bed.initiator.is_logged_in()) {
      status = LoginStatus::kSuccess;
    }
  }
  return status;
}

TEST(Login, AnswersWithTheStatusOfTheTable) {
  for (const StatusRow& row : status_rows()) {
    TestBed bed;
    EXPECT_EQ(last_status(bed, row), row.status) << row.why;
    if (row.status != LoginStatus::kSuccess) {
      const auto reason = bed.connection->close_reason();
      EXPECT_EQ(reason, row.status ? CloseReason::kLoginRefused : CloseReason::kProtocolError) << row.why;
      EXPECT_EQ(bed.host.refused.size(), row.status ? 1U : 0U) << row.why;
    }
  }
}

TEST(Login, PassesTheHostsRefusalOn) {
  for (const LoginStatus status : {LoginStatus::kNotFound, LoginStatus::kAuthorizationFailure,
                                   LoginStatus::kTargetRemoved, LoginStatus::kServiceUnavailable}) {
    TestBed bed;
    bed.host.refusal = LoginRefusal{.status = status};
    bed.log_in();
    EXPECT_EQ(bed.initiator.refusal(), status);
    EXPECT_EQ(bed.connection->close_reason(), CloseReason::kLoginRefused);
  }
}

TEST(Login, RedirectsWithAnAddress) {
  TestBed bed;
  bed.host.refusal = LoginRefusal{.status = LoginStatus::kTargetMovedTemporarily, .target_address = "192.0.2.7:3260,2"};
  bed.log_in();
  EXPECT_EQ(bed.initiator.refusal(), LoginStatus::kTargetMovedTemporarily);
  EXPECT_EQ(bed.initiator.answers().at("TargetAddress"), "192.0.2.7:3260,2");
}

TEST(Login, TellsThePortalGroupTagAndItsSegmentLength) {
  TestBed bed;
  bed.log_in();
  EXPECT_EQ(bed.initiator.answers().at("TargetPortalGroupTag"), "1");
  EXPECT_EQ(bed.initiator.answers().at("MaxRecvDataSegmentLength"), "262144");
  EXPECT_FALSE(bed.initiator.answers().contains("TargetAlias"));
}

TEST(Login, AsksTheHostWithTheNormalizedName) {
  BedOptions options;
  options.initiator.initiator_name = "IQN.2004-01.ORG.example:HOST";
  TestBed bed(options);
  bed.log_in();
  EXPECT_EQ(bed.host.last_query_initiator, "iqn.2004-01.org.example:host");
}

TEST(Login, GathersTextOverRequests) {
  TestBed bed;
  Pdu first = login_request(1, std::nullopt, kNames.substr(0, 30));
  first.set<bhs::login::Continue>(true);
  bed.feed(testing::encode(first));
  EXPECT_FALSE(bed.initiator.refusal());
  bed.feed(testing::encode(login_request(1, 3, kNames.substr(30))));
  EXPECT_TRUE(bed.initiator.is_logged_in());
}

TEST(Login, BoundsTheTextOverRequests) {
  TestBed bed;
  Pdu more = login_request(1, std::nullopt, std::string(8192, 'x'));
  more.set<bhs::login::Continue>(true);
  bed.feed(testing::encode(more));
  bed.feed(testing::encode(more));
  EXPECT_FALSE(bed.initiator.refusal());
  bed.feed(testing::encode(more));
  EXPECT_EQ(bed.initiator.refusal(), LoginStatus::kInitiatorError);
}

TEST(Login, BoundsTheNumberOfRequests) {
  TestBed bed;
  bed.feed(testing::encode(login_request(1, std::nullopt, kNames)));
  for (unsigned i = 1; i < kLoginRequestsMax; ++i) {
    bed.feed(testing::encode(login_request(1, std::nullopt, "")));
    ASSERT_FALSE(bed.initiator.refusal());
  }
  bed.feed(testing::encode(login_request(1, std::nullopt, "")));
  EXPECT_EQ(bed.initiator.refusal(), LoginStatus::kInitiatorError);
}

struct ChapRow {
  const char* method;
  const char* name;
  const char* secret;
  const char* algorithms;
  const char* target_secret;
  bool works;
  bool mutual;
};

TEST(Login, AuthenticatesWithChap) {
  const ChapRow rows[] = {
      {"CHAP", "alice", "initiator-secret", "5", "", true, false},
      {"CHAP,None", "alice", "initiator-secret", "6", "", true, false},
      {"None,CHAP", "alice", "initiator-secret", "7", "", true, false},
      {"CHAP", "alice", "initiator-secret", "8,5", "", true, false},
      {"CHAP", "alice", "initiator-secret", "7", "target-secret-1", true, true},
      {"CHAP", "alice", "wrong", "5", "", false, false},
      {"CHAP", "mallory", "initiator-secret", "5", "", false, false},
      {"CHAP", "alice", "initiator-secret", "4", "", false, false},
      {"None", "", "", "5", "", false, false},
  };
  for (const ChapRow& row : rows) {
    BedOptions options;
    options.chap = {"alice", "initiator-secret"};
    options.target_chap = {"disk", "target-secret-1"};
    options.initiator.auth_method = row.method;
    options.initiator.chap_name = row.name;
    options.initiator.chap_secret = row.secret;
    options.initiator.chap_algorithms = row.algorithms;
    options.initiator.target_secret = row.target_secret;
    TestBed bed(options);
    bed.log_in();
    EXPECT_EQ(bed.initiator.is_logged_in(), row.works) << row.method << " " << row.algorithms;
    EXPECT_EQ(bed.initiator.target_is_proven(), row.mutual);
    if (row.works) {
      EXPECT_TRUE(bed.connection->login().chap);
      EXPECT_EQ(bed.connection->login().mutual_chap, row.mutual);
      continue;
    }
    EXPECT_FALSE(bed.initiator.refusal()) << "a failed authentication is answered late";
    bed.advance(std::chrono::seconds(1));
    EXPECT_EQ(bed.initiator.refusal(), LoginStatus::kAuthenticationFailure);
  }
}

TEST(Login, CannotSkipAuthentication) {
  for (const std::uint8_t stage : {std::uint8_t{0}, std::uint8_t{1}}) {
    BedOptions options;
    options.chap = {"alice", "initiator-secret"};
    TestBed bed(options);
    bed.feed(testing::encode(login_request(stage, 3, kNames)));
    bed.advance(std::chrono::seconds(1));
    EXPECT_EQ(bed.initiator.refusal(), LoginStatus::kAuthenticationFailure);
  }
}

TEST(Login, CannotLeaveSecurityInTheMiddleOfChap) {
  BedOptions options;
  options.chap = {"alice", "initiator-secret"};
  TestBed bed(options);
  bed.feed(testing::encode(login_request(0, 1, kNames + pairs({{"AuthMethod", "CHAP"}}))));
  bed.feed(testing::encode(login_request(1, 3, "")));
  bed.advance(std::chrono::seconds(1));
  EXPECT_FALSE(bed.initiator.is_logged_in());
  EXPECT_TRUE(bed.initiator.refusal());
}

TEST(Login, WaitsForItsSession) {
  TestBed bed;
  bed.host.establish_at_once = false;
  bed.log_in();
  EXPECT_FALSE(bed.initiator.is_logged_in());
  EXPECT_TRUE(bed.connection->receive_paused());
  bed.host.establish_now(bed.connection->login());
  bed.pump();
  EXPECT_TRUE(bed.initiator.is_logged_in());
}

TEST(Login, MovesToAnotherShardWhileItWaits) {
  TestBed bed;
  testing::FakeShard other(bed.clock);
  SlotPool other_slots(64);
  bed.host.establish_at_once = false;
  bed.log_in();
  bed.connection->move_to(other, other_slots);
  bed.host.establish_now(bed.connection->login());
  bed.pump();
  bed.host.hold_commands = true;
  bed.initiator.send_command({.cdb = testing::Bytes(16), .write_data = {}});
  bed.pump();
  EXPECT_EQ(other_slots.in_use(), 1U);
  EXPECT_EQ(bed.slots.in_use(), 0U);
  bed.end();
  EXPECT_EQ(other_slots.in_use(), 0U);
}

TEST(Login, IsRefusedWhenThereIsNoSession) {
  TestBed bed;
  bed.host.establish_at_once = false;
  bed.log_in();
  bed.connection->refuse_login(LoginStatus::kSessionDoesNotExist, bed.clock.now());
  bed.pump();
  EXPECT_EQ(bed.initiator.refusal(), LoginStatus::kSessionDoesNotExist);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kLoginRefused);
}

TEST(Login, IsGivenALimitedTime) {
  for (const bool begun : {false, true}) {
    TestBed bed;
    if (begun) {
      bed.feed(testing::encode(login_request(1, std::nullopt, kNames)));
    }
    bed.advance(std::chrono::milliseconds(14999));
    EXPECT_FALSE(bed.connection->close_reason());
    bed.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(bed.connection->close_reason(), CloseReason::kLoginTimeout);
  }
}

TEST(Login, WorksByteByByte) {
  BedOptions options;
  options.receive_piece = 1;
  options.send_piece = 1;
  options.initiator.keys.emplace_back("HeaderDigest2", "x");
  TestBed bed(options);
  bed.log_in();
  EXPECT_TRUE(bed.initiator.is_logged_in());
  EXPECT_EQ(bed.initiator.answers().at("HeaderDigest2"), "NotUnderstood");
}

}  // namespace
}  // namespace lunaria::iscsi
