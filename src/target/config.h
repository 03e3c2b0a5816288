#pragma once

// Config: the immutable description of what is exposed to whom. The service builds one after each committed change and
// publishes it; every shard then holds a pointer to it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "iscsi/parameters.h"
#include "scsi/logical_unit.h"

namespace lunaria::target {

/// A disk as the data plane knows it: never reused.
enum class UnitId : std::uint32_t {};
/// A target (an iSCSI target node): never reused.
enum class TargetId : std::uint32_t {};

/// One entry of a target's access list: a login is let in when any entry matches.
struct InitiatorName {
  std::string value;  ///< iSCSI name, compared case-folded (RFC 7143 4.2.7); "*" is everyone
  friend bool operator==(const InitiatorName&, const InitiatorName&) = default;
};
using AccessRule = std::variant<InitiatorName, IpPrefix>;

using iscsi::ChapCredential;
using iscsi::NegotiationPreferences;

/// A disk at a logical unit number of one target.
struct LunMapping {
  std::uint16_t lun = 0;  ///< 0..16383
  UnitId unit{};
  bool read_only = false;
  friend bool operator==(const LunMapping&, const LunMapping&) = default;
};

struct TargetConfig {
  TargetId id{};
  std::string name;     ///< iSCSI name
  std::string alias;    ///< TargetAlias key; may be empty
  bool enabled = true;  ///< false: no login and no discovery; sessions stay
  std::vector<AccessRule> access;
  std::optional<ChapCredential> chap;          ///< the initiator must prove itself
  std::optional<ChapCredential> reverse_chap;  ///< the target proves itself when asked
  NegotiationPreferences preferences;
  std::vector<LunMapping> luns;  ///< ascending by lun
};

/// An address that sessions may come to.
struct PortalConfig {
  IpEndpoint endpoint;
  std::uint16_t portal_group_tag = 1;
  bool listen = true;
};

/// Generation 1 is made at start; each publication counts up.
struct Config {
  std::uint64_t generation = 0;
  std::vector<TargetConfig> targets;
  std::vector<PortalConfig> portals;
  std::optional<ChapCredential> discovery_chap;
};

}  // namespace lunaria::target
