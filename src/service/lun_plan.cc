#include "service/lun_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "service/names.h"

namespace lunaria::service {
namespace {

std::unexpected<Error> taken(std::string_view who, std::uint16_t lun, const Mapping& holder) {
  return fail(
      Error{ErrorCode::kAlreadyExists, fmt::format("LUN {} of target {} is taken by disk {}{}. Choose another one.",
                                                   lun, holder.target_name, holder.disk_name, who)});
}

Outcome<void> check_pair(const Mapping& changed, const Mapping& other) {
  if (changed.lun == other.lun) {
    return taken("", changed.lun, other);
  }
  for (const Mapping* names : {&changed, &other}) {
    for (const MappingInitiator& each : names->initiators) {
      const std::optional<std::uint16_t> lun = lun_of(changed, each.initiator);
      if (lun && lun == lun_of(other, each.initiator)) {
        return taken(fmt::format(" for initiator {}", each.initiator), *lun, other);
      }
    }
  }
  return {};
}

}  // namespace

std::optional<std::uint16_t> lun_of(const Mapping& mapping, std::string_view initiator) {
  const auto found = std::ranges::lower_bound(mapping.initiators, initiator, {}, &MappingInitiator::initiator);
  if (found != mapping.initiators.end() && found->initiator == initiator) {
    return found->lun.value_or(mapping.lun);
  }
  return mapping.named_only ? std::nullopt : std::optional(mapping.lun);
}

Outcome<void> check_luns(const Mapping& changed, std::span<const Mapping> others) {
  for (const Mapping& other : others) {
    const Outcome<void> checked = other.disk == changed.disk ? Outcome<void>() : check_pair(changed, other);
    if (!checked) {
      return checked;
    }
  }
  return {};
}

Outcome<std::uint16_t> lowest_free_lun(std::span<const Mapping> mappings) {
  std::set<std::uint16_t> used;
  for (const Mapping& mapping : mappings) {
    used.insert(mapping.lun);
    for (const MappingInitiator& initiator : mapping.initiators) {
      used.insert(initiator.lun.value_or(mapping.lun));
    }
  }
  std::uint16_t lun = 0;
  for (const std::uint16_t each : used) {
    if (each != lun) {
      break;
    }
    ++lun;
  }
  if (lun > kLunMax) {
    return fail(Error{ErrorCode::kNoSpace, "Every LUN of the target is taken. Use another target."});
  }
  return lun;
}

}  // namespace lunaria::service
