#include "providers/interop/job_provider.h"

#include <array>

#include "cim/repository.h"
#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/interop/job_instance.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::msiscsitarget_concrete_job;
using ChangeCode = names::request_state_change::ReturnValue;
using RequestedState = names::request_state_change::RequestedState;

/// What RequestStateChange answers for a job (CIM_ConcreteJob has a table of its own).
ChangeCode change_code(const service::Job& job, const cim::ParameterValues& in) {
  const auto requested = number_parameter(in, names::request_state_change::kRequestedState);
  if (!requested || *requested < std::to_underlying(RequestedState::kStart) ||
      *requested > std::to_underlying(RequestedState::kService)) {
    return ChangeCode::kInvalidParameter;
  }
  const cim::Value* timeout = in.find(names::request_state_change::kTimeoutPeriod);
  const auto period = timeout != nullptr ? timeout->as_datetime() : std::nullopt;
  if (period && !period->is_interval()) {
    return ChangeCode::kInvalidParameter;
  }
  if (period && period->length().count() != 0) {
    return ChangeCode::kUseOfTimeoutParameterNotSupported;
  }
  return service::is_finished(job.state) ? ChangeCode::kInvalidStateTransition : ChangeCode::kNotSupported;
}

}  // namespace

std::span<const MethodRow<JobProvider>> JobProvider::methods() {
  static constexpr auto kMethods = std::to_array<MethodRow<JobProvider>>({
      {names::request_state_change::kMethod, &JobProvider::request_state_change},
      {names::kill_job::kMethod, &JobProvider::kill},
      {names::get_error::kMethod, &JobProvider::get_error},
  });
  return kMethods;
}

runtime::Task<Result<service::Job, cim::Error>> JobProvider::find(const cim::ProviderCall& call,
                                                                  const cim::ObjectPath& path) {
  const auto id = parse_job_instance_id(text_key(path, names::kInstanceID));
  if (!id) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  auto job = co_await environment_.service.get_job(to_principal(call.context), *id);
  if (!job) {
    co_return fail(to_cim(job.error()));
  }
  co_return std::move(*job);
}

runtime::Task<Result<void, cim::Error>> JobProvider::enumerate_instances(cim::ProviderCall call,
                                                                         cim::InstanceSink& sink) {
  const auto jobs = co_await environment_.service.list_jobs(to_principal(call.context));
  if (!jobs) {
    co_return fail(to_cim(jobs.error()));
  }
  for (const service::Job& job : *jobs) {
    const bool go_on = co_await sink.put(job_instance(call.cls, job, environment_.clock.wall_time()));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> JobProvider::get_instance(cim::ProviderCall call,
                                                                           const cim::ObjectPath& path) {
  const auto job = co_await find(call, path);
  if (!job) {
    co_return fail(job.error());
  }
  co_return job_instance(call.cls, *job, environment_.clock.wall_time());
}

runtime::Task<Result<void, cim::Error>> JobProvider::modify_instance(cim::ProviderCall call,
                                                                     const cim::ObjectPath& path,
                                                                     const cim::Instance& changes) {
  const auto present = co_await get_instance(std::move(call), path);
  if (!present) {
    co_return fail(present.error());
  }
  co_return check_other_changes(changes, *present, {});
}

runtime::Task<Result<void, cim::Error>> JobProvider::delete_instance(cim::ProviderCall call,
                                                                     const cim::ObjectPath& path) {
  const auto job = co_await find(call, path);
  if (!job) {
    co_return fail(job.error());
  }
  const auto done = co_await environment_.service.delete_job(to_principal(call.context), job->id);
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

MethodReply JobProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                                       const cim::ParameterValues& in) {
  return dispatch(*this, methods(), std::move(call), path, method, in);
}

MethodReply JobProvider::request_state_change(cim::ProviderCall call, const cim::ObjectPath& path,
                                              const cim::ParameterValues& in) {
  const auto job = co_await find(call, path);
  if (!job) {
    co_return fail(job.error());
  }
  co_return returning(std::to_underlying(change_code(*job, in)));
}

MethodReply JobProvider::kill(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& /*in*/) {
  const auto job = co_await find(call, path);
  if (!job) {
    co_return fail(job.error());
  }
  co_return returning(std::to_underlying(names::kill_job::ReturnValue::kNotSupported));
}

MethodReply JobProvider::get_error(cim::ProviderCall call, const cim::ObjectPath& path,
                                   const cim::ParameterValues& /*in*/) {
  const auto job = co_await find(call, path);
  if (!job) {
    co_return fail(job.error());
  }
  cim::MethodResult result = returning(std::to_underlying(names::get_error::ReturnValue::kSuccess));
  if (job->error) {
    const cim::ClassPtr cls = environment_.repository.find_class(call.name_space, schema::cim_error::kClass);
    result.out.set(std::string(names::get_error::kError), cim::Value(error_instance(cls, *job->error)));
  }
  co_return result;
}

}  // namespace lunaria::providers
