#pragma once

// What initiators learn about a disk from INQUIRY, for the data plane that answers it and for management that shows it.

#include <string>
#include <string_view>

#include "scsi/logical_unit.h"
#include "service/disk.h"

namespace lunaria::service {

/// `version` is the product's.
inline scsi::Identity identity_of(const Disk& disk, std::string_view version) {
  return {"LUNARIA", "VIRTUAL-DISK", std::string(version.substr(0, 4)), disk.serial, disk.naa};
}

}  // namespace lunaria::service
