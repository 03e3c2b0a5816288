#pragma once

// Published: a config with what the data plane adds to it: where each unit lives, and an index of the targets.
// Immutable; every shard holds a pointer to the current one.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scsi/nexus.h"
#include "scsi/rate_limiter.h"
#include "target/access_list.h"
#include "target/config.h"

namespace lunaria::target {

class DataShard;
class Unit;

/// Where a unit is served. The pointer is followed on `home` only.
struct UnitPlace {
  DataShard* home = nullptr;
  Unit* unit = nullptr;
  std::array<std::uint8_t, 8> naa{};  ///< its designator in VPD page 83h
};

class Published final {
 public:
  /// Limiters whose limits have not changed are taken over from `previous`, which may be null.
  Published(std::shared_ptr<const Config> config, std::unordered_map<UnitId, UnitPlace> units,
            const Published* previous = nullptr);

  const Config& config() const { return *config_; }
  /// By iSCSI name, without regard to ASCII case (RFC 7143 4.2.7.1); null when there is none.
  const TargetConfig* find_target(std::string_view name) const;
  const TargetConfig* find_target(TargetId id) const;
  /// Who may log in to one of the config's targets.
  const AccessList& access_of(const TargetConfig& target) const;
  /// Null when nothing is known of it; `name` is normalised.
  const InitiatorConfig* find_initiator(std::string_view name) const;
  /// Shared by all sessions of the initiator; null when it has no limit. `name` is normalised.
  std::shared_ptr<scsi::RateLimiter> find_rate_limiter(std::string_view name) const;
  /// Null when nothing is set for the tag.
  const PortalGroupConfig* find_portal_group(std::uint16_t tag) const;
  /// The tag of the portal that serves an address of ours; nullopt when none does any more.
  std::optional<std::uint16_t> portal_group_tag(const IpEndpoint& local) const;
  /// Whether some target wants to know the MAC addresses of initiators.
  bool wants_mac_addresses() const { return wants_mac_addresses_; }
  /// An empty place when the unit is not served.
  UnitPlace find_unit(UnitId id) const;
  /// The same by NAA designator.
  UnitPlace find_unit(std::array<std::uint8_t, 8> naa) const;
  /// The target ports of a target: one for each portal group at which it is offered and that listens, named as iSCSI
  /// names them (RFC 7143 3.4).
  std::shared_ptr<const scsi::TargetPorts> target_ports(std::string_view target_name) const;
  /// The shard on which most of the target's units live; null when it has none.
  DataShard* home_of(const TargetConfig& target) const;

 private:
  std::shared_ptr<const Config> config_;
  std::unordered_map<UnitId, UnitPlace> units_;
  std::unordered_map<std::uint64_t, UnitId> units_by_naa_;
  std::unordered_map<std::string, std::size_t> targets_by_name_;
  std::unordered_map<TargetId, std::size_t> targets_by_id_;  // every session asks when something is published
  std::vector<AccessList> access_;                           // as config_->targets
  std::unordered_map<std::string, std::size_t> initiators_by_name_;
  std::unordered_map<std::string, std::shared_ptr<scsi::RateLimiter>> rate_limiters_;  // by initiator
  bool wants_mac_addresses_ = false;
};

}  // namespace lunaria::target
