#pragma once

// StorageServiceProvider: one of the five services of the storage model, each one instance. It serves their state and
// the methods that change it. What a service offers beside these answers 1 (not supported) while it is started, and
// METHOD_NOT_AVAILABLE while it is not; the data path is never touched.

#include <string_view>

#include "providers/environment.h"
#include "providers/methods.h"
#include "service/service_state.h"

namespace lunaria::providers {

/// Which service, and how it is called.
struct StorageServiceKind {
  service::ServiceKind kind;
  std::string_view class_name;
  std::string_view element_name;
  std::string_view description;
};

class StorageServiceProvider final : public cim::Provider {
 public:
  StorageServiceProvider(Environment environment, StorageServiceKind kind) : environment_(environment), kind_(kind) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  runtime::Task<Result<cim::Instance, cim::Error>> current(const cim::ProviderCall& call);
  MethodReply call_other(cim::ProviderCall call, const cim::Method& method);

  Environment environment_;
  StorageServiceKind kind_;
};

/// The five, in the order of service::kServiceKinds.
inline constexpr std::size_t kStorageServiceCount = 5;
StorageServiceKind storage_service_kind(std::size_t index);

/// The instance, from the state alone.
cim::Instance storage_service_instance(const cim::ClassPtr& cls, const StorageServiceKind& kind,
                                       const service::Server& server, const service::ServiceStatus& status);

}  // namespace lunaria::providers
