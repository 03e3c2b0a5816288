#pragma once

// MSFTSM_RegisteredProfile and MSFTSM_RegisteredSubProfile: the profiles that the server keeps to, and the enumeration
// of what keeps to each (OpenConformantInstances, PullConformantInstances, CloseConformantInstances).

#include <span>
#include <vector>

#include "cim/provider_table.h"
#include "providers/interop/computed_provider.h"
#include "providers/interop/conformant_enumerations.h"
#include "providers/methods.h"

namespace lunaria::providers {

/// For one of the two classes.
class ProfileProvider final : public cim::Provider {
 public:
  ProfileProvider(Environment environment, ComputedInstances compute)
      : environment_(environment), instances_(environment, compute), enumerations_(environment.clock) {}

  /// Where conformant instances are asked for; outlives the provider. Once, before the first call.
  void look_up_in(const cim::ProviderTable& table) { table_ = &table; }

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  static std::span<const MethodRow<ProfileProvider>> methods();

  MethodReply open(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply pull(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply close(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);

  /// What keeps to the profile at `path` and is of `result_class` ("" for any). INVALID_PARAMETER for an unknown class.
  runtime::Task<Result<std::vector<ConformantElement>, cim::Error>> elements(const cim::OperationContext& context,
                                                                             const cim::ObjectPath& path,
                                                                             const std::string& result_class) const;
  /// Answers up to `count` elements from the front of `rest`, which it takes out. What has gone since is left out.
  runtime::Task<Result<cim::MethodResult, cim::Error>> tell(const cim::OperationContext& context,
                                                            std::vector<ConformantElement>& rest,
                                                            const cim::PropertyList& properties,
                                                            std::uint64_t count) const;

  Environment environment_;
  ComputedProvider instances_;
  const cim::ProviderTable* table_ = nullptr;
  ConformantEnumerations enumerations_;
};

}  // namespace lunaria::providers
