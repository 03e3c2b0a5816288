#pragma once

// PDUs as values for tests: built field by field, encoded with or without digests, found again in a stream of bytes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "iscsi/bhs.h"
#include "iscsi/opcode.h"

namespace lunaria::iscsi::testing {

using Bytes = std::vector<std::byte>;

Bytes to_bytes(std::string_view text);
std::string to_text(std::span<const std::byte> bytes);

/// One PDU. DataSegmentLength and TotalAHSLength are set by encode(), unless told otherwise there.
struct Pdu {
  bhs::Storage header{};
  Bytes additional;  ///< AHSs, a multiple of four bytes
  Bytes data;
  bool is_damaged = false;  ///< the header is right, the data is not; see PduStream::pass_damaged_data()

  Pdu() = default;
  explicit Pdu(Opcode opcode, bool immediate = false) {
    set<bhs::OpcodeField>(opcode);
    set<bhs::Immediate>(immediate);
    set<bhs::Final>(true);
  }
  Opcode opcode() const { return bhs::OpcodeField::get(bhs::View(header)); }
  template <class Field>
  auto get() const {
    return Field::get(bhs::View(header));
  }
  template <class Field, class Value>
  Pdu& set(Value value) {
    Field::set(bhs::Bytes(header), value);
    return *this;
  }
  Pdu& set_text(std::string_view text) {
    data = to_bytes(text);
    return *this;
  }
  std::string text() const { return to_text(data); }
};

/// How to put a PDU on the wire; the last two make broken ones.
struct Encoding {
  bool header_digest = false;
  bool data_digest = false;
  bool break_header_digest = false;
  bool break_data_digest = false;
  std::optional<std::uint32_t> data_segment_length{};
};
Bytes encode(Pdu pdu, const Encoding& encoding = {});

/// Collects bytes and cuts them into PDUs; checks digests.
class PduStream final {
 public:
  /// From now on a wrong digest does not end the test: is_broken() says so, and no further PDU comes.
  void tolerate_wrong_digests() { tolerant_ = true; }
  /// From now on a PDU whose data digest is wrong comes like any other, marked as damaged.
  void pass_damaged_data() { passes_damaged_ = true; }
  bool is_broken() const { return broken_; }
  void set_digests(bool header, bool data) {
    header_digest_ = header;
    data_digest_ = data;
  }
  void feed(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  /// nullopt when the next PDU is not complete. A wrong digest ends the test, unless told otherwise.
  std::optional<Pdu> next();
  bool empty() const { return bytes_.empty(); }

 private:
  bool digest_is(bool right, std::string_view expectation);

  Bytes bytes_;
  bool header_digest_ = false;
  bool data_digest_ = false;
  bool tolerant_ = false;
  bool passes_damaged_ = false;
  bool broken_ = false;
};

}  // namespace lunaria::iscsi::testing
