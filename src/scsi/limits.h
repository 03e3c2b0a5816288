#pragma once

// Every bound of the device server, with its reason.

#include <cstddef>
#include <cstdint>

#include "scsi/command.h"

namespace lunaria::scsi {

/// Bytes of data-in that one answer may have besides READ: REPORT LUNS of 16,384 units is 128 KiB.
inline constexpr std::size_t kResponseLengthMax = std::size_t{256} << 10;
/// Bytes of a parameter list: a 16-bit PARAMETER LIST LENGTH fits, longer ones of PERSISTENT RESERVE OUT are refused.
inline constexpr std::size_t kParameterListLengthMax = std::size_t{64} << 10;
/// Unit attentions waiting for one nexus; more become one POWER ON, RESET, OR BUS DEVICE RESET OCCURRED.
inline constexpr std::size_t kUnitAttentionsMax = 8;
/// Commands in one unit's task set; more are answered with TASK SET FULL.
inline constexpr std::size_t kTasksMax = 16384;
/// Persistent reservation registrations of one unit; more are INSUFFICIENT REGISTRATION RESOURCES.
inline constexpr std::size_t kRegistrationsMax = 1024;
/// Block descriptors of one UNMAP, announced in the Block Limits page.
inline constexpr std::uint32_t kUnmapDescriptorsMax = 256;
/// Bytes that UNMAP frees per step, so that others get their turn and an abort is seen: one command may name any
/// number.
inline constexpr std::uint64_t kUnmapStep = std::uint64_t{1} << 30;
/// Bytes that one WRITE SAME may write.
inline constexpr std::uint64_t kWriteSameLengthMax = std::uint64_t{256} << 20;
/// Logical blocks of one COMPARE AND WRITE; the CDB and the Block Limits page have eight bits for it.
inline constexpr std::uint32_t kCompareAndWriteBlocksMax = 255;
/// Bytes of one WRITE ATOMIC, unless the volume can do less: database pages and log writes are far smaller.
inline constexpr std::uint32_t kAtomicLengthMax = std::uint32_t{1} << 20;
/// Bytes that SANITIZE and FORMAT UNIT write per step and per second: they run for long, beside other units' commands.
inline constexpr std::uint32_t kBackgroundStep = std::uint32_t{1} << 20;
inline constexpr std::uint64_t kBackgroundRate = std::uint64_t{256} << 20;
/// Bytes that are written or freed between two looks at the space, on units with a threshold for it.
inline constexpr std::uint64_t kSpaceCheckStep = std::uint64_t{4} << 20;
/// Bytes that VERIFY and WRITE SAME move per step, so that others get their turn and an abort is seen.
inline constexpr std::size_t kStepLength = std::size_t{1} << 20;

static_assert(kResponseLengthMax <= kTransferLengthMax && kParameterListLengthMax <= kTransferLengthMax);
static_assert(kStepLength <= kTransferLengthMax && kBackgroundStep <= kTransferLengthMax);
static_assert(kAtomicLengthMax <= kTransferLengthMax);
static_assert(2 * kCompareAndWriteBlocksMax * std::size_t{4096} <= kTransferLengthMax,
              "the data-out of a COMPARE AND WRITE fits one buffer");

}  // namespace lunaria::scsi
