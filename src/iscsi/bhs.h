#pragma once

// The fields of the Basic Header Segment, PDU by PDU (RFC 7143 section 11). Offsets are those of the RFC's figures.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "iscsi/opcode.h"
#include "wire/fields.h"

namespace lunaria::iscsi::bhs {

inline constexpr std::size_t kSize = 48;
using Bytes = std::span<std::byte, kSize>;
using View = std::span<const std::byte, kSize>;

/// A zeroed header of our own.
using Storage = std::array<std::byte, kSize>;

// Common, RFC 7143 11.2.1.
using Immediate = wire::Bits<bool, 0, 6>;
using OpcodeField = wire::Bits<Opcode, 0, 0, 6>;
using Final = wire::Bits<bool, 1, 7>;
using TotalAhsLength = wire::BigEndian<std::uint8_t, 4>;  // in words of four bytes
using DataSegmentLength = wire::BigEndian<std::uint32_t, 5, 3>;
using Lun = wire::BigEndian<std::uint64_t, 8>;
using InitiatorTaskTag = wire::BigEndian<std::uint32_t, 16>;
using TargetTransferTag = wire::BigEndian<std::uint32_t, 20>;  // where there is one

// Requests with a CmdSN, and answers with StatSN and the window.
using CmdSn = wire::BigEndian<std::uint32_t, 24>;
using ExpStatSn = wire::BigEndian<std::uint32_t, 28>;
using StatSn = wire::BigEndian<std::uint32_t, 24>;
using ExpCmdSn = wire::BigEndian<std::uint32_t, 28>;
using MaxCmdSn = wire::BigEndian<std::uint32_t, 32>;

namespace scsi_command {  // 11.3
using Read = wire::Bits<bool, 1, 6>;
using Write = wire::Bits<bool, 1, 5>;
using Attributes = wire::Bits<std::uint8_t, 1, 0, 3>;
using Priority = wire::Bits<std::uint8_t, 2, 0, 4>;  // RFC 7144 3.1
using ExpectedDataTransferLength = wire::BigEndian<std::uint32_t, 20>;
inline constexpr std::size_t kCdbOffset = 32;
inline constexpr std::size_t kCdbSize = 16;
}  // namespace scsi_command

namespace scsi_response {  // 11.4
using BidirectionalOverflow = wire::Bits<bool, 1, 4>;
using BidirectionalUnderflow = wire::Bits<bool, 1, 3>;
using Overflow = wire::Bits<bool, 1, 2>;
using Underflow = wire::Bits<bool, 1, 1>;
using Response = wire::BigEndian<ScsiResponseCode, 2>;
using Status = wire::BigEndian<std::uint8_t, 3>;
using SnackTag = wire::BigEndian<std::uint32_t, 20>;
using ExpDataSn = wire::BigEndian<std::uint32_t, 36>;
using BidirectionalResidualCount = wire::BigEndian<std::uint32_t, 40>;
using ResidualCount = wire::BigEndian<std::uint32_t, 44>;
}  // namespace scsi_response

namespace task_management_request {  // 11.5
using Function = wire::Bits<std::uint8_t, 1, 0, 7>;
using ReferencedTaskTag = wire::BigEndian<std::uint32_t, 20>;
using RefCmdSn = wire::BigEndian<std::uint32_t, 32>;
using ExpDataSn = wire::BigEndian<std::uint32_t, 36>;
}  // namespace task_management_request

namespace task_management_response {  // 11.6
using Response = wire::BigEndian<TaskResponse, 2>;
using AdditionalInformation = wire::BigEndian<std::uint32_t, 36, 3>;  // RFC 7144 4.2
}  // namespace task_management_response

namespace data_out {  // 11.7
using DataSn = wire::BigEndian<std::uint32_t, 36>;
using BufferOffset = wire::BigEndian<std::uint32_t, 40>;
}  // namespace data_out

namespace data_in {  // 11.7
using Acknowledge = wire::Bits<bool, 1, 6>;
using Overflow = wire::Bits<bool, 1, 2>;
using Underflow = wire::Bits<bool, 1, 1>;
using StatusFollows = wire::Bits<bool, 1, 0>;  // the S bit: this PDU carries the status
using Status = wire::BigEndian<std::uint8_t, 3>;
using DataSn = wire::BigEndian<std::uint32_t, 36>;
using BufferOffset = wire::BigEndian<std::uint32_t, 40>;
using ResidualCount = wire::BigEndian<std::uint32_t, 44>;
}  // namespace data_in

namespace ready_to_transfer {  // 11.8
using R2tSn = wire::BigEndian<std::uint32_t, 36>;
using BufferOffset = wire::BigEndian<std::uint32_t, 40>;
using DesiredDataTransferLength = wire::BigEndian<std::uint32_t, 44>;
}  // namespace ready_to_transfer

namespace async_message {  // 11.9
using Event = wire::BigEndian<AsyncEvent, 36>;
using VendorCode = wire::BigEndian<std::uint8_t, 37>;
using Parameter1 = wire::BigEndian<std::uint16_t, 38>;
using Parameter2 = wire::BigEndian<std::uint16_t, 40>;
using Parameter3 = wire::BigEndian<std::uint16_t, 42>;
}  // namespace async_message

namespace text {  // 11.10, 11.11
using Continue = wire::Bits<bool, 1, 6>;
}  // namespace text

namespace login {  // 11.12, 11.13
using Transit = wire::Bits<bool, 1, 7>;
using Continue = wire::Bits<bool, 1, 6>;
using CurrentStage = wire::Bits<std::uint8_t, 1, 2, 2>;
using NextStage = wire::Bits<std::uint8_t, 1, 0, 2>;
using VersionMax = wire::BigEndian<std::uint8_t, 2>;
using VersionMin = wire::BigEndian<std::uint8_t, 3>;     // of a request
using VersionActive = wire::BigEndian<std::uint8_t, 3>;  // of a response
using Isid = wire::BigEndian<std::uint64_t, 8, 6>;
using Tsih = wire::BigEndian<std::uint16_t, 14>;
using Cid = wire::BigEndian<std::uint16_t, 20>;
using Status = wire::BigEndian<std::uint16_t, 36>;  // class and detail
}  // namespace login

namespace logout_request {  // 11.14
using Reason = wire::Bits<std::uint8_t, 1, 0, 7>;
using Cid = wire::BigEndian<std::uint16_t, 20>;
}  // namespace logout_request

namespace logout_response {  // 11.15
using Response = wire::BigEndian<LogoutResponse, 2>;
using Time2Wait = wire::BigEndian<std::uint16_t, 40>;
using Time2Retain = wire::BigEndian<std::uint16_t, 42>;
}  // namespace logout_response

namespace snack_request {  // 11.16
using Type = wire::Bits<std::uint8_t, 1, 0, 4>;
using SnackTag = wire::BigEndian<std::uint32_t, 20>;  // or the target transfer tag of a Data-In that asked for an ACK
using BegRun = wire::BigEndian<std::uint32_t, 40>;
using RunLength = wire::BigEndian<std::uint32_t, 44>;
}  // namespace snack_request

namespace reject {  // 11.17
using Reason = wire::BigEndian<RejectReason, 2>;
using DataSn = wire::BigEndian<std::uint32_t, 36>;
}  // namespace reject

}  // namespace lunaria::iscsi::bhs
