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
#include "base/secret.h"
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

/// A CHAP name and secret (RFC 7143 12.1.3).
struct ChapCredential {
  std::string name;
  Secret secret;
};

/// What a target offers in login negotiation (RFC 7143 13); ranges as the RFC's.
struct NegotiationPreferences {
  std::uint32_t max_recv_data_segment_length = 262144;  ///< bytes, 512..2^24-1: what we accept in one PDU
  std::uint32_t max_burst_length = 1048576;             ///< bytes, 512..2^24-1
  std::uint32_t first_burst_length = 262144;            ///< bytes, 512..2^24-1, not above max_burst_length
  std::uint16_t max_outstanding_r2t = 4;                ///< 1..65535
  std::uint16_t max_connections = 1;                    ///< 1..65535
  std::uint16_t default_time2wait = 2;                  ///< seconds, 0..3600
  std::uint16_t default_time2retain = 20;               ///< seconds, 0..3600
  std::uint8_t error_recovery_level = 0;                ///< 0..2
  bool initial_r2t = false;                             ///< false: unsolicited data is welcome
  bool immediate_data = true;
  bool enforce_idle_timeout_detection = true;  ///< probe idle connections with NOP-In and drop dead ones
  friend bool operator==(const NegotiationPreferences&, const NegotiationPreferences&) = default;
};

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
