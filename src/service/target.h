#pragma once

// Target: an iSCSI target node with its access rules, CHAP settings and LUN map. Plain values.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/uuid.h"
#include "runtime/clock.h"
#include "service/disk.h"
#include "service/ids.h"
#include "target/config.h"

namespace lunaria::service {

/// Kinds of access rule; the numbers are WT_IDMethod.Method's.
enum class AccessMethod : std::uint8_t { kDnsName = 1, kIpv4 = 2, kMac = 3, kIqn = 4, kIpv6 = 5 };

/// Who may log in: any matching rule lets an initiator in; no rule at all means nobody.
struct AccessRule {
  AccessMethod method = AccessMethod::kIqn;
  /// kIqn: an iSCSI name or "*". kIpv4, kIpv6: an address or a prefix ("192.0.2.0/24"). Returned in canonical form.
  std::string value;
  friend bool operator==(const AccessRule&, const AccessRule&) = default;
  friend auto operator<=>(const AccessRule&, const AccessRule&) = default;
};

/// One direction of CHAP as it may be shown: never the secret.
struct ChapSettings {
  bool enabled = false;
  std::string user_name;  ///< empty when none is set
  bool has_secret = false;
  friend bool operator==(const ChapSettings&, const ChapSettings&) = default;
};

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
  std::vector<Mapping> mappings;  ///< by LUN
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

/// Changes to one direction of CHAP; what is absent stays.
struct SetChap {
  std::optional<bool> enabled;
  std::optional<std::string> user_name;  ///< "" clears it; at most 255 bytes
  std::optional<Secret> secret;          ///< an empty one clears it
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
  std::size_t secret_bytes_max = 255;
};

/// The upper bound that Windows tools know for CHAP secrets.
inline constexpr std::size_t kWindowsSecretBytesMax = 16;

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
};

/// Changes what is given of an existing mapping.
struct SetMapping {
  TargetId target{};
  DiskId disk{};
  std::optional<std::uint16_t> lun;
  std::optional<bool> read_only;
};

}  // namespace lunaria::service
