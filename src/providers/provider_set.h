#pragma once

// ProviderSet: all providers, and which classes of which namespaces they serve.

#include <memory>

#include "cim/object_manager.h"
#include "cim/repository.h"
#include "cim/schema_editor.h"
#include "providers/environment.h"
#include "runtime/clock.h"
#include "runtime/task.h"
#include "service/service.h"
#include "service/subscription.h"

namespace lunaria::providers {

/// Owns the providers; lives on the control shard. What it is given outlives it, and it outlives the operations of the
/// object manager whose table it fills.
class ProviderSet final {
 public:
  ProviderSet(service::Service& service, const cim::Repository& repository, const runtime::Clock& clock,
              cim::SchemaEditor* schema_editor = nullptr, cim::OperationStatistics* statistics = nullptr);
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
