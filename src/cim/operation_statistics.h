#pragma once

// OperationStatistics: how many operations of each kind there were, and what they cost, since gathering was turned on
// (CIM_CIMOMStatisticalData).

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/clock.h"

namespace lunaria::cim {

class OperationMeter;

/// Every operation that is counted by itself: those of DSP0200 5.3 and 5.4, and extrinsic methods together.
enum class CountedOperation : std::uint8_t {
  kGetClass,
  kGetInstance,
  kDeleteClass,
  kDeleteInstance,
  kCreateClass,
  kCreateInstance,
  kModifyClass,
  kModifyInstance,
  kEnumerateClasses,
  kEnumerateClassNames,
  kEnumerateInstances,
  kEnumerateInstanceNames,
  kExecQuery,
  kAssociators,
  kAssociatorNames,
  kReferences,
  kReferenceNames,
  kGetProperty,
  kSetProperty,
  kGetQualifier,
  kSetQualifier,
  kDeleteQualifier,
  kEnumerateQualifiers,
  kInvokeMethod,
  kOpenEnumerateInstances,
  kOpenEnumerateInstancePaths,
  kOpenReferenceInstances,
  kOpenReferenceInstancePaths,
  kOpenAssociatorInstances,
  kOpenAssociatorInstancePaths,
  kOpenQueryInstances,
  kPullInstancesWithPath,
  kPullInstancePaths,
  kPullInstances,
  kCloseEnumeration,
  kEnumerationCount,
};
inline constexpr std::size_t kCountedOperations = 36;

/// The name in DSP0200; "InvokeMethod" for methods.
std::string_view name_of(CountedOperation operation);

/// What the operations of one kind cost together. Wraps around, as counters do.
struct OperationTotals {
  std::uint64_t count = 0;
  runtime::Duration in_manager{};  ///< outside providers, receiving the request and sending the answer included
  runtime::Duration in_providers{};
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
};

/// Control shard only. Nothing of it survives a restart.
class OperationStatistics final {
 public:
  bool is_gathering() const { return is_gathering_; }
  /// Turning it on begins anew at zero; what was gathered stays readable when it is turned off.
  void set_gathering(bool wanted, runtime::WallTime now);
  /// An operation has ended. Nothing while nothing is gathered.
  void count(CountedOperation operation, const OperationMeter& meter);

  const OperationTotals& of(CountedOperation operation) const { return totals_[index(operation)]; }
  /// When counting of these operations began; nullopt before the first time.
  std::optional<runtime::WallTime> since(CountedOperation operation) const { return since_[index(operation)]; }
  /// For a reset: what is set is what counts on from here.
  OperationTotals& totals(CountedOperation operation) { return totals_[index(operation)]; }
  void restart(CountedOperation operation, runtime::WallTime now) { since_[index(operation)] = now; }

 private:
  static std::size_t index(CountedOperation operation) { return static_cast<std::size_t>(operation); }

  bool is_gathering_ = false;
  std::array<OperationTotals, kCountedOperations> totals_{};
  std::array<std::optional<runtime::WallTime>, kCountedOperations> since_{};
};

}  // namespace lunaria::cim
