#pragma once

// LUNARIA_Target: at which portal groups a target is offered, and what its sessions may have.

#include "providers/listed_provider.h"
#include "service/service.h"

namespace lunaria::providers {

class LunariaTargetProvider final : public ListedProvider<service::Target> {
 public:
  using ListedProvider::ListedProvider;

  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;

 protected:
  Listed list(const cim::OperationContext& context) override;
  cim::Instance to_instance(const cim::ClassPtr& cls, const service::Target& item) const override;
  bool is_at(const service::Target& item, const cim::ObjectPath& path) const override;
  Columns<service::Target> columns() const override;
};

}  // namespace lunaria::providers
