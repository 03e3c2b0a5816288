#include "providers/indication/service_provider.h"

#include "providers/errors.h"
#include "providers/methods.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::cim_indication_service;

}  // namespace

runtime::Task<Result<cim::Instance, cim::Error>> IndicationServiceProvider::current(const cim::ProviderCall& /*call*/) {
  co_return subscriptions_.service_instance();
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
