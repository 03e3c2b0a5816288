#pragma once

// Rows: what the catalogue keeps, as plain values. docs/formats/catalogue.md explains the tables. Enumerations of other
// folders are kept as their stable names or numbers; the schema checks them.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "runtime/clock.h"

namespace lunaria::catalogue {

enum class DiskId : std::uint32_t {};
enum class TargetId : std::uint32_t {};
enum class JobId : std::uint64_t {};
enum class IntentId : std::uint64_t {};

struct ServerRow {
  Uuid guid;
  std::string name;
  bool remotely_manageable = false;
  bool gathers_statistics = false;
  runtime::WallTime created{};
  friend bool operator==(const ServerRow&, const ServerRow&) = default;
};

/// The fields of scsi::RateLimit; 0: no limit, or the usual burst.
struct RateLimitColumns {
  std::uint64_t iops = 0;
  std::uint64_t iops_burst = 0;
  std::uint64_t bandwidth = 0;
  std::uint64_t bandwidth_burst = 0;
  friend bool operator==(const RateLimitColumns&, const RateLimitColumns&) = default;
};

struct DiskRow {
  DiskId id{};
  Uuid guid;
  std::string name;
  std::string description;
  std::string kind;     ///< "thin", "preallocated", "ram"
  std::string caching;  ///< "buffered", "direct"
  std::string path;     ///< empty for RAM disks
  std::uint64_t size = 0;
  std::uint32_t logical_block_size = 512;
  std::uint32_t physical_block_size = 4096;
  bool enabled = true;
  bool read_only = false;
  bool removable = false;
  std::string serial;
  std::array<std::uint8_t, 8> naa{};
  runtime::WallTime created{};
  RateLimitColumns rate_limit;
  std::uint64_t space_threshold = 0;  ///< bytes that are left
  std::uint64_t used_threshold = 0;   ///< bytes that are taken
  friend bool operator==(const DiskRow&, const DiskRow&) = default;
};

/// What a target offers in negotiation; the fields of target::NegotiationPreferences.
struct PreferenceColumns {
  std::uint32_t max_recv_data_segment_length = 0;
  std::uint32_t max_burst_length = 0;
  std::uint32_t first_burst_length = 0;
  std::uint16_t max_outstanding_r2t = 0;
  std::uint16_t max_connections = 0;
  std::uint16_t default_time2wait = 0;
  std::uint16_t default_time2retain = 0;
  std::uint8_t error_recovery_level = 0;
  bool initial_r2t = false;
  bool immediate_data = false;
  bool enforce_idle_timeout_detection = false;
  friend bool operator==(const PreferenceColumns&, const PreferenceColumns&) = default;
};

struct TargetRow {
  TargetId id{};
  Uuid guid;
  std::string name;
  std::string iqn;
  std::string description;
  bool enabled = true;
  bool chap_enabled = false;
  bool reverse_chap_enabled = false;
  std::uint32_t receive_buffer_count = 0;
  PreferenceColumns preferences;
  runtime::WallTime created{};
  friend bool operator==(const TargetRow&, const TargetRow&) = default;
};

enum class ChapDirection : std::uint8_t { kForward, kReverse };

struct ChapRow {
  TargetId target{};
  ChapDirection direction = ChapDirection::kForward;
  std::string user_name;
  std::vector<std::byte> sealed_secret;  ///< empty when there is none
  friend bool operator==(const ChapRow&, const ChapRow&) = default;
};

struct MappingRow {
  TargetId target{};
  DiskId disk{};
  std::uint16_t lun = 0;
  bool read_only = false;
  bool named_only = false;  ///< visible to those only of whom there is a MappingInitiatorRow
  friend bool operator==(const MappingRow&, const MappingRow&) = default;
};

/// A disk that lost something while it worked and that nobody has cleared since.
struct DiskFailureRow {
  DiskId disk{};
  std::string reason;
  runtime::WallTime failed{};
  friend bool operator==(const DiskFailureRow&, const DiskFailureRow&) = default;
};

/// What an encrypted disk is encrypted with, sealed; disks without a row are not encrypted.
struct DiskKeyRow {
  DiskId disk{};
  std::vector<std::byte> sealed_key;
  friend bool operator==(const DiskKeyRow&, const DiskKeyRow&) = default;
};

/// A key that an initiator has registered with a disk to stay through a restart.
struct RegistrationRow {
  std::string initiator_port;
  std::string target_port;
  std::uint16_t relative_target_port = 0;
  std::uint64_t key = 0;
  bool holds = false;
  friend bool operator==(const RegistrationRow&, const RegistrationRow&) = default;
};

/// The persistent reservations of one disk; the fields of scsi::ReservationState.
struct ReservationsRow {
  DiskId disk{};
  std::uint8_t type = 0;
  std::vector<RegistrationRow> registrations;  ///< in the order in which they were made
  friend bool operator==(const ReservationsRow&, const ReservationsRow&) = default;
};

/// What one initiator sees of a mapping.
struct MappingInitiatorRow {
  TargetId target{};
  DiskId disk{};
  std::string initiator;             ///< canonical iSCSI name
  std::optional<std::uint16_t> lun;  ///< none: the mapping's
  bool read_only = false;
  friend bool operator==(const MappingInitiatorRow&, const MappingInitiatorRow&) = default;
};

struct AccessRuleRow {
  TargetId target{};
  std::uint8_t method = 0;  ///< 1 DNS name, 2 IPv4, 3 MAC, 4 IQN, 5 IPv6
  std::string value;
  friend auto operator<=>(const AccessRuleRow&, const AccessRuleRow&) = default;
};

struct PortalRow {
  std::string address;  ///< canonical text
  std::uint16_t port = 0;
  bool listen = false;
  std::uint16_t portal_group_tag = 1;
  friend bool operator==(const PortalRow&, const PortalRow&) = default;
};

/// One direction of CHAP.
struct ChapColumns {
  bool enabled = false;
  std::string user_name;
  std::vector<std::byte> sealed_secret;  ///< empty when there is none
  friend bool operator==(const ChapColumns&, const ChapColumns&) = default;
};

struct PortalGroupRow {
  std::uint16_t tag = 1;
  std::string description;
  ChapColumns chap;          ///< of discovery: the initiator proves itself
  ChapColumns reverse_chap;  ///< and we do
  friend bool operator==(const PortalGroupRow&, const PortalGroupRow&) = default;
};

/// A target is offered at the portals of these groups only; without any row, at all.
struct TargetPortalGroupRow {
  TargetId target{};
  std::uint16_t tag = 1;
  friend auto operator<=>(const TargetPortalGroupRow&, const TargetPortalGroupRow&) = default;
};

/// Where logins are sent.
struct RedirectRow {
  TargetId target{};
  std::uint16_t tag = 0;  ///< 0: those of every portal group without one of its own
  bool permanent = false;
  std::string address;
  friend bool operator==(const RedirectRow&, const RedirectRow&) = default;
};

struct InitiatorRow {
  std::string name;  ///< canonical iSCSI name
  std::string description;
  bool enabled = true;
  ChapColumns chap;
  ChapColumns reverse_chap;
  runtime::WallTime created{};
  RateLimitColumns rate_limit;
  friend bool operator==(const InitiatorRow&, const InitiatorRow&) = default;
};

/// What the DNS name of an access rule meant when it was last asked for.
struct HostAddressRow {
  std::string name;
  std::string addresses;  ///< canonical text, separated by spaces
  friend bool operator==(const HostAddressRow&, const HostAddressRow&) = default;
};

struct UserRow {
  std::string name;
  std::string password_hash;  ///< PHC text
  std::string role;
  runtime::WallTime created{};
  friend bool operator==(const UserRow&, const UserRow&) = default;
};

struct ServiceStateRow {
  std::string service;
  std::uint16_t requested_state = 12;
  std::uint16_t enabled_default = 2;
  std::optional<runtime::WallTime> last_change;
  std::uint16_t enabled_state = 2;  ///< as it was last: a start that leads there again is no change
  friend bool operator==(const ServiceStateRow&, const ServiceStateRow&) = default;
};

struct JobRow {
  JobId id{};
  std::string name;
  std::string owner;
  std::uint16_t state = 0;
  std::uint8_t percent_complete = 0;
  std::optional<std::uint8_t> error_code;
  std::string error_message;
  runtime::WallTime submitted{};
  std::optional<runtime::WallTime> started;
  std::optional<runtime::WallTime> finished;
  friend bool operator==(const JobRow&, const JobRow&) = default;
};

enum class IntentKind : std::uint8_t {
  kMakeImage,    ///< the disk's row is there, its image perhaps not yet
  kRemoveImage,  ///< the disk's row is gone, its image perhaps not yet
  kResizeImage,  ///< the disk's row says how large the image is to be
};

/// Work outside the database that is under way: committed before it begins, gone with the commit that ends it.
struct IntentRow {
  IntentId id{};
  IntentKind kind = IntentKind::kMakeImage;
  DiskId disk{};
  std::string path;
  runtime::WallTime created{};
  friend bool operator==(const IntentRow&, const IntentRow&) = default;
};

}  // namespace lunaria::catalogue
