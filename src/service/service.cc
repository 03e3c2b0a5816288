#include "service/service.h"

#include <fmt/format.h>

#include <algorithm>

#include "service/core.h"
#include "service/event.h"
#include "service/names.h"

namespace lunaria::service {
namespace {

/// What a new catalogue begins with.
catalogue::Changes first_rows(Core& core) {
  std::string name = core.settings.host_name.substr(0, core.settings.host_name.find('.'));
  if (!check_server_name(name)) {
    name = "lunaria";
  }
  catalogue::Changes changes = {catalogue::ServerRow{core.new_guid(), name, false, false, core.now()}};
  changes.push_back(catalogue::PortalGroupRow{});
  for (const IpEndpoint& portal : core.settings.default_portals) {
    changes.push_back(catalogue::PortalRow{portal.address.to_string(), portal.port, true, kFirstPortalGroup});
  }
  return changes;
}

/// Jobs that were running when the daemon ended, RAM disks, jobs whose time is over, and names that no rule has any
/// more.
catalogue::Changes stale_rows(const Core& core) {
  catalogue::Changes changes = expired_jobs(core);
  for (const auto& [id, row] : core.contents.jobs) {
    if (!is_finished(static_cast<JobState>(row.state))) {
      catalogue::JobRow ended = row;
      ended.state = static_cast<std::uint16_t>(JobState::kException);
      ended.error_code = static_cast<std::uint8_t>(ErrorCode::kShuttingDown);
      ended.error_message = "The daemon ended before the job did.";
      ended.finished = core.now();
      changes.push_back(ended);
    }
  }
  for (const auto& [id, row] : core.contents.disks) {
    if (row.kind != to_string(DiskKind::kRam)) {
      continue;
    }
    core.environment.log.info("service.ram_disk_forgotten", {{"disk", row.name}});
    for (const auto& [key, mapping] : core.contents.mappings) {
      if (mapping.disk == id) {
        changes.push_back(catalogue::RemoveMapping{mapping.target, mapping.disk});
      }
    }
    changes.push_back(catalogue::RemoveDisk{id});
  }
  for (const auto& [name, row] : core.contents.host_addresses) {
    if (core.host_names.find(name) == nullptr) {
      changes.push_back(catalogue::RemoveHostAddress{name});
    }
  }
  if (!core.contents.portal_groups.contains(kFirstPortalGroup)) {
    changes.push_back(catalogue::PortalGroupRow{});
  }
  return changes;
}

Reply<void> open_catalogue(Core& core) {
  catalogue::Catalogue::Options options;
  options.path = core.settings.state_directory + "/catalogue.db";
  options.vfs = core.settings.catalogue_vfs;
  catalogue::Outcome<std::unique_ptr<catalogue::Catalogue>> opened =
      co_await runtime::run_blocking(core.environment.shard, [&] { return catalogue::Catalogue::open(options); });
  if (!opened) {
    co_return fail(from_catalogue(opened.error()));
  }
  core.catalogue = std::move(*opened);
  catalogue::Outcome<catalogue::Contents> contents =
      co_await runtime::run_blocking(core.environment.shard, [&] { return core.catalogue->load(); });
  if (!contents) {
    co_return fail(from_catalogue(contents.error()));
  }
  core.contents = std::move(*contents);
  co_return Outcome<void>();
}

Reply<void> start_locked(Core& core) {
  Outcome<void> opened = co_await open_catalogue(core);
  if (!opened) {
    co_return opened;
  }
  if (!core.contents.server) {
    Outcome<void> made = co_await core.commit(first_rows(core));
    if (!made) {
      co_return made;
    }
  }
  recall_host_names(core);
  const catalogue::Changes stale = stale_rows(core);
  if (!stale.empty()) {
    Outcome<void> cleaned = co_await core.commit(stale);
    if (!cleaned) {
      co_return cleaned;
    }
  }
  Outcome<void> reconciled = co_await reconcile(core);
  if (!reconciled) {
    co_return reconciled;
  }
  core.environment.data_plane.keep_with(core);
  core.environment.data_plane.observe([&core](const target::Event& event) { core.on_data_plane_event(event); });
  std::vector<DiskId> disks;
  disks.reserve(core.contents.disks.size());
  for (const auto& [id, row] : core.contents.disks) {
    disks.push_back(value_id(id));
  }
  for (const DiskId id : disks) {
    co_await serve_disk(core, id);
  }
  co_await core.publish();
  co_await core.refresh_sessions();
  core.started_at = core.now();
  core.started = true;
  runtime::spawn(core.background, refresh_host_names(core));
  runtime::spawn(core.background, retry_portals(core));
  runtime::spawn(core.background, tell_login_failures(core));
  core.environment.log.info("service.started", {{"disks", core.contents.disks.size()},
                                                {"targets", core.contents.targets.size()},
                                                {"failed_disks", core.failures.size()}});
  co_return Outcome<void>();
}

Reply<Server> read_server(Core& core) {
  co_return core.server_value();
}

Reply<Server> set_server_locked(Core& core, SetServer request) {
  catalogue::ServerRow row = *core.contents.server;
  if (request.name) {
    const Outcome<void> checked = check_server_name(*request.name);
    if (!checked) {
      co_return fail(checked.error());
    }
    row.name = *request.name;
  }
  row.remotely_manageable = request.remotely_manageable.value_or(row.remotely_manageable);
  row.gathers_statistics = request.gathers_statistics.value_or(row.gathers_statistics);
  const Server before = core.server_value();
  const Outcome<void> done = co_await core.commit({row});
  if (!done) {
    co_return fail(done.error());
  }
  core.events.publish(ServerChanged{before, core.server_value()});
  co_return core.server_value();
}

}  // namespace

Service::Service(Environment environment, Settings settings)
    : core_(std::make_unique<Core>(std::move(environment), std::move(settings))) {}

Service::~Service() = default;

Reply<void> Service::start() {
  const runtime::AsyncMutex::Lock lock = co_await core_->mutex.acquire();
  Outcome<void> started = co_await start_locked(*core_);
  co_return started;
}

runtime::Task<void> Service::settle() {
  core_->is_settling = true;
  core_->environment.names.cancel();
  core_->host_names.stop();
  core_->portal_alarm.ring();
  core_->login_failure_alarm.ring();
  core_->background.close();
  co_await core_->background.drained();
}

runtime::Task<void> Service::stop() {
  co_await settle();
  core_->gate.close();
  co_await core_->gate.drained();
  core_->started = false;
  // Closing copies the log into the database and syncs: not on the shard.
  co_await runtime::run_blocking(core_->environment.shard, [&] {
    core_->catalogue.reset();
    return true;
  });
}

void Service::manage(ServiceKind kind, ManagedService& managed) {
  Managed& entry = core_->managed[kind];
  entry = {&managed, Phase::kStopped, {}};
  entry.told.kind = kind;
}

Subscription Service::subscribe(EventHandler handler) {
  return core_->events.subscribe(std::move(handler));
}

Reply<Server> Service::server(security::Principal principal) {
  return core_->look(std::move(principal), read_server(*core_));
}

Reply<Server> Service::set_server(security::Principal principal, SetServer request) {
  Action action{security::Permission::kControlServices, "server.set", core_->settings.host_name};
  return core_->change(std::move(principal), std::move(action), set_server_locked(*core_, std::move(request)));
}

}  // namespace lunaria::service
