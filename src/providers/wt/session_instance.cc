#include "providers/wt/session_instance.h"

#include <utility>
#include <vector>

#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

void set_negotiated(cim::Instance& instance, const target::SessionStatus& status) {
  namespace names = schema::wt_session;
  set(instance, names::kAllowInitialR2T, status.initial_r2t);
  set(instance, names::kAllowImmediateData, status.immediate_data);
  set(instance, names::kMaxFirstDataBurstLength, cim::Value(status.first_burst_length));
  set(instance, names::kMaxDataBurstLength, cim::Value(status.max_burst_length));
  set(instance, names::kIsDataSequenceInOrder, status.data_sequence_in_order);
  set(instance, names::kIsDataPduInOrder, status.data_pdu_in_order);
  set(instance, names::kMaxConnections, cim::Value(std::uint32_t{status.max_connections}));
  set(instance, names::kDefaultTime2Wait, cim::Value(std::uint32_t{status.default_time2wait}));
  set(instance, names::kDefaultTime2Retain, cim::Value(std::uint32_t{status.default_time2retain}));
  set(instance, names::kMaxOutstandingR2T, cim::Value(std::uint32_t{status.max_outstanding_r2t}));
  set(instance, names::kErrorRecoveryLevel, cim::Value(std::uint32_t{status.error_recovery_level}));
}

}  // namespace

cim::Instance session_instance(const cim::ClassPtr& cls, const cim::ClassPtr& connection,
                               const service::Session& session) {
  namespace names = schema::wt_session;
  const target::SessionStatus& status = session.status;
  cim::Instance instance(cls);
  set(instance, names::kTSIH, cim::Value(status.tsih));
  set(instance, names::kISID, cim::Value(status.isid));
  set(instance, names::kSessionType, status.discovery ? names::SessionType::kDiscovery : names::SessionType::kNormal);
  set(instance, names::kHostName, session.target_label);
  set(instance, names::kInitiatorIQN, status.initiator_name);
  set(instance, names::kHostTargetIQN, status.target_name);
  set(instance, names::kCurrentConnections, cim::Value(static_cast<std::uint32_t>(status.connections.size())));
  set_negotiated(instance, status);
  if (connection != nullptr) {
    std::vector<cim::Value> connections;
    for (const target::ConnectionStatus& each : status.connections) {
      connections.emplace_back(connection_instance(connection, status.tsih, each));
    }
    set(instance, names::kConnections, cim::Value::array(cim::Type::kEmbeddedInstance, std::move(connections)));
  }
  return instance;
}

cim::Instance connection_instance(const cim::ClassPtr& cls, std::uint16_t tsih,
                                  const target::ConnectionStatus& connection) {
  namespace names = schema::wt_connection;
  using HeaderDigest = names::HeaderDigestMethod;
  using DataDigest = names::DataDigestMethod;
  using Authentication = names::AuthenticationMethodUsed;
  cim::Instance instance(cls);
  set(instance, names::kCID, cim::Value(connection.cid));
  set(instance, names::kTSIH, cim::Value(tsih));
  set(instance, names::kInitiatorIPAddress, connection.initiator.address.to_string());
  set(instance, names::kInitiatorPort, cim::Value(std::uint32_t{connection.initiator.port}));
  set(instance, names::kTargetIPAddress, connection.target.address.to_string());
  set(instance, names::kTargetPort, cim::Value(std::uint32_t{connection.target.port}));
  set(instance, names::kHeaderDigestEnabled, connection.header_digest);
  set(instance, names::kDataDigestEnabled, connection.data_digest);
  set(instance, names::kMaxReceiveDataSegmentLength, cim::Value(connection.max_recv_data_segment_length));
  set(instance, names::kMaxTransmitDataSegmentLength, cim::Value(connection.max_send_data_segment_length));
  set(instance, names::kHeaderDigestMethod, connection.header_digest ? HeaderDigest::kCRC32C : HeaderDigest::kNone);
  set(instance, names::kDataDigestMethod, connection.data_digest ? DataDigest::kCRC32C : DataDigest::kNone);
  set(instance, names::kReceivingMarkers, false);
  set(instance, names::kSendingMarkers, false);
  set(instance, names::kActiveVersion, cim::Value(std::uint8_t{0}));
  set(instance, names::kAuthenticationMethodUsed, connection.chap ? Authentication::kCHAP : Authentication::kNone);
  set(instance, names::kIsMutualAuthentication, connection.mutual_chap);
  return instance;
}

}  // namespace lunaria::providers
