#pragma once

// What a request for a disk asks for, as a row of the catalogue, or what is wrong with it. Looks at the catalogue only,
// never at a file. Private to the service.

#include "service/core.h"

namespace lunaria::service {

/// By name without regard to case; also disks that are still being made.
const catalogue::DiskRow* disk_row_by_name(const Core& core, std::string_view name);

/// The row of a new disk with a fresh identity.
Outcome<catalogue::DiskRow> planned_disk_row(Core& core, const CreateDisk& request);
/// Likewise; size and kind are still to be filled in from the image.
Outcome<catalogue::DiskRow> planned_import_row(Core& core, const ImportDisk& request);
/// Whether the image that was found makes a disk.
Outcome<void> check_import_size(const ImportDisk& request, const StoreFacts& facts);
/// The row after the change.
Outcome<catalogue::DiskRow> changed_disk_row(const Core& core, const SetDisk& request);
/// The new size in bytes; shrinking what a session can see is kInUse.
Outcome<std::uint64_t> planned_disk_size(const Core& core, const catalogue::DiskRow& row, const ResizeDisk& request);

}  // namespace lunaria::service
