#pragma once

// The state of a CIM service (the object manager, later the five storage services): requests to start and stop it, and
// what they answer. Values here; the rules are in state_change.h; the work itself is a ManagedService's.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/task.h"
#include "service/error.h"
#include "service/ids.h"

namespace lunaria::service {

enum class ServiceKind : std::uint8_t {
  kObjectManager,
  kStorageConfiguration,
  kControllerConfiguration,
  kIscsiConfiguration,
  kHardwareIdManagement,
  kReplication,
};
inline constexpr std::array kServiceKinds = {
    ServiceKind::kObjectManager,      ServiceKind::kStorageConfiguration, ServiceKind::kControllerConfiguration,
    ServiceKind::kIscsiConfiguration, ServiceKind::kHardwareIdManagement, ServiceKind::kReplication,
};
/// "ObjectManager", "StorageConfigurationService", ...; what the catalogue keeps.
std::string_view to_string(ServiceKind kind);
std::optional<ServiceKind> parse_service_kind(std::string_view name);

/// CIM_EnabledLogicalElement.RequestedState, as asked for and as recorded.
enum class RequestedState : std::uint16_t {
  kUnknown = 0,
  kEnabled = 2,
  kDisabled = 3,
  kShutDown = 4,
  kNoChange = 5,
  kOffline = 6,
  kTest = 7,
  kDeferred = 8,
  kQuiesce = 9,
  kReboot = 10,
  kReset = 11,
  kNotApplicable = 12,
};

/// CIM_EnabledLogicalElement.EnabledState: what is.
enum class EnabledState : std::uint16_t { kEnabled = 2, kDisabled = 3, kShuttingDown = 4, kStarting = 10 };

/// CIM_EnabledLogicalElement.EnabledDefault: how the service comes up when the daemon starts.
enum class EnabledDefault : std::uint16_t { kEnabled = 2, kDisabled = 3 };

/// RequestStateChange's answers. StartService and StopService use the first five only.
enum class StateChangeCode : std::uint32_t {
  kDone = 0,
  kNotSupported = 1,
  kUnspecified = 2,
  kTimeout = 3,  ///< the request is recorded and goes on
  kFailed = 4,
  kInvalidParameter = 5,
  kInUse = 6,
  kJobStarted = 4096,
  kInvalidTransition = 4097,
  kTimeoutNotSupported = 4098,
  kBusy = 4099,
};

struct ServiceStatus {
  ServiceKind kind = ServiceKind::kObjectManager;
  /// The last request, durable; kNotApplicable before the first one.
  RequestedState requested_state = RequestedState::kNotApplicable;
  EnabledState enabled_state = EnabledState::kDisabled;
  EnabledDefault enabled_default = EnabledDefault::kEnabled;
  bool started = false;  ///< takes requests now
  /// Of the last transition that completed, durable; nullopt when there was none ever.
  std::optional<runtime::WallTime> time_of_last_state_change;
  friend bool operator==(const ServiceStatus&, const ServiceStatus&) = default;
};

/// The arguments of RequestStateChange.
struct StateChangeRequest {
  /// As it came; values outside the map are answered, not refused.
  std::uint16_t requested_state = 0;
  /// Whether TimeoutPeriod was given with another value than NULL and the interval 0.
  bool has_timeout = false;
  /// Whether TimeoutPeriod was an interval (or NULL); a point in time is an invalid parameter.
  bool timeout_is_interval = true;
};

struct StateChangeResult {
  StateChangeCode code = StateChangeCode::kDone;
  std::optional<JobId> job;  ///< with kJobStarted
  friend bool operator==(const StateChangeResult&, const StateChangeResult&) = default;
};

/// Why a service is stopped.
enum class StopMode : std::uint8_t {
  kDisable,
  kShutDown,  ///< for the object manager: the process ends once the reply to the request has been delivered
};

/// Does the transitions of one service; registered by the daemon. Called on the control shard, one call at a time.
class ManagedService {
 public:
  virtual ~ManagedService() = default;
  /// Takes requests when this returns. Called at start-up when the enabled default says so, and on request.
  virtual runtime::Task<Outcome<void>> start() = 0;
  /// Refuses new requests from the call on, and returns when those inside have finished. A request that is itself a
  /// state change of this service must not be waited for: it waits for this. Its reply is delivered afterwards, and
  /// only then may listeners close.
  virtual runtime::Task<Outcome<void>> stop(StopMode mode) = 0;
};

/// A service whose state says nothing but whether its methods are answered: whoever offers them asks service_state()
/// before each call, so that there is nothing to start and nobody to wait for.
class MethodService final : public ManagedService {
 public:
  runtime::Task<Outcome<void>> start() override { co_return Outcome<void>(); }
  runtime::Task<Outcome<void>> stop(StopMode /*mode*/) override { co_return Outcome<void>(); }
};

}  // namespace lunaria::service
