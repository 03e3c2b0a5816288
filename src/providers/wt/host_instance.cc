#include "providers/wt/host_instance.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "providers/chap_properties.h"
#include "providers/values.h"
#include "providers/wt/session_instance.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_host;

void set_authentication(cim::Instance& instance, const service::Target& target) {
  set_chap(instance, {names::kEnableCHAP, names::kCHAPUserName, names::kCHAPSecret}, target.chap);
  set_chap(instance, {names::kEnableReverseCHAP, names::kReverseCHAPUserName, names::kReverseCHAPSecret},
           target.reverse_chap);
  using Authentication = names::PrimaryAuthenticationMethod;
  set(instance, names::kPrimaryAuthenticationMethod,
      target.chap.enabled ? Authentication::kCHAP : Authentication::kNone);
  set_null(instance, names::kSecondaryAuthenticationMethod);  // there is no second way in
}

void set_preferences(cim::Instance& instance, const target::NegotiationPreferences& preferences) {
  set(instance, names::kTargetMaxRecvDataSegmentLength, cim::Value(preferences.max_recv_data_segment_length));
  set(instance, names::kTargetFirstBurstLength, cim::Value(preferences.first_burst_length));
  set(instance, names::kTargetMaxBurstLength, cim::Value(preferences.max_burst_length));
  set(instance, names::kEnforceIdleTimeoutDetection, preferences.enforce_idle_timeout_detection);
  set(instance, names::kMaxConnectionsPerSession, cim::Value(std::uint32_t{preferences.max_connections}));
  set(instance, names::kInitialR2TPreference, preferences.initial_r2t);
  set(instance, names::kImmediateDataPreference, preferences.immediate_data);
  set(instance, names::kMaxOutstandingR2T, cim::Value(std::uint32_t{preferences.max_outstanding_r2t}));
  set(instance, names::kDataSequenceInOrderPreference, true);
  set(instance, names::kDataPduInOrderPreference, true);
  set(instance, names::kDefaultTime2WaitPreference, cim::Value(std::uint32_t{preferences.default_time2wait}));
  set(instance, names::kDefaultTime2RetainPreference, cim::Value(std::uint32_t{preferences.default_time2retain}));
  set(instance, names::kErrorRecoveryLevelPreference, cim::Value(std::uint32_t{preferences.error_recovery_level}));
  // Digests are the initiator's choice: both are taken, none is what we would choose on a trusted network.
  set(instance, names::kPrimaryHeaderDigestMethod, names::PrimaryHeaderDigestMethod::kNone);
  set(instance, names::kPrimaryDataDigestMethod, names::PrimaryDataDigestMethod::kNone);
  set(instance, names::kSecondaryHeaderDigestMethod, names::SecondaryHeaderDigestMethod::kCRC32C);
  set(instance, names::kSecondaryDataDigestMethod, names::SecondaryDataDigestMethod::kCRC32C);
  set(instance, names::kRequestingMarkersOnReceive, false);
}

void set_activity(cim::Instance& instance, const service::Target& target) {
  set(instance, names::kStatus, target.session_count > 0 ? names::Status::kConnected : names::Status::kNotConnected);
  set_time(instance, names::kLastLogIn, target.last_login);
  if (target.idle) {
    const std::int64_t seconds =
        std::clamp<std::int64_t>(target.idle->count(), 0, std::numeric_limits<std::uint32_t>::max());
    set(instance, names::kIdleDuration, cim::Value(static_cast<std::uint32_t>(seconds)));
  } else {
    set_null(instance, names::kIdleDuration);
  }
}

cim::Value embedded_sessions(const HostClasses& classes, const service::Target& target,
                             const std::vector<service::Session>& sessions) {
  std::vector<cim::Value> embedded;
  for (const service::Session& session : sessions) {
    if (session.status.target == target.id) {
      embedded.emplace_back(session_instance(classes.session, classes.connection, session));
    }
  }
  return cim::Value::array(cim::Type::kEmbeddedInstance, std::move(embedded));
}

}  // namespace

cim::Instance host_instance(const HostClasses& classes, const service::Target& target,
                            const std::vector<service::Session>* sessions) {
  cim::Instance instance(classes.host);
  set(instance, names::kHostName, target.name);
  set(instance, names::kEnabled, target.enabled);
  set(instance, names::kDescription, target.description);
  set(instance, names::kTargetIQN, target.iqn);
  set(instance, names::kNumRecvBuffers, cim::Value(target.receive_buffer_count));
  set(instance, names::kResourceGroup, "");
  set(instance, names::kGuid, target.guid.to_string());
  set_activity(instance, target);
  set_authentication(instance, target);
  set_preferences(instance, target.preferences);
  if (sessions != nullptr) {
    set(instance, names::kSessions, embedded_sessions(classes, target, *sessions));
  }
  return instance;
}

}  // namespace lunaria::providers
