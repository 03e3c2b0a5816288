#pragma once

// WT_Host: the targets, with the methods that make them and map disks to them.

#include <span>

#include "providers/environment.h"
#include "providers/methods.h"
#include "providers/wt/host_instance.h"

namespace lunaria::providers {

class HostProvider final : public cim::Provider {
 public:
  explicit HostProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// All of the changes or none. The mask written back leaves a secret as it is, NULL and "" take it away.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  /// Takes mappings and WT_IDMethod instances along; disks stay. FAILED while sessions exist.
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  static std::span<const MethodRow<HostProvider>> methods();

  MethodReply new_host(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply add_disk(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply remove_disk(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply remove_all(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply set_lun(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);

  runtime::Task<Result<service::Target, cim::Error>> find(const cim::ProviderCall& call, const cim::ObjectPath& path);
  HostClasses classes(const cim::ProviderCall& call) const;

  Environment environment_;
};

}  // namespace lunaria::providers
