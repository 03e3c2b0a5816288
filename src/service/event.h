#pragma once

// Event: what changed, with the values before and after, for indications, event streams and logs.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/ip_address.h"
#include "service/disk.h"
#include "service/initiator.h"
#include "service/job.h"
#include "service/portal.h"
#include "service/portal_group.h"
#include "service/server.h"
#include "service/service_state.h"
#include "service/target.h"
#include "service/user.h"

namespace lunaria::service {

/// A thing that came (no `before`), changed (both) or went (no `after`).
template <class T>
struct Change {
  std::optional<T> before;
  std::optional<T> after;
};

/// `allocated_size` and `connected` are as last known, not asked for anew.
using DiskChanged = Change<Disk>;
using TargetChanged = Change<Target>;
using MappingChanged = Change<Mapping>;
using ServerChanged = Change<Server>;
using PortalChanged = Change<Portal>;
using ServiceStateChanged = Change<ServiceStatus>;
using JobChanged = Change<Job>;
using InitiatorChanged = Change<Initiator>;
using PortalGroupChanged = Change<PortalGroup>;
using UserChanged = Change<User>;
struct AccessRuleChanged {
  TargetId target{};
  std::string target_name;
  Change<AccessRule> rule;
};
/// The session's details are in Service::list_sessions while it lives.
struct SessionOpened {
  std::uint16_t tsih = 0;
  std::optional<TargetId> target;
  std::string initiator_name;
};
struct SessionClosed {
  std::uint16_t tsih = 0;
  std::optional<TargetId> target;
  std::string initiator_name;
  std::string reason;
};

/// A threshold of a disk's space is met; Disk::space_threshold and used_threshold say which there are.
struct SpaceReached {
  DiskId disk{};
  std::string disk_name;
  bool is_used = false;         ///< space that is taken has risen to it; otherwise space that is left has fallen to it
  std::uint64_t bytes = 0;      ///< that are taken, or left
  std::uint64_t threshold = 0;  ///< bytes
};

/// Logins that were refused, of one source. The first is told at once, those that follow together, at most once in
/// kLoginFailureInterval.
struct LoginsFailed {
  enum class Kind : std::uint8_t {
    kInitiator,   ///< an initiator could not prove who it is
    kManagement,  ///< a management client is not listened to for a while after too many wrong credentials
  };
  Kind kind{};
  std::string initiator_name{};        ///< of initiators
  std::optional<IpAddress> address{};  ///< where from; nullopt: of several sources, more than are told apart
  std::string target_iqn{};            ///< of initiators: of the target; empty for discovery
  std::string target_name{};           ///< Target::name; empty for discovery, and of a target that has gone
  std::uint16_t portal_group_tag = 0;  ///< of initiators: where they came
  std::string reason{};                ///< of the last one
  std::uint64_t count = 1;             ///< since the event before
};

/// A type of its own, so that who only hands events on need not know what they hold (subscription.h).
struct Event : std::variant<DiskChanged, TargetChanged, MappingChanged, AccessRuleChanged, ServerChanged, PortalChanged,
                            ServiceStateChanged, JobChanged, InitiatorChanged, PortalGroupChanged, UserChanged,
                            SessionOpened, SessionClosed, SpaceReached, LoginsFailed> {
  using variant::variant;
};

}  // namespace lunaria::service
