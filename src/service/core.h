#pragma once

// Core: what the operations of the service share: the catalogue and its copy in memory, the lock, the way to commit and
// to publish, the line in the log. Private to the service; control shard only.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "catalogue/catalogue.h"
#include "runtime/async_mutex.h"
#include "runtime/blocking.h"
#include "runtime/gate.h"
#include "runtime/shard.h"
#include "security/secret_box.h"
#include "security/verified_passwords.h"
#include "service/event_stream.h"
#include "service/host_names.h"
#include "service/limits.h"
#include "service/login_failures.h"
#include "service/service.h"
#include "service/state_change.h"
#include "service/volume_store.h"
#include "target/data_plane.h"

namespace lunaria::service {

/// What an operation is called in the log, what it is about, and what it needs.
struct Action {
  security::Permission permission = security::Permission::kRead;
  std::string_view name;  ///< "disk.create"
  std::string object;     ///< the name or id that it is about
};

/// The answer of a call that succeeded as a call, for the log: state changes answer with a code.
inline std::string answer_of(const StateChangeCode& code) {
  return code == StateChangeCode::kDone ? "ok" : "code " + std::to_string(static_cast<std::uint32_t>(code));
}
inline std::string answer_of(const StateChangeResult& result) {
  return answer_of(result.code);
}
template <class T>
std::string answer_of(const T& /*value*/) {
  return "ok";
}

/// A registered service and where it stands.
struct Managed {
  ManagedService* service = nullptr;
  Phase phase = Phase::kStopped;
  /// The state as the last event told it: the next one begins here, so that none leaves out or repeats a change.
  ServiceStatus told;
};

class Core final : public target::UnitKeeper {
 public:
  Core(Environment given_environment, Settings given_settings);

  Environment environment;
  Settings settings;
  runtime::Gate gate;
  runtime::AsyncMutex mutex;         ///< held by whoever manages: changes what is configured
  runtime::AsyncMutex commit_mutex;  ///< held for each commit alone: also for what initiators make persistent
  runtime::AsyncMutex verify_mutex;  ///< held while a password is hashed: one at a time bounds the memory that takes
  EventStream events;
  std::unique_ptr<catalogue::Catalogue> catalogue;
  catalogue::Contents contents;
  bool started = false;
  runtime::WallTime started_at{};
  std::uint64_t generation = 0;
  std::vector<target::PortalFailure> portal_failures;
  std::map<DiskId, std::string> failures;           ///< enabled disks that do not work, and why
  std::map<DiskId, runtime::Shard*> homes;          ///< of the disks that have a unit
  std::map<DiskId, std::uint64_t> allocated_sizes;  ///< as last asked
  /// A session as far as the service keeps count of it.
  struct Live {
    std::optional<TargetId> target;
    std::string initiator_name;
  };
  std::map<std::uint16_t, Live> live;  ///< sessions by TSIH
  std::map<TargetId, runtime::WallTime> last_logins;
  std::map<TargetId, runtime::WallTime> last_logouts;
  std::map<ServiceKind, Managed> managed;
  security::VerifiedPasswords verified;
  HostNames host_names;
  runtime::Alarm portal_alarm;  ///< rings when a portal could not be opened
  LoginFailures login_failures;
  runtime::Alarm login_failure_alarm;  ///< rings when there is a first one of a source
  runtime::Gate background;            ///< refresh_host_names(), retry_portals() and tell_login_failures() are inside
  bool is_settling = false;            ///< they are to end
  runtime::AsyncMutex lookup_mutex;    ///< held while a name is looked up for a caller: one at a time

  /// Carries out a change: role, lock, then `work`, then the line in the log. Nothing of `work` runs without the lock.
  template <class T>
  Reply<T> change(security::Principal principal, Action action, Reply<T> work) {
    return change_unlocked(std::move(principal), std::move(action), locked(std::move(work)));
  }

  /// Likewise for work that takes the lock itself when it needs it.
  template <class T>
  Reply<T> change_unlocked(security::Principal principal, Action action, Reply<T> work) {
    const std::optional<Error> refusal = enter(principal, action.permission);
    if (refusal) {
      log_change(principal, action, &*refusal);
      co_return fail(*refusal);
    }
    Outcome<T> outcome = co_await std::move(work);
    std::string answer = "ok";
    if constexpr (!std::is_void_v<T>) {
      answer = outcome ? answer_of(*outcome) : std::string();
    }
    log_change(principal, action, outcome ? nullptr : &outcome.error(), answer);
    gate.leave();
    co_return outcome;
  }

  /// Carries out a look: role, then `work`.
  template <class T>
  Reply<T> look(security::Principal principal, Reply<T> work,
                security::Permission permission = security::Permission::kRead) {
    const std::optional<Error> refusal = enter(principal, permission);
    if (refusal) {
      co_return fail(*refusal);
    }
    Outcome<T> outcome = co_await std::move(work);
    gate.leave();
    co_return outcome;
  }

  /// Makes the changes durable and then known here. With the lock held, but for what no management call changes.
  Reply<void> commit(catalogue::Changes changes);
  /// Nothing that anybody can read holds what commits have replaced or removed (Catalogue::wipe_remains).
  Reply<void> wipe_remains();
  /// Takes the lock for it: for coroutines that do not hold it.
  Reply<void> commit_alone(catalogue::Changes changes);
  /// Brings what is known here into force on every shard.
  runtime::Task<void> publish();
  /// What could not be opened at the last try; new failures are logged, and tried again.
  void note_portal_failures(std::vector<target::PortalFailure> last);
  /// Asks the data plane who is logged in.
  runtime::Task<void> refresh_sessions();
  void on_data_plane_event(const target::Event& event);
  /// Tells of it now or, when its source was told of a short while ago, later.
  void note_login_failure(LoginsFailed failure);
  void tell(LoginsFailed failure);
  /// Does not take the lock: who holds it may be waiting for the unit's commands, which wait for this.
  runtime::Task<bool> keep_reservations(target::UnitId unit, scsi::ReservationState state) override;
  /// One line in the log; `answer` stands for "ok" when there was no error.
  void log_change(const security::Principal& principal, const Action& action, const Error* error,
                  std::string_view answer = {});
  runtime::WallTime now() const { return environment.shard.clock().wall_time(); }
  Uuid new_guid();

  /// nullptr when there is none; disks whose image is still being made do not count.
  const catalogue::DiskRow* disk(DiskId id) const;
  const catalogue::TargetRow* target(TargetId id) const;
  const catalogue::TargetRow* target_by_iqn(std::string_view iqn) const;
  bool is_being_made(catalogue::DiskId id) const;
  /// Why `id` cannot be found, as an error.
  static Error no_disk(DiskId id);
  static Error no_target(TargetId id);

  /// The mappings of every disk, for those who look at many.
  using MappingIndex = std::multimap<catalogue::DiskId, const catalogue::MappingRow*>;
  MappingIndex mappings_by_disk() const;
  /// The mappings of one target: the catalogue keeps them side by side.
  std::vector<const catalogue::MappingRow*> mappings_of(catalogue::TargetId id) const;
  std::vector<const catalogue::AccessRuleRow*> rules_of(catalogue::TargetId id) const;

  /// Values for the outside, from what is known here.
  Disk disk_value(const catalogue::DiskRow& row) const;
  Disk disk_value(const catalogue::DiskRow& row, const MappingIndex& index) const;
  Target target_value(const catalogue::TargetRow& row) const;
  Mapping mapping_value(const catalogue::MappingRow& row) const;
  Server server_value() const;
  std::size_t session_count(TargetId id) const;

  StoreSpec store_spec(const catalogue::DiskRow& row) const;
  PortalGroup portal_group_value(const catalogue::PortalGroupRow& row) const;
  Initiator initiator_value(const catalogue::InitiatorRow& row) const;
  std::vector<const catalogue::MappingInitiatorRow*> initiators_of(const catalogue::MappingRow& row) const;
  std::vector<std::uint16_t> portal_groups_of(catalogue::TargetId id) const;
  std::vector<Redirect> redirects_of(catalogue::TargetId id) const;
  /// A CHAP secret in clear; nullopt when there is none or it does not open at this place (which is logged).
  std::optional<Secret> open_secret(std::span<const std::byte> sealed, const std::string& place) const;
  std::shared_ptr<const target::Config> build_config();
  /// What is kept of a disk's persistent reservations.
  scsi::ReservationState saved_reservations(DiskId id) const;

 private:
  std::optional<Error> enter(const security::Principal& principal, security::Permission permission);

  template <class T>
  Reply<T> locked(Reply<T> work) {
    const runtime::AsyncMutex::Lock lock = co_await mutex.acquire();
    Outcome<T> outcome = co_await std::move(work);
    co_return outcome;
  }
};

/// Ids of the catalogue and of the service are the same numbers.
constexpr catalogue::DiskId row_id(DiskId id) {
  return static_cast<catalogue::DiskId>(id);
}
constexpr catalogue::TargetId row_id(TargetId id) {
  return static_cast<catalogue::TargetId>(id);
}
constexpr DiskId value_id(catalogue::DiskId id) {
  return static_cast<DiskId>(id);
}
constexpr TargetId value_id(catalogue::TargetId id) {
  return static_cast<TargetId>(id);
}
/// The id after the last one.
template <class Id>
constexpr Id next_id(Id last) {
  return static_cast<Id>(static_cast<std::uint64_t>(last) + 1);
}

/// What the catalogue's failure means to whoever called.
Error from_catalogue(const catalogue::Error& error);

target::NegotiationPreferences preferences_value(const catalogue::PreferenceColumns& columns);
catalogue::PreferenceColumns preference_columns(const target::NegotiationPreferences& preferences);

/// Finishes or undoes what a crash has left behind; with the lock held, before anything is served.
Reply<void> reconcile(Core& core);
/// Opens a disk's store, or what stands in for it, and hands it to the data plane.
runtime::Task<void> serve_disk(Core& core, DiskId id);
/// Exchanges the volume of a disk that is being served for one that fits its row now.
runtime::Task<void> reopen_disk(Core& core, DiskId id);
/// Records that a disk has failed at work, so that it stays failed through a restart.
runtime::Task<void> record_failure(Core& core, DiskId id, std::string reason);
/// Forgets that a disk has failed: an administrator wants it tried again. With the lock held.
Reply<void> clear_failure(Core& core, DiskId id);
/// What the operations of one group do once they have the lock; ensure_demo() makes its own out of them.
/// `role`: of whoever asks.
Reply<Disk> create_disk_locked(Core& core, CreateDisk request, security::Role role);
Reply<Target> create_target_locked(Core& core, CreateTarget request);
Reply<Mapping> map_disk_locked(Core& core, MapDisk request);
/// `answers`: what a new DNS name means, as far as it was asked for.
Reply<AccessRule> add_access_rule_locked(Core& core, TargetId target, AccessRule rule,
                                         std::vector<NameAnswer> answers = {});
/// kNotFound when there is no such group.
Outcome<void> check_portal_group(const Core& core, std::uint16_t tag);
/// What local_addresses finds, asked for on a worker thread.
runtime::Task<std::vector<IpAddress>> find_local_addresses(Core& core);
/// Why logins cannot be sent there; empty when they can. `local` are the addresses of this host.
Outcome<void> check_redirects(const Core& core, const std::vector<Redirect>& redirects,
                              const std::vector<std::uint16_t>& portal_groups, const std::vector<IpAddress>& local);

/// Looks after the names of access rules until stop(): asks when they are due and publishes what changed.
runtime::Task<void> refresh_host_names(Core& core);
/// Tries portals that could not be opened again, until settle().
runtime::Task<void> retry_portals(Core& core);
/// Tells of the failed logins that wait to be told, until settle().
runtime::Task<void> tell_login_failures(Core& core);
/// The names of the present rules are those to look after. After every change of rules.
void keep_host_names(Core& core);
/// At start: what the names in rules meant when the daemon ended.
void recall_host_names(Core& core);

/// A job row's value, and the other way round.
Job job_value(const catalogue::JobRow& row);
/// Records a job that runs; takes the lock.
Reply<JobId> begin_job(Core& core, std::string name, std::string owner);
/// Records how it ended; takes the lock. A failure to record is logged.
runtime::Task<void> end_job(Core& core, JobId id, std::optional<Error> error);
/// Changes that remove the jobs whose time is over.
catalogue::Changes expired_jobs(const Core& core);

}  // namespace lunaria::service
