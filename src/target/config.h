#pragma once

// Config: the immutable description of what is exposed to whom. The service builds one after each committed change and
// publishes it; every shard then holds a pointer to it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "iscsi/parameters.h"
#include "scsi/rate_limit.h"

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
/// A DNS name with the addresses that were last found for it, forward: none lets nobody in. Looking up is done
/// elsewhere.
struct HostName {
  std::string name;
  std::vector<IpAddress> addresses;
  friend bool operator==(const HostName&, const HostName&) = default;
};
/// Names, networks, hosts by DNS name, and network cards on the same link.
using AccessRule = std::variant<InitiatorName, IpPrefix, HostName, MacAddress>;

using iscsi::ChapCredential;
using iscsi::NegotiationPreferences;

/// What one initiator sees of a mapping, in place of what everyone sees.
struct InitiatorLun {
  std::string initiator;             ///< iSCSI name, lower case
  std::optional<std::uint16_t> lun;  ///< its own number for the disk; none: the mapping's
  bool read_only = false;            ///< in addition to the mapping's
  friend bool operator==(const InitiatorLun&, const InitiatorLun&) = default;
};

/// A disk at a logical unit number of one target.
struct LunMapping {
  std::uint16_t lun = 0;  ///< 0..16383
  UnitId unit{};
  bool read_only = false;
  bool named_only = false;                 ///< visible to nobody but `initiators`
  std::vector<InitiatorLun> initiators{};  ///< ascending by name. No initiator has one LUN twice.
  friend bool operator==(const LunMapping&, const LunMapping&) = default;
};

/// Where logins are to go instead (RFC 7143 6.3.2 and 11.13.5).
struct Redirect {
  std::optional<std::uint16_t> portal_group_tag;  ///< logins that come there; none: wherever no other redirect says
  bool permanent = false;                         ///< 0102h rather than 0101h
  std::string address;                            ///< "host", "host:port", "[2001:db8::1]:3260"; never with a tag
  friend bool operator==(const Redirect&, const Redirect&) = default;
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
  std::vector<LunMapping> luns;              ///< ascending by lun
  std::vector<std::uint16_t> portal_groups;  ///< those at which it is offered; empty: all
  std::vector<Redirect> redirects;           ///< at most one a portal group
};

/// What is known of one initiator, whatever the target.
struct InitiatorConfig {
  std::string name;                            ///< iSCSI name, lower case
  bool enabled = true;                         ///< false: no login and no session
  std::optional<ChapCredential> chap;          ///< it must prove itself with this one, not with the target's
  std::optional<ChapCredential> reverse_chap;  ///< and this is how we prove ourselves to it
  scsi::RateLimit rate_limit{};                ///< of all its sessions together
};

/// An address that sessions may come to.
struct PortalConfig {
  IpEndpoint endpoint;
  std::uint16_t portal_group_tag = 1;
  bool listen = true;
};

/// Portals with one tag: the addresses over which one session may have its connections (RFC 7143 4.1).
struct PortalGroupConfig {
  std::uint16_t tag = 1;
  bool discovery = true;                                 ///< false: no discovery session is let in
  std::optional<ChapCredential> discovery_chap;          ///< what an initiator must prove itself with to discover
  std::optional<ChapCredential> discovery_reverse_chap;  ///< how we prove ourselves when it asks
};

/// Generation 1 is made at start; each publication counts up.
struct Config {
  std::uint64_t generation = 0;
  std::vector<TargetConfig> targets;
  std::vector<PortalConfig> portals;
  std::vector<PortalGroupConfig> portal_groups;  ///< a tag without one asks nothing of discovery
  std::vector<InitiatorConfig> initiators;
};

/// ASCII lower case, as iSCSI names are compared (RFC 7143 4.2.7.1).
std::string fold_iscsi_name(std::string_view name);

}  // namespace lunaria::target
