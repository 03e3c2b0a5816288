#include "providers/lunaria/mapping_provider.h"

#include <algorithm>
#include <array>

#include "cim/name.h"
#include "providers/errors.h"
#include "providers/listed_provider.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/lun.h"
#include "providers/wt/target_lookup.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_mapping;

/// By which clients look for them.
constexpr auto kColumns = std::to_array<Column<service::Mapping>>({
    {names::kTargetName, [](const service::Mapping& item) { return cim::Value(item.target_name); }},
    {names::kDiskName, [](const service::Mapping& item) { return cim::Value(item.disk_name); }},
    {names::kLUN, [](const service::Mapping& item) { return cim::Value(std::uint32_t{item.lun}); }},
});

}  // namespace

cim::Instance lunaria_mapping_instance(const cim::ClassPtr& cls, const service::Mapping& mapping) {
  cim::Instance instance(cls);
  set(instance, names::kTargetName, mapping.target_name);
  set(instance, names::kDiskName, mapping.disk_name);
  set(instance, names::kLUN, cim::Value(std::uint32_t{mapping.lun}));
  set(instance, names::kReadOnly, cim::Value(mapping.read_only));
  set(instance, names::kNamedOnly, cim::Value(mapping.named_only));
  return instance;
}

runtime::Task<Result<service::Mapping, cim::Error>> LunariaMappingProvider::find(const cim::ProviderCall& call,
                                                                                 const cim::ObjectPath& path) {
  const auto target =
      co_await find_host(environment_.service, call.context, std::string(text_key(path, names::kTargetName)));
  if (!target) {
    co_return fail(target.error());
  }
  const auto found = std::ranges::find_if(target->mappings, [&path](const service::Mapping& mapping) {
    return cim::name_equal(mapping.disk_name, text_key(path, names::kDiskName));
  });
  if (found == target->mappings.end()) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  co_return *found;
}

runtime::Task<Result<void, cim::Error>> LunariaMappingProvider::enumerate_instances(cim::ProviderCall call,
                                                                                    cim::InstanceSink& sink) {
  const auto mappings = co_await environment_.service.list_mappings(to_principal(call.context));
  if (!mappings) {
    co_return fail(to_cim(mappings.error()));
  }
  const auto make = [&call](const service::Mapping& mapping) { return lunaria_mapping_instance(call.cls, mapping); };
  auto outcome = co_await put_listed<service::Mapping>(call, sink, *mappings, kColumns, make);
  co_return outcome;
}

runtime::Task<Result<cim::Instance, cim::Error>> LunariaMappingProvider::get_instance(cim::ProviderCall call,
                                                                                      const cim::ObjectPath& path) {
  const auto mapping = co_await find(call, path);
  if (!mapping) {
    co_return fail(mapping.error());
  }
  co_return lunaria_mapping_instance(call.cls, *mapping);
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> LunariaMappingProvider::create_instance(
    cim::ProviderCall call, const cim::Instance& instance) {
  const auto principal = to_principal(call.context);
  const auto target = co_await find_host(environment_.service, call.context, text_value(instance, names::kTargetName));
  if (!target) {
    co_return fail(target.error());
  }
  const auto disk = co_await environment_.service.find_disk(principal, text_value(instance, names::kDiskName));
  if (!disk) {
    co_return fail(to_cim(disk.error()));
  }
  service::MapDisk request{.target = target->id, .disk = disk->id, .lun = std::nullopt};
  if (const cim::Value* lun = instance.find(names::kLUN); lun != nullptr && !lun->is_null()) {
    const auto number = to_lun(lun->as_unsigned().value_or(0));
    if (!number) {
      co_return fail(number.error());
    }
    request.lun = *number;
  }
  if (const cim::Value* read_only = instance.find(names::kReadOnly)) {
    request.read_only = read_only->as_bool().value_or(false);
  }
  if (const cim::Value* named_only = instance.find(names::kNamedOnly)) {
    request.named_only = named_only->as_bool().value_or(false);
  }
  const auto mapping = co_await environment_.service.map_disk(principal, request);
  if (!mapping) {
    co_return fail(to_cim(mapping.error()));
  }
  co_return lunaria_mapping_instance(call.cls, *mapping).path(call.name_space);
}

runtime::Task<Result<void, cim::Error>> LunariaMappingProvider::modify_instance(cim::ProviderCall call,
                                                                                const cim::ObjectPath& path,
                                                                                const cim::Instance& changes) {
  const auto mapping = co_await find(call, path);
  if (!mapping) {
    co_return fail(mapping.error());
  }
  const auto lun = changed_number(changes, names::kLUN, std::numeric_limits<std::uint32_t>::max());
  const auto read_only = changed_flag(changes, names::kReadOnly);
  const auto named_only = changed_flag(changes, names::kNamedOnly);
  if (!lun || !read_only || !named_only) {
    co_return fail(!lun ? lun.error() : !read_only ? read_only.error() : named_only.error());
  }
  service::SetMapping request{.target = mapping->target,
                              .disk = mapping->disk,
                              .lun = std::nullopt,
                              .read_only = *read_only,
                              .named_only = *named_only};
  if (*lun) {
    const auto number = to_lun(**lun);
    if (!number) {
      co_return fail(number.error());
    }
    request.lun = *number;
  }
  const auto done = co_await environment_.service.set_mapping(to_principal(call.context), request);
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<void, cim::Error>> LunariaMappingProvider::delete_instance(cim::ProviderCall call,
                                                                                const cim::ObjectPath& path) {
  const auto mapping = co_await find(call, path);
  if (!mapping) {
    co_return fail(mapping.error());
  }
  const auto done =
      co_await environment_.service.unmap_disk(to_principal(call.context), mapping->target, mapping->disk);
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
