#include "target/published.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace lunaria::target {

std::string fold_iscsi_name(std::string_view name) {
  std::string folded(name);
  std::ranges::transform(folded, folded.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return folded;
}

Published::Published(std::shared_ptr<const Config> config, std::unordered_map<UnitId, UnitPlace> units)
    : config_(std::move(config)), units_(std::move(units)) {
  for (const auto& [id, place] : units_) {
    units_by_naa_.emplace(std::bit_cast<std::uint64_t>(place.naa), id);
  }
  for (std::size_t i = 0; i < config_->targets.size(); ++i) {
    targets_by_name_.emplace(fold_iscsi_name(config_->targets[i].name), i);
    targets_by_id_.emplace(config_->targets[i].id, i);
  }
}

const TargetConfig* Published::find_target(std::string_view name) const {
  const auto found = targets_by_name_.find(fold_iscsi_name(name));
  return found == targets_by_name_.end() ? nullptr : &config_->targets[found->second];
}

const TargetConfig* Published::find_target(TargetId id) const {
  const auto found = targets_by_id_.find(id);
  return found == targets_by_id_.end() ? nullptr : &config_->targets[found->second];
}

UnitPlace Published::find_unit(UnitId id) const {
  const auto found = units_.find(id);
  return found == units_.end() ? UnitPlace{} : found->second;
}

UnitPlace Published::find_unit(std::array<std::uint8_t, 8> naa) const {
  const auto found = units_by_naa_.find(std::bit_cast<std::uint64_t>(naa));
  return found == units_by_naa_.end() ? UnitPlace{} : find_unit(found->second);
}

DataShard* Published::home_of(const TargetConfig& target) const {
  std::unordered_map<DataShard*, std::size_t> counts;
  DataShard* best = nullptr;
  for (const LunMapping& mapping : target.luns) {
    DataShard* home = find_unit(mapping.unit).home;
    if (home != nullptr && ++counts[home] > (best == nullptr ? 0 : counts[best])) {
      best = home;
    }
  }
  return best;
}

}  // namespace lunaria::target
