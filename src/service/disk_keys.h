#pragma once

// Keys of encrypted disks: made, sealed into the catalogue, opened, and replaced when an initiator asks for
// CRYPTOGRAPHIC ERASE. Private to the service.

#include <memory>

#include "block/volume.h"
#include "service/core.h"

namespace lunaria::service {

/// Random bytes for block::SectorCipher.
Secret new_disk_key(const Core& core);
catalogue::DiskKeyRow sealed_key(const Core& core, catalogue::DiskId disk, const Secret& key);
/// The volume with the disk's encryption on top, for `home`; nullptr when its key does not open. The core outlives it.
std::unique_ptr<block::Volume> with_encryption(Core& core, catalogue::DiskId disk, runtime::Shard& home,
                                               std::unique_ptr<block::Volume> volume);

}  // namespace lunaria::service
