#include "scsi/report_luns.h"

#include <utility>

#include "scsi/handlers.h"
#include "scsi/lun.h"

namespace lunaria::scsi {
namespace {

// SPC-5 table 284: which units each value of SELECT REPORT asks for.
struct Selection {
  bool known = false;
  bool units = false;
  bool well_known = false;
};

Selection select(std::uint8_t report) {
  switch (report) {
    case 0x00:
    case 0x11:  // administrative and simple ones: there are no conglomerates
      return {true, true, false};
    case 0x01:
      return {true, false, true};
    case 0x02:
      return {true, true, true};
    case 0x10:  // administrative units
    case 0x12:  // subsidiary units
      return {true, false, false};
    default:
      return {};
  }
}

}  // namespace

Outcome put_lun_report(const Nexus& nexus, CdbBytes bytes, wire::Writer& out) {
  const Selection selection = select(cdb::report_luns::SelectReport::get(bytes));
  if (!selection.known) {
    return invalid_cdb(2);
  }
  const std::shared_ptr<const LunInventory> inventory = nexus.inventory;
  const std::size_t unit_count = selection.units && inventory != nullptr ? inventory->luns.size() : 0;
  const std::size_t count = unit_count + (selection.well_known ? 1 : 0);
  out.put_big_endian(static_cast<std::uint32_t>(count * sizeof(Lun)));
  out.put_zeros(4);
  for (std::size_t i = 0; i < unit_count; ++i) {
    out.put_big_endian(std::to_underlying(inventory->luns[i]));
  }
  if (selection.well_known) {
    out.put_big_endian(std::to_underlying(kReportLunsUnit));
  }
  return good();
}

// It also tells the initiator what REPORTED LUNS DATA HAS CHANGED would have.
Outcome answer_report_luns(Execution& x, wire::Writer& out) {
  const Outcome outcome = put_lun_report(*x.nexus.nexus, x.cdb(), out);
  if (outcome.is_good()) {
    x.nexus.attentions.clear(asc::kReportedLunsChanged);
  }
  return outcome;
}

}  // namespace lunaria::scsi
