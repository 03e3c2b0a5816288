#pragma once

// Text fields of INQUIRY data and descriptors.

#include <cstddef>
#include <string_view>

#include "wire/reader.h"

namespace lunaria::scsi {

/// Left-aligned, padded with spaces, cut to `width`; what is not printable ASCII becomes a space (SPC-5 4.3.1).
void put_padded(wire::Writer& out, std::string_view text, std::size_t width);

/// Length of a string with its terminating null, rounded up to a multiple of four (SPC-5 7.7.6.11, 7.6.4.3).
constexpr std::size_t padded_name_length(std::string_view text) {
  return (text.size() / 4 + 1) * 4;
}
/// The string, null-terminated and null-padded to that length.
void put_padded_name(wire::Writer& out, std::string_view text);

}  // namespace lunaria::scsi
