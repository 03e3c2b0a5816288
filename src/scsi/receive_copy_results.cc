// RECEIVE COPY RESULTS (SPC-5 6.19 - 6.25): what became of third-party copies, and what the copy manager can do.

#include <algorithm>

#include "scsi/handlers.h"
#include "scsi/limits.h"
#include "scsi/third_party_copy.h"

namespace lunaria::scsi {
namespace {

/// COPY MANAGER STATUS (SPC-5 table 198) and COPY OPERATION STATUS (table 205).
enum class CopyStatus : std::uint8_t { kInProgress = 0x00, kCompleted = 0x01, kFailed = 0x02 };

CopyStatus status_of(const CopyOperation& operation) {
  if (operation.in_progress) {
    return CopyStatus::kInProgress;
  }
  return operation.outcome.is_good() ? CopyStatus::kCompleted : CopyStatus::kFailed;
}

// TRANSFER COUNT UNITS (SPC-5 table 199): bytes, KiB, MiB, ... so that the count fits.
struct TransferCount {
  std::uint8_t units = 0;
  std::uint64_t count = 0;
};
TransferCount transfer_count(std::uint64_t bytes, std::uint64_t count_max) {
  TransferCount count{0, bytes};
  while (count.count > count_max) {
    count.count >>= 10;
    ++count.units;
  }
  return count;
}

// PARAMETER DATA begins with AVAILABLE DATA, which does not count itself.
void set_available_data(wire::Writer& out) {
  wire::BigEndian<std::uint32_t, 0>::set(out.written().first<4>(), static_cast<std::uint32_t>(out.needed() - 4));
}

const CopyOperation* operation_of_lid1(const Execution& x) {
  return x.unit.copies.find(x.nexus.nexus->id, cdb::third_party_copy::ListId1::get(x.cdb()));
}
const CopyOperation* operation_of_lid4(const Execution& x) {
  return x.unit.copies.find(x.nexus.nexus->id, cdb::third_party_copy::ListId4::get(x.cdb()));
}

// The head that RECEIVE COPY STATUS and RECEIVE ROD TOKEN INFORMATION share (SPC-5 tables 204, 211).
void put_status(const CopyOperation& operation, wire::Writer& out) {
  constexpr std::uint32_t kUpdateDelayMs = 100;  // ESTIMATED STATUS UPDATE DELAY
  out.put_zeros(4);
  out.put_big_endian(operation.service_action);
  out.put_big_endian(status_of(operation));
  out.put_big_endian(static_cast<std::uint16_t>(operation.segments));
  out.put_big_endian(operation.in_progress ? kUpdateDelayMs : 0xFFFF'FFFE);
  SenseBytes sense;
  if (!operation.in_progress && operation.outcome.status == Status::kCheckCondition) {
    sense = build_sense(operation.outcome.sense, SenseFormat::kDescriptor);
  }
  out.put_big_endian(operation.in_progress ? Status::kGood : operation.outcome.status);
  out.put_big_endian(static_cast<std::uint8_t>(sense.size));
  out.put_big_endian(static_cast<std::uint8_t>(sense.size));
  const TransferCount transferred = transfer_count(operation.bytes, UINT64_MAX);
  out.put_big_endian(transferred.units);
  out.put_big_endian(transferred.count);
  out.put_big_endian(operation.segments);
  out.put_zeros(6);
  out.put(sense.bytes());
}

}  // namespace

// SPC-5 6.20.
Outcome answer_copy_status_lid1(Execution& x, wire::Writer& out) {
  const CopyOperation* operation = operation_of_lid1(x);
  if (operation == nullptr) {
    return invalid_cdb(2);
  }
  const TransferCount transferred = transfer_count(operation->bytes, UINT32_MAX);
  out.put_zeros(4);
  out.put_big_endian(status_of(*operation));
  out.put_big_endian(operation->segments);
  out.put_big_endian(transferred.units);
  out.put_big_endian(static_cast<std::uint32_t>(transferred.count));
  set_available_data(out);
  return good();
}

// SPC-5 6.21, 6.22: no segment that is understood holds data.
Outcome answer_copy_data_lid1(Execution& x, wire::Writer& out) {
  if (operation_of_lid1(x) == nullptr) {
    return invalid_cdb(2);
  }
  out.put_zeros(4);
  return good();
}

Outcome answer_copy_data_lid4(Execution& x, wire::Writer& out) {
  const CopyOperation* operation = operation_of_lid4(x);
  if (operation == nullptr) {
    return invalid_cdb(2);
  }
  put_status(*operation, out);
  out.put_zeros(4);  // HELD DATA LENGTH
  set_available_data(out);
  return good();
}

// SPC-5 6.23.
Outcome answer_copy_parameters(Execution& /*x*/, wire::Writer& out) {
  out.put_zeros(4);
  out.put_big_endian(std::uint8_t{0x01});  // SNLID: a copy may do without a list identifier
  out.put_zeros(3);
  out.put_big_endian(kCscdDescriptorsMax);
  out.put_big_endian(kSegmentDescriptorsMax);
  out.put_big_endian(kDescriptorListMax);
  out.put_big_endian(kSegmentLengthMax);
  out.put_zeros(4);  // no inline data
  out.put_zeros(4);  // no held data
  out.put_zeros(4);  // no streams
  out.put_zeros(2);
  out.put_big_endian(static_cast<std::uint16_t>(CopyOperations::kOperationsMax));
  out.put_big_endian(static_cast<std::uint8_t>(CopyOperations::kOperationsMax));
  out.put_big_endian(std::uint8_t{9});  // data segments in units of 512 bytes
  out.put_zeros(5);
  out.put_big_endian(std::uint8_t{2});
  out.put_big_endian(kBlockToBlock);
  out.put_big_endian(kIdentificationCscd);
  set_available_data(out);
  return good();
}

// SPC-5 6.24: once told, the details are forgotten.
Outcome answer_failed_segment(Execution& x, wire::Writer& out) {
  const CopyOperation* operation = operation_of_lid1(x);
  if (operation == nullptr) {
    return invalid_cdb(2);
  }
  if (status_of(*operation) != CopyStatus::kFailed) {
    out.put_zeros(4);
    return good();
  }
  const SenseBytes sense = build_sense(operation->outcome.sense, x.unit.sense_format());
  out.put_zeros(56);
  out.put_big_endian(operation->outcome.status);
  out.put_zeros(1);
  out.put_big_endian(static_cast<std::uint16_t>(sense.size));
  out.put(sense.bytes());
  set_available_data(out);
  x.unit.copies.forget(*operation);
  return good();
}

// SPC-5 6.25.
Outcome answer_copy_status_lid4(Execution& x, wire::Writer& out) {
  const CopyOperation* operation = operation_of_lid4(x);
  if (operation == nullptr) {
    return invalid_cdb(2);
  }
  put_status(*operation, out);
  set_available_data(out);
  return good();
}

// SPC-5 6.26, SBC-4 5.28.
Outcome answer_token_information(Execution& x, wire::Writer& out) {
  const CopyOperation* operation = operation_of_lid4(x);
  if (operation == nullptr) {
    return invalid_cdb(2);
  }
  put_status(*operation, out);
  if (operation->token && !operation->in_progress) {
    out.put_big_endian(static_cast<std::uint32_t>(2 + kRodTokenSize));
    out.put_zeros(2);
    out.put(*operation->token);
  } else {
    out.put_zeros(4);
  }
  set_available_data(out);
  return good();
}

}  // namespace lunaria::scsi
