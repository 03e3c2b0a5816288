#pragma once

// LUNARIA_Role: what each role may do, and which of them the caller has.

#include "cim/provider.h"

namespace lunaria::providers {

/// Keeps nothing: the roles are those of security/principal.h.
class LunariaRoleProvider final : public cim::Provider {
 public:
  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
};

}  // namespace lunaria::providers
