#pragma once

// ProviderSet: all providers, and which classes of which namespaces they serve.

#include <memory>

#include "cim/object_manager.h"
#include "providers/environment.h"
#include "runtime/task.h"
#include "service/subscription.h"

namespace lunaria::providers {

/// Owns the providers; lives on the control shard. What it is given outlives it, and it outlives the operations of the
/// object manager whose table it fills.
class ProviderSet final {
 public:
  explicit ProviderSet(Environment environment);
  ProviderSet(const ProviderSet&) = delete;
  ProviderSet& operator=(const ProviderSet&) = delete;
  ~ProviderSet();

  /// Once, for a table that outlives the providers.
  void add_to(cim::ProviderTable& table);
  /// From now on operations are counted as the service says.
  runtime::Task<Result<void, cim::Error>> open();

 private:
  struct Providers;
  Environment environment_;
  std::unique_ptr<Providers> providers_;
  service::Subscription subscription_;
};

}  // namespace lunaria::providers
