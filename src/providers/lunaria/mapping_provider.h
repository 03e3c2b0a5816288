#pragma once

// LUNARIA_Mapping: which disk is at which LUN of which target, by name, and whether for reading only.

#include "cim/provider.h"
#include "providers/environment.h"

namespace lunaria::providers {

class LunariaMappingProvider final : public cim::Provider {
 public:
  explicit LunariaMappingProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// Maps; without LUN at the lowest free one.
  runtime::Task<Result<cim::ObjectPath, cim::Error>> create_instance(cim::ProviderCall call,
                                                                     const cim::Instance& instance) override;
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  /// Unmaps.
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;

 private:
  runtime::Task<Result<service::Mapping, cim::Error>> find(const cim::ProviderCall& call, const cim::ObjectPath& path);

  Environment environment_;
};

/// A mapping as an instance of LUNARIA_Mapping.
cim::Instance lunaria_mapping_instance(const cim::ClassPtr& cls, const service::Mapping& mapping);

}  // namespace lunaria::providers
