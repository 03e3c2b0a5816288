#include "providers/lunaria/initiator_provider.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cim/name.h"
#include "providers/chap_properties.h"
#include "providers/principals.h"
#include "providers/rate_limit_properties.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_initiator;

constexpr ChapNames kForward{names::kEnableCHAP, names::kCHAPUserName, names::kCHAPSecret};
constexpr ChapNames kReverse{names::kEnableReverseCHAP, names::kReverseCHAPUserName, names::kReverseCHAPSecret};

constexpr RateLimitNames kRateLimit{names::kIOPSLimit, names::kIOPSBurst, names::kBandwidthLimit,
                                    names::kBandwidthBurst};

/// What a new instance or changes ask for.
Result<service::SetInitiator, cim::Error> to_request(std::string name, const cim::Instance& changes) {
  service::SetInitiator request;
  request.name = std::move(name);
  request.description = changed_text(changes, names::kDescription);
  const auto enabled = changed_flag(changes, names::kEnabled);
  if (!enabled) {
    return fail(enabled.error());
  }
  request.enabled = *enabled;
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
  const auto rate_limit = changed_rate_limit(changes, kRateLimit);
  if (!rate_limit) {
    return fail(rate_limit.error());
  }
  request.rate_limit = *rate_limit;
  return request;
}

}  // namespace

LunariaInitiatorProvider::Listed LunariaInitiatorProvider::list(const cim::OperationContext& context) {
  auto items = co_await environment_.service.list_initiators(to_principal(context));
  if (!items) {
    co_return fail(to_cim(items.error()));
  }
  co_return std::move(*items);
}

cim::Instance LunariaInitiatorProvider::to_instance(const cim::ClassPtr& cls, const service::Initiator& item) const {
  cim::Instance instance(cls);
  set(instance, names::kName, item.name);
  set(instance, names::kDescription, item.description);
  set(instance, names::kEnabled, item.enabled);
  set_chap(instance, kForward, item.chap);
  set_chap(instance, kReverse, item.reverse_chap);
  set_rate_limit(instance, kRateLimit, item.rate_limit);
  set(instance, names::kSessionCount, cim::Value(static_cast<std::uint32_t>(item.session_count)));
  set_time(instance, names::kCreated, item.created);
  return instance;
}

bool LunariaInitiatorProvider::is_at(const service::Initiator& item, const cim::ObjectPath& path) const {
  return cim::name_equal(item.name, text_key(path, names::kName));
}

Columns<service::Initiator> LunariaInitiatorProvider::columns() const {
  static constexpr auto kColumns = std::to_array<Column<service::Initiator>>({
      {names::kName, [](const service::Initiator& item) { return cim::Value(item.name); }},
  });
  return kColumns;
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> LunariaInitiatorProvider::create_instance(
    cim::ProviderCall call, const cim::Instance& instance) {
  const cim::Value* name = instance.find(names::kName);
  if (name == nullptr) {
    co_return fail(invalid_parameter("Name must be given"));
  }
  auto request = to_request(std::string(name->string_or_empty()), instance);
  if (!request) {
    co_return fail(request.error());
  }
  const auto made = co_await environment_.service.create_initiator(to_principal(call.context), std::move(*request));
  if (!made) {
    co_return fail(to_cim(made.error()));
  }
  co_return to_instance(call.cls, *made).path(call.name_space);
}

runtime::Task<Result<void, cim::Error>> LunariaInitiatorProvider::modify_instance(cim::ProviderCall call,
                                                                                  const cim::ObjectPath& path,
                                                                                  const cim::Instance& changes) {
  auto request = to_request(std::string(text_key(path, names::kName)), changes);
  if (!request) {
    co_return fail(request.error());
  }
  auto done =
      co_await done_or_error(environment_.service.set_initiator(to_principal(call.context), std::move(*request)));
  co_return done;
}

runtime::Task<Result<void, cim::Error>> LunariaInitiatorProvider::delete_instance(cim::ProviderCall call,
                                                                                  const cim::ObjectPath& path) {
  auto done = co_await done_or_error(
      environment_.service.delete_initiator(to_principal(call.context), std::string(text_key(path, names::kName))));
  co_return done;
}

}  // namespace lunaria::providers
