#include "scsi/designator.h"

#include <array>
#include <span>

#include "base/hex.h"
#include "scsi/text.h"
#include "wire/reader.h"

namespace lunaria::scsi {
namespace {

// Vendor identification and serial number (SPC-5 7.7.6.5).
Designator t10_designator(const Identity& identity) {
  Designator designator{CodeSet::kAscii, DesignatorType::kT10, {}};
  designator.bytes.resize(8 + identity.serial.size());
  wire::Writer out(std::as_writable_bytes(std::span(designator.bytes)));
  put_padded(out, identity.vendor, 8);
  out.put_text(identity.serial);
  return designator;
}

// SCSI name string (SPC-5 7.7.6.11).
Designator name_designator(const Identity& identity) {
  const std::string name = "naa." + to_hex(std::as_bytes(std::span(identity.naa)));
  Designator designator{CodeSet::kUtf8, DesignatorType::kName, {}};
  designator.bytes.resize(padded_name_length(name));
  wire::Writer out(std::as_writable_bytes(std::span(designator.bytes)));
  put_padded_name(out, name);
  return designator;
}

}  // namespace

std::vector<Designator> unit_designators(const Identity& identity) {
  return {t10_designator(identity),
          {CodeSet::kBinary, DesignatorType::kNaa, {identity.naa.begin(), identity.naa.end()}},
          name_designator(identity)};
}

}  // namespace lunaria::scsi
