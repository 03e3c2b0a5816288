#include "providers/wt/disk_provider.h"

#include <array>

#include "cim/repository.h"
#include "providers/errors.h"
#include "providers/listed_provider.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"
#include "service/disk_identity.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_disk;

/// By which clients look for them.
constexpr auto kColumns = std::to_array<Column<service::Disk>>({
    {names::kWTD, [](const service::Disk& item) { return cim::Value(std::to_underlying(item.id)); }},
    {names::kDescription, [](const service::Disk& item) { return cim::Value(item.description); }},
    {names::kDevicePath, [](const service::Disk& item) { return cim::Value(device_path(item)); }},
    {names::kSerialNumber, [](const service::Disk& item) { return cim::Value(item.serial); }},
});

service::DiskId disk_id(const cim::ObjectPath& path) {
  return static_cast<service::DiskId>(number_key(path, names::kWTD));
}

}  // namespace

DiskClasses DiskProvider::classes(const cim::ProviderCall& call) const {
  const auto find = [&](std::string_view name) { return environment_.repository.find_class(call.name_space, name); };
  return {call.cls, find(schema::wt_vds_lun_information::kClass),
          find(schema::wt_vpd_identification_descriptor::kClass)};
}

runtime::Task<Result<void, cim::Error>> DiskProvider::enumerate_instances(cim::ProviderCall call,
                                                                          cim::InstanceSink& sink) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  const auto disks = co_await environment_.service.list_disks(to_principal(call.context));
  if (!disks) {
    co_return fail(to_cim(disks.error()));
  }
  const DiskClasses made_of = classes(call);
  const bool with_identity = call.wants(names::kVdsLunInfo);
  const auto make = [&](const service::Disk& disk) {
    const scsi::Identity identity = with_identity ? service::identity_of(disk, server->version) : scsi::Identity();
    return disk_instance(made_of, disk, with_identity ? &identity : nullptr);
  };
  auto outcome = co_await put_listed<service::Disk>(call, sink, *disks, kColumns, make);
  co_return outcome;
}

runtime::Task<Result<cim::Instance, cim::Error>> DiskProvider::get_instance(cim::ProviderCall call,
                                                                            const cim::ObjectPath& path) {
  const auto disk = co_await environment_.service.get_disk(to_principal(call.context), disk_id(path));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  if (!call.wants(names::kVdsLunInfo)) {
    co_return disk_instance(classes(call), *disk, nullptr);
  }
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  const scsi::Identity identity = service::identity_of(*disk, server->version);
  co_return disk_instance(classes(call), *disk, &identity);
}

runtime::Task<Result<void, cim::Error>> DiskProvider::modify_instance(cim::ProviderCall call,
                                                                      const cim::ObjectPath& path,
                                                                      const cim::Instance& changes) {
  service::SetDisk request;
  request.id = disk_id(path);
  request.description = changed_text(changes, names::kDescription);
  const auto enabled = changed_flag(changes, names::kEnabled);
  if (!enabled) {
    co_return fail(enabled.error());
  }
  request.enabled = *enabled;
  const auto disk = co_await environment_.service.set_disk(to_principal(call.context), std::move(request));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<void, cim::Error>> DiskProvider::delete_instance(cim::ProviderCall call,
                                                                      const cim::ObjectPath& path) {
  const auto done = co_await environment_.service.delete_disk(to_principal(call.context),
                                                              {.id = disk_id(path), .remove_file = false});
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

MethodReply DiskProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                                        const cim::ParameterValues& in) {
  return dispatch(*this, methods(), std::move(call), path, method, in);
}

}  // namespace lunaria::providers
