#include "providers/indication/service_provider.h"

#include "providers/errors.h"
#include "providers/methods.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::cim_indication_service;

}  // namespace

runtime::Task<Result<void, cim::Error>> IndicationServiceProvider::enumerate_instances(cim::ProviderCall call,
                                                                                       cim::InstanceSink& sink) {
  (void)co_await sink.put(subscriptions_.service_instance());
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> IndicationServiceProvider::get_instance(cim::ProviderCall call,
                                                                                         const cim::ObjectPath& path) {
  cim::Instance instance = subscriptions_.service_instance();
  if (!(instance.path(call.name_space) == path)) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  co_return instance;
}

runtime::Task<Result<void, cim::Error>> IndicationServiceProvider::modify_instance(cim::ProviderCall call,
                                                                                   const cim::ObjectPath& path,
                                                                                   const cim::Instance& changes) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  if (const auto checked =
          check_other_changes(changes, *present,
                              {names::kDeliveryRetryAttempts, names::kDeliveryRetryInterval,
                               names::kSubscriptionRemovalAction, names::kSubscriptionRemovalTimeInterval});
      !checked) {
    co_return fail(checked.error());
  }
  auto done = co_await subscriptions_.modify(Subscriptions::Kind::kService, std::move(call), path, changes);
  co_return done;
}

MethodReply IndicationServiceProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                                     const cim::Method& method, const cim::ParameterValues& /*in*/) {
  if (!path.is_instance()) {
    co_return fail(cim::Error(cim::Status::kMethodNotAvailable, method.name + " is called on an instance"));
  }
  const auto present = co_await get_instance(std::move(call), path);
  if (!present) {
    co_return fail(present.error());
  }
  co_return returning(std::uint32_t{1});
}

}  // namespace lunaria::providers
