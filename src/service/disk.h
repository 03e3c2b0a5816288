#pragma once

// Disk: a store of blocks that can be mapped to targets. Plain values.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "runtime/clock.h"
#include "service/ids.h"
#include "service/rate_limit.h"

namespace lunaria::service {

enum class DiskKind : std::uint8_t {
  kThin,          ///< a file with holes: takes space as it is written
  kPreallocated,  ///< a file whose space is reserved when it is made
  kRam,           ///< memory; contents and definition are gone after a restart of the daemon
};
/// "thin", "preallocated", "ram".
std::string_view to_string(DiskKind kind);

enum class Caching : std::uint8_t {
  kBuffered,  ///< through the page cache; a write is stable after FUA or SYNCHRONIZE CACHE (WCE is reported)
  kDirect,    ///< past the page cache
};
/// "buffered", "direct".
std::string_view to_string(Caching caching);

/// What one initiator sees of a mapping, in place of what everyone sees.
struct MappingInitiator {
  std::string initiator;             ///< iSCSI name in canonical form
  std::optional<std::uint16_t> lun;  ///< its own number; none: the mapping's
  bool read_only = false;
  friend bool operator==(const MappingInitiator&, const MappingInitiator&) = default;
};

/// One disk at a LUN of one target.
struct Mapping {
  TargetId target{};
  std::string target_name;
  DiskId disk{};
  std::string disk_name;
  std::uint16_t lun = 0;
  bool read_only = false;
  bool named_only = false;                     ///< visible to `initiators` only
  std::vector<MappingInitiator> initiators{};  ///< by name
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

struct Disk {
  DiskId id{};
  std::string name;  ///< unique, compared without regard to ASCII case
  std::string description;
  DiskKind kind = DiskKind::kThin;
  Caching caching = Caching::kBuffered;
  std::string path;                          ///< absolute; empty for RAM disks
  std::uint64_t size = 0;                    ///< bytes, as initiators see it
  std::uint64_t allocated_size = 0;          ///< bytes of space really taken; 0 when that cannot be told
  std::uint32_t logical_block_size = 512;    ///< bytes
  std::uint32_t physical_block_size = 4096;  ///< bytes
  bool enabled = true;                       ///< false: not ready to initiators
  bool read_only = false;
  bool removable = false;  ///< initiators see a removable medium, which they may eject and load
  bool encrypted = false;  ///< what is stored is encrypted with a key of its own, which CRYPTOGRAPHIC ERASE replaces
  RateLimit rate_limit{};  ///< of all initiators together
  // Bytes; initiators of thin disks are told when no more is left, and when so much is taken. 0: never.
  std::uint64_t space_threshold = 0;
  std::uint64_t used_threshold = 0;
  Uuid guid;
  std::string serial;                 ///< VPD page 80h; constant
  std::array<std::uint8_t, 8> naa{};  ///< VPD page 83h, NAA 3h (locally assigned); constant
  runtime::WallTime created{};
  std::optional<std::string> failure;  ///< why it does not work, when it does not
  bool connected = false;              ///< a logged-in session can see it
  std::vector<Mapping> mappings;       ///< by target id
  friend bool operator==(const Disk&, const Disk&) = default;
};

/// A new disk. Sizes are rounded up to whole physical blocks.
struct CreateDisk {
  /// 1..64 printable characters without '/'. When absent: the file name of `path` without its extension, or "disk-ID".
  std::optional<std::string> name;
  /// Absolute. When absent: <state directory>/disks/<name>.img. Must not exist. Not for RAM disks.
  std::optional<std::string> path;
  DiskKind kind = DiskKind::kThin;
  std::uint64_t size = 0;                    ///< bytes, 1 MiB .. 4 PiB - 1 MiB
  std::uint32_t logical_block_size = 512;    ///< 512 or 4096
  std::uint32_t physical_block_size = 4096;  ///< power of two, logical_block_size .. 65536
  Caching caching = Caching::kBuffered;
  std::string description;  ///< at most 1024 bytes
  bool enabled = true;
  bool read_only = false;
  bool removable = false;
  bool encrypted =
      false;  ///< for good: an image is encrypted from its first block on, or not at all. Not for RAM disks.
};

/// Adopts a raw image that exists; nothing is written to it. Its size must be whole logical blocks.
struct ImportDisk {
  std::string path;  ///< absolute
  std::optional<std::string> name;
  std::uint32_t logical_block_size = 512;
  std::uint32_t physical_block_size = 4096;
  Caching caching = Caching::kBuffered;
  std::string description;
  bool enabled = true;
  bool read_only = false;
};

/// Changes what is given, leaves the rest.
struct SetDisk {
  DiskId id{};
  std::optional<std::string> name;
  std::optional<std::string> description;
  /// True on a failed disk tries to open its image again, as Service::repair_disk does. Not for RAM disks.
  std::optional<bool> enabled;
  std::optional<bool> read_only;
  std::optional<bool> removable;
  SetRateLimit rate_limit{};
  std::optional<std::uint64_t> space_threshold{};  ///< bytes; up to kDiskBytesMax
  std::optional<std::uint64_t> used_threshold{};   ///< the same
};

struct ResizeDisk {
  DiskId id{};
  std::uint64_t size = 0;  ///< bytes; rounded up to whole physical blocks
  /// Without it a smaller size is refused; with it still while a session can see the disk.
  bool allow_shrink = false;
};

struct DeleteDisk {
  DiskId id{};
  /// Removes the image as well. Otherwise the disk is forgotten and the file stays.
  bool remove_file = false;
};

}  // namespace lunaria::service
