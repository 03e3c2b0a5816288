#include "iscsi/testing/pdu.h"

#include <algorithm>

#include "base/check.h"
#include "iscsi/digest.h"

namespace lunaria::iscsi::testing {

namespace {

void append_digest(Bytes& wire, std::span<const std::byte> covered, bool broken) {
  std::byte digest[kDigestSize];
  write_digest(digest, crc32c(covered) ^ (broken ? 1U : 0U));
  wire.insert(wire.end(), std::begin(digest), std::end(digest));
}

}  // namespace

Bytes to_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string to_text(std::span<const std::byte> bytes) {
  std::string text;
  std::ranges::transform(bytes, std::back_inserter(text), [](std::byte b) { return static_cast<char>(b); });
  return text;
}

Bytes encode(Pdu pdu, const Encoding& encoding) {
  pdu.set<bhs::DataSegmentLength>(encoding.data_segment_length.value_or(static_cast<std::uint32_t>(pdu.data.size())));
  if (!pdu.additional.empty()) {
    pdu.set<bhs::TotalAhsLength>(static_cast<std::uint8_t>(pdu.additional.size() / 4));
  }
  Bytes wire(pdu.header.begin(), pdu.header.end());
  wire.insert(wire.end(), pdu.additional.begin(), pdu.additional.end());
  if (encoding.header_digest) {
    append_digest(wire, Bytes(wire), encoding.break_header_digest);
  }
  if (!pdu.data.empty()) {
    pdu.data.resize(pdu.data.size() + padding_after(pdu.data.size()));
    wire.insert(wire.end(), pdu.data.begin(), pdu.data.end());
    if (encoding.data_digest) {
      append_digest(wire, pdu.data, encoding.break_data_digest);
    }
  }
  return wire;
}

bool PduStream::digest_is(bool right, std::string_view expectation) {
  check(right || tolerant_, expectation);
  broken_ = broken_ || !right;
  return right;
}

std::optional<Pdu> PduStream::next() {
  if (bytes_.size() < bhs::kSize || broken_) {
    return std::nullopt;
  }
  Pdu pdu;
  std::copy_n(bytes_.begin(), bhs::kSize, pdu.header.begin());
  const std::size_t additional = std::size_t{pdu.get<bhs::TotalAhsLength>()} * 4;
  const std::size_t length = pdu.get<bhs::DataSegmentLength>();
  const std::size_t header_end = bhs::kSize + additional + (header_digest_ ? kDigestSize : 0);
  const std::size_t padded = length + padding_after(length);
  // Before the rest of the PDU has come: a corrupted length would have us wait for what nobody sends.
  if (header_digest_ && bytes_.size() >= header_end) {
    const auto covered = std::span<const std::byte>(bytes_).first(bhs::kSize + additional);
    const auto digest = std::span<const std::byte>(bytes_).subspan(covered.size()).first<kDigestSize>();
    if (!digest_is(digest_matches(digest, crc32c(covered)), "the target's header digests are right")) {
      return std::nullopt;
    }
  }
  const std::size_t total = header_end + padded + (data_digest_ && length != 0 ? kDigestSize : 0);
  if (bytes_.size() < total) {
    return std::nullopt;
  }
  const auto wire = std::span<const std::byte>(bytes_).first(total);
  const auto data = wire.subspan(header_end, padded);
  const bool is_whole = !data_digest_ || length == 0 || digest_matches(wire.last<kDigestSize>(), crc32c(data));
  pdu.is_damaged = !is_whole && passes_damaged_;
  if (!pdu.is_damaged) {
    if (!digest_is(is_whole, "the target's data digests are right")) {
      return std::nullopt;
    }
    check(std::ranges::all_of(data.subspan(length), [](std::byte b) { return b == std::byte{}; }), "padding is zero");
  }
  pdu.additional.assign(wire.begin() + bhs::kSize, wire.begin() + static_cast<std::ptrdiff_t>(bhs::kSize + additional));
  pdu.data.assign(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(length));
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(total));
  return pdu;
}

}  // namespace lunaria::iscsi::testing
