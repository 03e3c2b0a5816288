#pragma once

// LUNARIA_PortalGroup: which portals belong together, and what discovery asks for at them.

#include "providers/listed_provider.h"
#include "service/service.h"

namespace lunaria::providers {

class LunariaPortalGroupProvider final : public ListedProvider<service::PortalGroup> {
 public:
  using ListedProvider::ListedProvider;

  runtime::Task<Result<cim::ObjectPath, cim::Error>> create_instance(cim::ProviderCall call,
                                                                     const cim::Instance& instance) override;
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;

 protected:
  Listed list(const cim::OperationContext& context) override;
  cim::Instance to_instance(const cim::ClassPtr& cls, const service::PortalGroup& item) const override;
  bool is_at(const service::PortalGroup& item, const cim::ObjectPath& path) const override;
};

}  // namespace lunaria::providers
