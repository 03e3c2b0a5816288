#pragma once

// WT_Portal: the local addresses and whether iSCSI connections are accepted there. Addresses that have vanished are
// not shown, their settings are kept.

#include "cim/provider.h"
#include "providers/environment.h"

namespace lunaria::providers {

class PortalProvider final : public cim::Provider {
 public:
  explicit PortalProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// FAILED when the port is not to be had; the setting stays then, and is tried again.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;

 private:
  runtime::Task<Result<service::Portal, cim::Error>> find(const cim::ProviderCall& call, const cim::ObjectPath& path);

  Environment environment_;
};

/// A portal as an instance of WT_Portal.
cim::Instance portal_instance(const cim::ClassPtr& cls, const service::Portal& portal);

}  // namespace lunaria::providers
