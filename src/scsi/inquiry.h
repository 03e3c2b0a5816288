#pragma once

// INQUIRY data for a unit, for a nexus without one, and for the REPORT LUNS well-known unit (SPC-5 6.7).

#include "scsi/cdb.h"
#include "scsi/nexus.h"
#include "scsi/outcome.h"
#include "scsi/unit_state.h"
#include "wire/reader.h"

namespace lunaria::scsi {

/// The first byte of standard INQUIRY data and of every VPD page: qualifier and device type (SPC-5 6.7.2).
enum class Peripheral : std::uint8_t {
  kDisk = 0x00,
  kWellKnownUnit = 0x1E,
  kAbsent = 0x7F,  ///< no unit can be at this number
};

/// One vital product data page; INVALID FIELD IN CDB when there is none with this code. vpd_pages.cc.
Outcome put_vpd_page(std::uint8_t page, const UnitState& unit, const Nexus& nexus, wire::Writer& out);

/// Page 83h of the well-known unit: the designators of the target alone. vpd_pages.cc.
void put_target_identification(Peripheral peripheral, const Nexus& nexus, wire::Writer& out);

/// What INQUIRY says where there is no unit.
Outcome put_inquiry_without_unit(Peripheral peripheral, const Nexus& nexus, CdbBytes bytes, wire::Writer& out);

}  // namespace lunaria::scsi
