#pragma once

// From a disk's description to its volume, and the life of its file. Everything here blocks: for the control plane.

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "block/volume.h"
#include "runtime/file.h"
#include "runtime/io_error.h"
#include "runtime/shard.h"

namespace lunaria::block {

enum class VolumeKind : std::uint8_t { kFile, kRam };

/// How a file volume uses the page cache.
enum class Caching : std::uint8_t {
  kBuffered,  ///< through it
  kDirect,    ///< past it (O_DIRECT)
};

/// What a disk is made of.
struct VolumeSpec {
  VolumeKind kind = VolumeKind::kFile;
  std::string path;  ///< of a regular file or a block device; empty for RAM
  Geometry geometry;
  bool thin = true;  ///< files: holes are allowed and UNMAP makes them; otherwise all space is reserved
  Caching caching = Caching::kBuffered;
  bool read_only = false;
};

/// Opens the volume of a disk. Never fails: what cannot be opened becomes a FailedVolume with the reason and the way
/// out, so that the disk stays visible. Files and home outlive the volume.
std::unique_ptr<Volume> open_volume(runtime::FileSystem& files, runtime::Shard& home, const VolumeSpec& spec);

/// Makes the file of a new disk, durable in name and size, all zeros. EEXIST when the path is taken, ENOSPC when a
/// preallocated one does not fit; nothing is left behind then. Nothing to do for RAM.
Result<void, runtime::IoError> create_volume_file(runtime::FileSystem& files, const VolumeSpec& spec);

/// Changes the size of a disk's file to that of `spec.geometry`; the volume must have no request in flight. Growth is
/// zeros, reserved unless thin; what a smaller size cuts off is gone. Block devices: EINVAL unless large enough.
Result<void, runtime::IoError> resize_volume_file(runtime::FileSystem& files, const VolumeSpec& spec);

}  // namespace lunaria::block
