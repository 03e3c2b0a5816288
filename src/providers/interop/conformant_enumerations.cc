#include "providers/interop/conformant_enumerations.h"

#include <algorithm>
#include <utility>

namespace lunaria::providers {

void ConformantEnumerations::drop_expired() {
  const runtime::Instant now = clock_.now();
  std::erase_if(open_, [now](const auto& each) { return each.second.end <= now; });
}

Result<std::string, cim::Error> ConformantEnumerations::open(Enumeration enumeration) {
  drop_expired();
  const auto of_principal =
      std::ranges::count_if(open_, [&](const auto& each) { return each.second.principal == enumeration.principal; });
  if (open_.size() >= kConformantEnumerationsMax ||
      static_cast<std::size_t>(of_principal) >= kConformantEnumerationsPerPrincipalMax) {
    return fail(cim::Error(cim::Status::kServerLimitsExceeded,
                           "too many enumerations of conformant instances are open; close or finish some"));
  }
  enumeration.end = clock_.now() + enumeration.timeout;
  // The time keeps ids of an earlier run of the process from being taken for new ones.
  std::string id = std::to_string(clock_.wall_time().time_since_epoch().count()) + '-' + std::to_string(++last_number_);
  open_.emplace(id, std::move(enumeration));
  return id;
}

ConformantEnumerations::Enumeration* ConformantEnumerations::find(const std::string& id, const std::string& principal,
                                                                  const cim::ObjectPath& profile) {
  drop_expired();
  const auto found = open_.find(id);
  if (found == open_.end() || found->second.principal != principal || !(found->second.profile == profile)) {
    return nullptr;
  }
  found->second.end = clock_.now() + found->second.timeout;
  return &found->second;
}

void ConformantEnumerations::put_back(const std::string& id, Enumeration enumeration) {
  enumeration.end = clock_.now() + enumeration.timeout;
  open_.insert_or_assign(id, std::move(enumeration));
}

}  // namespace lunaria::providers
