// What a peer may do wrong before and while it logs in (RFC 7143 6.3, 7.12, 11.12, 11.13).
#include "iscsi/testing/hostile_row.h"

namespace lunaria::iscsi::testing {
namespace {

using std::operator""sv;

constexpr std::string_view kIdentity =
    "InitiatorName=iqn.2004-01.org.example:host\0TargetName=iqn.2004-01.org.example:disk\0"
    "SessionType=Normal\0AuthMethod=None\0"sv;
constexpr std::chrono::seconds kLoginTime(15);

Pdu login(unsigned current, unsigned next, bool transit, std::string_view text = kIdentity) {
  Pdu pdu(Opcode::kLoginRequest, true);
  pdu.set<bhs::login::Transit>(transit).set<bhs::login::CurrentStage>(static_cast<std::uint8_t>(current));
  pdu.set<bhs::login::NextStage>(static_cast<std::uint8_t>(next));
  pdu.set<bhs::login::Isid>(std::uint64_t{0x8000'1234'5678});
  pdu.set_text(text);
  return pdu;
}

/// Is refused: the answer has this status, and then the connection ends.
HostileRow refused(std::string why, std::function<void(TestBed&)> act,
                   LoginStatus status = LoginStatus::kInitiatorError) {
  return {.why = std::move(why),
          .act = std::move(act),
          .closed = CloseReason::kLoginRefused,
          .refusal = status,
          .logs_in = false};
}
HostileRow refused(std::string why, Pdu pdu, LoginStatus status = LoginStatus::kInitiatorError,
                   Encoding encoding = {}) {
  return refused(
      std::move(why), [pdu = std::move(pdu), encoding](TestBed& bed) { bed.initiator.send(pdu, false, encoding); },
      status);
}

/// Has begun to log in and been answered; then comes `pdu`.
HostileRow goes_on(std::string why, Pdu pdu, LoginStatus status = LoginStatus::kInitiatorError) {
  return refused(
      std::move(why),
      [pdu = std::move(pdu)](TestBed& bed) {
        bed.initiator.send(login(0, 0, false));
        bed.pump();
        EXPECT_FALSE(bed.initiator.refusal());
        bed.initiator.send(pdu);
      },
      status);
}

/// Never becomes a login, which is given up in time.
HostileRow never_ends(std::string why, std::function<void(TestBed&)> act) {
  return {.why = std::move(why),
          .act = std::move(act),
          .closed = CloseReason::kLoginTimeout,
          .hangs = kLoginTime,
          .logs_in = false};
}

void add_first_pdus(HostileRows& rows) {
  for (unsigned opcode = 0; opcode < 0x40; ++opcode) {
    if (opcode == static_cast<unsigned>(Opcode::kLoginRequest)) {
      continue;
    }
    // RFC 7143 6.3: the connection is dropped, for no answer could be understood.
    rows.push_back({.why = "instead of a login: opcode " + std::to_string(opcode),
                    .act =
                        [opcode](TestBed& bed) {
                          bed.feed(encode(hostile_request(static_cast<Opcode>(opcode))));
                          EXPECT_TRUE(bed.initiator.received().empty());
                        },
                    .closed = CloseReason::kProtocolError,
                    .logs_in = false});
    rows.push_back(goes_on("in the middle of a login: opcode " + std::to_string(opcode),
                           hostile_request(static_cast<Opcode>(opcode)), LoginStatus::kInvalidDuringLogin));
  }
  for (const std::uint32_t length : {8193U, 65536U, 0x80'0000U, 0xFF'FFFFU}) {
    rows.push_back(refused("a login of " + std::to_string(length) + " bytes", login(0, 1, true, ""),
                           LoginStatus::kInitiatorError, {.data_segment_length = length}));
  }
  for (const std::size_t length : {std::size_t{4}, kAhsSizeMax}) {
    Pdu pdu = login(0, 1, true);
    pdu.additional.resize(length);
    rows.push_back(refused("a login with an AHS of " + std::to_string(length) + " bytes", pdu));
  }
}

void add_half_logins(HostileRows& rows) {
  for (const std::size_t count : {0U, 1U, 4U, 5U, 8U, 20U, 47U, 48U, 49U, 100U}) {
    rows.push_back(never_ends("the first " + std::to_string(count) + " bytes of a login", [count](TestBed& bed) {
      Bytes bytes = encode(login(0, 1, true));
      bytes.resize(count);
      bed.feed(bytes);
    }));
  }
  rows.push_back(never_ends("a login that comes byte by byte", [](TestBed& bed) {
    for (const std::byte byte : Bytes(encode(login(0, 1, true)))) {
      bed.feed(std::span(&byte, 1));
      bed.advance(std::chrono::milliseconds(100));
    }
  }));
  rows.push_back(
      never_ends("a login that is not continued", [](TestBed& bed) { bed.initiator.send(login(0, 0, false)); }));
  rows.push_back(never_ends("a login whose answers are not read", [](TestBed& bed) {
    bed.stop_sending = true;
    bed.initiator.send(login(0, 1, true));
    bed.pump();
    EXPECT_FALSE(bed.connection->gather(bed.clock.now()).empty());
  }));
}

void add_headers(HostileRows& rows) {
  Pdu pdu = login(0, 0, false, "");
  rows.push_back(goes_on("another ISID", Pdu(pdu).set<bhs::login::Isid>(std::uint64_t{0x8000'1234'5679})));
  rows.push_back(goes_on("another TSIH", Pdu(pdu).set<bhs::login::Tsih>(std::uint16_t{1})));
  rows.push_back(goes_on("another CID", Pdu(pdu).set<bhs::login::Cid>(std::uint16_t{1})));
  rows.push_back(goes_on("another tag", Pdu(pdu).set<bhs::InitiatorTaskTag>(1U)));
  rows.push_back(goes_on("a login that is not immediate", Pdu(pdu).set<bhs::Immediate>(false)));
  rows.push_back(refused("a first login that is not immediate", login(0, 1, true).set<bhs::Immediate>(false)));
  for (const unsigned version : {1U, 2U, 255U}) {
    rows.push_back(refused("version " + std::to_string(version) + " at least",
                           login(0, 1, true).set<bhs::login::VersionMin>(static_cast<std::uint8_t>(version)),
                           LoginStatus::kUnsupportedVersion));
  }
  for (unsigned current = 0; current < 4; ++current) {
    for (unsigned next = 0; next < 4; ++next) {
      const bool exists = current < 2 && next > current && next != 2;
      const std::string stages = std::to_string(current) + " to " + std::to_string(next);
      if (!exists) {
        rows.push_back(refused("from stage " + stages, login(current, next, true)));
      }
      if (current != 0 || !exists) {
        rows.push_back(goes_on("after the security stage began, from stage " + stages, login(current, next, true)));
      }
    }
    if (current > 1) {
      rows.push_back(refused("a beginning in stage " + std::to_string(current), login(current, 0, false)));
    }
  }
  rows.push_back(refused("T and C", login(0, 1, true).set<bhs::login::Continue>(true)));
  rows.push_back(refused("65 login requests", [](TestBed& bed) {
    for (unsigned i = 0; i < kLoginRequestsMax + 1; ++i) {
      EXPECT_FALSE(bed.initiator.refusal());
      bed.initiator.send(login(0, 0, false, i == 0 ? kIdentity : ""));
      bed.pump();
    }
  }));
  rows.push_back(refused("text of 24 KiB in three requests", [](TestBed& bed) {
    for (int i = 0; i < 3; ++i) {
      bed.initiator.send(login(0, 0, false, std::string(8192, 'x')).set<bhs::login::Continue>(true));
      bed.pump();
    }
  }));
}

void add_texts(HostileRows& rows) {
  const auto text = [&rows](const std::string& why, const std::string& value,
                            LoginStatus status = LoginStatus::kInitiatorError) {
    rows.push_back(refused("login text: " + why, login(0, 1, true, value), status));
  };
  const std::string with_identity(kIdentity);
  const std::string nul(1, '\0');
  text("none", "", LoginStatus::kMissingParameter);
  text("NULs only", std::string(64, '\0'), LoginStatus::kMissingParameter);
  text("no NUL at the end", with_identity.substr(0, with_identity.size() - 1));
  text("no separator", with_identity + "HeaderDigest" + nul);
  text("no key", with_identity + "=None" + nul);
  text("a key of 64 bytes", with_identity + std::string(64, 'K') + "=1" + nul);
  text("a key with a space", with_identity + "Header Digest=None" + nul);
  text("a key with a comma", with_identity + "A,B=1" + nul);
  text("a value with a line feed", with_identity + "X-a=1\n2" + nul);
  text("a value with DEL", with_identity + "X-a=1\x7F" + nul);
  text("a key twice", with_identity + "AuthMethod=None" + nul);
  text("a key of another stage", with_identity + "MaxBurstLength=512" + nul);
  text("a name twice", with_identity + "InitiatorName=iqn.2004-01.org.example:host" + nul);
  text("1000 keys", [&] {
    std::string many = with_identity;
    for (int i = 0; i < 1000; ++i) {
      many += "X-" + std::to_string(i) + "=" + nul;
    }
    return many.substr(0, 8190) + "=" + nul;
  }());
  const std::string target = "TargetName=iqn.2004-01.org.example:disk" + nul;
  const std::string host = "InitiatorName=iqn.2004-01.org.example:host" + nul;
  text("no InitiatorName", target, LoginStatus::kMissingParameter);
  text("no TargetName", host, LoginStatus::kMissingParameter);
  text("no TargetName for a normal session", host + "SessionType=Normal" + nul, LoginStatus::kMissingParameter);
  for (const char* type : {"", "normal", "Discovery,Normal", "Boot"}) {
    std::string offer = host + target;
    offer.append("SessionType=").append(type).append(nul);
    text(std::string("session type ").append(type), offer, LoginStatus::kSessionTypeNotSupported);
  }
  const std::pair<const char*, std::string> names[] = {
      {"empty", ""},
      {"with a space", "iqn.2004-01.org.example:a b"},
      {"of 224 bytes", "iqn.2004-01.org.example:" + std::string(200, 'a')},
      {"of 300 bytes", std::string(300, 'a')}};
  for (const auto& [why, name] : names) {
    text(std::string("an initiator name ").append(why),
         std::string("InitiatorName=").append(name).append(nul).append(target));
    text(std::string("a target name ").append(why), std::string(host).append("TargetName=").append(name).append(nul));
  }
}

void add_proofs(HostileRows& rows) {
  const auto proof = [&rows](const std::string& why, std::vector<std::string> texts) {
    HostileRow row = refused(
        "CHAP: " + why,
        [texts = std::move(texts)](TestBed& bed) {
          std::string first(kIdentity);
          first.replace(first.find("AuthMethod=None"), 15, "AuthMethod=CHAP");
          bed.initiator.send(login(0, 0, false, first));
          bed.pump();
          for (const std::string& text : texts) {
            EXPECT_FALSE(bed.initiator.refusal());
            bed.initiator.send(login(0, 1, true, text));
            bed.pump();
          }
        },
        LoginStatus::kAuthenticationFailure);
    row.hangs = std::chrono::seconds(5);  // the answer to a wrong proof comes late
    row.options.chap = {"alice", "the secret of alice"};
    rows.push_back(std::move(row));
  };
  const auto keys = [](std::initializer_list<const char*> pairs) {
    std::string text;
    for (const char* pair : pairs) {
      text.append(pair).append(1, '\0');
    }
    return text;
  };
  const std::string algorithm = keys({"CHAP_A=5"});
  proof("no algorithm that there is", {keys({"CHAP_A=99"})});
  proof("an algorithm that is no number", {keys({"CHAP_A=md5"})});
  proof("no algorithm", {keys({"CHAP_A="})});
  proof("an answer before the challenge", {keys({"CHAP_N=alice", "CHAP_R=0x00112233445566778899aabbccddeeff"})});
  proof("a wrong answer", {algorithm, keys({"CHAP_N=alice", "CHAP_R=0x00112233445566778899aabbccddeeff"})});
  proof("an answer that is short", {algorithm, keys({"CHAP_N=alice", "CHAP_R=0x00"})});
  proof("an answer that is long", {algorithm, "CHAP_N=alice" + std::string(1, '\0') + "CHAP_R=0x" +
                                                  std::string(2000, 'a') + std::string(1, '\0')});
  proof("an answer that is no number", {algorithm, keys({"CHAP_N=alice", "CHAP_R=zz"})});
  proof("an empty answer", {algorithm, keys({"CHAP_N=alice", "CHAP_R="})});
  proof("a name and no answer", {algorithm, keys({"CHAP_N=alice"})});
  proof("an answer and no name", {algorithm, keys({"CHAP_R=0x00112233445566778899aabbccddeeff"})});
  proof("another name", {algorithm, keys({"CHAP_N=bob", "CHAP_R=0x00112233445566778899aabbccddeeff"})});
  HostileRow without = refused("no proof where one is wanted", login(0, 1, true), LoginStatus::kAuthenticationFailure);
  HostileRow skipped = refused("the security stage left out where a proof is wanted",
                               login(1, 3, true, kIdentity.substr(0, kIdentity.find("AuthMethod"))),
                               LoginStatus::kAuthenticationFailure);
  for (HostileRow* row : {&without, &skipped}) {
    row->hangs = std::chrono::seconds(5);
    row->options.chap = {"alice", "the secret of alice"};
    rows.push_back(std::move(*row));
  }
}

}  // namespace

void add_rows_before_login(HostileRows& rows) {
  add_first_pdus(rows);
  add_half_logins(rows);
}

void add_rows_during_login(HostileRows& rows) {
  add_headers(rows);
  add_texts(rows);
  add_proofs(rows);
}

/// An offer out of bounds is answered with Reject, and the login goes on (RFC 7143 6.2).
void add_rows_of_negotiation(HostileRows& rows) {
  const auto offer = [&rows](const std::string& key, const std::string& value, const std::string& answer) {
    BedOptions options;
    options.initiator.keys = {{key, value}};
    rows.push_back({.why = "offers " + key + "=" + value,
                    .act = [](TestBed&) {},
                    .options = std::move(options),
                    .expects =
                        [key, answer](TestBed& bed) {
                          const auto& answers = bed.initiator.answers();
                          const auto found = answers.find(key);
                          EXPECT_EQ(found == answers.end() ? "" : found->second, answer) << key;
                        }});
  };
  const std::pair<const char*, std::vector<const char*>> bounds[] = {{"MaxConnections", {"0", "65536"}},
                                                                     {"MaxBurstLength", {"511", "16777216"}},
                                                                     {"FirstBurstLength", {"511", "16777216"}},
                                                                     {"DefaultTime2Wait", {"3601", "0xFFFFFFFF"}},
                                                                     {"DefaultTime2Retain", {"3601", "65536"}},
                                                                     {"MaxOutstandingR2T", {"0", "65536"}},
                                                                     {"ErrorRecoveryLevel", {"3", "4294967296"}},
                                                                     {"iSCSIProtocolLevel", {"32", "256"}},
                                                                     {"MaxRecvDataSegmentLength", {"511", "16777216"}}};
  for (const auto& [key, beyond] : bounds) {
    for (const char* value : beyond) {
      offer(key, value, "Reject");
    }
    for (const char* value : {"", "-1", "many", "1 ", "0x", "99999999999999999999", "1,2", "1~2"}) {
      offer(key, value, "Reject");
    }
  }
  for (const char* key : {"InitialR2T", "ImmediateData", "DataPDUInOrder", "DataSequenceInOrder"}) {
    for (const char* value : {"", "yes", "1", "Yes,No"}) {
      offer(key, value, "Reject");
    }
  }
  for (const char* key : {"HeaderDigest", "DataDigest", "TaskReporting"}) {
    for (const char* value : {"", "none", "MD5", ",", "None "}) {
      offer(key, value, "Reject");
    }
  }
  for (const char* key : {"IFMarker", "OFMarker", "IFMarkInt", "OFMarkInt"}) {
    offer(key, "Yes", "Reject");  // RFC 7143 13.25: obsolete
  }
  for (const char* key : {"headerdigest", "X-org.example.thing", "X#thing", "Unheard", "RDMAExtensions"}) {
    offer(key, "Yes", "NotUnderstood");
  }
}

}  // namespace lunaria::iscsi::testing
