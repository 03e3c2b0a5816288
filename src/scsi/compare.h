#pragma once

// What commands share that receive whole data-out and compare it with the medium. verify.cc.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "scsi/execution.h"

namespace lunaria::scsi {

/// Receives exactly `length` bytes of data-out and sets the transfer length; INVALID FIELD IN COMMAND INFORMATION UNIT
/// when the initiator says that it sends fewer.
runtime::Task<Outcome> receive_data(Execution& execution, std::uint64_t length);

/// The same where more data than that cannot be meant either: INVALID FIELD IN CDB at the field that says how much.
runtime::Task<Outcome> receive_exactly(Execution& execution, std::uint64_t length, std::uint16_t length_byte);

/// Offset of the first byte that differs in two runs of equal length.
std::optional<std::size_t> first_difference(std::span<const std::byte> a, std::span<const std::byte> b);

/// MISCOMPARE DURING VERIFY OPERATION; the INFORMATION field is the offset in the data-out (SBC-4 4.18.1).
Outcome miscompare(std::uint64_t offset);

}  // namespace lunaria::scsi
