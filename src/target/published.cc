#include "target/published.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

namespace lunaria::target {

Published::Published(std::shared_ptr<const Config> config, std::unordered_map<UnitId, UnitPlace> units,
                     const Published* previous)
    : config_(std::move(config)), units_(std::move(units)) {
  for (const auto& [id, place] : units_) {
    units_by_naa_.emplace(std::bit_cast<std::uint64_t>(place.naa), id);
  }
  access_.reserve(config_->targets.size());
  for (std::size_t i = 0; i < config_->targets.size(); ++i) {
    const TargetConfig& target = config_->targets[i];
    targets_by_name_.emplace(fold_iscsi_name(target.name), i);
    targets_by_id_.emplace(target.id, i);
    access_.emplace_back(target.access);
    wants_mac_addresses_ = wants_mac_addresses_ || access_.back().has_mac_rules();
  }
  for (std::size_t i = 0; i < config_->initiators.size(); ++i) {
    const InitiatorConfig& initiator = config_->initiators[i];
    initiators_by_name_.emplace(fold_iscsi_name(initiator.name), i);
    if (initiator.rate_limit.is_limited()) {
      std::shared_ptr<scsi::RateLimiter> limiter =
          previous == nullptr ? nullptr : previous->find_rate_limiter(fold_iscsi_name(initiator.name));
      if (limiter == nullptr || limiter->limit() != initiator.rate_limit) {
        limiter = std::make_shared<scsi::RateLimiter>(initiator.rate_limit);
      }
      rate_limiters_.emplace(fold_iscsi_name(initiator.name), std::move(limiter));
    }
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

const AccessList& Published::access_of(const TargetConfig& target) const {
  return access_[static_cast<std::size_t>(&target - config_->targets.data())];
}

const InitiatorConfig* Published::find_initiator(std::string_view name) const {
  const auto found = initiators_by_name_.find(std::string(name));
  return found == initiators_by_name_.end() ? nullptr : &config_->initiators[found->second];
}

std::shared_ptr<scsi::RateLimiter> Published::find_rate_limiter(std::string_view name) const {
  const auto found = rate_limiters_.find(std::string(name));
  return found == rate_limiters_.end() ? nullptr : found->second;
}

const PortalGroupConfig* Published::find_portal_group(std::uint16_t tag) const {
  const auto found = std::ranges::find(config_->portal_groups, tag, &PortalGroupConfig::tag);
  return found == config_->portal_groups.end() ? nullptr : &*found;
}

// A portal of its own goes before the one that stands for every address.
std::optional<std::uint16_t> Published::portal_group_tag(const IpEndpoint& local) const {
  std::optional<std::uint16_t> any;
  for (const PortalConfig& portal : config_->portals) {
    if (portal.endpoint == local) {
      return portal.portal_group_tag;
    }
    // [::] takes IPv4 connections too, unless 0.0.0.0 has the port.
    const bool is_any = portal.endpoint.port == local.port && portal.endpoint.address.is_any();
    if (is_any && (!any || portal.endpoint.address.is_v4() == local.address.is_v4())) {
      any = portal.portal_group_tag;
    }
  }
  return any;
}

UnitPlace Published::find_unit(UnitId id) const {
  const auto found = units_.find(id);
  return found == units_.end() ? UnitPlace{} : found->second;
}

UnitPlace Published::find_unit(std::array<std::uint8_t, 8> naa) const {
  const auto found = units_by_naa_.find(std::bit_cast<std::uint64_t>(naa));
  return found == units_by_naa_.end() ? UnitPlace{} : find_unit(found->second);
}

std::shared_ptr<const scsi::TargetPorts> Published::target_ports(std::string_view target_name) const {
  const TargetConfig* target = find_target(target_name);
  const auto is_offered = [target](std::uint16_t tag) {
    return target == nullptr || target->portal_groups.empty() ||
           std::ranges::find(target->portal_groups, tag) != target->portal_groups.end();
  };
  std::set<std::uint16_t> tags;
  for (const PortalConfig& portal : config_->portals) {
    if (portal.listen && is_offered(portal.portal_group_tag)) {
      tags.insert(portal.portal_group_tag);
    }
  }
  auto ports = std::make_shared<scsi::TargetPorts>();
  for (const std::uint16_t tag : tags) {
    ports->ports.push_back({tag, tag, fmt::format("{},t,0x{:04x}", target_name, tag)});
  }
  return ports;
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
