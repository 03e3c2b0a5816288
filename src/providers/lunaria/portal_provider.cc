#include "providers/lunaria/portal_provider.h"

#include <algorithm>
#include <utility>

#include "cim/name.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_portal;

constexpr std::uint64_t kPortMax = 65535;

}  // namespace

LunariaPortalProvider::Listed LunariaPortalProvider::list(const cim::OperationContext& context) {
  auto items = co_await environment_.service.list_portals(to_principal(context));
  if (!items) {
    co_return fail(to_cim(items.error()));
  }
  co_return std::move(*items);
}

cim::Instance LunariaPortalProvider::to_instance(const cim::ClassPtr& cls, const service::Portal& item) const {
  cim::Instance instance(cls);
  set(instance, names::kAddress, item.address.to_string());
  set(instance, names::kPort, cim::Value(std::uint32_t{item.port}));
  set(instance, names::kListen, item.listen);
  set(instance, names::kPortalGroupTag, cim::Value(item.portal_group_tag));
  set(instance, names::kPresent, item.present);
  set_text_or_null(instance, names::kFailure, item.failure.value_or(""));
  return instance;
}

bool LunariaPortalProvider::is_at(const service::Portal& item, const cim::ObjectPath& path) const {
  return item.address == IpAddress::parse(text_key(path, names::kAddress));
}

runtime::Task<Result<void, cim::Error>> LunariaPortalProvider::modify_instance(cim::ProviderCall call,
                                                                               const cim::ObjectPath& path,
                                                                               const cim::Instance& changes) {
  const auto address = IpAddress::parse(text_key(path, names::kAddress));
  if (!address) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  const auto port = changed_number(changes, names::kPort, kPortMax);
  const auto listen = changed_flag(changes, names::kListen);
  const auto tag = changed_number(changes, names::kPortalGroupTag, kPortMax);
  if (!port || !listen || !tag) {
    co_return fail(!port ? port.error() : !listen ? listen.error() : tag.error());
  }
  service::SetPortal request{.address = *address, .port = std::nullopt, .listen = *listen};
  if (*port) {
    request.port = static_cast<std::uint16_t>(**port);
  }
  if (*tag) {
    request.portal_group_tag = static_cast<std::uint16_t>(**tag);
  }
  auto done = co_await done_or_error(environment_.service.set_portal(to_principal(call.context), request));
  co_return done;
}

}  // namespace lunaria::providers
