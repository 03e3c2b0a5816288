#pragma once

// LUNARIA_Disk: disks with everything that the service knows of them, in bytes and by name.

#include <span>

#include "providers/environment.h"
#include "providers/methods.h"

namespace lunaria::providers {

class LunariaDiskProvider final : public cim::Provider {
 public:
  explicit LunariaDiskProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  /// Forgets the disk; the file stays.
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  static std::span<const MethodRow<LunariaDiskProvider>> methods();

  MethodReply create(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply import_disk(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply resize(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply repair(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply remove(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);

  runtime::Task<Result<service::Disk, cim::Error>> find(const cim::ProviderCall& call, const cim::ObjectPath& path);

  Environment environment_;
};

/// A disk as an instance of LUNARIA_Disk.
cim::Instance lunaria_disk_instance(const cim::ClassPtr& cls, const service::Disk& disk);

}  // namespace lunaria::providers
