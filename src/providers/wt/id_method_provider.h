#pragma once

// WT_IDMethod: who may log in to which target. All properties are keys: an instance is changed by deleting and
// creating.

#include "cim/provider.h"
#include "providers/environment.h"

namespace lunaria::providers {

class IdMethodProvider final : public cim::Provider {
 public:
  explicit IdMethodProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// The path answered holds the value in its canonical form.
  runtime::Task<Result<cim::ObjectPath, cim::Error>> create_instance(cim::ProviderCall call,
                                                                     const cim::Instance& instance) override;
  /// Sessions that have no other way in are dropped.
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;

 private:
  Environment environment_;
};

/// An access rule as an instance of WT_IDMethod.
cim::Instance id_method_instance(const cim::ClassPtr& cls, const std::string& host, const service::AccessRule& rule);

}  // namespace lunaria::providers
