#include "providers/wt/id_method_provider.h"

#include <algorithm>
#include <array>

#include "cim/name.h"
#include "providers/errors.h"
#include "providers/listed_provider.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/target_lookup.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_id_method;

/// What a rule has from its target.
constexpr auto kColumns = std::to_array<Column<service::Target>>({
    {names::kHostName, [](const service::Target& item) { return cim::Value(item.name); }},
});

/// nullopt when Method is none of the map.
std::optional<service::AccessRule> to_rule(const cim::Value* method, const cim::Value* value) {
  const std::uint64_t number = method != nullptr ? method->as_unsigned().value_or(0) : 0;
  if (number < std::to_underlying(service::AccessMethod::kDnsName) ||
      number > std::to_underlying(service::AccessMethod::kIpv6)) {
    return std::nullopt;
  }
  return service::AccessRule{static_cast<service::AccessMethod>(number),
                             std::string(value != nullptr ? value->string_or_empty() : std::string_view())};
}

cim::Error no_rule(const cim::ObjectPath& path) {
  return not_found("There is no " + path.to_string());
}

}  // namespace

cim::Instance id_method_instance(const cim::ClassPtr& cls, const std::string& host, const service::AccessRule& rule) {
  cim::Instance instance(cls);
  set(instance, names::kHostName, host);
  set(instance, names::kMethod, cim::Value(static_cast<std::int32_t>(rule.method)));
  set(instance, names::kValue, rule.value);
  return instance;
}

runtime::Task<Result<void, cim::Error>> IdMethodProvider::enumerate_instances(cim::ProviderCall call,
                                                                              cim::InstanceSink& sink) {
  const auto targets = co_await environment_.service.list_targets(to_principal(call.context));
  if (!targets) {
    co_return fail(to_cim(targets.error()));
  }
  const ItemFilter<service::Target> filter(call, kColumns);
  for (const service::Target& target : *targets) {
    if (!filter.admits(target)) {
      continue;
    }
    for (const service::AccessRule& rule : target.access) {
      const bool go_on = co_await sink.put(id_method_instance(call.cls, target.name, rule));
      if (!go_on) {
        co_return Result<void, cim::Error>();
      }
    }
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> IdMethodProvider::get_instance(cim::ProviderCall call,
                                                                                const cim::ObjectPath& path) {
  const auto rule = to_rule(path.key(names::kMethod), path.key(names::kValue));
  if (!rule) {
    co_return fail(no_rule(path));
  }
  const auto target =
      co_await find_host(environment_.service, call.context, std::string(text_key(path, names::kHostName)));
  if (!target) {
    co_return fail(target.error());
  }
  const auto found = std::ranges::find_if(target->access, [&](const service::AccessRule& each) {
    return each.method == rule->method && cim::name_equal(each.value, rule->value);
  });
  if (found == target->access.end()) {
    co_return fail(no_rule(path));
  }
  co_return id_method_instance(call.cls, target->name, *found);
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> IdMethodProvider::create_instance(cim::ProviderCall call,
                                                                                     const cim::Instance& instance) {
  const cim::Value* host = instance.find(names::kHostName);
  const cim::Value* value = instance.find(names::kValue);
  if (host == nullptr || value == nullptr) {
    co_return fail(invalid_parameter("HostName, Method and Value must be given"));
  }
  auto rule = to_rule(instance.find(names::kMethod), value);
  if (!rule) {
    co_return fail(invalid_parameter("Method must be 1 to 5"));
  }
  const auto target = co_await find_host(environment_.service, call.context, std::string(host->string_or_empty()));
  if (!target) {
    co_return fail(target.error());
  }
  const auto added =
      co_await environment_.service.add_access_rule(to_principal(call.context), target->id, std::move(*rule));
  if (!added) {
    co_return fail(to_cim(added.error()));
  }
  co_return id_method_instance(call.cls, target->name, *added).path(call.name_space);
}

runtime::Task<Result<void, cim::Error>> IdMethodProvider::delete_instance(cim::ProviderCall call,
                                                                          const cim::ObjectPath& path) {
  auto rule = to_rule(path.key(names::kMethod), path.key(names::kValue));
  if (!rule) {
    co_return fail(no_rule(path));
  }
  const auto target =
      co_await find_host(environment_.service, call.context, std::string(text_key(path, names::kHostName)));
  if (!target) {
    co_return fail(target.error());
  }
  const auto done =
      co_await environment_.service.remove_access_rule(to_principal(call.context), target->id, std::move(*rule));
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
