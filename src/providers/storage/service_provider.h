#pragma once

// StorageServiceProvider: one of the five services of the storage model, each one instance. It serves their state and
// the methods that change it. What a service offers beside these answers 1 (not supported) while it is started, and
// METHOD_NOT_AVAILABLE while it is not; the data path is never touched.

#include <string_view>

#include "providers/interop/managed_service_provider.h"

namespace lunaria::providers {

/// Which service, and how it is called.
struct StorageServiceKind {
  service::ServiceKind kind;
  std::string_view class_name;
  std::string_view element_name;
  std::string_view description;
};

/// The five, in the order of service::kServiceKinds.
inline constexpr std::size_t kStorageServiceCount = 5;
StorageServiceKind storage_service_kind(std::size_t index);

/// The instance, from the state alone.
cim::Instance storage_service_instance(const cim::ClassPtr& cls, const StorageServiceKind& kind,
                                       const service::Server& server, const service::ServiceStatus& status);

class StorageServiceProvider final : public ManagedServiceProvider {
 public:
  StorageServiceProvider(Environment environment, StorageServiceKind kind)
      : ManagedServiceProvider(environment, kind.kind), description_(kind) {}

 private:
  cim::Instance to_instance(const cim::ClassPtr& cls, const service::Server& server,
                            const service::ServiceStatus& status) const override {
    return storage_service_instance(cls, description_, server, status);
  }
  MethodReply call_other(cim::ProviderCall call, const cim::Method& method, const cim::ParameterValues& in) override;

  StorageServiceKind description_;
};

}  // namespace lunaria::providers
