#pragma once

// WT_Connection: the connections of all sessions. Read-only.

#include "cim/provider.h"
#include "providers/environment.h"

namespace lunaria::providers {

class ConnectionProvider final : public cim::Provider {
 public:
  explicit ConnectionProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;

 private:
  Environment environment_;
};

}  // namespace lunaria::providers
