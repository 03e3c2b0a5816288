#include "providers/wt/disk_instance.h"

#include <string>
#include <utility>
#include <vector>

#include "providers/values.h"
#include "schema/names.h"
#include "scsi/designator.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_disk;

names::Type disk_type(service::DiskKind kind) {
  switch (kind) {
    case service::DiskKind::kThin:
      return names::Type::kDynamic;
    case service::DiskKind::kPreallocated:
      return names::Type::kFixed;
    case service::DiskKind::kRam:
      return names::Type::kRamDisk;
  }
  return names::Type::kDynamic;
}

cim::Instance descriptor_instance(const cim::ClassPtr& cls, const scsi::Designator& designator) {
  namespace descriptor = schema::wt_vpd_identification_descriptor;
  cim::Instance instance(cls);
  // Both value maps hold the numbers of SPC.
  set(instance, descriptor::kCodeSet, cim::Value(std::to_underlying(designator.code_set)));
  set(instance, descriptor::kIdentifierType, cim::Value(std::to_underlying(designator.type)));
  set(instance, descriptor::kIdentifier, cim::Value::array_of(designator.bytes));
  return instance;
}

cim::Instance lun_information(const DiskClasses& classes, const scsi::Identity& identity) {
  namespace info = schema::wt_vds_lun_information;
  cim::Instance instance(classes.lun_information);
  set(instance, info::kDeviceType, cim::Value(std::uint8_t{0}));
  set(instance, info::kDeviceTypeModifier, cim::Value(std::uint8_t{0}));
  set(instance, info::kCommandQueueing, true);
  set(instance, info::kBusType, info::BusType::kVDSBusTypeiScsi);
  set(instance, info::kVendorId, identity.vendor);
  set(instance, info::kProductId, identity.product);
  set(instance, info::kProductRevision, identity.revision);
  set(instance, info::kSerialNumber, identity.serial);
  set_null(instance, info::kDiskSignature);
  std::vector<cim::Value> descriptors;
  for (const scsi::Designator& designator : scsi::unit_designators(identity)) {
    descriptors.emplace_back(descriptor_instance(classes.descriptor, designator));
  }
  set(instance, info::kDeviceIdDescriptor, cim::Value::array(cim::Type::kEmbeddedInstance, std::move(descriptors)));
  return instance;
}

/// What belongs to snapshots, differencing disks and long operations, none of which there are yet.
void set_what_is_not_there(cim::Instance& instance) {
  set_null(instance, names::kParentPath);
  set_null(instance, names::kParentWTD);
  set(instance, names::kDVMountStatus, names::DVMountStatus::kNotMounted);
  set_null(instance, names::kDVTimeStamp);
  set_null(instance, names::kDVDeviceId);
  set_null(instance, names::kLMSnapshotId);
  set_null(instance, names::kAsyncOpStartTime);
  set_null(instance, names::kAsyncOpEndTime);
  set_null(instance, names::kDeviceVolumeGuid);
  set(instance, names::kResourceGroup, "");
  set(instance, names::kInternalCode, cim::Value(std::uint32_t{0}));
  set(instance, names::kIsBasedOnUnderlyingRedundancy, false);
}

}  // namespace

std::string device_path(const service::Disk& disk) {
  return disk.kind == service::DiskKind::kRam ? std::string(kRamDiskTag) : disk.path;
}

cim::Instance disk_instance(const DiskClasses& classes, const service::Disk& disk, const scsi::Identity* identity) {
  cim::Instance instance(classes.disk);
  set(instance, names::kWTD, cim::Value(std::to_underlying(disk.id)));
  set(instance, names::kType, disk_type(disk.kind));
  set(instance, names::kFlags,
      cim::Value(disk.read_only ? std::to_underlying(names::Flags::kReadOnlyWTDisk) : std::int32_t{0}));
  set(instance, names::kStatus, disk.connected ? names::Status::kConnected : names::Status::kNotConnected);
  set(instance, names::kDescription, disk.description);
  set(instance, names::kDevicePath, device_path(disk));
  set(instance, names::kActiveDevicePath, device_path(disk));
  set(instance, names::kSize, cim::Value(mebibytes_down(disk.size)));
  set(instance, names::kAllocatedSize, cim::Value(mebibytes_up(disk.allocated_size)));
  set(instance, names::kSerialNumber, disk.serial);
  set(instance, names::kEnabled, disk.enabled);
  set(instance, names::kGuid, disk.guid.to_string());
  set(instance, names::kBlockSize, cim::Value(std::uint64_t{disk.logical_block_size}));
  set_what_is_not_there(instance);
  if (identity != nullptr) {
    set(instance, names::kVdsLunInfo, cim::Value(lun_information(classes, *identity)));
  }
  return instance;
}

}  // namespace lunaria::providers
