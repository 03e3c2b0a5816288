#pragma once

// A disk of the service as an instance of WT_Disk.

#include <string>

#include "cim/instance.h"
#include "cim/provider.h"
#include "scsi/logical_unit.h"
#include "service/disk.h"

namespace lunaria::providers {

/// How WT_Disk.DevicePath begins for memory and for devices that are passed through.
inline constexpr std::string_view kRamDiskTag = "RAMDISK:";
inline constexpr std::string_view kPassThroughTag = "SCSI:";

/// WT_Disk.DevicePath. Memory has no path: the tag stands alone.
std::string device_path(const service::Disk& disk);

/// The classes that an instance of WT_Disk is made of; `lun_information` and `descriptor` may be null when
/// VdsLunInfo is not wanted.
struct DiskClasses {
  cim::ClassPtr disk;
  cim::ClassPtr lun_information;
  cim::ClassPtr descriptor;
};

/// All properties; VdsLunInfo only when `identity` is given.
cim::Instance disk_instance(const DiskClasses& classes, const service::Disk& disk, const scsi::Identity* identity);

}  // namespace lunaria::providers
