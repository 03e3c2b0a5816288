#pragma once

// LUNARIA_Portal: an address of the server with its portal group.

#include "providers/listed_provider.h"
#include "service/service.h"

namespace lunaria::providers {

class LunariaPortalProvider final : public ListedProvider<service::Portal> {
 public:
  using ListedProvider::ListedProvider;

  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;

 protected:
  Listed list(const cim::OperationContext& context) override;
  cim::Instance to_instance(const cim::ClassPtr& cls, const service::Portal& item) const override;
  bool is_at(const service::Portal& item, const cim::ObjectPath& path) const override;
};

}  // namespace lunaria::providers
