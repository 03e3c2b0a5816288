#include "providers/interop/system_provider.h"

#include <array>

#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::msftsm_system;

}  // namespace

cim::Instance system_instance(const cim::ClassPtr& cls, const service::Server& server) {
  cim::Instance instance(cls);
  set(instance, names::kCreationClassName, names::kClass);
  set(instance, names::kName, system_name(server));
  set(instance, names::kNameFormat, "Other");
  set(instance, names::kCaption, "Lunaria host");
  set(instance, names::kElementName, server.host_name);
  set(instance, names::kDescription, "The host on which the object manager of " + server.name + " runs");
  set_time(instance, names::kInstallDate, server.created);
  set(instance, names::kOtherIdentifyingInfo, cim::Value::array(cim::Type::kString, {cim::Value(server.host_name)}));
  set(instance, names::kIdentifyingDescriptions, cim::Value::array(cim::Type::kString, {cim::Value("Host name")}));
  set(instance, names::kRoles, cim::Value::array(cim::Type::kString, {}));
  set_null(instance, names::kPrimaryOwnerName);
  set_null(instance, names::kPrimaryOwnerContact);
  set(instance, names::kEnabledState, names::EnabledState::kEnabled);
  set_null(instance, names::kOtherEnabledState);
  set(instance, names::kRequestedState, names::RequestedState::kNotApplicable);
  set(instance, names::kEnabledDefault, names::EnabledDefault::kNotApplicable);
  set_null(instance, names::kTimeOfLastStateChange);
  set(instance, names::kOperationalStatus,
      cim::Value::array(cim::Type::kUint16, {enum_value(names::OperationalStatus::kOK)}));
  set(instance, names::kStatusDescriptions, cim::Value::array(cim::Type::kString, {cim::Value("The host is up")}));
  set(instance, names::kStatus, names::status::kOK);
  set(instance, names::kHealthState, names::HealthState::kOK);
  return instance;
}

std::span<const MethodRow<SystemProvider>> SystemProvider::methods() {
  static constexpr auto kMethods = std::to_array<MethodRow<SystemProvider>>({
      {names::request_state_change::kMethod, &SystemProvider::request_state_change},
  });
  return kMethods;
}

runtime::Task<Result<cim::Instance, cim::Error>> SystemProvider::current(const cim::ProviderCall& call) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  co_return system_instance(call.cls, *server);
}

runtime::Task<Result<void, cim::Error>> SystemProvider::modify_instance(cim::ProviderCall call,
                                                                        const cim::ObjectPath& path,
                                                                        const cim::Instance& changes) {
  const auto present = co_await get_instance(std::move(call), path);
  if (!present) {
    co_return fail(present.error());
  }
  co_return check_other_changes(changes, *present, {});
}

MethodReply SystemProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                          const cim::Method& method, const cim::ParameterValues& in) {
  return dispatch(*this, methods(), std::move(call), path, method, in);
}

MethodReply SystemProvider::request_state_change(cim::ProviderCall call, const cim::ObjectPath& path,
                                                 const cim::ParameterValues& /*in*/) {
  const auto present = co_await get_instance(std::move(call), path);
  if (!present) {
    co_return fail(present.error());
  }
  co_return returning(std::uint32_t{1});
}

}  // namespace lunaria::providers
