#pragma once

// IndicationProviders: the indication service with its providers (DSP1054): what clients subscribe with, and the
// objects behind it.

#include <memory>

#include "cim/provider_table.h"
#include "providers/indication/lifecycle_source.h"
#include "providers/indication/namespace_source.h"
#include "providers/indication/subscriptions.h"
#include "service/service.h"

namespace lunaria::providers {

/// Control shard only; what it is given outlives it. close() comes before the destructor.
class IndicationProviders final {
 public:
  IndicationProviders(service::Service& service, Subscriptions::Parts parts);
  IndicationProviders(const IndicationProviders&) = delete;
  IndicationProviders& operator=(const IndicationProviders&) = delete;
  ~IndicationProviders();

  /// The classes of root/interop; the schema must be there.
  void add_to(cim::ProviderTable& table);
  /// Reads what is stored; from now on events are told.
  runtime::Task<Result<void, cim::Error>> open();
  runtime::Task<void> close();
  /// To be told of namespaces that come and go, between open() and close().
  cim::NamespaceListener& namespaces() { return namespaces_; }

 private:
  struct Providers;
  service::Service& service_;
  Subscriptions subscriptions_;
  LifecycleSource source_;
  NamespaceSource namespaces_;
  service::Subscription users_;  ///< before the source: who may read less now does not hear of it
  std::unique_ptr<Providers> providers_;
};

}  // namespace lunaria::providers
