#pragma once

// Logical unit numbers in their eight-byte form (SAM-5 4.7).

#include <cstdint>
#include <optional>
#include <utility>

#include "scsi/command.h"

namespace lunaria::scsi {

/// Highest number that the single-level forms can hold.
inline constexpr std::uint16_t kLunNumberMax = 0x3FFF;
/// REPORT LUNS well-known logical unit (SPC-5 8.2).
inline constexpr Lun kReportLunsUnit{0xC101'0000'0000'0000};

/// Peripheral device addressing up to 255, flat space addressing above. `number` is at most kLunNumberMax.
constexpr Lun encode_lun(std::uint16_t number) {
  const std::uint64_t first = number <= 0xFF ? number : 0x4000U | number;
  return Lun{first << 48};
}

/// The number of a single-level LUN in either form (initiators may use flat space for small numbers too); nullopt for
/// all others.
constexpr std::optional<std::uint16_t> decode_lun(Lun lun) {
  const std::uint64_t value = std::to_underlying(lun);
  const std::uint64_t first = value >> 48;
  if ((value & 0xFFFF'FFFF'FFFF) != 0 || (first > 0xFF && first >> 14 != 1)) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(first & kLunNumberMax);
}

}  // namespace lunaria::scsi
