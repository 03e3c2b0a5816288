#pragma once

// Enumerator: produces the objects of an EnumerationRequest into a sink, provider by provider. It keeps no result: what
// a sink has no room for, the providers have not made yet. Who may ask is the business of its callers.

#include <string_view>
#include <vector>

#include "base/memory_budget.h"
#include "cim/enumeration_request.h"
#include "cim/error.h"
#include "cim/instance_sink.h"
#include "cim/limits.h"
#include "cim/operation_context.h"
#include "cim/provider.h"
#include "cim/provider_table.h"
#include "cim/repository.h"
#include "runtime/task.h"

namespace lunaria::cim {

/// Told of what goes wrong while others still have something to tell (ContinueOnError of DSP0200 5.4.2).
class EnumerationErrors {
 public:
  virtual ~EnumerationErrors() = default;
  /// Done when the receiver has heard of it; false to stop.
  virtual runtime::Task<bool> failed(const Error& error) = 0;
};

/// Keeps nothing but the count of what queries keep. Control shard only; the references outlive it.
class Enumerator final {
 public:
  Enumerator(const Repository& repository, const ProviderTable& providers)
      : repository_(repository), providers_(providers) {}

  /// Puts every object into the sink. Without `errors` the first error ends it, what was put before stays valid; with
  /// it each provider's error is told there, and the next provider asked. Errors of the request itself always end it:
  /// INVALID_NAMESPACE, INVALID_CLASS, INVALID_PARAMETER, NOT_FOUND. Arguments outlive the task.
  runtime::Task<Result<void, Error>> produce(const OperationContext& context, const EnumerationRequest& request,
                                             InstanceSink& sink, EnumerationErrors* errors) const;

 private:
  runtime::Task<Result<void, Error>> produce_instances(const OperationContext& context,
                                                       const EnumerationRequest& request, InstanceSink& sink,
                                                       EnumerationErrors* errors) const;

  const Repository& repository_;
  const ProviderTable& providers_;
  mutable MemoryBudget query_memory_{limits::kQueryMemoryBytesMax, limits::kQueryShareBytes};
};

}  // namespace lunaria::cim
