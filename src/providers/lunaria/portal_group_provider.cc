#include "providers/lunaria/portal_group_provider.h"

#include <algorithm>
#include <utility>

#include "cim/name.h"
#include "providers/chap_properties.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_portal_group;

constexpr ChapNames kForward{names::kEnableCHAP, names::kCHAPUserName, names::kCHAPSecret};
constexpr ChapNames kReverse{names::kEnableReverseCHAP, names::kReverseCHAPUserName, names::kReverseCHAPSecret};

/// What a new instance or changes ask for.
Result<service::SetPortalGroup, cim::Error> to_request(std::uint16_t tag, const cim::Instance& changes) {
  service::SetPortalGroup request;
  request.tag = tag;
  request.description = changed_text(changes, names::kDescription);
  auto chap = changed_chap(changes, kForward);
  if (!chap) {
    return fail(chap.error());
  }
  request.chap = std::move(*chap);
  auto reverse = changed_chap(changes, kReverse);
  if (!reverse) {
    return fail(reverse.error());
  }
  request.reverse_chap = std::move(*reverse);
  return request;
}

}  // namespace

LunariaPortalGroupProvider::Listed LunariaPortalGroupProvider::list(const cim::OperationContext& context) {
  auto items = co_await environment_.service.list_portal_groups(to_principal(context));
  if (!items) {
    co_return fail(to_cim(items.error()));
  }
  co_return std::move(*items);
}

cim::Instance LunariaPortalGroupProvider::to_instance(const cim::ClassPtr& cls,
                                                      const service::PortalGroup& item) const {
  cim::Instance instance(cls);
  set(instance, names::kTag, cim::Value(item.tag));
  set(instance, names::kDescription, item.description);
  set_chap(instance, kForward, item.chap);
  set_chap(instance, kReverse, item.reverse_chap);
  std::vector<std::string> portals;
  for (const IpEndpoint& portal : item.portals) {
    portals.push_back(portal.to_string());
  }
  set(instance, names::kPortals, cim::Value::array_of(portals));
  set(instance, names::kTargets, cim::Value::array_of(item.targets));
  return instance;
}

bool LunariaPortalGroupProvider::is_at(const service::PortalGroup& item, const cim::ObjectPath& path) const {
  return item.tag == number_key(path, names::kTag);
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> LunariaPortalGroupProvider::create_instance(
    cim::ProviderCall call, const cim::Instance& instance) {
  const cim::Value* tag = instance.find(names::kTag);
  if (tag == nullptr) {
    co_return fail(invalid_parameter("Tag must be given"));
  }
  auto request = to_request(static_cast<std::uint16_t>(tag->as_unsigned().value_or(0)), instance);
  if (!request) {
    co_return fail(request.error());
  }
  const auto made = co_await environment_.service.create_portal_group(to_principal(call.context), std::move(*request));
  if (!made) {
    co_return fail(to_cim(made.error()));
  }
  co_return to_instance(call.cls, *made).path(call.name_space);
}

runtime::Task<Result<void, cim::Error>> LunariaPortalGroupProvider::modify_instance(cim::ProviderCall call,
                                                                                    const cim::ObjectPath& path,
                                                                                    const cim::Instance& changes) {
  auto request = to_request(static_cast<std::uint16_t>(number_key(path, names::kTag)), changes);
  if (!request) {
    co_return fail(request.error());
  }
  auto done =
      co_await done_or_error(environment_.service.set_portal_group(to_principal(call.context), std::move(*request)));
  co_return done;
}

runtime::Task<Result<void, cim::Error>> LunariaPortalGroupProvider::delete_instance(cim::ProviderCall call,
                                                                                    const cim::ObjectPath& path) {
  auto done = co_await done_or_error(environment_.service.delete_portal_group(
      to_principal(call.context), static_cast<std::uint16_t>(number_key(path, names::kTag))));
  co_return done;
}

}  // namespace lunaria::providers
