#pragma once

// Reading the instances that subscriptions are kept as. Private to the folder.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cim/datetime.h"
#include "cim/instance.h"
#include "providers/values.h"
#include "runtime/clock.h"
#include "schema/names.h"

namespace lunaria::providers {

inline std::optional<std::uint64_t> number_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  return value != nullptr ? value->as_unsigned() : std::nullopt;
}

inline cim::ObjectPath reference_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  const cim::ObjectPathPtr path = value != nullptr ? value->as_reference() : nullptr;
  return path != nullptr ? *path : cim::ObjectPath();
}

/// Where a filter's events happen.
inline std::vector<cim::NamespaceName> namespaces_of(const cim::Instance& filter, const cim::NamespaceName& fallback) {
  std::vector<cim::NamespaceName> spaces;
  if (const cim::Value* several = filter.find(schema::cim_indication_filter::kSourceNamespaces)) {
    for (const cim::Value& each : several->elements()) {
      spaces.emplace_back(each.string_or_empty());
    }
  }
  if (const std::string one = text_value(filter, schema::cim_indication_filter::kSourceNamespace);
      spaces.empty() && !one.empty()) {
    spaces.emplace_back(one);
  }
  if (spaces.empty()) {
    spaces.push_back(fallback);
  }
  return spaces;
}

inline cim::Value now_value(const runtime::Clock& clock) {
  return cim::Value(
      cim::DateTime::timestamp(std::chrono::time_point_cast<std::chrono::microseconds>(clock.wall_time())));
}

}  // namespace lunaria::providers
