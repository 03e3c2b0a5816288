#include "providers/lunaria/access_rule_provider.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cim/name.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_access_rule;

}  // namespace

LunariaAccessRuleProvider::Listed LunariaAccessRuleProvider::list(const cim::OperationContext& context) {
  auto items = co_await environment_.service.list_access(to_principal(context));
  if (!items) {
    co_return fail(to_cim(items.error()));
  }
  co_return std::move(*items);
}

cim::Instance LunariaAccessRuleProvider::to_instance(const cim::ClassPtr& cls, const service::AccessEntry& item) const {
  cim::Instance instance(cls);
  set(instance, names::kTargetName, item.target_name);
  set(instance, names::kMethod, cim::Value(static_cast<std::int32_t>(item.rule.method)));
  set(instance, names::kValue, item.rule.value);
  set_time(instance, names::kConfirmed, item.confirmed);
  set_text_or_null(instance, names::kFailure, item.failure);
  if (item.rule.method == service::AccessMethod::kDnsName) {
    std::vector<std::string> addresses;
    for (const IpAddress& address : item.addresses) {
      addresses.push_back(address.to_string());
    }
    set(instance, names::kAddresses, cim::Value::array_of(addresses));
  } else {
    set_null(instance, names::kAddresses);
  }
  return instance;
}

bool LunariaAccessRuleProvider::is_at(const service::AccessEntry& item, const cim::ObjectPath& path) const {
  return cim::name_equal(item.target_name, text_key(path, names::kTargetName)) &&
         std::cmp_equal(std::to_underlying(item.rule.method), number_key(path, names::kMethod)) &&
         cim::name_equal(item.rule.value, text_key(path, names::kValue));
}

Columns<service::AccessEntry> LunariaAccessRuleProvider::columns() const {
  static constexpr auto kColumns = std::to_array<Column<service::AccessEntry>>({
      {names::kTargetName, [](const service::AccessEntry& item) { return cim::Value(item.target_name); }},
      {names::kValue, [](const service::AccessEntry& item) { return cim::Value(item.rule.value); }},
  });
  return kColumns;
}

}  // namespace lunaria::providers
