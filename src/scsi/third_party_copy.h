#pragma once

// What the third-party copy commands share: their limits, the operations that a unit remembers, the copy itself
// (SPC-5 5.18).

#include <cstdint>
#include <list>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/gate.h"
#include "scsi/copy_end.h"
#include "scsi/copy_operations.h"
#include "scsi/execution.h"

namespace lunaria::scsi {

/// Limits of EXTENDED COPY, which RECEIVE COPY OPERATING PARAMETERS and VPD page 8Fh announce.
inline constexpr std::uint16_t kCscdDescriptorsMax = 32;
inline constexpr std::uint16_t kSegmentDescriptorsMax = 64;
inline constexpr std::size_t kCscdDescriptorSize = 32;
inline constexpr std::size_t kSegmentDescriptorSize = 28;
inline constexpr std::uint32_t kDescriptorListMax =
    kCscdDescriptorsMax * kCscdDescriptorSize + kSegmentDescriptorsMax * kSegmentDescriptorSize;
/// Bytes of one segment: what its 16-bit block count can say of 4 KiB blocks.
inline constexpr std::uint32_t kSegmentLengthMax = std::uint32_t{0xFFFF} * 4096;
/// Ranges of one POPULATE TOKEN or WRITE USING TOKEN.
inline constexpr std::uint16_t kTokenRangesMax = 128;
/// Bytes that one token may stand for.
inline constexpr std::uint64_t kTokenBytesMax = std::uint64_t{64} << 30;
/// Seconds that a token lives unused: unless the initiator says otherwise, and at most.
inline constexpr std::uint32_t kTokenTimeoutDefault = 60;
inline constexpr std::uint32_t kTokenTimeoutMax = 3600;
/// Types of the descriptors that are understood.
inline constexpr std::uint8_t kIdentificationCscd = 0xE4;
inline constexpr std::uint8_t kBlockToBlock = 0x02;

/// Bytes from one end to another.
struct CopyExtent {
  std::uint64_t from = 0;  ///< byte offset at the source
  std::uint64_t to = 0;    ///< byte offset at the destination
  std::uint64_t length = 0;
};

/// Copies step by step, counting in `operation`; ends early when it is cancelled. Both ends are open. Overlapping
/// ranges of one unit come out as if all had been read first.
runtime::Task<CopyFault> copy_extent(CopyManager& manager, CopyEnd& source, CopyEnd& destination, CopyExtent extent,
                                     CopyOperation& operation);

/// How a fault at one end ends a copy command (SPC-5 5.18.7): COPY ABORTED, but a reservation conflict at the unit that
/// got the command is one.
Outcome copy_aborted(const CopyFault& fault);

/// Registers an operation under the list identifier of its command. BUSY when there are too many, OPERATION IN
/// PROGRESS when the nexus has one of that name under way.
Result<CopyOperation*, Outcome> begin_copy(Execution& execution, std::uint32_t list_id, std::uint8_t service_action);

/// What a copy command does once its parameter list is understood: whole, or in the background when IMMED says so.
/// Owns all that it needs but the unit.
class CopyWork {
 public:
  virtual ~CopyWork() = default;
  virtual runtime::Task<Outcome> run(CopyManager& manager, CopyOperation& operation) = 0;
};
runtime::Task<Outcome> run_copy(Execution& execution, CopyOperation& operation, std::unique_ptr<CopyWork> work,
                                bool immediate);

/// The descriptors of VPD page 8Fh (SPC-5 7.7.17). copy_descriptors.cc.
void put_copy_descriptors(wire::Writer& out);

}  // namespace lunaria::scsi
