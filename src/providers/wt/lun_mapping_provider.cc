#include "providers/wt/lun_mapping_provider.h"

#include <algorithm>
#include <array>
#include <limits>

#include "providers/errors.h"
#include "providers/listed_provider.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/lun.h"
#include "providers/wt/target_lookup.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_lun_mapping;

/// By which clients look for them.
constexpr auto kColumns = std::to_array<Column<service::Mapping>>({
    {names::kHostName, [](const service::Mapping& item) { return cim::Value(item.target_name); }},
    {names::kWTD, [](const service::Mapping& item) { return cim::Value(std::to_underlying(item.disk)); }},
    {names::kLUN, [](const service::Mapping& item) { return cim::Value(std::uint32_t{item.lun}); }},
});

service::DiskId disk_id(const cim::ObjectPath& path) {
  return static_cast<service::DiskId>(number_key(path, names::kWTD));
}

/// What a new instance asks for; the target is still to be found.
Result<service::MapDisk, cim::Error> map_request(const cim::Instance& instance) {
  const cim::Value* disk = instance.find(names::kWTD);
  if (instance.find(names::kHostName) == nullptr || disk == nullptr) {
    return fail(invalid_parameter("HostName and WTD must be given"));
  }
  service::MapDisk request;
  request.disk = static_cast<service::DiskId>(disk->as_unsigned().value_or(0));
  const cim::Value* lun = instance.find(names::kLUN);
  if (lun != nullptr && !lun->is_null()) {
    const auto number = to_lun(lun->as_unsigned().value_or(0));
    if (!number) {
      return fail(number.error());
    }
    request.lun = *number;
  }
  return request;
}

}  // namespace

cim::Instance lun_mapping_instance(const cim::ClassPtr& cls, const service::Mapping& mapping) {
  cim::Instance instance(cls);
  set(instance, names::kHostName, mapping.target_name);
  set(instance, names::kWTD, cim::Value(std::to_underlying(mapping.disk)));
  set(instance, names::kLUN, cim::Value(std::uint32_t{mapping.lun}));
  return instance;
}

runtime::Task<Result<void, cim::Error>> LunMappingProvider::enumerate_instances(cim::ProviderCall call,
                                                                                cim::InstanceSink& sink) {
  const auto mappings = co_await environment_.service.list_mappings(to_principal(call.context));
  if (!mappings) {
    co_return fail(to_cim(mappings.error()));
  }
  const auto make = [&call](const service::Mapping& mapping) { return lun_mapping_instance(call.cls, mapping); };
  auto outcome = co_await put_listed<service::Mapping>(call, sink, *mappings, kColumns, make);
  co_return outcome;
}

runtime::Task<Result<cim::Instance, cim::Error>> LunMappingProvider::get_instance(cim::ProviderCall call,
                                                                                  const cim::ObjectPath& path) {
  const auto target =
      co_await find_host(environment_.service, call.context, std::string(text_key(path, names::kHostName)));
  if (!target) {
    co_return fail(target.error());
  }
  const auto found = std::ranges::find(target->mappings, disk_id(path), &service::Mapping::disk);
  if (found == target->mappings.end()) {
    co_return fail(not_found("Disk " + std::to_string(std::to_underlying(disk_id(path))) + " is not mapped to target " +
                             target->name));
  }
  co_return lun_mapping_instance(call.cls, *found);
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> LunMappingProvider::create_instance(cim::ProviderCall call,
                                                                                       const cim::Instance& instance) {
  auto request = map_request(instance);
  if (!request) {
    co_return fail(request.error());
  }
  const std::string host = text_value(instance, names::kHostName);
  const auto target = co_await find_host(environment_.service, call.context, host);
  if (!target) {
    co_return fail(target.error());
  }
  request->target = target->id;
  const auto mapping = co_await environment_.service.map_disk(to_principal(call.context), *request);
  if (!mapping) {
    co_return fail(to_cim(mapping.error()));
  }
  co_return lun_mapping_instance(call.cls, *mapping).path(call.name_space);
}

runtime::Task<Result<void, cim::Error>> LunMappingProvider::modify_instance(cim::ProviderCall call,
                                                                            const cim::ObjectPath& path,
                                                                            const cim::Instance& changes) {
  const auto number = changed_number(changes, names::kLUN, std::numeric_limits<std::uint32_t>::max());
  if (!number) {
    co_return fail(number.error());
  }
  const auto target =
      co_await find_host(environment_.service, call.context, std::string(text_key(path, names::kHostName)));
  if (!target) {
    co_return fail(target.error());
  }
  service::SetMapping request{.target = target->id, .disk = disk_id(path), .lun = std::nullopt, .read_only = {}};
  if (*number) {
    const auto lun = to_lun(**number);
    if (!lun) {
      co_return fail(lun.error());
    }
    request.lun = *lun;
  }
  const auto mapping = co_await environment_.service.set_mapping(to_principal(call.context), request);
  if (!mapping) {
    co_return fail(to_cim(mapping.error()));
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<void, cim::Error>> LunMappingProvider::delete_instance(cim::ProviderCall call,
                                                                            const cim::ObjectPath& path) {
  const auto target =
      co_await find_host(environment_.service, call.context, std::string(text_key(path, names::kHostName)));
  if (!target) {
    co_return fail(target.error());
  }
  const auto done = co_await environment_.service.unmap_disk(to_principal(call.context), target->id, disk_id(path));
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
