#pragma once

// The designators by which a logical unit is known (SPC-5 7.7.6), as values: VPD page 83h writes them out, management
// shows them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "scsi/logical_unit.h"

namespace lunaria::scsi {

/// CODE SET (SPC-5 7.7.6.1).
enum class CodeSet : std::uint8_t { kBinary = 1, kAscii = 2, kUtf8 = 3 };
/// ASSOCIATION (SPC-5 7.7.6.1).
enum class Association : std::uint8_t { kUnit = 0, kTargetPort = 1, kTargetDevice = 2 };
/// DESIGNATOR TYPE (SPC-5 7.7.6.1).
enum class DesignatorType : std::uint8_t { kT10 = 1, kNaa = 3, kRelativePort = 4, kPortGroup = 5, kName = 8 };

/// One designation descriptor of a unit, without its header.
struct Designator {
  CodeSet code_set = CodeSet::kBinary;
  DesignatorType type = DesignatorType::kNaa;
  std::vector<std::uint8_t> bytes;  ///< at most 252
  friend bool operator==(const Designator&, const Designator&) = default;
};

/// Those with association "logical unit", in the order of page 83h.
std::vector<Designator> unit_designators(const Identity& identity);

}  // namespace lunaria::scsi
