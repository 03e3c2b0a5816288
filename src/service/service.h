#pragma once

// Service: Lunaria's management API, values in and values out. It alone writes the catalogue and drives the data plane;
// everything that manages (CIM providers, command line, console) is a translator in front of it. Lives on the control
// shard; every member is for that shard only.
//
// Changes are carried out one at a time, in the order of the calls. A change is durable before it is in force, and in
// force on the wire when its call returns. Every call names its principal; a role that is not enough gets
// kPermissionDenied, and every attempt to change something leaves a `service.change` line in the log.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/secret.h"
#include "runtime/task.h"
#include "security/principal.h"
#include "service/disk.h"
#include "service/error.h"
#include "service/ids.h"
#include "service/initiator.h"
#include "service/job.h"
#include "service/portal.h"
#include "service/portal_group.h"
#include "service/server.h"
#include "service/service_state.h"
#include "service/subscription.h"
#include "service/target.h"
#include "service/user.h"

namespace lunaria {
class Log;
namespace runtime {
class Shard;
}  // namespace runtime
namespace security {
class SecretBox;
}  // namespace security
namespace target {
class DataPlane;
}  // namespace target
}  // namespace lunaria

namespace lunaria::service {

class NameResolver;
class VolumeStore;

/// What the service works with; all of it outlives the service.
struct Environment {
  runtime::Shard& shard;  ///< the control shard
  target::DataPlane& data_plane;
  VolumeStore& volumes;
  const security::SecretBox& secrets;
  Log& log;
  /// The addresses of this host's interfaces, loopback included; called on worker threads.
  std::function<std::vector<IpAddress>()> local_addresses;
  NameResolver& names;
};

struct Settings {
  std::string state_directory;  ///< absolute and existing; holds catalogue.db and disks/
  /// Absolute paths of directories and devices that operators may have images in, beside disks/.
  std::vector<std::string> image_directories;
  std::string host_name;                       ///< of the machine, with its domain where it has one
  std::string version;                         ///< of the product
  std::vector<IpEndpoint> default_portals;     ///< listened on from the first start on
  std::chrono::milliseconds job_after{1000};   ///< a state change that takes longer answers 4096 and a job
  std::chrono::milliseconds stop_wait{30000};  ///< how long StopService and StartService wait before they answer 3
  std::string catalogue_vfs;                   ///< SQLite VFS by name; empty: the system's. For fault tests.
};

/// What ensure_demo() found or made.
struct Demo {
  Disk disk;
  Target target;
  bool created = false;
};

class Core;

class Service final {
 public:
  Service(Environment environment, Settings settings);
  /// stop() comes first when start() succeeded.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Life.

  /// Opens the catalogue (makes it at the first start), finishes or undoes what a crash left behind, opens every disk
  /// and publishes generation 1. A disk that does not open is served as a failed one. An error names what to repair.
  Reply<void> start();
  /// Starts what was registered, as each one's enabled default says. After start(), once.
  Reply<void> start_managed_services();
  /// Ends what the service does of its own accord: asking for names, trying portals again. Before the data plane stops.
  runtime::Task<void> settle();
  /// Refuses new calls, waits for those inside, closes the catalogue. Leaves data plane and managed services alone.
  runtime::Task<void> stop();
  /// Before start_managed_services(); `managed` outlives the service.
  void manage(ServiceKind kind, ManagedService& managed);
  /// What changes from now on.
  Subscription subscribe(EventHandler handler);

  // The server. Reading: viewer; changing: administrator.

  Reply<Server> server(security::Principal principal);
  Reply<Server> set_server(security::Principal principal, SetServer request);

  // Disks. Reading: viewer; changing: operator. Images elsewhere than in Settings::image_directories: administrator.

  Reply<Disk> create_disk(security::Principal principal, CreateDisk request);
  Reply<Disk> import_disk(security::Principal principal, ImportDisk request);
  Reply<std::vector<Disk>> list_disks(security::Principal principal);
  Reply<Disk> get_disk(security::Principal principal, DiskId id);
  /// By name, compared without regard to ASCII case.
  Reply<Disk> find_disk(security::Principal principal, std::string name);
  Reply<Disk> set_disk(security::Principal principal, SetDisk request);
  /// Growing is seen by initiators at once; see ResizeDisk for shrinking. RAM disks are not resized (kNotSupported).
  Reply<Disk> resize_disk(security::Principal principal, ResizeDisk request);
  /// Tries a failed disk again: opens its image anew. A disk that failed at work (a flush that was lost, an image that
  /// was cut) stays failed until this, through restarts of the daemon too.
  Reply<Disk> repair_disk(security::Principal principal, DiskId id);
  /// kInUse while mapped.
  Reply<void> delete_disk(security::Principal principal, DeleteDisk request);

  // Targets. Reading: viewer; changing: operator.

  Reply<Target> create_target(security::Principal principal, CreateTarget request);
  Reply<std::vector<Target>> list_targets(security::Principal principal);
  Reply<Target> get_target(security::Principal principal, TargetId id);
  /// By name (WT_Host.HostName) or iSCSI name, compared without regard to ASCII case.
  Reply<Target> find_target(security::Principal principal, std::string name);
  Reply<Target> set_target(security::Principal principal, SetTarget request);
  /// Takes mappings, access rules and CHAP settings along; disks stay.
  Reply<void> delete_target(security::Principal principal, DeleteTarget request);

  // Mappings and access. Reading: viewer; changing: operator.

  Reply<Mapping> map_disk(security::Principal principal, MapDisk request);
  Reply<Mapping> set_mapping(security::Principal principal, SetMapping request);
  Reply<void> unmap_disk(security::Principal principal, TargetId target, DiskId disk);
  /// Unmaps every disk of a target; returns how many.
  Reply<std::size_t> unmap_all(security::Principal principal, TargetId target);
  /// All of the server, by target and LUN.
  Reply<std::vector<Mapping>> list_mappings(security::Principal principal);
  /// LUN masking: names an initiator for a mapping, or changes what it sees. kAlreadyExists when it would see two disks
  /// at one LUN.
  Reply<Mapping> set_mapping_initiator(security::Principal principal, SetMappingInitiator request);
  /// The initiator sees what everyone sees, or nothing when the mapping is for named ones.
  Reply<Mapping> remove_mapping_initiator(security::Principal principal, TargetId target, DiskId disk,
                                          std::string initiator);
  /// All of the server, by target.
  Reply<std::vector<AccessEntry>> list_access(security::Principal principal);
  /// Returns the rule in its canonical form. A DNS name is looked up first, for at most kNameLookupMax; when there is
  /// no answer the rule is kept and the name asked for again later.
  Reply<AccessRule> add_access_rule(security::Principal principal, TargetId target, AccessRule rule);
  /// Takes any form of the value that means the same. Sessions that have no other rule are dropped.
  Reply<void> remove_access_rule(security::Principal principal, TargetId target, AccessRule rule);

  // Initiators that something is set for. Reading: viewer; changing: operator.

  Reply<std::vector<Initiator>> list_initiators(security::Principal principal);
  Reply<Initiator> create_initiator(security::Principal principal, SetInitiator request);
  Reply<Initiator> set_initiator(security::Principal principal, SetInitiator request);
  /// What was set for it is forgotten; rules and mappings that name it stay.
  Reply<void> delete_initiator(security::Principal principal, std::string name);

  // Portal groups. Reading: viewer; changing: administrator.

  Reply<std::vector<PortalGroup>> list_portal_groups(security::Principal principal);
  Reply<PortalGroup> create_portal_group(security::Principal principal, SetPortalGroup request);
  Reply<PortalGroup> set_portal_group(security::Principal principal, SetPortalGroup request);
  /// kInUse for the first group, and while a portal is in it or a target names it.
  Reply<void> delete_portal_group(security::Principal principal, std::uint16_t tag);

  // Portals (changing: administrator) and sessions (dropping: operator).

  Reply<std::vector<Portal>> list_portals(security::Principal principal);
  Reply<Portal> set_portal(security::Principal principal, SetPortal request);
  Reply<std::vector<Session>> list_sessions(security::Principal principal);
  /// Asks the initiator to log out and drops the session after `grace`.
  Reply<void> drop_session(security::Principal principal, std::uint16_t tsih,
                           std::chrono::milliseconds grace = std::chrono::milliseconds(0));

  // Users. Administrator only, but for one's own password.

  Reply<User> add_user(security::Principal principal, AddUser request);
  Reply<std::vector<User>> list_users(security::Principal principal);
  /// kInUse for the last administrator.
  Reply<void> delete_user(security::Principal principal, std::string name);
  Reply<void> set_password(security::Principal principal, std::string name, Secret password);
  /// kInUse when it would leave no administrator.
  Reply<User> set_role(security::Principal principal, std::string name, security::Role role);
  /// Judges a password; `peer` is for the log. kPermissionDenied, after the same time and with the same message,
  /// whether the user or the password is wrong. Remembers good passwords for some minutes, so that a client that sends
  /// its password with every request is served fast. Slowing guesses down is the front end's (security/throttle.h).
  Reply<security::Principal> verify_user(std::string name, Secret password, std::string peer);
  /// The user, when verify_user() has found this very password good a short while ago and nothing has changed since: to
  /// be asked before guesses are slowed down, so that guesses of others do not slow down a client that knows. Nothing
  /// otherwise, which does not say that the password is wrong.
  std::optional<security::Principal> remembered_user(const std::string& name, const Secret& password,
                                                     std::string peer) const;

  /// A management client at `address` is refused unheard, after too many wrong credentials: subscribers hear of it
  /// (LoginsFailed), now or within kLoginFailureInterval.
  void note_throttled_login(const IpAddress& address);

  // Service states. Reading: viewer; changing: administrator.

  /// Those that are registered.
  Reply<std::vector<ServiceStatus>> list_service_states(security::Principal principal);
  Reply<ServiceStatus> service_state(security::Principal principal, ServiceKind kind);
  /// Answers kDone when it serves (also when it did already), kTimeout when that takes longer than Settings::stop_wait,
  /// kInUse while another transition is under way, kNotSupported when nothing is registered.
  Reply<StateChangeCode> start_service(security::Principal principal, ServiceKind kind);
  /// Likewise. The request is durable before the transition begins.
  Reply<StateChangeCode> stop_service(security::Principal principal, ServiceKind kind);
  /// CIM_EnabledLogicalElement.RequestStateChange by the table of state_change.h.
  Reply<StateChangeResult> request_state_change(security::Principal principal, ServiceKind kind,
                                                StateChangeRequest request);
  Reply<ServiceStatus> set_enabled_default(security::Principal principal, ServiceKind kind,
                                           EnabledDefault enabled_default);

  // Jobs. Reading: viewer; deleting: operator.

  Reply<std::vector<Job>> list_jobs(security::Principal principal);
  Reply<Job> get_job(security::Principal principal, JobId id);
  /// Finished ones only; others are kInUse.
  Reply<void> delete_job(security::Principal principal, JobId id);

  // Start-up help.

  /// When there is no disk and no target: makes "demo" (a thin disk of `size` bytes), a target and a mapping that
  /// everyone who reaches a portal may log in to; refused unless every listening portal is a loopback address.
  Reply<Demo> ensure_demo(std::uint64_t size);

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace lunaria::service
