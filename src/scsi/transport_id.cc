#include "scsi/transport_id.h"

#include <algorithm>

#include "scsi/text.h"

namespace lunaria::scsi {
namespace {

constexpr std::size_t kHeaderLength = 4;
constexpr std::size_t kNameLengthMin = 20;        // SPC-5 7.6.4.6: with its padding
constexpr std::size_t kIscsiNameLengthMax = 223;  // RFC 7143 4.2.7.1
constexpr std::string_view kSeparator = ",i,0x";
constexpr std::size_t kIsidDigits = 12;

using FormatCode = wire::Bits<std::uint8_t, 0, 6, 2>;
using Protocol = wire::Bits<std::uint8_t, 0, 0, 4>;
using AdditionalLength = wire::BigEndian<std::uint16_t, 2>;
constexpr std::uint8_t kIscsi = 0x5;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// The text before the null, in lower case; nullopt without a null, or with anything but nulls behind it.
std::optional<std::string> read_name(std::span<const std::byte> bytes) {
  const auto end = std::ranges::find(bytes, std::byte{});
  if (end == bytes.end() || std::ranges::any_of(end, bytes.end(), [](std::byte byte) { return byte != std::byte{}; })) {
    return std::nullopt;
  }
  std::string name;
  std::ranges::transform(bytes.begin(), end, std::back_inserter(name),
                         [](std::byte byte) { return lower(std::to_integer<char>(byte)); });
  return name;
}

// "name,i,0x<ISID>" with the ISID at its full length.
std::optional<std::string> normalise_port(const std::string& text) {
  const std::size_t at = text.find(kSeparator);
  if (at == std::string::npos || at == 0 || at > kIscsiNameLengthMax) {
    return std::nullopt;
  }
  const std::string digits = text.substr(at + kSeparator.size());
  if (digits.empty() || digits.size() > kIsidDigits || !std::ranges::all_of(digits, is_hex_digit)) {
    return std::nullopt;
  }
  return text.substr(0, at + kSeparator.size()) + std::string(kIsidDigits - digits.size(), '0') + digits;
}

}  // namespace

std::optional<TransportId> take_transport_id(wire::Reader& from) {
  const auto header = from.take(kHeaderLength);
  if (!header) {
    return std::nullopt;
  }
  const auto fields = header->first<kHeaderLength>();
  const std::uint8_t format = FormatCode::get(fields);
  const std::size_t length = AdditionalLength::get(fields);
  if (Protocol::get(fields) != kIscsi || format > 1 || length < kNameLengthMin || length % 4 != 0) {
    return std::nullopt;
  }
  const auto bytes = from.take(length);
  const std::optional<std::string> name = bytes ? read_name(*bytes) : std::nullopt;
  if (!name || name->empty()) {
    return std::nullopt;
  }
  if (format == 0) {
    return name->size() <= kIscsiNameLengthMax ? std::optional(TransportId{*name, false}) : std::nullopt;
  }
  const std::optional<std::string> port = normalise_port(*name);
  return port ? std::optional(TransportId{*port, true}) : std::nullopt;
}

std::size_t transport_id_length(std::string_view initiator_port) {
  return kHeaderLength + std::max(padded_name_length(initiator_port), kNameLengthMin);
}

void put_transport_id(wire::Writer& out, std::string_view initiator_port) {
  const std::size_t length = transport_id_length(initiator_port) - kHeaderLength;
  out.put_big_endian(std::uint8_t{0x40 | kIscsi});  // format 01b: the name of a port
  out.put_zeros(1);
  out.put_big_endian(static_cast<std::uint16_t>(length));
  out.put_text(initiator_port);
  out.put_zeros(length - initiator_port.size());
}

}  // namespace lunaria::scsi
