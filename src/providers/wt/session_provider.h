#pragma once

// WT_Session: who is logged in. Read-only.

#include "cim/provider.h"
#include "providers/environment.h"

namespace lunaria::providers {

class SessionProvider final : public cim::Provider {
 public:
  explicit SessionProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;

 private:
  cim::ClassPtr connection_class(const cim::ProviderCall& call) const;

  Environment environment_;
};

}  // namespace lunaria::providers
