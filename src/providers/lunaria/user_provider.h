#pragma once

// LUNARIA_User: who may manage the server over the network.

#include <span>

#include "providers/environment.h"
#include "providers/methods.h"

namespace lunaria::providers {

class LunariaUserProvider final : public cim::Provider {
 public:
  explicit LunariaUserProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// Changes the role.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  static std::span<const MethodRow<LunariaUserProvider>> methods();

  MethodReply create(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply set_password(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);

  Environment environment_;
};

/// A user as an instance of LUNARIA_User.
cim::Instance user_instance(const cim::ClassPtr& cls, const service::User& user);

}  // namespace lunaria::providers
