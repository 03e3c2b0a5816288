#pragma once

// Target: an iSCSI target node with its access rules, CHAP settings and LUN map. Plain values.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "runtime/clock.h"
#include "service/chap.h"
#include "service/disk.h"
#include "service/ids.h"
#include "target/config.h"

namespace lunaria::service {

/// Kinds of access rule; the numbers are WT_IDMethod.Method's.
enum class AccessMethod : std::uint8_t { kDnsName = 1, kIpv4 = 2, kMac = 3, kIqn = 4, kIpv6 = 5 };

/// Who may log in: any matching rule lets an initiator in; no rule at all means nobody.
struct AccessRule {
  AccessMethod method = AccessMethod::kIqn;
  /// kIqn: an iSCSI name or "*". kIpv4, kIpv6: an address or a prefix ("192.0.2.0/24"). kDnsName: a host name, looked
  /// up forward. kMac: "00:1b:21:aa:bb:cc", of a host on a link of ours. Returned in canonical form.
  std::string value;
  friend bool operator==(const AccessRule&, const AccessRule&) = default;
  friend auto operator<=>(const AccessRule&, const AccessRule&) = default;
};

/// An access rule with what is known of it.
struct AccessEntry {
  TargetId target{};
  std::string target_name;
  AccessRule rule;
  std::vector<IpAddress> addresses;            ///< of a DNS name: what it means now
  std::optional<runtime::WallTime> confirmed;  ///< of a DNS name: when the name service last answered, in this run
  std::string failure;                         ///< of a DNS name: why it is not known, or not known anew
};

using target::Redirect;

struct Target {
  TargetId id{};
  std::string name;         ///< unique in the server, compared without regard to ASCII case (WT_Host.HostName)
  std::string iqn;          ///< iSCSI name, unique
  std::string description;  ///< free text; its first 255 bytes are the TargetAlias
  bool enabled = true;      ///< false: no discovery, no login; sessions stay
  Uuid guid;
  target::NegotiationPreferences preferences;
  /// Kept and reported for Windows clients; buffers here come from one pool, so it limits nothing.
  std::uint32_t receive_buffer_count = 10;
  ChapSettings chap;          ///< the initiator proves itself
  ChapSettings reverse_chap;  ///< the target proves itself when asked
  std::vector<AccessRule> access;
  std::vector<Mapping> mappings;             ///< by LUN
  std::vector<std::uint16_t> portal_groups;  ///< tags of those at which it is offered, ascending; empty: all
  std::vector<Redirect> redirects;           ///< where logins are sent; the one for all groups first
  runtime::WallTime created{};
  std::size_t session_count = 0;                ///< normal sessions now
  std::optional<runtime::WallTime> last_login;  ///< since the daemon started
  /// Since the last session ended; 0 while connected; nullopt when there was none since the daemon started.
  std::optional<std::chrono::seconds> idle;
  friend bool operator==(const Target&, const Target&) = default;
};

struct CreateTarget {
  std::string name;  ///< 1..223 printable characters
  /// When absent: iqn.2026-11.<reversed domain of the host, or org.lunaria>:<server name>-<target name>.
  std::optional<std::string> iqn;
  std::string description;  ///< at most 1024 bytes
  bool enabled = true;
};

/// Changes what is given, leaves the rest. CHAP and negotiation changes apply from the next login on.
struct SetTarget {
  TargetId id{};
  std::optional<std::string> description;
  std::optional<bool> enabled;
  std::optional<std::string> iqn;  ///< refused while sessions exist
  std::optional<target::NegotiationPreferences> preferences;
  std::optional<std::uint32_t> receive_buffer_count;  ///< 1..1024
  SetChap chap;
  SetChap reverse_chap;
  /// Secrets are 12 bytes to this many; Windows clients keep to kWindowsSecretBytesMax.
  std::size_t secret_bytes_max = kSecretBytesMax;
  /// Sessions at other portals are dropped.
  std::optional<std::vector<std::uint16_t>> portal_groups{};
  /// At most one a portal group. Refused when it leads back to where it comes from. Sessions stay.
  std::optional<std::vector<Redirect>> redirects{};
};

struct DeleteTarget {
  TargetId id{};
  /// Without it a target with sessions is not deleted (kInUse); with it they are dropped.
  bool drop_sessions = false;
};

struct MapDisk {
  TargetId target{};
  DiskId disk{};
  std::optional<std::uint16_t> lun;  ///< 0..16383; absent: the lowest free one
  bool read_only = false;
  bool named_only = false;  ///< visible to nobody until initiators are named
};

/// Changes what is given of an existing mapping.
struct SetMapping {
  TargetId target{};
  DiskId disk{};
  std::optional<std::uint16_t> lun;
  std::optional<bool> read_only;
  std::optional<bool> named_only{};
};

/// Names an initiator for a mapping, or changes what it sees of it.
struct SetMappingInitiator {
  TargetId target{};
  DiskId disk{};
  std::string initiator;             ///< iSCSI name
  std::optional<std::uint16_t> lun;  ///< its own number for the disk; absent: the mapping's
  bool read_only = false;            ///< for this one, also where the mapping is not
};

}  // namespace lunaria::service
