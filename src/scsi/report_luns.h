#pragma once

// REPORT LUNS, for a unit and for a nexus without one (SPC-5 6.33).

#include "scsi/cdb.h"
#include "scsi/nexus.h"
#include "scsi/outcome.h"
#include "wire/reader.h"

namespace lunaria::scsi {

/// Writes what the SELECT REPORT field asks for; INVALID FIELD IN CDB when it is unknown.
Outcome put_lun_report(const Nexus& nexus, CdbBytes bytes, wire::Writer& out);

}  // namespace lunaria::scsi
