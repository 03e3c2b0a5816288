// The methods of WT_Host.

#include <array>

#include "providers/errors.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/host_provider.h"
#include "providers/wt/lun.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_host;

/// The parameter WTD, which has the same name in every method.
Result<service::DiskId, cim::Error> disk_parameter(const cim::ParameterValues& in) {
  const auto number = required_number(in, names::add_wt_disk::kWTD);
  if (!number) {
    return fail(number.error());
  }
  return static_cast<service::DiskId>(*number);
}

}  // namespace

std::span<const MethodRow<HostProvider>> HostProvider::methods() {
  static constexpr auto kMethods = std::to_array<MethodRow<HostProvider>>({
      {names::new_host::kMethod, &HostProvider::new_host},
      {names::add_wt_disk::kMethod, &HostProvider::add_disk},
      {names::remove_wt_disk::kMethod, &HostProvider::remove_disk},
      {names::remove_all_wt_disks::kMethod, &HostProvider::remove_all},
      {names::set_wt_disk_lun_mapping::kMethod, &HostProvider::set_lun},
  });
  return kMethods;
}

MethodReply HostProvider::new_host(cim::ProviderCall call, const cim::ObjectPath& /*path*/,
                                   const cim::ParameterValues& in) {
  const auto name = required_text(in, names::new_host::kHostName);
  if (!name) {
    co_return fail(name.error());
  }
  if (!text_parameter(in, names::new_host::kResourceGroup).value_or("").empty()) {
    co_return fail(not_supported("ResourceGroup must be empty: the server is not part of a cluster"));
  }
  service::CreateTarget request;
  request.name = *name;
  const auto target = co_await environment_.service.create_target(to_principal(call.context), std::move(request));
  if (!target) {
    co_return fail(to_cim(target.error()));
  }
  const std::vector<service::Session> none;
  cim::MethodResult result;
  result.return_value = cim::Value(host_instance(classes(call), *target, &none));
  co_return result;
}

MethodReply HostProvider::add_disk(cim::ProviderCall call, const cim::ObjectPath& path,
                                   const cim::ParameterValues& in) {
  const auto disk = disk_parameter(in);
  if (!disk) {
    co_return fail(disk.error());
  }
  const auto target = co_await find(call, path);
  if (!target) {
    co_return fail(target.error());
  }
  const auto mapping = co_await environment_.service.map_disk(
      to_principal(call.context), {.target = target->id, .disk = *disk, .lun = std::nullopt, .read_only = false});
  if (!mapping) {
    co_return fail(to_cim(mapping.error()));
  }
  co_return cim::MethodResult();
}

MethodReply HostProvider::remove_disk(cim::ProviderCall call, const cim::ObjectPath& path,
                                      const cim::ParameterValues& in) {
  const auto disk = disk_parameter(in);
  if (!disk) {
    co_return fail(disk.error());
  }
  const auto target = co_await find(call, path);
  if (!target) {
    co_return fail(target.error());
  }
  const auto done = co_await environment_.service.unmap_disk(to_principal(call.context), target->id, *disk);
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return cim::MethodResult();
}

MethodReply HostProvider::remove_all(cim::ProviderCall call, const cim::ObjectPath& path,
                                     const cim::ParameterValues& /*in*/) {
  const auto target = co_await find(call, path);
  if (!target) {
    co_return fail(target.error());
  }
  const auto done = co_await environment_.service.unmap_all(to_principal(call.context), target->id);
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return cim::MethodResult();
}

MethodReply HostProvider::set_lun(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in) {
  const auto disk = disk_parameter(in);
  if (!disk) {
    co_return fail(disk.error());
  }
  const auto number = required_number(in, names::set_wt_disk_lun_mapping::kLUN);
  if (!number) {
    co_return fail(number.error());
  }
  const auto lun = to_lun(*number);
  if (!lun) {
    co_return fail(lun.error());
  }
  const auto target = co_await find(call, path);
  if (!target) {
    co_return fail(target.error());
  }
  const auto mapping = co_await environment_.service.set_mapping(
      to_principal(call.context), {.target = target->id, .disk = *disk, .lun = *lun, .read_only = std::nullopt});
  if (!mapping) {
    co_return fail(to_cim(mapping.error()));
  }
  co_return cim::MethodResult();
}

}  // namespace lunaria::providers
