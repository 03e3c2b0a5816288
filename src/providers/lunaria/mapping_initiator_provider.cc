#include "providers/lunaria/mapping_initiator_provider.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cim/name.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/lun.h"
#include "providers/wt/target_lookup.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_mapping_initiator;

/// `present` with the changes; LUN NULL is the mapping's.
Result<service::SetMappingInitiator, cim::Error> changed_initiator(service::SetMappingInitiator request,
                                                                   const cim::Instance& changes) {
  if (const cim::Value* lun = changes.find(names::kLUN)) {
    request.lun.reset();
    if (!lun->is_null()) {
      const auto number = to_lun(lun->as_unsigned().value_or(0));
      if (!number) {
        return fail(number.error());
      }
      request.lun = *number;
    }
  }
  const auto read_only = changed_flag(changes, names::kReadOnly);
  if (!read_only) {
    return fail(read_only.error());
  }
  request.read_only = read_only->value_or(request.read_only);
  return request;
}

service::SetMappingInitiator to_request(const NamedInitiator& item) {
  return {item.mapping.target, item.mapping.disk, item.initiator.initiator, item.initiator.lun,
          item.initiator.read_only};
}

}  // namespace

LunariaMappingInitiatorProvider::Listed LunariaMappingInitiatorProvider::list(const cim::OperationContext& context) {
  auto mappings = co_await environment_.service.list_mappings(to_principal(context));
  if (!mappings) {
    co_return fail(to_cim(mappings.error()));
  }
  std::vector<NamedInitiator> items;
  for (service::Mapping& mapping : *mappings) {
    // Each item has its mapping, without all the other initiators.
    for (service::MappingInitiator& initiator : std::exchange(mapping.initiators, {})) {
      items.push_back({mapping, std::move(initiator)});
    }
  }
  co_return items;
}

cim::Instance LunariaMappingInitiatorProvider::to_instance(const cim::ClassPtr& cls, const NamedInitiator& item) const {
  cim::Instance instance(cls);
  set(instance, names::kTargetName, item.mapping.target_name);
  set(instance, names::kDiskName, item.mapping.disk_name);
  set(instance, names::kInitiatorName, item.initiator.initiator);
  if (item.initiator.lun) {
    set(instance, names::kLUN, cim::Value(std::uint32_t{*item.initiator.lun}));
  } else {
    set_null(instance, names::kLUN);
  }
  set(instance, names::kReadOnly, item.initiator.read_only);
  return instance;
}

bool LunariaMappingInitiatorProvider::is_at(const NamedInitiator& item, const cim::ObjectPath& path) const {
  return cim::name_equal(item.mapping.target_name, text_key(path, names::kTargetName)) &&
         cim::name_equal(item.mapping.disk_name, text_key(path, names::kDiskName)) &&
         cim::name_equal(item.initiator.initiator, text_key(path, names::kInitiatorName));
}

Columns<NamedInitiator> LunariaMappingInitiatorProvider::columns() const {
  static constexpr auto kColumns = std::to_array<Column<NamedInitiator>>({
      {names::kTargetName, [](const NamedInitiator& item) { return cim::Value(item.mapping.target_name); }},
      {names::kDiskName, [](const NamedInitiator& item) { return cim::Value(item.mapping.disk_name); }},
      {names::kInitiatorName, [](const NamedInitiator& item) { return cim::Value(item.initiator.initiator); }},
  });
  return kColumns;
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> LunariaMappingInitiatorProvider::create_instance(
    cim::ProviderCall call, const cim::Instance& instance) {
  const auto target = co_await find_host(environment_.service, call.context, text_value(instance, names::kTargetName));
  if (!target) {
    co_return fail(target.error());
  }
  const std::string disk = text_value(instance, names::kDiskName);
  const auto mapping = std::ranges::find_if(
      target->mappings, [&](const service::Mapping& each) { return cim::name_equal(each.disk_name, disk); });
  if (mapping == target->mappings.end()) {
    co_return fail(not_found("Disk " + disk + " is not mapped to target " + target->name));
  }
  const std::string name = text_value(instance, names::kInitiatorName);
  const auto request = changed_initiator({mapping->target, mapping->disk, name, std::nullopt, false}, instance);
  if (!request) {
    co_return fail(request.error());
  }
  const bool is_there = std::ranges::any_of(mapping->initiators, [&](const service::MappingInitiator& each) {
    return cim::name_equal(each.initiator, name);
  });
  if (is_there) {
    co_return fail(
        cim::Error(cim::Status::kAlreadyExists, "The mapping of disk " + disk + " names " + name + " already."));
  }
  const auto changed = co_await environment_.service.set_mapping_initiator(to_principal(call.context), *request);
  if (!changed) {
    co_return fail(to_cim(changed.error()));
  }
  const auto made = std::ranges::find_if(changed->initiators, [&](const service::MappingInitiator& each) {
    return cim::name_equal(each.initiator, name);
  });
  co_return to_instance(call.cls, {*changed, *made}).path(call.name_space);
}

runtime::Task<Result<void, cim::Error>> LunariaMappingInitiatorProvider::modify_instance(cim::ProviderCall call,
                                                                                         const cim::ObjectPath& path,
                                                                                         const cim::Instance& changes) {
  const auto item = co_await find(call.context, path);
  if (!item) {
    co_return fail(item.error());
  }
  const auto request = changed_initiator(to_request(*item), changes);
  if (!request) {
    co_return fail(request.error());
  }
  auto done = co_await done_or_error(environment_.service.set_mapping_initiator(to_principal(call.context), *request));
  co_return done;
}

runtime::Task<Result<void, cim::Error>> LunariaMappingInitiatorProvider::delete_instance(cim::ProviderCall call,
                                                                                         const cim::ObjectPath& path) {
  const auto item = co_await find(call.context, path);
  if (!item) {
    co_return fail(item.error());
  }
  auto done = co_await done_or_error(environment_.service.remove_mapping_initiator(
      to_principal(call.context), item->mapping.target, item->mapping.disk, item->initiator.initiator));
  co_return done;
}

}  // namespace lunaria::providers
