#pragma once

// LUNARIA_AccessRule: who may log in, with what is known of DNS names. Read only: WT_IDMethod makes and deletes.

#include "providers/listed_provider.h"
#include "service/service.h"

namespace lunaria::providers {

class LunariaAccessRuleProvider final : public ListedProvider<service::AccessEntry> {
 public:
  using ListedProvider::ListedProvider;

 protected:
  Listed list(const cim::OperationContext& context) override;
  cim::Instance to_instance(const cim::ClassPtr& cls, const service::AccessEntry& item) const override;
  bool is_at(const service::AccessEntry& item, const cim::ObjectPath& path) const override;
  Columns<service::AccessEntry> columns() const override;
};

}  // namespace lunaria::providers
