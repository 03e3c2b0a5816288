#include "providers/interop/managed_service_provider.h"

#include <limits>

#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::cim_service;

/// How an enabled state shows in the older properties.
struct Condition {
  names::OperationalStatus operational;
  std::string_view status;  ///< CIM_ManagedSystemElement.Status
  std::string_view text;
};

Condition condition_of(service::EnabledState state, const ServiceStateTexts& texts) {
  using Operational = names::OperationalStatus;
  switch (state) {
    case service::EnabledState::kEnabled:
      return {Operational::kOK, names::status::kOK, texts.enabled};
    case service::EnabledState::kDisabled:
      return {Operational::kStopped, names::status::kStopped, texts.disabled};
    case service::EnabledState::kShuttingDown:
      return {Operational::kStopping, names::status::kStopping, texts.shutting_down};
    case service::EnabledState::kStarting:
      return {Operational::kStarting, names::status::kStarting, texts.starting};
  }
  return {Operational::kUnknown, names::status::kUnknown, "Unknown"};
}

/// Requests are accepted, so that 12 (Not Applicable) would not be true before the first one.
names::RequestedState requested_state(service::RequestedState state) {
  return state == service::RequestedState::kNotApplicable ? names::RequestedState::kNoChange
                                                          : static_cast<names::RequestedState>(state);
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

void set_service_identity(cim::Instance& instance, const service::Server& server, const ServiceIdentity& identity) {
  set(instance, names::kSystemCreationClassName, identity.system_class);
  set(instance, names::kSystemName, system_name(server));
  set(instance, names::kCreationClassName, identity.class_name);
  set(instance, names::kName, identity.name);
  set(instance, names::kCaption, identity.caption);
  set(instance, names::kElementName, identity.element_name);
  set(instance, names::kDescription, identity.description);
  set_time(instance, names::kInstallDate, server.created);
  set_null(instance, names::kPrimaryOwnerName);
  set_null(instance, names::kPrimaryOwnerContact);
}

void set_service_state(cim::Instance& instance, const service::ServiceStatus& status, const ServiceStateTexts& texts) {
  const Condition condition = condition_of(status.enabled_state, texts);
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

runtime::Task<Result<cim::Instance, cim::Error>> ManagedServiceProvider::current(const cim::ProviderCall& call) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  const auto status = co_await environment_.service.service_state(to_principal(call.context), kind_);
  if (!status) {
    co_return fail(to_cim(status.error()));
  }
  co_return to_instance(call.cls, *server, *status);
}

MethodReply ManagedServiceProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                                  const cim::Method& method, const cim::ParameterValues& in) {
  if (!path.is_instance()) {
    co_return fail(cim::Error(cim::Status::kMethodNotAvailable,
                              call.cls->name() + '.' + method.name + " is called on an instance, not on the class"));
  }
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  MethodReply reply = cim::name_equal(method.name, names::start_service::kMethod)  ? start_service(std::move(call))
                      : cim::name_equal(method.name, names::stop_service::kMethod) ? stop_service(std::move(call))
                      : cim::name_equal(method.name, names::request_state_change::kMethod)
                          ? request_state_change(std::move(call), in)
                          : call_other(std::move(call), method, in);
  auto result = co_await std::move(reply);
  co_return result;
}

runtime::Task<Result<void, cim::Error>> ManagedServiceProvider::set_others(const cim::ProviderCall& /*call*/,
                                                                           const cim::Instance& /*changes*/) {
  co_return Result<void, cim::Error>();
}

MethodReply ManagedServiceProvider::call_other(cim::ProviderCall call, const cim::Method& method,
                                               const cim::ParameterValues& /*in*/) {
  co_return fail(
      cim::Error(cim::Status::kMethodNotAvailable, call.cls->name() + '.' + method.name + " is not provided"));
}

MethodReply ManagedServiceProvider::start_service(cim::ProviderCall call) {
  const auto code = co_await environment_.service.start_service(to_principal(call.context), kind_);
  if (!code) {
    co_return fail(to_cim(code.error()));
  }
  co_return code_result(*code);
}

MethodReply ManagedServiceProvider::stop_service(cim::ProviderCall call) {
  const auto code = co_await environment_.service.stop_service(to_principal(call.context), kind_);
  if (!code) {
    co_return fail(to_cim(code.error()));
  }
  co_return code_result(*code);
}

MethodReply ManagedServiceProvider::request_state_change(cim::ProviderCall call, const cim::ParameterValues& in) {
  const auto outcome =
      co_await environment_.service.request_state_change(to_principal(call.context), kind_, change_request(in));
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

runtime::Task<Result<void, cim::Error>> ManagedServiceProvider::modify_instance(cim::ProviderCall call,
                                                                                const cim::ObjectPath& path,
                                                                                const cim::Instance& changes) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  if (const auto checked = check_other_changes(
          changes, *present, {names::kEnabledDefault, schema::cim_object_manager::kGatherStatisticalData});
      !checked) {
    co_return fail(checked.error());
  }
  const auto number = changed_number(changes, names::kEnabledDefault, std::numeric_limits<std::uint16_t>::max());
  if (!number) {
    co_return fail(number.error());
  }
  if (const auto done = co_await set_others(call, changes); !done || !*number) {
    co_return done;
  }
  const auto wanted = static_cast<service::EnabledDefault>(**number);
  if (wanted != service::EnabledDefault::kEnabled && wanted != service::EnabledDefault::kDisabled) {
    co_return fail(not_supported("EnabledDefault must be 2 (enabled) or 3 (disabled)"));
  }
  const auto status = co_await environment_.service.set_enabled_default(to_principal(call.context), kind_, wanted);
  if (!status) {
    co_return fail(to_cim(status.error()));
  }
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
