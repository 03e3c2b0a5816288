#include "providers/interop/object_manager_provider.h"

#include <array>

#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::msftsm_object_manager;
constexpr auto kKind = service::ServiceKind::kObjectManager;

/// How an enabled state shows in the older properties.
struct Condition {
  names::OperationalStatus operational;
  std::string_view status;  ///< CIM_ManagedSystemElement.Status
  std::string_view text;
};

Condition condition_of(service::EnabledState state) {
  using Operational = names::OperationalStatus;
  switch (state) {
    case service::EnabledState::kEnabled:
      return {Operational::kOK, names::status::kOK, "The object manager answers requests"};
    case service::EnabledState::kDisabled:
      return {Operational::kStopped, names::status::kStopped, "The object manager is stopped"};
    case service::EnabledState::kShuttingDown:
      return {Operational::kStopping, names::status::kStopping, "The object manager finishes the requests inside"};
    case service::EnabledState::kStarting:
      return {Operational::kStarting, names::status::kStarting, "The object manager is being started"};
  }
  return {Operational::kUnknown, names::status::kUnknown, "Unknown"};
}

/// Requests are accepted, so that 12 (Not Applicable) would not be true before the first one.
names::RequestedState requested_state(service::RequestedState state) {
  return state == service::RequestedState::kNotApplicable ? names::RequestedState::kNoChange
                                                          : static_cast<names::RequestedState>(state);
}

void set_state(cim::Instance& instance, const service::ServiceStatus& status) {
  const Condition condition = condition_of(status.enabled_state);
  set(instance, names::kEnabledState, cim::Value(std::to_underlying(status.enabled_state)));
  set_null(instance, names::kOtherEnabledState);
  set(instance, names::kRequestedState, requested_state(status.requested_state));
  set(instance, names::kEnabledDefault, cim::Value(std::to_underlying(status.enabled_default)));
  set_time(instance, names::kTimeOfLastStateChange, status.time_of_last_state_change);
  set(instance, names::kStarted, status.started);
  const bool is_automatic = status.enabled_default == service::EnabledDefault::kEnabled;
  set(instance, names::kStartMode, is_automatic ? names::start_mode::kAutomatic : names::start_mode::kManual);
  set(instance, names::kOperationalStatus, cim::Value::array(cim::Type::kUint16, {enum_value(condition.operational)}));
  set(instance, names::kStatusDescriptions, cim::Value::array(cim::Type::kString, {cim::Value(condition.text)}));
  set(instance, names::kStatus, condition.status);
  set(instance, names::kHealthState, names::HealthState::kOK);
}

cim::Instance manager_instance(const cim::ClassPtr& cls, const service::Server& server,
                               const service::ServiceStatus& status) {
  cim::Instance instance(cls);
  set(instance, names::kSystemCreationClassName, schema::msftsm_system::kClass);
  set(instance, names::kSystemName, system_name(server));
  set(instance, names::kCreationClassName, names::kClass);
  set(instance, names::kName, object_manager_name(server));
  set(instance, names::kCaption, "Lunaria object manager");
  set(instance, names::kElementName, "Lunaria object manager of " + server.name);
  set(instance, names::kDescription,
      "Answers management requests for the iSCSI target server; version " + server.version);
  set_time(instance, names::kInstallDate, server.created);
  set_null(instance, names::kPrimaryOwnerName);
  set_null(instance, names::kPrimaryOwnerContact);
  set(instance, names::kGatherStatisticalData, false);
  set_state(instance, status);
  return instance;
}

/// StartService and StopService share their codes with RequestStateChange as far as the meaning is the same.
cim::MethodResult code_result(service::StateChangeCode code) {
  return returning(std::to_underlying(code));
}

/// The arguments of RequestStateChange as the service judges them.
service::StateChangeRequest change_request(const cim::ParameterValues& in) {
  service::StateChangeRequest request;
  const auto state = number_parameter(in, names::request_state_change::kRequestedState);
  request.requested_state = static_cast<std::uint16_t>(state.value_or(0));
  const cim::Value* timeout = in.find(names::request_state_change::kTimeoutPeriod);
  const auto period = timeout != nullptr ? timeout->as_datetime() : std::nullopt;
  if (period) {
    request.timeout_is_interval = period->is_interval();
    request.has_timeout = !period->is_interval() || period->length().count() != 0;
  }
  return request;
}

}  // namespace

std::span<const MethodRow<ObjectManagerProvider>> ObjectManagerProvider::methods() {
  static constexpr auto kMethods = std::to_array<MethodRow<ObjectManagerProvider>>({
      {names::start_service::kMethod, &ObjectManagerProvider::start_service},
      {names::stop_service::kMethod, &ObjectManagerProvider::stop_service},
      {names::request_state_change::kMethod, &ObjectManagerProvider::request_state_change},
  });
  return kMethods;
}

runtime::Task<Result<cim::Instance, cim::Error>> ObjectManagerProvider::current(const cim::ProviderCall& call) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  const auto status = co_await environment_.service.service_state(to_principal(call.context), kKind);
  if (!status) {
    co_return fail(to_cim(status.error()));
  }
  co_return manager_instance(call.cls, *server, *status);
}

runtime::Task<Result<void, cim::Error>> ObjectManagerProvider::enumerate_instances(cim::ProviderCall call,
                                                                                   cim::InstanceSink& sink) {
  auto instance = co_await current(call);
  if (!instance) {
    co_return fail(instance.error());
  }
  (void)co_await sink.put(std::move(*instance));
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> ObjectManagerProvider::get_instance(cim::ProviderCall call,
                                                                                     const cim::ObjectPath& path) {
  auto instance = co_await current(call);
  if (!instance) {
    co_return fail(instance.error());
  }
  if (!(instance->path(call.name_space) == path)) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  co_return std::move(*instance);
}

runtime::Task<Result<void, cim::Error>> ObjectManagerProvider::modify_instance(cim::ProviderCall call,
                                                                               const cim::ObjectPath& path,
                                                                               const cim::Instance& changes) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  if (const auto checked = check_other_changes(changes, *present, {names::kEnabledDefault}); !checked) {
    co_return fail(checked.error());
  }
  const auto number = changed_number(changes, names::kEnabledDefault, std::numeric_limits<std::uint16_t>::max());
  if (!number) {
    co_return fail(number.error());
  }
  if (!*number) {
    co_return Result<void, cim::Error>();
  }
  const auto wanted = static_cast<service::EnabledDefault>(**number);
  if (wanted != service::EnabledDefault::kEnabled && wanted != service::EnabledDefault::kDisabled) {
    co_return fail(not_supported("EnabledDefault must be 2 (enabled) or 3 (disabled)"));
  }
  const auto status = co_await environment_.service.set_enabled_default(to_principal(call.context), kKind, wanted);
  if (!status) {
    co_return fail(to_cim(status.error()));
  }
  co_return Result<void, cim::Error>();
}

MethodReply ObjectManagerProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                                 const cim::Method& method, const cim::ParameterValues& in) {
  return dispatch(*this, methods(), std::move(call), path, method, in);
}

MethodReply ObjectManagerProvider::start_service(cim::ProviderCall call, const cim::ObjectPath& path,
                                                 const cim::ParameterValues& /*in*/) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  const auto code = co_await environment_.service.start_service(to_principal(call.context), kKind);
  if (!code) {
    co_return fail(to_cim(code.error()));
  }
  co_return code_result(*code);
}

MethodReply ObjectManagerProvider::stop_service(cim::ProviderCall call, const cim::ObjectPath& path,
                                                const cim::ParameterValues& /*in*/) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  const auto code = co_await environment_.service.stop_service(to_principal(call.context), kKind);
  if (!code) {
    co_return fail(to_cim(code.error()));
  }
  co_return code_result(*code);
}

MethodReply ObjectManagerProvider::request_state_change(cim::ProviderCall call, const cim::ObjectPath& path,
                                                        const cim::ParameterValues& in) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  const auto outcome =
      co_await environment_.service.request_state_change(to_principal(call.context), kKind, change_request(in));
  if (!outcome) {
    co_return fail(to_cim(outcome.error()));
  }
  cim::MethodResult result = code_result(outcome->code);
  if (outcome->job) {
    result.out.set(std::string(names::request_state_change::kJob),
                   cim::Value(job_path(call.name_space, *outcome->job)));
  }
  co_return result;
}

}  // namespace lunaria::providers
