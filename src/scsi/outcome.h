#pragma once

// Outcome: how a command ends, as a value; the device server turns it into status and sense bytes in one place.

#include <cstdint>
#include <optional>

#include "scsi/additional_sense.h"
#include "scsi/command.h"
#include "scsi/sense.h"

namespace lunaria::scsi {

struct [[nodiscard]] Outcome {
  Status status = Status::kGood;
  Sense sense;  ///< with kCheckCondition only

  Outcome() = default;
  Outcome(Status with_status, const Sense& with_sense) : status(with_status), sense(with_sense) {}
  // Nearly all are good and pass through several frames. Reading sense as a whole that was just written in parts waits
  // until everything before it is stored, the data of a WRITE included.
  Outcome(const Outcome& other) : status(other.status) {
    if (!is_good()) {
      sense = other.sense;
    }
  }
  Outcome& operator=(const Outcome& other) {
    status = other.status;
    if (!is_good()) {
      sense = other.sense;
    }
    return *this;
  }
  ~Outcome() = default;

  bool is_good() const { return status == Status::kGood; }
};

inline Outcome good() {
  return {};
}
inline Outcome check_condition(SenseKey key, AdditionalSense additional) {
  return {Status::kCheckCondition, {key, additional, std::nullopt, std::nullopt, std::nullopt}};
}
inline Outcome illegal_request(AdditionalSense additional) {
  return check_condition(SenseKey::kIllegalRequest, additional);
}
/// INVALID FIELD IN CDB at a byte, and at a bit of it when the byte holds more than that field.
inline Outcome invalid_cdb(std::uint16_t byte, std::optional<std::uint8_t> bit = std::nullopt) {
  return {
      Status::kCheckCondition,
      {SenseKey::kIllegalRequest, asc::kInvalidFieldInCdb, FieldPointer{true, byte, bit}, std::nullopt, std::nullopt}};
}
/// INVALID FIELD IN PARAMETER LIST at a byte.
inline Outcome invalid_list(std::size_t byte, std::optional<std::uint8_t> bit = std::nullopt) {
  return {Status::kCheckCondition,
          {SenseKey::kIllegalRequest, asc::kInvalidFieldInParameterList,
           FieldPointer{false, static_cast<std::uint16_t>(byte), bit}, std::nullopt, std::nullopt}};
}
/// What a handler returns when it sees that its command was aborted; nobody reads it.
inline Outcome aborted() {
  return {Status::kTaskAborted, {}};
}

}  // namespace lunaria::scsi
