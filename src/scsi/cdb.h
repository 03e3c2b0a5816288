#pragma once

// The fields of command descriptor blocks. A command's bytes are always kCdbSizeMax long, zeros behind the CDB, so that
// every field of every CDB is inside.

#include <cstddef>
#include <cstdint>
#include <span>

#include "scsi/command.h"
#include "wire/fields.h"

namespace lunaria::scsi {

using CdbBytes = std::span<const std::byte, kCdbSizeMax>;

namespace cdb {

using wire::BigEndian;
using wire::Bits;

using Opcode = BigEndian<std::uint8_t, 0>;
/// Of the opcodes that have one in byte 1 (SPC-5 4.2.5.2).
using ServiceAction = Bits<std::uint8_t, 1, 0, 5>;

/// READ(6), WRITE(6): SBC-4 5.15 has 21 bits of LBA, and length 0 means 256 blocks.
namespace six {
using LbaHigh = Bits<std::uint32_t, 1, 0, 5>;
using LbaLow = BigEndian<std::uint16_t, 2>;
using TransferLength = BigEndian<std::uint8_t, 4>;
}  // namespace six
/// The block commands with 10 bytes: SBC-4 5.16.
namespace ten {
using Lba = BigEndian<std::uint32_t, 2>;
using TransferLength = BigEndian<std::uint16_t, 7>;
}  // namespace ten
/// With 12 bytes: SBC-4 5.17.
namespace twelve {
using Lba = BigEndian<std::uint32_t, 2>;
using TransferLength = BigEndian<std::uint32_t, 6>;
}  // namespace twelve
/// With 16 bytes: SBC-4 5.18.
namespace sixteen {
using Lba = BigEndian<std::uint64_t, 2>;
using TransferLength = BigEndian<std::uint32_t, 10>;
}  // namespace sixteen

/// READ, WRITE, VERIFY and their kin.
using ForceUnitAccess = Bits<bool, 1, 3>;
using ByteCheck = Bits<std::uint8_t, 1, 1, 2>;

namespace inquiry {  // SPC-5 6.7
using Evpd = Bits<bool, 1, 0>;
using PageCode = BigEndian<std::uint8_t, 2>;
}  // namespace inquiry

namespace request_sense {  // SPC-5 6.39
using Descriptors = Bits<bool, 1, 0>;
}  // namespace request_sense

namespace report_luns {  // SPC-5 6.33
using SelectReport = BigEndian<std::uint8_t, 2>;
}  // namespace report_luns

namespace mode {  // SPC-5 6.11 - 6.14
using DisableBlockDescriptors = Bits<bool, 1, 3>;
using LongLbaAccepted = Bits<bool, 1, 4>;
using PageControl = Bits<std::uint8_t, 2, 6, 2>;
using PageCode = Bits<std::uint8_t, 2, 0, 6>;
using SubpageCode = BigEndian<std::uint8_t, 3>;
using PageFormat = Bits<bool, 1, 4>;
using SavePages = Bits<bool, 1, 0>;
using ListLength6 = BigEndian<std::uint8_t, 4>;
using ListLength10 = BigEndian<std::uint16_t, 7>;
}  // namespace mode

namespace unmap {  // SBC-4 5.35
using ListLength = BigEndian<std::uint16_t, 7>;
}  // namespace unmap

namespace write_same {  // SBC-4 5.52
using Unmap = Bits<bool, 1, 3>;
using NoDataOutBuffer = Bits<bool, 1, 0>;
}  // namespace write_same

namespace compare_and_write {  // SBC-4 5.3
using BlockCount = BigEndian<std::uint8_t, 13>;
}  // namespace compare_and_write

namespace write_atomic {  // SBC-4 5.44
using AtomicBoundary = BigEndian<std::uint16_t, 10>;
using TransferLength = BigEndian<std::uint16_t, 12>;
}  // namespace write_atomic

namespace sanitize {  // SBC-4 5.30
using Immediate = Bits<bool, 1, 7>;
using AllowUnrestrictedExit = Bits<bool, 1, 5>;
using ListLength = BigEndian<std::uint16_t, 7>;
}  // namespace sanitize

namespace format_unit {  // SBC-4 5.4
using LongList = Bits<bool, 1, 5>;
using FormatData = Bits<bool, 1, 4>;
}  // namespace format_unit

namespace third_party_copy {  // SPC-5 6.4 - 6.6, 6.19 - 6.25
using ListLength = BigEndian<std::uint32_t, 10>;
using AllocationLength = BigEndian<std::uint32_t, 10>;
/// Of RECEIVE COPY RESULTS with LID1, and of the commands with LID4.
using ListId1 = BigEndian<std::uint8_t, 2>;
using ListId4 = BigEndian<std::uint32_t, 2>;
/// Of POPULATE TOKEN and WRITE USING TOKEN (SBC-4 5.11, 5.46).
using TokenListId = BigEndian<std::uint32_t, 6>;
}  // namespace third_party_copy

namespace send_diagnostic {  // SPC-5 6.42
using SelfTestCode = Bits<std::uint8_t, 1, 5, 3>;
using SelfTest = Bits<bool, 1, 2>;
}  // namespace send_diagnostic

namespace identifying_information {  // SPC-5 6.32
using InformationType = Bits<std::uint8_t, 10, 1, 7>;
}  // namespace identifying_information

namespace start_stop {  // SBC-4 5.31
using PowerCondition = Bits<std::uint8_t, 4, 4, 4>;
using NoFlush = Bits<bool, 4, 2>;
using LoadEject = Bits<bool, 4, 1>;
using Start = Bits<bool, 4, 0>;
}  // namespace start_stop

namespace prevent_allow {  // SPC-5 6.18
using Prevent = Bits<std::uint8_t, 4, 0, 2>;
}  // namespace prevent_allow

namespace log_sense {  // SPC-5 6.8
using PageControl = Bits<std::uint8_t, 2, 6, 2>;
using PageCode = Bits<std::uint8_t, 2, 0, 6>;
using SubpageCode = BigEndian<std::uint8_t, 3>;
using AllocationLength = BigEndian<std::uint16_t, 7>;
}  // namespace log_sense

namespace report_opcodes {  // SPC-5 6.35
using ReturnTimeouts = Bits<bool, 2, 7>;
using ReportingOptions = Bits<std::uint8_t, 2, 0, 3>;
using RequestedOpcode = BigEndian<std::uint8_t, 3>;
using RequestedServiceAction = BigEndian<std::uint16_t, 4>;
}  // namespace report_opcodes

namespace report_functions {  // SPC-5 6.36
using ReturnExtended = Bits<bool, 2, 7>;
}  // namespace report_functions

namespace target_port_groups {  // SPC-5 6.37
using Format = Bits<std::uint8_t, 1, 5, 3>;
}  // namespace target_port_groups

namespace set_target_port_groups {  // SPC-5 6.45
using ListLength = BigEndian<std::uint32_t, 6>;
}  // namespace set_target_port_groups

namespace persistent_reserve_out {  // SPC-5 6.17
using Scope = Bits<std::uint8_t, 2, 4, 4>;
using Type = Bits<std::uint8_t, 2, 0, 4>;
using ListLength = BigEndian<std::uint32_t, 5>;
}  // namespace persistent_reserve_out

namespace read_defects {  // SBC-4 5.20
using ListFormat = Bits<std::uint8_t, 2, 0, 5>;
using ListFormat12 = Bits<std::uint8_t, 1, 0, 5>;
}  // namespace read_defects

}  // namespace cdb
}  // namespace lunaria::scsi
