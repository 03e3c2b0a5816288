#pragma once

// WT_Disk: the disks, with the methods that make and change them.

#include <span>

#include "providers/environment.h"
#include "providers/methods.h"
#include "providers/wt/disk_instance.h"

namespace lunaria::providers {

/// Long operations are done when their call returns: there is nothing to cancel, and progress is always 100.
class DiskProvider final : public cim::Provider {
 public:
  explicit DiskProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  /// Forgets the disk; the file stays. FAILED while it is mapped.
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  static std::span<const MethodRow<DiskProvider>> methods();

  MethodReply create_vhd(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply create_ram(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply import_disk(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply new_disk(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply new_differencing(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply resize(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply extend(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply cancel(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply progress(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply rollback_progress(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply mount_points(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);

  MethodReply change_size(cim::ProviderCall call, service::DiskId id, std::uint64_t delta, bool shrink);
  MethodReply make(cim::ProviderCall call, service::CreateDisk request);
  /// The embedded WT_Disk that methods answer.
  MethodReply answer(cim::ProviderCall call, service::Disk disk);
  DiskClasses classes(const cim::ProviderCall& call) const;

  Environment environment_;
};

}  // namespace lunaria::providers
