#pragma once

// LUNARIA_Redirect: where logins are sent.

#include "providers/listed_provider.h"
#include "service/service.h"

namespace lunaria::providers {

/// A redirect with its target.
struct TargetRedirect {
  service::Target target;
  service::Redirect redirect;
};

class LunariaRedirectProvider final : public ListedProvider<TargetRedirect> {
 public:
  using ListedProvider::ListedProvider;

  runtime::Task<Result<cim::ObjectPath, cim::Error>> create_instance(cim::ProviderCall call,
                                                                     const cim::Instance& instance) override;
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;

 protected:
  Listed list(const cim::OperationContext& context) override;
  cim::Instance to_instance(const cim::ClassPtr& cls, const TargetRedirect& item) const override;
  bool is_at(const TargetRedirect& item, const cim::ObjectPath& path) const override;
  Columns<TargetRedirect> columns() const override;
};

}  // namespace lunaria::providers
