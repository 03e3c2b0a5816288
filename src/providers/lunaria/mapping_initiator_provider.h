#pragma once

// LUNARIA_MappingInitiator: what one initiator sees of a mapping.

#include "providers/listed_provider.h"
#include "service/service.h"

namespace lunaria::providers {

/// An initiator that a mapping names, with the mapping.
struct NamedInitiator {
  service::Mapping mapping;
  service::MappingInitiator initiator;
};

class LunariaMappingInitiatorProvider final : public ListedProvider<NamedInitiator> {
 public:
  using ListedProvider::ListedProvider;

  runtime::Task<Result<cim::ObjectPath, cim::Error>> create_instance(cim::ProviderCall call,
                                                                     const cim::Instance& instance) override;
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;

 protected:
  Listed list(const cim::OperationContext& context) override;
  cim::Instance to_instance(const cim::ClassPtr& cls, const NamedInitiator& item) const override;
  bool is_at(const NamedInitiator& item, const cim::ObjectPath& path) const override;
  Columns<NamedInitiator> columns() const override;
};

}  // namespace lunaria::providers
