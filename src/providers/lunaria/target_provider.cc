#include "providers/lunaria/target_provider.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cim/name.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_target;

constexpr std::uint64_t kConnectionsMax = 65'535;
constexpr std::uint64_t kRecoveryLevelMax = 2;

/// What is to be offered after the changes; nullopt when they do not concern it.
Result<std::optional<target::NegotiationPreferences>, cim::Error> changed_preferences(
    const cim::Instance& changes, target::NegotiationPreferences preferences) {
  const auto connections = changed_number(changes, names::kMaxConnectionsPerSession, kConnectionsMax);
  if (!connections) {
    return fail(connections.error());
  }
  const auto level = changed_number(changes, names::kErrorRecoveryLevel, kRecoveryLevelMax);
  if (!level) {
    return fail(level.error());
  }
  const auto immediate = changed_flag(changes, names::kImmediateData);
  if (!immediate) {
    return fail(immediate.error());
  }
  const auto initial = changed_flag(changes, names::kInitialR2T);
  if (!initial) {
    return fail(initial.error());
  }
  if (!*connections && !*level && !*immediate && !*initial) {
    return std::nullopt;
  }
  preferences.max_connections = static_cast<std::uint16_t>(connections->value_or(preferences.max_connections));
  preferences.error_recovery_level = static_cast<std::uint8_t>(level->value_or(preferences.error_recovery_level));
  preferences.immediate_data = immediate->value_or(preferences.immediate_data);
  preferences.initial_r2t = initial->value_or(preferences.initial_r2t);
  return preferences;
}

}  // namespace

LunariaTargetProvider::Listed LunariaTargetProvider::list(const cim::OperationContext& context) {
  auto items = co_await environment_.service.list_targets(to_principal(context));
  if (!items) {
    co_return fail(to_cim(items.error()));
  }
  co_return std::move(*items);
}

cim::Instance LunariaTargetProvider::to_instance(const cim::ClassPtr& cls, const service::Target& item) const {
  cim::Instance instance(cls);
  set(instance, names::kName, item.name);
  set(instance, names::kIQN, item.iqn);
  set(instance, names::kPortalGroupTags, cim::Value::array_of(item.portal_groups));
  set(instance, names::kMaxConnectionsPerSession, cim::Value(std::uint32_t{item.preferences.max_connections}));
  set(instance, names::kErrorRecoveryLevel, cim::Value(std::uint32_t{item.preferences.error_recovery_level}));
  set(instance, names::kImmediateData, item.preferences.immediate_data);
  set(instance, names::kInitialR2T, item.preferences.initial_r2t);
  set(instance, names::kSessionCount, cim::Value(static_cast<std::uint32_t>(item.session_count)));
  return instance;
}

bool LunariaTargetProvider::is_at(const service::Target& item, const cim::ObjectPath& path) const {
  return cim::name_equal(item.name, text_key(path, names::kName));
}

Columns<service::Target> LunariaTargetProvider::columns() const {
  static constexpr auto kColumns = std::to_array<Column<service::Target>>({
      {names::kName, [](const service::Target& item) { return cim::Value(item.name); }},
      {names::kIQN, [](const service::Target& item) { return cim::Value(item.iqn); }},
  });
  return kColumns;
}

runtime::Task<Result<void, cim::Error>> LunariaTargetProvider::modify_instance(cim::ProviderCall call,
                                                                               const cim::ObjectPath& path,
                                                                               const cim::Instance& changes) {
  const auto target = co_await find(call.context, path);
  if (!target) {
    co_return fail(target.error());
  }
  service::SetTarget request;
  request.id = target->id;
  if (const cim::Value* tags = changes.find(names::kPortalGroupTags)) {
    request.portal_groups.emplace();
    for (const cim::Value& tag : tags->elements()) {
      request.portal_groups->push_back(static_cast<std::uint16_t>(tag.as_unsigned().value_or(0)));
    }
  }
  const auto preferences = changed_preferences(changes, target->preferences);
  if (!preferences) {
    co_return fail(preferences.error());
  }
  request.preferences = *preferences;
  auto done = co_await done_or_error(environment_.service.set_target(to_principal(call.context), std::move(request)));
  co_return done;
}

}  // namespace lunaria::providers
