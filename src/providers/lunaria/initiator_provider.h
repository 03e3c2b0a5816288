#pragma once

// LUNARIA_Initiator: what is set for one initiator, whatever the target.

#include "providers/listed_provider.h"
#include "service/service.h"

namespace lunaria::providers {

class LunariaInitiatorProvider final : public ListedProvider<service::Initiator> {
 public:
  using ListedProvider::ListedProvider;

  runtime::Task<Result<cim::ObjectPath, cim::Error>> create_instance(cim::ProviderCall call,
                                                                     const cim::Instance& instance) override;
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;

 protected:
  Listed list(const cim::OperationContext& context) override;
  cim::Instance to_instance(const cim::ClassPtr& cls, const service::Initiator& item) const override;
  bool is_at(const service::Initiator& item, const cim::ObjectPath& path) const override;
  Columns<service::Initiator> columns() const override;
};

}  // namespace lunaria::providers
