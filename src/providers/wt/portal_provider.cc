#include "providers/wt/portal_provider.h"

#include <algorithm>

#include "providers/errors.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_portal;

constexpr std::uint64_t kPortMax = 65535;

}  // namespace

cim::Instance portal_instance(const cim::ClassPtr& cls, const service::Portal& portal) {
  cim::Instance instance(cls);
  set(instance, names::kAddress, portal.address.to_string());
  set(instance, names::kPort, cim::Value(std::uint32_t{portal.port}));
  set(instance, names::kListen, portal.listen && !portal.failure);
  return instance;
}

runtime::Task<Result<service::Portal, cim::Error>> PortalProvider::find(const cim::ProviderCall& call,
                                                                        const cim::ObjectPath& path) {
  const std::string text(text_key(path, names::kAddress));
  const auto address = IpAddress::parse(text);
  if (!address) {
    co_return fail(not_found("There is no portal at " + text));
  }
  const auto portals = co_await environment_.service.list_portals(to_principal(call.context));
  if (!portals) {
    co_return fail(to_cim(portals.error()));
  }
  const auto found = std::ranges::find(*portals, *address, &service::Portal::address);
  if (found == portals->end() || !found->present) {
    co_return fail(not_found("There is no portal at " + text));
  }
  co_return *found;
}

runtime::Task<Result<void, cim::Error>> PortalProvider::enumerate_instances(cim::ProviderCall call,
                                                                            cim::InstanceSink& sink) {
  const auto portals = co_await environment_.service.list_portals(to_principal(call.context));
  if (!portals) {
    co_return fail(to_cim(portals.error()));
  }
  for (const service::Portal& portal : *portals) {
    if (!portal.present) {
      continue;
    }
    const bool go_on = co_await sink.put(portal_instance(call.cls, portal));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> PortalProvider::get_instance(cim::ProviderCall call,
                                                                              const cim::ObjectPath& path) {
  const auto portal = co_await find(call, path);
  if (!portal) {
    co_return fail(portal.error());
  }
  co_return portal_instance(call.cls, *portal);
}

runtime::Task<Result<void, cim::Error>> PortalProvider::modify_instance(cim::ProviderCall call,
                                                                        const cim::ObjectPath& path,
                                                                        const cim::Instance& changes) {
  const auto portal = co_await find(call, path);
  if (!portal) {
    co_return fail(portal.error());
  }
  service::SetPortal request;
  request.address = portal->address;
  const auto port = changed_number(changes, names::kPort, kPortMax);
  if (!port) {
    co_return fail(port.error());
  }
  if (*port) {
    request.port = static_cast<std::uint16_t>(**port);
  }
  const auto listen = changed_flag(changes, names::kListen);
  if (!listen) {
    co_return fail(listen.error());
  }
  request.listen = *listen;
  const auto changed = co_await environment_.service.set_portal(to_principal(call.context), request);
  if (!changed) {
    co_return fail(to_cim(changed.error()));
  }
  if (changed->listen && changed->failure) {
    co_return fail(cim::Error(cim::Status::kFailed, *changed->failure));
  }
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
