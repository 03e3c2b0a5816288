#include "iscsi/negotiation.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lunaria::iscsi {
namespace {

/// One offer against the default preferences, and the answer (empty: none is due).
struct Offer {
  const char* key;
  std::string value;
  std::string answer;
};

const Offer kOffers[] = {
    {"HeaderDigest", "None", "None"},
    {"HeaderDigest", "CRC32C", "CRC32C"},
    {"HeaderDigest", "CRC32C,None", "CRC32C"},
    {"HeaderDigest", "None,CRC32C", "None"},
    {"HeaderDigest", "X-org.example-md5,CRC32C", "CRC32C"},
    {"HeaderDigest", "crc32c", "Reject"},
    {"HeaderDigest", "", "Reject"},
    {"DataDigest", "CRC32C,None", "CRC32C"},
    {"DataDigest", "MD5", "Reject"},
    {"MaxConnections", "1", "1"},
    {"MaxConnections", "65535", "1"},
    {"MaxConnections", "0", "Reject"},
    {"MaxConnections", "65536", "Reject"},
    {"MaxConnections", "many", "Reject"},
    {"InitialR2T", "Yes", "Yes"},
    {"InitialR2T", "No", "No"},
    {"InitialR2T", "yes", "Reject"},
    {"ImmediateData", "Yes", "Yes"},
    {"ImmediateData", "No", "No"},
    {"ImmediateData", "1", "Reject"},
    {"MaxRecvDataSegmentLength", "512", ""},
    {"MaxRecvDataSegmentLength", "16777215", ""},
    {"MaxRecvDataSegmentLength", "511", "Reject"},
    {"MaxRecvDataSegmentLength", "16777216", "Reject"},
    {"MaxBurstLength", "512", "512"},
    {"MaxBurstLength", "16777215", "1048576"},
    {"MaxBurstLength", "0x40000", "262144"},
    {"MaxBurstLength", "511", "Reject"},
    {"MaxBurstLength", "16777216", "Reject"},
    {"FirstBurstLength", "512", "512"},
    {"FirstBurstLength", "16777215", "262144"},
    {"FirstBurstLength", "0", "Reject"},
    {"DefaultTime2Wait", "0", "2"},
    {"DefaultTime2Wait", "3600", "3600"},
    {"DefaultTime2Wait", "3601", "Reject"},
    {"DefaultTime2Retain", "0", "0"},
    {"DefaultTime2Retain", "3600", "20"},
    {"DefaultTime2Retain", "3601", "Reject"},
    {"MaxOutstandingR2T", "1", "1"},
    {"MaxOutstandingR2T", "65535", "4"},
    {"MaxOutstandingR2T", "0", "Reject"},
    {"MaxOutstandingR2T", "65536", "Reject"},
    {"DataPDUInOrder", "No", "No"},
    {"DataPDUInOrder", "Yes", "Yes"},
    {"DataPDUInOrder", "Maybe", "Reject"},
    {"DataSequenceInOrder", "No", "No"},
    {"DataSequenceInOrder", "", "Reject"},
    {"ErrorRecoveryLevel", "0", "0"},
    {"ErrorRecoveryLevel", "2", "0"},
    {"ErrorRecoveryLevel", "3", "Reject"},
    {"TaskReporting", "RFC3720", "RFC3720"},
    {"TaskReporting", "FastAbort,ResponseFence,RFC3720", "FastAbort"},
    {"TaskReporting", "ResponseFence", "ResponseFence"},
    {"TaskReporting", "SlowAbort,RFC3720", "RFC3720"},
    {"TaskReporting", "SlowAbort", "Reject"},
    {"iSCSIProtocolLevel", "1", "1"},
    {"iSCSIProtocolLevel", "2", "2"},
    {"iSCSIProtocolLevel", "31", "2"},
    {"iSCSIProtocolLevel", "0", "0"},
    {"iSCSIProtocolLevel", "32", "Reject"},
    {"IFMarker", "No", "Reject"},
    {"OFMarker", "Yes", "Reject"},
    {"IFMarkInt", "2048", "Reject"},
    {"OFMarkInt", "2048~4096", "Reject"},
    {"TargetAlias", "x", "Reject"},
    {"TargetAddress", "192.0.2.1:3260,1", "Reject"},
    {"X-org.example.key", "1", "NotUnderstood"},
    {"X#NodeArchitecture", "x86", "NotUnderstood"},
    {"RDMAExtensions", "Yes", "NotUnderstood"},
    {"headerdigest", "None", "NotUnderstood"},
};

TEST(Negotiation, AnswersEveryOfferAsTheTableSays) {
  for (const Offer& offer : kOffers) {
    SessionParameters session;
    ConnectionParameters connection;
    Negotiator negotiator(session, connection);
    session.max_burst_length = 1048576;  // as if settled before FirstBurstLength
    const TextKey key{offer.key, offer.value};
    const auto row = negotiator.admit(key, KeyPhase::kOperational);
    ASSERT_TRUE(row) << offer.key << "=" << offer.value;
    TextBuilder answer;
    negotiator.settle(*row, key, answer);
    std::string expected;
    if (!offer.answer.empty()) {
      expected = std::string(offer.key) + "=" + offer.answer + std::string(1, '\0');
    }
    EXPECT_EQ(answer.text(), expected) << offer.key << "=" << offer.value;
  }
}

TEST(Negotiation, HasAnOfferForEveryKeyOfTheOperationalStage) {
  for (const KeyRow& row : key_rows()) {
    const bool operational = (row.phases & static_cast<std::uint8_t>(KeyPhase::kOperational)) != 0;
    const bool tested = std::ranges::any_of(kOffers, [&row](const Offer& offer) { return offer.key == row.name; });
    const bool elsewhere = row.function == KeyFunction::kHandledByLogin || row.key == Key::kTargetPortalGroupTag;
    EXPECT_TRUE(!operational || tested || elsewhere) << row.name;
  }
}

struct Settled {
  SessionParameters session;
  ConnectionParameters connection;
  std::string text;
};

Settled settle(const NegotiationPreferences& preferences, std::initializer_list<TextKey> keys, bool discovery = false) {
  Settled settled;
  Negotiator negotiator(settled.session, settled.connection);
  negotiator.set_preferences(preferences);
  negotiator.set_discovery(discovery);
  TextBuilder answer;
  for (const TextKey& key : keys) {
    const auto row = negotiator.admit(key, KeyPhase::kOperational);
    EXPECT_TRUE(row);
    negotiator.settle(*row, key, answer);
  }
  settled.text = answer.take();
  return settled;
}

TEST(Negotiation, PutsTheOutcomeInForce) {
  const Settled settled = settle({}, {{"InitialR2T", "No"},
                                      {"ImmediateData", "No"},
                                      {"MaxBurstLength", "8192"},
                                      {"FirstBurstLength", "65536"},
                                      {"MaxOutstandingR2T", "3"},
                                      {"DefaultTime2Wait", "7"},
                                      {"DefaultTime2Retain", "9"},
                                      {"HeaderDigest", "CRC32C"},
                                      {"DataDigest", "None"},
                                      {"MaxRecvDataSegmentLength", "4096"}});
  EXPECT_FALSE(settled.session.initial_r2t);
  EXPECT_FALSE(settled.session.immediate_data);
  EXPECT_EQ(settled.session.max_burst_length, 8192U);
  EXPECT_EQ(settled.session.first_burst_length, 8192U) << "never above MaxBurstLength";
  EXPECT_EQ(settled.session.max_outstanding_r2t, 3);
  EXPECT_EQ(settled.session.default_time2wait, 7);
  EXPECT_EQ(settled.session.default_time2retain, 9);
  EXPECT_TRUE(settled.connection.header_digest);
  EXPECT_FALSE(settled.connection.data_digest);
  EXPECT_EQ(settled.connection.max_send_data_segment_length, 4096U);
}

TEST(Negotiation, KeepsTheDefaultWhenAnOfferIsRejected) {
  const Settled settled = settle({}, {{"MaxBurstLength", "1"}, {"HeaderDigest", "MD5"}, {"InitialR2T", "?"}});
  EXPECT_EQ(settled.session, SessionParameters());
  EXPECT_EQ(settled.connection, ConnectionParameters());
}

TEST(Negotiation, CombinesFlagsWithOurPreference) {
  NegotiationPreferences strict;
  strict.initial_r2t = true;
  strict.immediate_data = false;
  const Settled settled = settle(strict, {{"InitialR2T", "No"}, {"ImmediateData", "Yes"}});
  EXPECT_TRUE(settled.session.initial_r2t);
  EXPECT_FALSE(settled.session.immediate_data);
}

TEST(Negotiation, FindsFirstBurstLengthIrrelevantWithoutUnsolicitedData) {
  const Settled settled = settle({}, {{"InitialR2T", "Yes"}, {"ImmediateData", "No"}, {"FirstBurstLength", "512"}});
  EXPECT_NE(settled.text.find("FirstBurstLength=Irrelevant"), std::string::npos);
}

TEST(Negotiation, FindsSessionKeysIrrelevantInDiscovery) {
  for (const char* name : {"MaxConnections", "InitialR2T", "ImmediateData", "MaxBurstLength", "FirstBurstLength",
                           "MaxOutstandingR2T", "DataPDUInOrder", "DataSequenceInOrder", "TaskReporting"}) {
    EXPECT_EQ(settle({}, {{name, "1"}}, true).text, std::string(name) + "=Irrelevant" + std::string(1, '\0'));
  }
  for (const char* name : {"DefaultTime2Wait", "ErrorRecoveryLevel"}) {
    EXPECT_EQ(settle({}, {{name, "2"}}, true).text.find("Irrelevant"), std::string::npos) << name;
  }
}

TEST(Negotiation, RefusesARepeatedKey) {
  SessionParameters session;
  ConnectionParameters connection;
  Negotiator negotiator(session, connection);
  EXPECT_TRUE(negotiator.admit({"MaxBurstLength", "512"}, KeyPhase::kOperational));
  EXPECT_EQ(negotiator.admit({"MaxBurstLength", "512"}, KeyPhase::kOperational).error(),
            NegotiationError::kRepeatedKey);
  EXPECT_TRUE(negotiator.admit({"X-key", "1"}, KeyPhase::kOperational));
  EXPECT_TRUE(negotiator.admit({"X-key", "1"}, KeyPhase::kOperational)) << "keys that we do not know may repeat";
}

TEST(Negotiation, RefusesKeysOutOfTheirStage) {
  SessionParameters session;
  ConnectionParameters connection;
  for (const KeyRow& row : key_rows()) {
    for (const KeyPhase phase : {KeyPhase::kSecurity, KeyPhase::kOperational, KeyPhase::kFullFeature}) {
      Negotiator negotiator(session, connection);
      const bool allowed = (row.phases & static_cast<std::uint8_t>(phase)) != 0;
      EXPECT_EQ(negotiator.admit({row.name, "1"}, phase).has_value(), allowed) << row.name;
    }
  }
}

TEST(Negotiation, KeepsSessionWideKeysToTheLeadingLogin) {
  SessionParameters session;
  ConnectionParameters connection;
  Negotiator negotiator(session, connection);
  negotiator.set_leading(false);
  EXPECT_EQ(negotiator.admit({"MaxBurstLength", "512"}, KeyPhase::kOperational).error(), NegotiationError::kNotLeading);
  EXPECT_TRUE(negotiator.admit({"HeaderDigest", "None"}, KeyPhase::kOperational));
}

TEST(Negotiation, RefusesValuesLongerThanTheirKeyAllows) {
  SessionParameters session;
  ConnectionParameters connection;
  Negotiator negotiator(session, connection);
  const std::string longest(255, '0');
  EXPECT_TRUE(negotiator.admit({"MaxBurstLength", longest}, KeyPhase::kOperational));
  const std::string longer(256, '0');
  EXPECT_EQ(negotiator.admit({"FirstBurstLength", longer}, KeyPhase::kOperational).error(),
            NegotiationError::kValueTooLong);
}

TEST(Negotiation, DeclaresOurSegmentLengthOnce) {
  SessionParameters session;
  ConnectionParameters connection;
  Negotiator negotiator(session, connection);
  TextBuilder answer;
  negotiator.declare(answer);
  negotiator.declare(answer);
  EXPECT_EQ(answer.text(), std::string("MaxRecvDataSegmentLength=262144") + std::string(1, '\0'));
  EXPECT_EQ(connection.max_recv_data_segment_length, 262144U);
}

}  // namespace
}  // namespace lunaria::iscsi
