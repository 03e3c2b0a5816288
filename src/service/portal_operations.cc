// Portals: where sessions may come to; sessions: who came.

#include <fmt/format.h>

#include <algorithm>

#include "service/core.h"
#include "service/event.h"

namespace lunaria::service {
namespace {

Portal portal_value(const Core& core, const IpAddress& address, const std::vector<IpAddress>& local) {
  Portal portal;
  portal.address = address;
  // All of 127.0.0.0/8 is this host, though interfaces name one address only.
  portal.present =
      address.is_any() || address.is_loopback() || std::find(local.begin(), local.end(), address) != local.end();
  const auto row = core.contents.portals.find(address.to_string());
  if (row != core.contents.portals.end()) {
    portal.port = row->second.port;
    portal.listen = row->second.listen;
    portal.portal_group_tag = row->second.portal_group_tag;
  }
  for (const target::PortalFailure& failure : core.portal_failures) {
    if (failure.endpoint == IpEndpoint{address, portal.port}) {
      portal.failure = runtime::to_string(failure.error);
    }
  }
  return portal;
}

Reply<std::vector<Portal>> list_portals_now(Core& core) {
  const std::vector<IpAddress> local = co_await find_local_addresses(core);
  std::set<IpAddress> addresses(local.begin(), local.end());
  for (const auto& [text, row] : core.contents.portals) {
    const std::optional<IpAddress> address = IpAddress::parse(text);
    if (address) {
      addresses.insert(*address);
    }
  }
  std::vector<Portal> portals;
  portals.reserve(addresses.size());
  for (const IpAddress& address : addresses) {
    portals.push_back(portal_value(core, address, local));
  }
  co_return portals;
}

Reply<Portal> set_portal_locked(Core& core, SetPortal request) {
  const std::vector<IpAddress> local = co_await find_local_addresses(core);
  const Portal before = portal_value(core, request.address, local);
  if (!before.present && !core.contents.portals.contains(request.address.to_string())) {
    co_return fail(
        Error{ErrorCode::kNotFound, fmt::format("{} is not an address of this host.", request.address.to_string())});
  }
  if (request.port && *request.port == 0) {
    co_return fail(Error{ErrorCode::kInvalidArgument, "The port must be 1 to 65535."});
  }
  catalogue::PortalRow row{request.address.to_string(), request.port.value_or(before.port),
                           request.listen.value_or(before.listen),
                           request.portal_group_tag.value_or(before.portal_group_tag)};
  const Outcome<void> known = check_portal_group(core, row.portal_group_tag);
  if (!known) {
    co_return fail(known.error());
  }
  const Outcome<void> done = co_await core.commit({std::move(row)});
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  const Portal after = portal_value(core, request.address, local);
  core.events.publish(PortalChanged{before, after});
  co_return after;
}

Reply<std::vector<Session>> list_sessions_now(Core& core) {
  std::vector<target::SessionStatus> found = co_await core.environment.data_plane.sessions();
  std::vector<Session> sessions;
  for (target::SessionStatus& status : found) {
    const catalogue::TargetRow* row = status.target ? core.target(*status.target) : nullptr;
    sessions.push_back({std::move(status), row != nullptr ? row->name : std::string()});
  }
  co_return sessions;
}

/// Without the lock: it changes nothing of the configuration, and may wait for the initiator.
Reply<void> drop_session_now(Core& core, std::uint16_t tsih, std::chrono::milliseconds grace) {
  const bool dropped = co_await core.environment.data_plane.drop_session(tsih, grace);
  if (!dropped) {
    co_return fail(Error{ErrorCode::kNotFound, fmt::format("There is no session {}.", tsih)});
  }
  co_return Outcome<void>();
}

runtime::Task<void> try_failed_portals(Core& core) {
  const runtime::AsyncMutex::Lock lock = co_await core.mutex.acquire();
  const std::vector<IpAddress> local = co_await find_local_addresses(core);
  std::vector<Portal> failed;
  for (const target::PortalFailure& failure : core.portal_failures) {
    failed.push_back(portal_value(core, failure.endpoint.address, local));
  }
  core.note_portal_failures(co_await core.environment.data_plane.open_portals());
  for (const Portal& before : failed) {
    const Portal after = portal_value(core, before.address, local);
    if (after != before) {
      core.events.publish(PortalChanged{before, after});
    }
  }
}

}  // namespace

runtime::Task<void> retry_portals(Core& core) {
  runtime::Duration delay = kPortalRetryMin;
  while (!core.is_settling) {
    if (core.portal_failures.empty()) {
      delay = kPortalRetryMin;
      co_await core.portal_alarm.wait(std::nullopt);
      continue;
    }
    co_await core.portal_alarm.wait(delay);
    if (core.is_settling) {
      break;
    }
    delay = std::min<runtime::Duration>(delay * 2, kPortalRetryMax);
    co_await try_failed_portals(core);
  }
}

runtime::Task<std::vector<IpAddress>> find_local_addresses(Core& core) {
  std::vector<IpAddress> addresses =
      co_await runtime::run_blocking(core.environment.shard, [&] { return core.environment.local_addresses(); });
  co_return addresses;
}

Reply<std::vector<Portal>> Service::list_portals(security::Principal principal) {
  return core_->look(std::move(principal), list_portals_now(*core_));
}

Reply<Portal> Service::set_portal(security::Principal principal, SetPortal request) {
  Action action{security::Permission::kControlServices, "portal.set", request.address.to_string()};
  return core_->change(std::move(principal), std::move(action), set_portal_locked(*core_, request));
}

Reply<std::vector<Session>> Service::list_sessions(security::Principal principal) {
  return core_->look(std::move(principal), list_sessions_now(*core_));
}

Reply<void> Service::drop_session(security::Principal principal, std::uint16_t tsih, std::chrono::milliseconds grace) {
  Action action{security::Permission::kChangeStorage, "session.drop", fmt::format("session {}", tsih)};
  return core_->change_unlocked(std::move(principal), std::move(action), drop_session_now(*core_, tsih, grace));
}

}  // namespace lunaria::service
