#pragma once

// Sense data: why a command ended with CHECK CONDITION (SPC-5 4.4).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace lunaria::scsi {

/// SPC-5 table 47.
enum class SenseKey : std::uint8_t {
  kNoSense = 0x0,
  kRecoveredError = 0x1,
  kNotReady = 0x2,
  kMediumError = 0x3,
  kHardwareError = 0x4,
  kIllegalRequest = 0x5,
  kUnitAttention = 0x6,
  kDataProtect = 0x7,
  kBlankCheck = 0x8,
  kCopyAborted = 0xA,
  kAbortedCommand = 0xB,
  kMiscompare = 0xE,
  kCompleted = 0xF,
};

/// Additional sense code in the high byte, its qualifier in the low one: 0x2101 is 21h/01h. Named ones are in
/// additional_sense.h.
enum class AdditionalSense : std::uint16_t {};

/// Where in the CDB or parameter list the wrong field is (SPC-5 4.4.2.4.2).
struct FieldPointer {
  bool in_cdb = true;
  std::uint16_t byte = 0;
  std::optional<std::uint8_t> bit;  ///< the field's most significant bit, when the byte holds several fields
};

/// Sense as a value; `sense.cc` builds the fixed or the descriptor format from it as D_SENSE asks.
struct Sense {
  SenseKey key = SenseKey::kNoSense;
  AdditionalSense additional{};
  std::optional<FieldPointer> field;
  std::optional<std::uint64_t> information;  ///< e.g. the LBA of a medium error, the offset of a miscompare
  std::optional<std::uint16_t> progress =
      std::nullopt;  ///< how much is done, in 65536ths (SPC-5 4.4.2.4.4); instead of `field`
};

/// Built sense data, ready for the wire.
class SenseBytes final {
 public:
  static constexpr std::size_t kSizeMax = 64;
  std::span<const std::byte> bytes() const { return std::span(storage).first(size); }
  bool empty() const { return size == 0; }

  std::array<std::byte, kSizeMax> storage{};
  std::uint8_t size = 0;
};

/// Which of the two formats: D_SENSE of the Control mode page, or DESC of REQUEST SENSE (SPC-5 4.4.1).
enum class SenseFormat : std::uint8_t { kFixed, kDescriptor };

/// Builds sense data for a current error. Fixed sense data leaves out information that does not fit 32 bits.
SenseBytes build_sense(const Sense& sense, SenseFormat format);

}  // namespace lunaria::scsi
