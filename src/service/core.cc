#include "service/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "runtime/random.h"
#include "service/event.h"
#include "service/names.h"

namespace lunaria::service {
namespace {

/// One overload per event of the data plane.
struct EventTranslator {
  Core& core;

  void operator()(const target::SessionOpened& event) const {
    core.live[event.tsih] = {event.target, event.initiator_name};
    if (event.target) {
      core.last_logins[*event.target] = core.now();
    }
    core.events.publish(SessionOpened{event.tsih, event.target, event.initiator_name});
  }
  void operator()(const target::SessionClosed& event) const {
    core.live.erase(event.tsih);
    if (event.target) {
      core.last_logouts[*event.target] = core.now();
    }
    core.events.publish(SessionClosed{event.tsih, event.target, event.initiator_name, event.reason});
  }
  void operator()(const target::LoginRejected& event) const {
    core.environment.log.warning("service.login_rejected", {{"initiator", event.initiator_name},
                                                            {"target", event.target_name},
                                                            {"peer", event.peer.to_string()},
                                                            {"reason", event.reason}});
    if (event.is_authentication) {
      core.note_login_failure({.kind = LoginsFailed::Kind::kInitiator,
                               .initiator_name = event.initiator_name,
                               .address = event.peer.address,
                               .target_iqn = event.target_name,
                               .portal_group_tag = event.portal_group_tag,
                               .reason = event.reason});
    }
  }
  void operator()(const target::VolumeFailed& event) const {
    const catalogue::DiskRow* row = core.disk(event.unit);
    // A disabled disk has a volume that always fails; that is no failure of the disk.
    if (row == nullptr || !row->enabled || core.failures.contains(event.unit)) {
      return;
    }
    const Disk before = core.disk_value(*row);
    core.failures[event.unit] = event.reason;
    core.environment.log.error("service.disk_failed", {{"disk", row->name}, {"reason", event.reason}});
    core.events.publish(DiskChanged{before, core.disk_value(*row)});
    runtime::spawn(core.gate, record_failure(core, event.unit, event.reason));
  }
  void operator()(const target::SpaceReached& event) const {
    const catalogue::DiskRow* row = core.disk(event.unit);
    if (row == nullptr) {
      return;
    }
    const bool is_used = event.reached.resource == scsi::SpaceReached::Resource::kUsed;
    core.environment.log.warning("service.disk_space_reached", {{"disk", row->name},
                                                                {is_used ? "used" : "available", event.reached.bytes},
                                                                {"threshold", event.reached.threshold}});
    core.events.publish(SpaceReached{event.unit, row->name, is_used, event.reached.bytes, event.reached.threshold});
  }
};

}  // namespace

Core::Core(Environment given_environment, Settings given_settings)
    : environment(std::move(given_environment)),
      settings(std::move(given_settings)),
      verified(environment.shard.random()),
      host_names(environment.shard),
      portal_alarm(environment.shard),
      login_failure_alarm(environment.shard) {}

std::optional<Error> Core::enter(const security::Principal& principal, security::Permission permission) {
  if (!started || !gate.try_enter()) {
    return Error{ErrorCode::kShuttingDown, "The server is starting or stopping. Try again in a moment."};
  }
  if (!principal.may(permission)) {
    gate.leave();
    return Error{ErrorCode::kPermissionDenied,
                 fmt::format("{} has the role {}; this needs {}.", principal.name, security::to_string(principal.role),
                             security::to_string(security::least_role(permission)))};
  }
  return std::nullopt;
}

void Core::log_change(const security::Principal& principal, const Action& action, const Error* error,
                      std::string_view answer) {
  const std::string_view result = error == nullptr ? answer : to_string(error->code);
  const std::string_view reason = error == nullptr ? std::string_view() : std::string_view(error->message);
  const std::array fields = {LogField("action", action.name),
                             LogField("object", action.object),
                             LogField("result", result),
                             LogField("user", principal.name),
                             LogField("role", security::to_string(principal.role)),
                             LogField("authentication", security::to_string(principal.authentication)),
                             LogField("peer", principal.peer),
                             LogField("reason", reason)};
  environment.log.write(error == nullptr ? LogLevel::kInfo : LogLevel::kWarning, "service.change", fields);
}

Error from_catalogue(const catalogue::Error& error) {
  switch (error.code) {
    case catalogue::ErrorCode::kConflict:
      return {ErrorCode::kAlreadyExists, fmt::format("The change contradicts what is there: {}.", error.message)};
    case catalogue::ErrorCode::kNoSpace:
      return {ErrorCode::kNoSpace, error.message};
    case catalogue::ErrorCode::kCannotOpen:
    case catalogue::ErrorCode::kReadOnly:
    case catalogue::ErrorCode::kInUse:
    case catalogue::ErrorCode::kCorrupt:
    case catalogue::ErrorCode::kNewerSchema:
    case catalogue::ErrorCode::kIo:
      break;
  }
  return {ErrorCode::kIo, error.message};
}

Reply<void> Core::commit(catalogue::Changes changes) {
  const runtime::AsyncMutex::Lock lock = co_await commit_mutex.acquire();
  const catalogue::Outcome<void> done =
      co_await runtime::run_blocking(environment.shard, [&] { return catalogue->commit(changes); });
  if (!done) {
    co_return fail(from_catalogue(done.error()));
  }
  contents.apply(changes);
  co_return Outcome<void>();
}

Reply<void> Core::wipe_remains() {
  const runtime::AsyncMutex::Lock lock = co_await commit_mutex.acquire();
  const catalogue::Outcome<void> done =
      co_await runtime::run_blocking(environment.shard, [&] { return catalogue->wipe_remains(); });
  if (!done) {
    co_return fail(from_catalogue(done.error()));
  }
  co_return Outcome<void>();
}

Reply<void> Core::commit_alone(catalogue::Changes changes) {
  const runtime::AsyncMutex::Lock lock = co_await mutex.acquire();
  Outcome<void> done = co_await commit(std::move(changes));
  co_return done;
}

runtime::Task<void> Core::publish() {
  std::shared_ptr<const target::Config> config = build_config();
  note_portal_failures(co_await environment.data_plane.publish(std::move(config)));
}

void Core::note_portal_failures(std::vector<target::PortalFailure> last) {
  const std::vector<target::PortalFailure> before = std::exchange(portal_failures, std::move(last));
  if (before.empty() && !portal_failures.empty()) {
    portal_alarm.ring();
  }
  for (const target::PortalFailure& failure : portal_failures) {
    const auto is_same = [&failure](const target::PortalFailure& other) {
      return other.endpoint == failure.endpoint && other.error == failure.error;
    };
    if (std::any_of(before.begin(), before.end(), is_same)) {
      continue;
    }
    environment.log.warning("service.portal_not_listening",
                            {{"portal", failure.endpoint.to_string()}, {"reason", runtime::to_string(failure.error)}});
  }
}

runtime::Task<void> Core::refresh_sessions() {
  const std::vector<target::SessionStatus> sessions = co_await environment.data_plane.sessions();
  live.clear();
  for (const target::SessionStatus& session : sessions) {
    live[session.tsih] = {session.target, session.initiator_name};
  }
}

void Core::on_data_plane_event(const target::Event& event) {
  std::visit(EventTranslator{*this}, event);
}

void Core::note_login_failure(LoginsFailed failure) {
  if (auto told = login_failures.add(std::move(failure), environment.shard.clock().now())) {
    login_failure_alarm.ring();
    tell(*std::move(told));
  }
}

void Core::tell(LoginsFailed failure) {
  const catalogue::TargetRow* row = failure.target_iqn.empty() ? nullptr : target_by_iqn(failure.target_iqn);
  failure.target_name = row != nullptr ? row->name : std::string();
  events.publish(std::move(failure));
}

runtime::Task<void> tell_login_failures(Core& core) {
  const runtime::Clock& clock = core.environment.shard.clock();
  while (!core.is_settling) {
    co_await core.login_failure_alarm.wait(core.login_failures.time_to_next(clock.now()));
    for (LoginsFailed& failure : core.login_failures.take_due(clock.now())) {
      core.tell(std::move(failure));
    }
  }
}

Uuid Core::new_guid() {
  std::array<std::uint8_t, 16> bytes{};
  environment.shard.random().fill(std::as_writable_bytes(std::span(bytes)));
  return Uuid::from_random(bytes);
}

const catalogue::DiskRow* Core::disk(DiskId id) const {
  const auto found = contents.disks.find(row_id(id));
  return found == contents.disks.end() || is_being_made(found->first) ? nullptr : &found->second;
}

const catalogue::TargetRow* Core::target(TargetId id) const {
  const auto found = contents.targets.find(row_id(id));
  return found == contents.targets.end() ? nullptr : &found->second;
}

const catalogue::TargetRow* Core::target_by_iqn(std::string_view iqn) const {
  for (const auto& [id, row] : contents.targets) {
    if (same_name(row.iqn, iqn)) {
      return &row;
    }
  }
  return nullptr;
}

bool Core::is_being_made(catalogue::DiskId id) const {
  return std::any_of(contents.intents.begin(), contents.intents.end(), [&](const auto& entry) {
    return entry.second.kind == catalogue::IntentKind::kMakeImage && entry.second.disk == id;
  });
}

Error Core::no_disk(DiskId id) {
  return {ErrorCode::kNotFound, fmt::format("There is no disk {}.", static_cast<std::uint32_t>(id))};
}

Error Core::no_target(TargetId id) {
  return {ErrorCode::kNotFound, fmt::format("There is no target {}.", static_cast<std::uint32_t>(id))};
}

std::size_t Core::session_count(TargetId id) const {
  return static_cast<std::size_t>(
      std::count_if(live.begin(), live.end(), [&](const auto& entry) { return entry.second.target == id; }));
}

std::optional<Secret> Core::open_secret(std::span<const std::byte> sealed, const std::string& place) const {
  if (sealed.empty()) {
    return std::nullopt;
  }
  Result<Secret, security::UnsealError> opened = environment.secrets.open(sealed, place);
  if (!opened) {
    environment.log.error(
        "service.secret_unreadable",
        {{"place", place}, {"next", "restore the host key that belongs to this catalogue, or set the secret anew"}});
    return std::nullopt;
  }
  return std::move(*opened);
}

}  // namespace lunaria::service
