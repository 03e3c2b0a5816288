#include "providers/lunaria/disk_provider.h"

#include <array>

#include "base/hex.h"
#include "providers/errors.h"
#include "providers/listed_provider.h"
#include "providers/principals.h"
#include "providers/rate_limit_properties.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_disk;

/// By which clients look for them.
constexpr auto kColumns = std::to_array<Column<service::Disk>>({
    {names::kName, [](const service::Disk& item) { return cim::Value(item.name); }},
    {names::kID, [](const service::Disk& item) { return cim::Value(static_cast<std::uint32_t>(item.id)); }},
    {names::kDescription, [](const service::Disk& item) { return cim::Value(item.description); }},
    {names::kSerialNumber, [](const service::Disk& item) { return cim::Value(item.serial); }},
});

constexpr std::uint32_t kUsualLogicalBlockSize = 512;
constexpr std::uint32_t kUsualPhysicalBlockSize = 4096;

constexpr RateLimitNames kRateLimit{names::kIOPSLimit, names::kIOPSBurst, names::kBandwidthLimit,
                                    names::kBandwidthBurst};

Result<service::DiskKind, cim::Error> parse_kind(const std::string& text) {
  for (const auto kind : {service::DiskKind::kThin, service::DiskKind::kPreallocated, service::DiskKind::kRam}) {
    if (text == to_string(kind)) {
      return kind;
    }
  }
  return fail(invalid_parameter("Kind must be thin, preallocated or ram, not " + text));
}

Result<service::Caching, cim::Error> parse_caching(const std::optional<std::string>& text) {
  if (!text || *text == to_string(service::Caching::kBuffered)) {
    return service::Caching::kBuffered;
  }
  if (*text == to_string(service::Caching::kDirect)) {
    return service::Caching::kDirect;
  }
  return fail(invalid_parameter("Caching must be buffered or direct, not " + *text));
}

std::uint32_t block_size(const cim::ParameterValues& in, std::string_view name, std::uint32_t usual) {
  return static_cast<std::uint32_t>(number_parameter(in, name).value_or(usual));
}

cim::MethodResult made(const cim::ProviderCall& call, const service::Disk& disk) {
  cim::MethodResult result = returning(std::uint32_t{0});
  result.out.set(std::string(names::create::kDisk),
                 cim::Value(lunaria_disk_instance(call.cls, disk).path(call.name_space)));
  return result;
}

}  // namespace

cim::Instance lunaria_disk_instance(const cim::ClassPtr& cls, const service::Disk& disk) {
  cim::Instance instance(cls);
  set(instance, names::kName, disk.name);
  set(instance, names::kID, cim::Value(static_cast<std::uint32_t>(disk.id)));
  set(instance, names::kDescription, disk.description);
  set(instance, names::kKind, to_string(disk.kind));
  set(instance, names::kCaching, to_string(disk.caching));
  set_text_or_null(instance, names::kPath, disk.path);
  set(instance, names::kSize, cim::Value(disk.size));
  set(instance, names::kAllocatedSize, cim::Value(disk.allocated_size));
  set(instance, names::kLogicalBlockSize, cim::Value(disk.logical_block_size));
  set(instance, names::kPhysicalBlockSize, cim::Value(disk.physical_block_size));
  set(instance, names::kEnabled, cim::Value(disk.enabled));
  set(instance, names::kReadOnly, cim::Value(disk.read_only));
  set(instance, names::kRemovable, cim::Value(disk.removable));
  set(instance, names::kEncrypted, cim::Value(disk.encrypted));
  set_rate_limit(instance, kRateLimit, disk.rate_limit);
  set(instance, names::kSpaceThreshold, cim::Value(disk.space_threshold));
  set(instance, names::kUsedThreshold, cim::Value(disk.used_threshold));
  set_text_or_null(instance, names::kFailure, disk.failure.value_or(""));
  set(instance, names::kConnected, cim::Value(disk.connected));
  set(instance, names::kSerialNumber, disk.serial);
  set(instance, names::kNAA, to_hex(std::as_bytes(std::span(disk.naa))));
  set_time(instance, names::kCreated, disk.created);
  return instance;
}

runtime::Task<Result<service::Disk, cim::Error>> LunariaDiskProvider::find(const cim::ProviderCall& call,
                                                                           const cim::ObjectPath& path) {
  auto disk =
      co_await environment_.service.find_disk(to_principal(call.context), std::string(text_key(path, names::kName)));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  co_return *std::move(disk);
}

runtime::Task<Result<void, cim::Error>> LunariaDiskProvider::enumerate_instances(cim::ProviderCall call,
                                                                                 cim::InstanceSink& sink) {
  const auto disks = co_await environment_.service.list_disks(to_principal(call.context));
  if (!disks) {
    co_return fail(to_cim(disks.error()));
  }
  const auto make = [&call](const service::Disk& disk) { return lunaria_disk_instance(call.cls, disk); };
  auto outcome = co_await put_listed<service::Disk>(call, sink, *disks, kColumns, make);
  co_return outcome;
}

runtime::Task<Result<cim::Instance, cim::Error>> LunariaDiskProvider::get_instance(cim::ProviderCall call,
                                                                                   const cim::ObjectPath& path) {
  const auto disk = co_await find(call, path);
  if (!disk) {
    co_return fail(disk.error());
  }
  co_return lunaria_disk_instance(call.cls, *disk);
}

runtime::Task<Result<void, cim::Error>> LunariaDiskProvider::modify_instance(cim::ProviderCall call,
                                                                             const cim::ObjectPath& path,
                                                                             const cim::Instance& changes) {
  const auto disk = co_await find(call, path);
  if (!disk) {
    co_return fail(disk.error());
  }
  const auto enabled = changed_flag(changes, names::kEnabled);
  const auto read_only = changed_flag(changes, names::kReadOnly);
  if (!enabled || !read_only) {
    co_return fail(!enabled ? enabled.error() : read_only.error());
  }
  const auto removable = changed_flag(changes, names::kRemovable);
  if (!removable) {
    co_return fail(removable.error());
  }
  const auto rate_limit = changed_rate_limit(changes, kRateLimit);
  if (!rate_limit) {
    co_return fail(rate_limit.error());
  }
  const auto space_threshold = changed_number(changes, names::kSpaceThreshold, UINT64_MAX);
  if (!space_threshold) {
    co_return fail(space_threshold.error());
  }
  const auto used_threshold = changed_number(changes, names::kUsedThreshold, UINT64_MAX);
  if (!used_threshold) {
    co_return fail(used_threshold.error());
  }
  service::SetDisk request;
  request.id = disk->id;
  request.rate_limit = *rate_limit;
  request.space_threshold = *space_threshold;
  request.used_threshold = *used_threshold;
  request.description = changed_text(changes, names::kDescription);
  request.enabled = *enabled;
  request.read_only = *read_only;
  request.removable = *removable;
  const auto done = co_await environment_.service.set_disk(to_principal(call.context), std::move(request));
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<void, cim::Error>> LunariaDiskProvider::delete_instance(cim::ProviderCall call,
                                                                             const cim::ObjectPath& path) {
  const auto disk = co_await find(call, path);
  if (!disk) {
    co_return fail(disk.error());
  }
  const auto done =
      co_await environment_.service.delete_disk(to_principal(call.context), {.id = disk->id, .remove_file = false});
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

std::span<const MethodRow<LunariaDiskProvider>> LunariaDiskProvider::methods() {
  static constexpr auto kMethods = std::to_array<MethodRow<LunariaDiskProvider>>({
      {names::create::kMethod, &LunariaDiskProvider::create},
      {names::import::kMethod, &LunariaDiskProvider::import_disk},
      {names::resize::kMethod, &LunariaDiskProvider::resize},
      {names::repair::kMethod, &LunariaDiskProvider::repair},
      {names::delete_::kMethod, &LunariaDiskProvider::remove},
  });
  return kMethods;
}

MethodReply LunariaDiskProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                               const cim::Method& method, const cim::ParameterValues& in) {
  auto result = co_await dispatch(*this, methods(), std::move(call), path, method, in);
  co_return result;
}

MethodReply LunariaDiskProvider::create(cim::ProviderCall call, const cim::ObjectPath& /*path*/,
                                        const cim::ParameterValues& in) {
  const auto kind_text = required_text(in, names::create::kKind);
  if (!kind_text) {
    co_return fail(kind_text.error());
  }
  const auto kind = parse_kind(*kind_text);
  if (!kind) {
    co_return fail(kind.error());
  }
  const auto size = required_number(in, names::create::kSize);
  if (!size) {
    co_return fail(size.error());
  }
  const auto caching = parse_caching(text_parameter(in, names::create::kCaching));
  if (!caching) {
    co_return fail(caching.error());
  }
  service::CreateDisk request;
  request.name = text_parameter(in, names::create::kName);
  request.path = text_parameter(in, names::create::kPath);
  request.kind = *kind;
  request.size = *size;
  request.logical_block_size = block_size(in, names::create::kLogicalBlockSize, kUsualLogicalBlockSize);
  request.physical_block_size = block_size(in, names::create::kPhysicalBlockSize, kUsualPhysicalBlockSize);
  request.caching = *caching;
  request.description = text_parameter(in, names::create::kDescription).value_or("");
  request.read_only = flag_parameter(in, names::create::kReadOnly).value_or(false);
  request.removable = flag_parameter(in, names::create::kRemovable).value_or(false);
  request.encrypted = flag_parameter(in, names::create::kEncrypted).value_or(false);
  const auto disk = co_await environment_.service.create_disk(to_principal(call.context), std::move(request));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  co_return made(call, *disk);
}

MethodReply LunariaDiskProvider::import_disk(cim::ProviderCall call, const cim::ObjectPath& /*path*/,
                                             const cim::ParameterValues& in) {
  auto path = required_text(in, names::import::kPath);
  if (!path) {
    co_return fail(path.error());
  }
  const auto caching = parse_caching(text_parameter(in, names::import::kCaching));
  if (!caching) {
    co_return fail(caching.error());
  }
  service::ImportDisk request;
  request.path = *std::move(path);
  request.name = text_parameter(in, names::import::kName);
  request.logical_block_size = block_size(in, names::import::kLogicalBlockSize, kUsualLogicalBlockSize);
  request.caching = *caching;
  request.description = text_parameter(in, names::import::kDescription).value_or("");
  request.read_only = flag_parameter(in, names::import::kReadOnly).value_or(false);
  const auto disk = co_await environment_.service.import_disk(to_principal(call.context), std::move(request));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  co_return made(call, *disk);
}

MethodReply LunariaDiskProvider::resize(cim::ProviderCall call, const cim::ObjectPath& path,
                                        const cim::ParameterValues& in) {
  const auto size = required_number(in, names::resize::kSize);
  if (!size) {
    co_return fail(size.error());
  }
  const auto disk = co_await find(call, path);
  if (!disk) {
    co_return fail(disk.error());
  }
  const bool allow_shrink = flag_parameter(in, names::resize::kAllowShrink).value_or(false);
  const auto done = co_await environment_.service.resize_disk(
      to_principal(call.context), {.id = disk->id, .size = *size, .allow_shrink = allow_shrink});
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return returning(std::uint32_t{0});
}

MethodReply LunariaDiskProvider::repair(cim::ProviderCall call, const cim::ObjectPath& path,
                                        const cim::ParameterValues& /*in*/) {
  const auto disk = co_await find(call, path);
  if (!disk) {
    co_return fail(disk.error());
  }
  const auto done = co_await environment_.service.repair_disk(to_principal(call.context), disk->id);
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return returning(std::uint32_t{0});
}

MethodReply LunariaDiskProvider::remove(cim::ProviderCall call, const cim::ObjectPath& path,
                                        const cim::ParameterValues& in) {
  const auto disk = co_await find(call, path);
  if (!disk) {
    co_return fail(disk.error());
  }
  const bool remove_file = flag_parameter(in, names::delete_::kRemoveFile).value_or(false);
  const auto done = co_await environment_.service.delete_disk(to_principal(call.context),
                                                              {.id = disk->id, .remove_file = remove_file});
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return returning(std::uint32_t{0});
}

}  // namespace lunaria::providers
