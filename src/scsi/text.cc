#include "scsi/text.h"

namespace lunaria::scsi {

void put_padded(wire::Writer& out, std::string_view text, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) {
    const char character = i < text.size() ? text[i] : ' ';
    out.put_big_endian(static_cast<std::uint8_t>(character >= 0x20 && character < 0x7F ? character : ' '));
  }
}

void put_padded_name(wire::Writer& out, std::string_view text) {
  out.put_text(text);
  out.put_zeros(padded_name_length(text) - text.size());
}

}  // namespace lunaria::scsi
