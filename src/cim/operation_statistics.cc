#include "cim/operation_statistics.h"

#include "cim/operation_meter.h"

namespace lunaria::cim {
namespace {

/// In the order of CountedOperation.
constexpr auto kNames = std::to_array<std::string_view>({
    "GetClass",
    "GetInstance",
    "DeleteClass",
    "DeleteInstance",
    "CreateClass",
    "CreateInstance",
    "ModifyClass",
    "ModifyInstance",
    "EnumerateClasses",
    "EnumerateClassNames",
    "EnumerateInstances",
    "EnumerateInstanceNames",
    "ExecQuery",
    "Associators",
    "AssociatorNames",
    "References",
    "ReferenceNames",
    "GetProperty",
    "SetProperty",
    "GetQualifier",
    "SetQualifier",
    "DeleteQualifier",
    "EnumerateQualifiers",
    "InvokeMethod",
    "OpenEnumerateInstances",
    "OpenEnumerateInstancePaths",
    "OpenReferenceInstances",
    "OpenReferenceInstancePaths",
    "OpenAssociatorInstances",
    "OpenAssociatorInstancePaths",
    "OpenQueryInstances",
    "PullInstancesWithPath",
    "PullInstancePaths",
    "PullInstances",
    "CloseEnumeration",
    "EnumerationCount",
});
static_assert(kNames.size() == kCountedOperations);
static_assert(static_cast<std::size_t>(CountedOperation::kEnumerationCount) + 1 == kCountedOperations);

}  // namespace

std::string_view name_of(CountedOperation operation) {
  return kNames[static_cast<std::size_t>(operation)];
}

void OperationStatistics::set_gathering(bool wanted, runtime::WallTime now) {
  if (wanted && !is_gathering_) {
    totals_.fill({});
    since_.fill(now);
  }
  is_gathering_ = wanted;
}

void OperationStatistics::count(CountedOperation operation, const OperationMeter& meter) {
  if (!is_gathering_) {
    return;
  }
  OperationTotals& totals = totals_[index(operation)];
  ++totals.count;
  totals.in_providers += meter.in_providers();
  totals.in_manager += meter.elapsed() - meter.in_providers();
  totals.request_bytes += meter.request_bytes;
  totals.response_bytes += meter.response_bytes;
}

}  // namespace lunaria::cim
