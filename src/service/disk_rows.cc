#include "service/disk_rows.h"

#include <fmt/format.h>

#include <bit>
#include <filesystem>

#include "service/names.h"
#include "service/rate_limit_rules.h"

namespace lunaria::service {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kDiskBytesMin = kMiB;
constexpr std::uint64_t kDiskBytesMax = (1ULL << 52) - kMiB;  // WT_Disk.Size counts MiB in 32 bits

Error invalid(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

Outcome<void> check_blocks(std::uint32_t logical, std::uint32_t physical) {
  if (logical != 512 && logical != 4096) {
    return fail(invalid("The logical block size must be 512 or 4096 bytes."));
  }
  if (!std::has_single_bit(physical) || physical < logical || physical > 65536) {
    return fail(invalid("The physical block size must be a power of two, at least the logical one, at most 65536."));
  }
  return {};
}

Outcome<std::uint64_t> rounded_size(std::uint64_t size, std::uint32_t physical) {
  if (size < kDiskBytesMin || size > kDiskBytesMax) {
    return fail(invalid(fmt::format("The size is {}; a disk has 1 MiB to 4 PiB - 1 MiB.", size_text(size))));
  }
  return (size + physical - 1) / physical * physical;
}

Outcome<void> check_free_name(const Core& core, const std::string& name) {
  Outcome<void> checked = check_disk_name(name);
  if (checked && disk_row_by_name(core, name) != nullptr) {
    return fail(Error{ErrorCode::kAlreadyExists, fmt::format("There is a disk named {} already.", name)});
  }
  return checked;
}

Outcome<void> check_free_path(const Core& core, const std::string& path) {
  Outcome<void> checked = check_path(path, core.settings.state_directory);
  if (!checked) {
    return checked;
  }
  for (const auto& [id, row] : core.contents.disks) {
    if (row.path == path) {
      return fail(Error{ErrorCode::kAlreadyExists, fmt::format("{} belongs to disk {} already.", path, row.name)});
    }
  }
  return checked;
}

/// The file's name without its extension, made unique; "disk-ID" when that does not make a name.
std::string derived_name(const Core& core, const std::string& path, catalogue::DiskId id) {
  const std::string stem = std::filesystem::path(path).stem().string();
  const std::string number = std::to_string(static_cast<std::uint32_t>(id));
  if (!check_disk_name(stem) || stem.size() > 50) {
    return "disk-" + number;
  }
  return disk_row_by_name(core, stem) == nullptr ? stem : stem + "-" + number;
}

/// A row with a fresh identity and nothing else.
catalogue::DiskRow new_disk_row(Core& core) {
  catalogue::DiskRow row;
  row.id = next_id(core.contents.last_disk);
  row.guid = core.new_guid();
  row.naa = derive_naa(core.contents.server->guid, value_id(row.id));
  row.serial = serial_of(row.naa);
  row.created = core.now();
  return row;
}

}  // namespace

const catalogue::DiskRow* disk_row_by_name(const Core& core, std::string_view name) {
  for (const auto& [id, row] : core.contents.disks) {
    if (same_name(row.name, name)) {
      return &row;
    }
  }
  return nullptr;
}

Outcome<catalogue::DiskRow> planned_disk_row(Core& core, const CreateDisk& request) {
  const Outcome<void> blocks = check_blocks(request.logical_block_size, request.physical_block_size);
  if (!blocks) {
    return fail(blocks.error());
  }
  const Outcome<std::uint64_t> size = rounded_size(request.size, request.physical_block_size);
  if (!size) {
    return fail(size.error());
  }
  const Outcome<void> described = check_description(request.description);
  if (!described) {
    return fail(described.error());
  }
  catalogue::DiskRow row = new_disk_row(core);
  if (request.kind == DiskKind::kRam) {
    if (request.path) {
      return fail(invalid("A RAM disk has no path."));
    }
    if (!request.enabled) {
      return fail(invalid("A RAM disk is always enabled: disabling it would lose its contents."));
    }
    if (request.encrypted) {
      return fail(invalid("A RAM disk is stored nowhere, so it is not encrypted."));
    }
    row.name = request.name.value_or("disk-" + std::to_string(static_cast<std::uint32_t>(row.id)));
  } else {
    row.name = request.name ? *request.name : derived_name(core, request.path.value_or(""), row.id);
  }
  const Outcome<void> named = check_free_name(core, row.name);
  if (!named) {
    return fail(named.error());
  }
  if (request.kind != DiskKind::kRam) {
    row.path = request.path.value_or(fmt::format("{}/disks/{}.img", core.settings.state_directory, row.name));
    const Outcome<void> placed = check_free_path(core, row.path);
    if (!placed) {
      return fail(placed.error());
    }
  }
  row.description = request.description;
  row.kind = to_string(request.kind);
  row.caching = to_string(request.caching);
  row.size = *size;
  row.logical_block_size = request.logical_block_size;
  row.physical_block_size = request.physical_block_size;
  row.enabled = request.enabled;
  row.read_only = request.read_only;
  row.removable = request.removable;
  return row;
}

Outcome<void> check_import_size(const ImportDisk& request, const StoreFacts& facts) {
  if (facts.size < kDiskBytesMin || facts.size > kDiskBytesMax || facts.size % request.logical_block_size != 0) {
    return fail(invalid(fmt::format("{} has {} bytes; a disk has 1 MiB to 4 PiB - 1 MiB in whole blocks of {} bytes.",
                                    request.path, facts.size, request.logical_block_size)));
  }
  return {};
}

Outcome<catalogue::DiskRow> planned_import_row(Core& core, const ImportDisk& request) {
  const Outcome<void> placed = check_free_path(core, request.path);
  if (!placed) {
    return fail(placed.error());
  }
  const Outcome<void> blocks = check_blocks(request.logical_block_size, request.physical_block_size);
  if (!blocks) {
    return fail(blocks.error());
  }
  const Outcome<void> described = check_description(request.description);
  if (!described) {
    return fail(described.error());
  }
  catalogue::DiskRow row = new_disk_row(core);
  row.name = request.name ? *request.name : derived_name(core, request.path, row.id);
  const Outcome<void> named = check_free_name(core, row.name);
  if (!named) {
    return fail(named.error());
  }
  row.path = request.path;
  row.description = request.description;
  row.caching = to_string(request.caching);
  row.logical_block_size = request.logical_block_size;
  row.physical_block_size = request.physical_block_size;
  row.enabled = request.enabled;
  row.read_only = request.read_only;
  return row;
}

Outcome<catalogue::DiskRow> changed_disk_row(const Core& core, const SetDisk& request) {
  const catalogue::DiskRow* present = core.disk(request.id);
  if (present == nullptr) {
    return fail(Core::no_disk(request.id));
  }
  catalogue::DiskRow row = *present;
  if (request.name && *request.name != row.name) {
    const Outcome<void> named =
        same_name(*request.name, row.name) ? check_disk_name(*request.name) : check_free_name(core, *request.name);
    if (!named) {
      return fail(named.error());
    }
    row.name = *request.name;
  }
  if (request.description) {
    const Outcome<void> described = check_description(*request.description);
    if (!described) {
      return fail(described.error());
    }
    row.description = *request.description;
  }
  row.enabled = request.enabled.value_or(row.enabled);
  if (row.enabled != present->enabled && row.kind == to_string(DiskKind::kRam)) {
    return fail(Error{ErrorCode::kNotSupported, "Disabling a RAM disk would lose its contents. Unmap it instead."});
  }
  row.read_only = request.read_only.value_or(row.read_only);
  row.removable = request.removable.value_or(row.removable);
  const Outcome<catalogue::RateLimitColumns> limit = changed_rate_limit(row.rate_limit, request.rate_limit);
  if (!limit) {
    return fail(limit.error());
  }
  row.rate_limit = *limit;
  row.space_threshold = request.space_threshold.value_or(row.space_threshold);
  row.used_threshold = request.used_threshold.value_or(row.used_threshold);
  if (row.space_threshold > kDiskBytesMax || row.used_threshold > kDiskBytesMax) {
    return fail(invalid(fmt::format("A threshold of space is at most {} bytes; 0 is none.", kDiskBytesMax)));
  }
  return row;
}

Outcome<std::uint64_t> planned_disk_size(const Core& core, const catalogue::DiskRow& row, const ResizeDisk& request) {
  if (row.kind == to_string(DiskKind::kRam)) {
    return fail(Error{ErrorCode::kNotSupported, "RAM disks keep their size. Make another one."});
  }
  Outcome<std::uint64_t> size = rounded_size(request.size, row.physical_block_size);
  if (!size || *size >= row.size) {
    return size;
  }
  if (!request.allow_shrink) {
    return fail(
        invalid(fmt::format("Disk {} has {}; {} would cut off data. Allow shrinking explicitly if that is meant.",
                            row.name, size_text(row.size), size_text(*size))));
  }
  for (const auto& [key, mapping] : core.contents.mappings) {
    if (mapping.disk == row.id && core.session_count(value_id(mapping.target)) > 0) {
      return fail(
          Error{ErrorCode::kInUse, fmt::format("Disk {} can be seen by a session of target {}. Log the initiator "
                                               "out, or unmap the disk, before it is shrunk.",
                                               row.name, core.contents.targets.at(mapping.target).name)});
    }
  }
  return size;
}

}  // namespace lunaria::service
