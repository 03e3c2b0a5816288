#pragma once

// Logical unit numbers as the WT classes carry them: 32 bits wide.

#include <cstdint>
#include <limits>
#include <string>

#include "cim/error.h"
#include "providers/errors.h"

namespace lunaria::providers {

/// The number as the service takes it, which judges whether it is in range; INVALID_PARAMETER when it is too large even
/// to be handed on.
inline Result<std::uint16_t, cim::Error> to_lun(std::uint64_t number) {
  if (number > std::numeric_limits<std::uint16_t>::max()) {
    return fail(invalid_parameter("LUN must be 0 to 16383, not " + std::to_string(number)));
  }
  return static_cast<std::uint16_t>(number);
}

}  // namespace lunaria::providers
