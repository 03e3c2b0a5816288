// The methods of WT_Disk.

#include <array>
#include <limits>

#include "cim/name.h"
#include "providers/errors.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/disk_provider.h"
#include "schema/names.h"
#include "service/disk_identity.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_disk;

/// RAM disks are whole pages of memory.
constexpr std::uint64_t kMemoryPage = 4096;
constexpr std::uint32_t kDefaultLogicalSectorSize = 512;
constexpr std::uint32_t kDefaultPhysicalSectorSize = 4096;

service::DiskId disk_id(const cim::ObjectPath& path) {
  return static_cast<service::DiskId>(number_key(path, names::kWTD));
}

bool has_prefix(std::string_view path, std::string_view prefix) {
  return path.size() >= prefix.size() && cim::name_equal(path.substr(0, prefix.size()), prefix);
}

bool has_suffix(std::string_view path, std::string_view suffix) {
  return path.size() >= suffix.size() && cim::name_equal(path.substr(path.size() - suffix.size()), suffix);
}

/// What is wrong with the path of an image that is to be made or adopted, as far as it can be told from its text.
Result<void, cim::Error> check_image_path(const std::string& path) {
  if (has_prefix(path, kPassThroughTag)) {
    return fail(not_supported("Devices cannot be passed through; give the path of an image file instead of " + path));
  }
  if (has_prefix(path, kRamDiskTag)) {
    return fail(invalid_parameter(path + " is no path of an image file; CreateRamWTDisk makes disks in memory"));
  }
  if (has_suffix(path, ".vhd") || has_suffix(path, ".vhdx")) {
    return fail(
        not_supported("Image files are raw here, VHD and VHDX are not served; choose another file name "
                      "extension than that of " +
                      path));
  }
  return {};
}

/// 0 and NULL stand for the usual size.
std::uint32_t sector_size(const cim::ParameterValues& in, std::string_view name, std::uint32_t usual) {
  const std::uint64_t size = number_parameter(in, name).value_or(0);
  return size == 0 ? usual : static_cast<std::uint32_t>(size);
}

/// The parameters that CreateVhdWTDisk and CreateRamWTDisk share. The service rounds the size up to whole physical
/// sectors and judges all values.
Result<service::CreateDisk, cim::Error> new_disk_request(const cim::ParameterValues& in) {
  namespace create = names::create_vhd_wt_disk;
  const auto size = required_number(in, create::kMaxInternalSize);
  if (!size) {
    return fail(size.error());
  }
  service::CreateDisk request;
  request.size = *size;
  request.logical_block_size = sector_size(in, create::kLogicalSectorSize, kDefaultLogicalSectorSize);
  request.physical_block_size = sector_size(in, create::kPhysicalSectorSize, kDefaultPhysicalSectorSize);
  request.description = text_parameter(in, create::kDescription).value_or("");
  return request;
}

/// What CreateVhdWTDisk asks for.
Result<service::CreateDisk, cim::Error> image_request(const cim::ParameterValues& in) {
  namespace create = names::create_vhd_wt_disk;
  const auto path = required_text(in, create::kDevicePath);
  if (!path) {
    return fail(path.error());
  }
  const auto type = required_number(in, create::kVhdType);
  if (!type) {
    return fail(type.error());
  }
  const std::string parent = text_parameter(in, create::kParentPath).value_or("");
  const bool is_fixed = *type == std::to_underlying(create::VhdType::kFixed);
  if (*type == std::to_underlying(create::VhdType::kDifferencing)) {
    return fail(not_supported("Differencing disks are not served; VhdType must be 2 (fixed) or 3 (dynamic)"));
  }
  if (!is_fixed && *type != std::to_underlying(create::VhdType::kDynamic)) {
    return fail(invalid_parameter("VhdType must be 2 (fixed) or 3 (dynamic), not " + std::to_string(*type)));
  }
  if (!parent.empty()) {
    return fail(invalid_parameter("ParentPath is for differencing disks only"));
  }
  if (const auto checked = check_image_path(*path); !checked) {
    return fail(checked.error());
  }
  auto request = new_disk_request(in);
  if (!request) {
    return request;
  }
  request->path = *path;
  request->kind = is_fixed ? service::DiskKind::kPreallocated : service::DiskKind::kThin;
  return request;
}

cim::MethodResult progress_result(std::string_view percent, std::string_view error) {
  cim::MethodResult result;
  result.out.set(std::string(percent), cim::Value(std::uint32_t{100}));
  result.out.set(std::string(error), cim::Value(std::int32_t{0}));
  return result;
}

}  // namespace

std::span<const MethodRow<DiskProvider>> DiskProvider::methods() {
  static constexpr auto kMethods = std::to_array<MethodRow<DiskProvider>>({
      {names::create_vhd_wt_disk::kMethod, &DiskProvider::create_vhd},
      {names::create_ram_wt_disk::kMethod, &DiskProvider::create_ram},
      {names::import_wt_disk::kMethod, &DiskProvider::import_disk},
      {names::new_wt_disk::kMethod, &DiskProvider::new_disk},
      {names::new_diff_wt_disk::kMethod, &DiskProvider::new_differencing},
      {names::resize::kMethod, &DiskProvider::resize},
      {names::extend::kMethod, &DiskProvider::extend},
      {names::cancel_async_operation::kMethod, &DiskProvider::cancel},
      {names::get_async_operation_progress::kMethod, &DiskProvider::progress},
      {names::get_rollback_progress::kMethod, &DiskProvider::rollback_progress},
      {names::get_dv_mount_points::kMethod, &DiskProvider::mount_points},
  });
  return kMethods;
}

MethodReply DiskProvider::answer(cim::ProviderCall call, service::Disk disk) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  const scsi::Identity identity = service::identity_of(disk, server->version);
  cim::MethodResult result;
  result.return_value = cim::Value(disk_instance(classes(call), disk, &identity));
  co_return result;
}

MethodReply DiskProvider::make(cim::ProviderCall call, service::CreateDisk request) {
  auto disk = co_await environment_.service.create_disk(to_principal(call.context), std::move(request));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  auto result = co_await answer(std::move(call), std::move(*disk));
  co_return result;
}

MethodReply DiskProvider::create_vhd(cim::ProviderCall call, const cim::ObjectPath& /*path*/,
                                     const cim::ParameterValues& in) {
  auto request = image_request(in);
  if (!request) {
    co_return fail(request.error());
  }
  auto result = co_await make(std::move(call), std::move(*request));
  co_return result;
}

MethodReply DiskProvider::create_ram(cim::ProviderCall call, const cim::ObjectPath& /*path*/,
                                     const cim::ParameterValues& in) {
  const auto tag = required_text(in, names::create_ram_wt_disk::kDevicePath);
  if (!tag) {
    co_return fail(tag.error());
  }
  if (!cim::name_equal(*tag, kRamDiskTag)) {
    co_return fail(invalid_parameter("DevicePath must be RAMDISK: and nothing more, not " + *tag));
  }
  auto request = new_disk_request(in);
  if (!request) {
    co_return fail(request.error());
  }
  request->kind = service::DiskKind::kRam;
  if (request->size <= std::numeric_limits<std::uint64_t>::max() - kMemoryPage) {
    request->size = (request->size + kMemoryPage - 1) / kMemoryPage * kMemoryPage;
  }
  auto result = co_await make(std::move(call), std::move(*request));
  co_return result;
}

MethodReply DiskProvider::import_disk(cim::ProviderCall call, const cim::ObjectPath& /*path*/,
                                      const cim::ParameterValues& in) {
  namespace import = names::import_wt_disk;
  const auto path = required_text(in, import::kDevicePath);
  if (!path) {
    co_return fail(path.error());
  }
  if (const auto checked = check_image_path(*path); !checked) {
    co_return fail(checked.error());
  }
  if (!text_parameter(in, import::kResourceGroup).value_or("").empty()) {
    co_return fail(not_supported("ResourceGroup must be empty: the server is not part of a cluster"));
  }
  service::ImportDisk request;
  request.path = *path;
  request.description = text_parameter(in, import::kDescription).value_or("");
  auto disk = co_await environment_.service.import_disk(to_principal(call.context), std::move(request));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  auto result = co_await answer(std::move(call), std::move(*disk));
  co_return result;
}

MethodReply DiskProvider::new_disk(cim::ProviderCall call, const cim::ObjectPath& /*path*/,
                                   const cim::ParameterValues& in) {
  const auto path = required_text(in, names::new_wt_disk::kDevicePath);
  if (!path) {
    co_return fail(path.error());
  }
  const auto size = required_number(in, names::new_wt_disk::kSizeInMB);
  if (!size) {
    co_return fail(size.error());
  }
  if (const auto checked = check_image_path(*path); !checked) {
    co_return fail(checked.error());
  }
  service::CreateDisk request;
  request.path = *path;
  request.kind = service::DiskKind::kPreallocated;
  request.size = *size * kMebibyte;
  request.description = text_parameter(in, names::new_wt_disk::kDescription).value_or("");
  auto result = co_await make(std::move(call), std::move(request));
  co_return result;
}

MethodReply DiskProvider::new_differencing(cim::ProviderCall /*call*/, const cim::ObjectPath& /*path*/,
                                           const cim::ParameterValues& /*in*/) {
  co_return fail(not_supported("Differencing disks are not served; CreateVhdWTDisk makes fixed and dynamic ones"));
}

MethodReply DiskProvider::change_size(cim::ProviderCall call, service::DiskId id, std::uint64_t delta, bool shrink) {
  const auto disk = co_await environment_.service.get_disk(to_principal(call.context), id);
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  if (shrink && delta >= disk->size) {
    co_return fail(invalid_parameter("The disk has " + std::to_string(mebibytes_down(disk->size)) +
                                     " MiB and cannot be made smaller by " + std::to_string(delta / kMebibyte)));
  }
  const std::uint64_t size = shrink ? disk->size - delta : disk->size + delta;
  const auto resized = co_await environment_.service.resize_disk(to_principal(call.context),
                                                                 {.id = id, .size = size, .allow_shrink = shrink});
  if (!resized) {
    co_return fail(to_cim(resized.error()));
  }
  co_return cim::MethodResult();
}

MethodReply DiskProvider::resize(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in) {
  const auto delta = required_number(in, names::resize::kDeltaInMB);
  if (!delta) {
    co_return fail(delta.error());
  }
  const bool shrink = flag_parameter(in, names::resize::kShrink).value_or(false);
  auto result = co_await change_size(std::move(call), disk_id(path), *delta * kMebibyte, shrink);
  co_return result;
}

MethodReply DiskProvider::extend(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in) {
  const auto delta = required_number(in, names::extend::kAdditionalSizeInMB);
  if (!delta) {
    co_return fail(delta.error());
  }
  auto result = co_await change_size(std::move(call), disk_id(path), *delta * kMebibyte, false);
  co_return result;
}

MethodReply DiskProvider::cancel(cim::ProviderCall call, const cim::ObjectPath& path,
                                 const cim::ParameterValues& /*in*/) {
  const auto disk = co_await environment_.service.get_disk(to_principal(call.context), disk_id(path));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  co_return cim::MethodResult();
}

MethodReply DiskProvider::progress(cim::ProviderCall call, const cim::ObjectPath& path,
                                   const cim::ParameterValues& /*in*/) {
  const auto disk = co_await environment_.service.get_disk(to_principal(call.context), disk_id(path));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  namespace get_progress = names::get_async_operation_progress;
  co_return progress_result(get_progress::kProgressPercent, get_progress::kLastError);
}

MethodReply DiskProvider::rollback_progress(cim::ProviderCall call, const cim::ObjectPath& path,
                                            const cim::ParameterValues& /*in*/) {
  const auto disk = co_await environment_.service.get_disk(to_principal(call.context), disk_id(path));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  namespace get_progress = names::get_rollback_progress;
  co_return progress_result(get_progress::kProgressPercent, get_progress::kRollbackLastError);
}

MethodReply DiskProvider::mount_points(cim::ProviderCall call, const cim::ObjectPath& path,
                                       const cim::ParameterValues& /*in*/) {
  const auto disk = co_await environment_.service.get_disk(to_principal(call.context), disk_id(path));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  cim::MethodResult result = returning(std::int32_t{0});
  result.out.set(std::string(names::get_dv_mount_points::kMountPoints), cim::Value::array(cim::Type::kString, {}));
  co_return result;
}

}  // namespace lunaria::providers
