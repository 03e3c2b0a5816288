#pragma once

// The command table: one row for each opcode and service action. It drives dispatch, the checks that all commands
// share, and what REPORT SUPPORTED OPERATION CODES says.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scsi/execution.h"

namespace lunaria::scsi {

/// Which way the data of a command goes, seen from the initiator.
enum class DataDirection : std::uint8_t { kNone, kIn, kOut };
/// Whether a command needs the medium, and whether it changes it.
enum class MediumAccess : std::uint8_t { kNone, kRead, kWrite };
/// What the volume must be able to do for the command to exist.
enum class Requirement : std::uint8_t { kNothing, kUnmap, kAtomicWrites, kCryptoErase };

/// Where an allocation length is in the CDB.
struct AllocationField {
  std::uint8_t byte = 0;
  std::uint8_t width = 0;  ///< 0: the answer has a fixed length and is not cut
};

inline constexpr std::uint16_t kNoServiceAction = 0xFFFF;

struct CommandRow {
  std::uint8_t opcode = 0;
  std::uint16_t service_action = kNoServiceAction;
  std::string_view name;
  std::uint8_t length = 0;  ///< of the CDB
  /// CDB usage data (SPC-5 6.35.3): the bits that are looked at. Any other bit set is INVALID FIELD IN CDB, but
  /// for NACA.
  std::array<std::uint8_t, kCdbSizeMax> usage{};
  DataDirection direction = DataDirection::kNone;
  bool ignores_unit_attention = false;  ///< SAM-5 5.14.1
  ConflictClass conflict = ConflictClass::kWrites;
  MediumAccess medium = MediumAccess::kNone;
  Requirement requirement = Requirement::kNothing;
  bool goes_with_erasure = false;  ///< works while a SANITIZE or FORMAT UNIT runs, or after a SANITIZE failed
  bool is_counted = false;         ///< a READ or WRITE of the statistics log pages
  AllocationField allocation{};
  // Exactly one of the two.
  AnswerFunction answer = nullptr;
  RunFunction run = nullptr;
};

/// NACA in the CONTROL byte (SAM-5 5.2), which every command has; rows leave it out of their usage data.
inline constexpr std::uint8_t kNaca = 0x04;
constexpr std::size_t control_byte(const CommandRow& row) {
  constexpr std::uint8_t kVariableLength = 0x7F;
  return row.opcode == kVariableLength ? 1 : row.length - 1U;
}

/// All rows, ascending by opcode and service action.
std::span<const CommandRow> command_rows();

/// The row of a CDB. nullptr when the opcode is unknown, or is known with other service actions only, which
/// `known_opcode` tells.
const CommandRow* find_command(CdbBytes bytes, bool& known_opcode);

/// First reserved bit that is set, as INVALID FIELD IN CDB; good when there is none.
Outcome check_reserved_bits(const CommandRow& row, CdbBytes bytes);

/// Whether this unit has what the command requires.
bool is_supported(const CommandRow& row, const UnitState& unit);

}  // namespace lunaria::scsi
