#include "providers/interop/statistics_provider.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string>
#include <utility>

#include "cim/datetime.h"
#include "cim/operation_statistics.h"
#include "providers/errors.h"
#include "providers/instance_list.h"
#include "providers/interop/identity.h"
#include "providers/interop/server_model.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::cim_cimom_statistical_data;
using cim::CountedOperation;
using cim::OperationTotals;

CountedOperation operation_at(std::size_t index) {
  return static_cast<CountedOperation>(index);
}

std::string instance_id(const service::Server& server, CountedOperation operation) {
  return "CIM:" + object_manager_name(server) + ':' + std::string(cim::name_of(operation));
}

/// DMTF numbers the operations of DSP0200 5.3 from 3 on, in the order of CountedOperation; all others are Other.
names::OperationType operation_type(CountedOperation operation) {
  constexpr auto kFirst = std::to_underlying(names::OperationType::kGetClass);
  static_assert(kFirst + std::to_underlying(CountedOperation::kEnumerateQualifiers) ==
                std::to_underlying(names::OperationType::kEnumerateQualifiers));
  return operation <= CountedOperation::kEnumerateQualifiers
             ? static_cast<names::OperationType>(kFirst + std::to_underlying(operation))
             : names::OperationType::kOther;
}

cim::Value interval(runtime::Duration length) {
  return cim::Value(cim::DateTime::interval(std::chrono::duration_cast<std::chrono::microseconds>(length)));
}

/// What can be reset by its name.
struct Figure {
  std::string_view property;
  void (*reset)(OperationTotals& totals);
};
constexpr auto kFigures = std::to_array<Figure>({
    {names::kNumberOfOperations, [](OperationTotals& totals) { totals.count = 0; }},
    {names::kCimomElapsedTime, [](OperationTotals& totals) { totals.in_manager = {}; }},
    {names::kProviderElapsedTime, [](OperationTotals& totals) { totals.in_providers = {}; }},
    {names::kRequestSize, [](OperationTotals& totals) { totals.request_bytes = 0; }},
    {names::kResponseSize, [](OperationTotals& totals) { totals.response_bytes = 0; }},
});

/// All of `selected` is checked before anything is reset.
Result<void, cim::Error> reset(cim::OperationStatistics& statistics, CountedOperation operation,
                               std::span<const cim::Value> selected, runtime::WallTime now) {
  if (!selected.empty() && cim::name_equal(selected.front().string_or_empty(), "All")) {
    statistics.totals(operation) = {};
    statistics.restart(operation, now);
    return {};
  }
  std::vector<const Figure*> chosen;
  for (const cim::Value& each : selected) {
    const auto found = std::ranges::find_if(
        kFigures, [&](const Figure& figure) { return cim::name_equal(figure.property, each.string_or_empty()); });
    if (found == kFigures.end()) {
      return fail(cim::Error(cim::Status::kInvalidParameter, std::string(names::kClass) + " counts no '" +
                                                                 std::string(each.string_or_empty()) +
                                                                 "'; name its properties, or All"));
    }
    chosen.push_back(found);
  }
  for (const Figure* figure : chosen) {
    figure->reset(statistics.totals(operation));
  }
  return {};
}

}  // namespace

runtime::Task<Result<std::vector<cim::Instance>, cim::Error>> StatisticsProvider::instances(
    const cim::ProviderCall& call) const {
  std::vector<cim::Instance> made;
  if (environment_.statistics == nullptr) {
    co_return made;
  }
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  for (std::size_t i = 0; i < cim::kCountedOperations; ++i) {
    const CountedOperation operation = operation_at(i);
    const OperationTotals& totals = environment_.statistics->of(operation);
    const auto since = environment_.statistics->since(operation);
    cim::Instance instance(call.cls);
    set(instance, names::kInstanceID, instance_id(*server, operation));
    set(instance, names::kElementName, std::string(cim::name_of(operation)));
    set(instance, names::kCaption, std::string(cim::name_of(operation)));
    set(instance, names::kDescription, "What " + std::string(cim::name_of(operation)) + " cost since counting began");
    set_time(instance, names::kStartStatisticTime, since);
    set_time(instance, names::kStatisticTime, since ? std::optional(environment_.clock.wall_time()) : std::nullopt);
    set(instance, names::kSampleInterval, interval({}));
    set(instance, names::kOperationType, operation_type(operation));
    if (operation_type(operation) == names::OperationType::kOther) {
      set(instance, names::kOtherOperationType, std::string(cim::name_of(operation)));
    } else {
      set_null(instance, names::kOtherOperationType);
    }
    set(instance, names::kNumberOfOperations, totals.count);
    set(instance, names::kCimomElapsedTime, interval(totals.in_manager));
    set(instance, names::kProviderElapsedTime, interval(totals.in_providers));
    set(instance, names::kRequestSize, totals.request_bytes);
    set(instance, names::kResponseSize, totals.response_bytes);
    made.push_back(std::move(instance));
  }
  co_return made;
}

runtime::Task<Result<void, cim::Error>> StatisticsProvider::enumerate_instances(cim::ProviderCall call,
                                                                                cim::InstanceSink& sink) {
  auto all = co_await instances(call);
  if (!all) {
    co_return fail(all.error());
  }
  auto done = co_await put_all(std::move(*all), sink);
  co_return done;
}

runtime::Task<Result<cim::Instance, cim::Error>> StatisticsProvider::get_instance(cim::ProviderCall call,
                                                                                  const cim::ObjectPath& path) {
  auto all = co_await instances(call);
  if (!all) {
    co_return fail(all.error());
  }
  co_return pick(std::move(*all), call.name_space, path);
}

MethodReply StatisticsProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                              const cim::Method& method, const cim::ParameterValues& in) {
  if (!path.is_instance()) {
    co_return fail(cim::Error(cim::Status::kMethodNotAvailable,
                              call.cls->name() + '.' + method.name + " is called on an instance, not on the class"));
  }
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  const cim::Value* selected = in.find(names::reset_selected_stats::kSelectedStatistics);
  const std::string_view name = present->find(names::kElementName)->string_or_empty();
  for (std::size_t i = 0; i < cim::kCountedOperations; ++i) {
    if (cim::name_of(operation_at(i)) != name) {
      continue;
    }
    const auto done = reset(*environment_.statistics, operation_at(i),
                            selected == nullptr ? std::span<const cim::Value>() : selected->elements(),
                            environment_.clock.wall_time());
    if (!done) {
      co_return fail(done.error());
    }
  }
  co_return returning(std::uint32_t{0});
}

std::vector<cim::Instance> element_statistical_data(const ComputedFacts& facts, const cim::ProviderCall& call) {
  namespace ends = schema::cim_element_statistical_data;
  std::vector<cim::Instance> made;
  for (std::size_t i = 0; i < cim::kCountedOperations; ++i) {
    cim::Instance instance(call.cls);
    set(instance, ends::kManagedElement, cim::Value(object_manager_path(facts.server, call.name_space)));
    set(instance, ends::kStats,
        cim::Value(cim::ObjectPath(
            call.name_space, std::string(names::kClass),
            {{std::string(names::kInstanceID), cim::Value(instance_id(facts.server, operation_at(i)))}})));
    made.push_back(std::move(instance));
  }
  return made;
}

}  // namespace lunaria::providers
