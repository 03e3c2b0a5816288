// Logins as well-known initiators send them, key by key, and our answers to the letter. A change here is a change on
// the wire: every such initiator must be tried with it.
#include <gtest/gtest.h>

#include "iscsi/login_engine.h"
#include "iscsi/testing/bed.h"

namespace lunaria::iscsi {
namespace {

using testing::TestBed;

/// One request and its answer; " " stands for NUL.
struct Exchange {
  std::uint8_t current;
  std::uint8_t next;
  std::string request;
  std::string answer;
};

struct Golden {
  const char* initiator;
  std::vector<Exchange> exchanges;
};

const std::vector<Golden>& goldens() {
  static const std::vector<Golden> kGoldens = {
      {"open-iscsi",
       {{0, 1,
         "InitiatorName=iqn.1994-05.com.redhat:1a2b InitiatorAlias=host TargetName=iqn.2026-01.org.example:disk "
         "SessionType=Normal AuthMethod=None ",
         "TargetPortalGroupTag=1 AuthMethod=None "},
        {1, 3,
         "HeaderDigest=None DataDigest=None DefaultTime2Wait=2 DefaultTime2Retain=0 IFMarker=No OFMarker=No "
         "ErrorRecoveryLevel=0 InitialR2T=No ImmediateData=Yes MaxBurstLength=16776192 FirstBurstLength=262144 "
         "MaxOutstandingR2T=1 MaxConnections=1 DataPDUInOrder=Yes DataSequenceInOrder=Yes "
         "MaxRecvDataSegmentLength=262144 ",
         "HeaderDigest=None DataDigest=None DefaultTime2Wait=2 DefaultTime2Retain=0 IFMarker=Reject OFMarker=Reject "
         "ErrorRecoveryLevel=0 InitialR2T=No ImmediateData=Yes MaxBurstLength=1048576 MaxConnections=1 "
         "DataPDUInOrder=Yes DataSequenceInOrder=Yes FirstBurstLength=262144 MaxOutstandingR2T=1 "
         "MaxRecvDataSegmentLength=262144 "}}},
      {"Windows",
       {{0, 1,
         "InitiatorName=iqn.1991-05.com.microsoft:host.example.org SessionType=Normal "
         "TargetName=iqn.2026-01.org.example:disk AuthMethod=None ",
         "TargetPortalGroupTag=1 AuthMethod=None "},
        {1, 3,
         "HeaderDigest=None,CRC32C DataDigest=None,CRC32C MaxRecvDataSegmentLength=65536 MaxBurstLength=262144 "
         "FirstBurstLength=65536 MaxConnections=8 InitialR2T=Yes ImmediateData=Yes DataPDUInOrder=Yes "
         "DataSequenceInOrder=Yes DefaultTime2Wait=0 DefaultTime2Retain=60 MaxOutstandingR2T=16 "
         "ErrorRecoveryLevel=2 ",
         "HeaderDigest=None DataDigest=None MaxBurstLength=262144 MaxConnections=1 InitialR2T=Yes ImmediateData=Yes "
         "DataPDUInOrder=Yes DataSequenceInOrder=Yes DefaultTime2Wait=2 DefaultTime2Retain=20 "
         "ErrorRecoveryLevel=0 FirstBurstLength=65536 MaxOutstandingR2T=4 MaxRecvDataSegmentLength=262144 "}}},
      {"ESXi",
       {{0, 1,
         "InitiatorName=iqn.1998-01.com.vmware:esx-1 InitiatorAlias=esx-1 "
         "TargetName=iqn.2026-01.org.example:disk SessionType=Normal AuthMethod=None ",
         "TargetPortalGroupTag=1 AuthMethod=None "},
        {1, 3,
         "HeaderDigest=None,CRC32C DataDigest=None,CRC32C DefaultTime2Wait=0 DefaultTime2Retain=0 IFMarker=No "
         "OFMarker=No ErrorRecoveryLevel=0 InitialR2T=No ImmediateData=Yes MaxBurstLength=262144 "
         "FirstBurstLength=262144 MaxOutstandingR2T=1 MaxConnections=1 DataPDUInOrder=Yes DataSequenceInOrder=Yes "
         "MaxRecvDataSegmentLength=131072 ",
         "HeaderDigest=None DataDigest=None DefaultTime2Wait=2 DefaultTime2Retain=0 IFMarker=Reject OFMarker=Reject "
         "ErrorRecoveryLevel=0 InitialR2T=No ImmediateData=Yes MaxBurstLength=262144 MaxConnections=1 "
         "DataPDUInOrder=Yes DataSequenceInOrder=Yes FirstBurstLength=262144 MaxOutstandingR2T=1 "
         "MaxRecvDataSegmentLength=262144 "}}},
      {"libiscsi",
       {{0, 1,
         "InitiatorName=iqn.2007-10.com.github:sahlberg:libiscsi:host InitiatorAlias=host "
         "TargetName=iqn.2026-01.org.example:disk SessionType=Normal AuthMethod=None ",
         "TargetPortalGroupTag=1 AuthMethod=None "},
        {1, 3,
         "HeaderDigest=None,CRC32C DataDigest=None InitialR2T=No ImmediateData=Yes MaxBurstLength=262144 "
         "FirstBurstLength=262144 DefaultTime2Wait=2 DefaultTime2Retain=0 MaxOutstandingR2T=1 ErrorRecoveryLevel=0 "
         "IFMarker=No OFMarker=No MaxConnections=1 MaxRecvDataSegmentLength=262144 DataPDUInOrder=Yes "
         "DataSequenceInOrder=Yes ",
         "HeaderDigest=None DataDigest=None InitialR2T=No ImmediateData=Yes MaxBurstLength=262144 DefaultTime2Wait=2 "
         "DefaultTime2Retain=0 ErrorRecoveryLevel=0 IFMarker=Reject OFMarker=Reject MaxConnections=1 "
         "DataPDUInOrder=Yes "
         "DataSequenceInOrder=Yes FirstBurstLength=262144 MaxOutstandingR2T=1 MaxRecvDataSegmentLength=262144 "}}},
      {"open-iscsi, discovery",
       {{0, 1, "InitiatorName=iqn.1994-05.com.redhat:1a2b InitiatorAlias=host SessionType=Discovery AuthMethod=None ",
         "AuthMethod=None "},
        {1, 3,
         "HeaderDigest=None DataDigest=None DefaultTime2Wait=2 DefaultTime2Retain=0 IFMarker=No OFMarker=No "
         "ErrorRecoveryLevel=0 MaxRecvDataSegmentLength=32768 ",
         "HeaderDigest=None DataDigest=None DefaultTime2Wait=2 DefaultTime2Retain=0 IFMarker=Reject OFMarker=Reject "
         "ErrorRecoveryLevel=0 MaxRecvDataSegmentLength=262144 "}}},
  };
  return kGoldens;
}

std::string with_nuls(std::string text) {
  std::ranges::replace(text, ' ', '\0');
  return text;
}
std::string with_spaces(std::string text) {
  std::ranges::replace(text, '\0', ' ');
  return text;
}

TEST(GoldenLogin, IsAnsweredToTheLetter) {
  for (const Golden& golden : goldens()) {
    TestBed bed;
    LoginEngine engine(bed.host, bed.shard.random(), {}, {});
    for (const Exchange& exchange : golden.exchanges) {
      bhs::Storage header{};
      const bhs::Bytes bytes(header);
      bhs::OpcodeField::set(bytes, Opcode::kLoginRequest);
      bhs::Immediate::set(bytes, true);
      bhs::login::Transit::set(bytes, true);
      bhs::login::CurrentStage::set(bytes, exchange.current);
      bhs::login::NextStage::set(bytes, exchange.next);
      const LoginReply reply = engine.handle(header, with_nuls(exchange.request));
      EXPECT_EQ(reply.status, LoginStatus::kSuccess) << golden.initiator;
      EXPECT_TRUE(reply.transit) << golden.initiator;
      EXPECT_EQ(reply.next_stage, exchange.next) << golden.initiator;
      EXPECT_EQ(with_spaces(reply.text), exchange.answer) << golden.initiator;
    }
  }
}

}  // namespace
}  // namespace lunaria::iscsi
