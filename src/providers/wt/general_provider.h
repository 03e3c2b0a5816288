#pragma once

// WT_General: the server as a whole. One instance, without key.

#include "cim/provider.h"
#include "providers/environment.h"

namespace lunaria::providers {

class GeneralProvider final : public cim::Provider {
 public:
  explicit GeneralProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// FAILED when IsRemoteManageable would become false over a connection from another machine.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;

 private:
  Environment environment_;
};

/// The server as the instance of WT_General.
cim::Instance general_instance(const cim::ClassPtr& cls, const service::Server& server);

}  // namespace lunaria::providers
