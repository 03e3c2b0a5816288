#pragma once

// Opcodes and code tables of RFC 7143 section 11.

#include <cstdint>

namespace lunaria::iscsi {

/// RFC 7143 11.2.1.2; the low six bits of byte 0.
enum class Opcode : std::uint8_t {
  kNopOut = 0x00,
  kScsiCommand = 0x01,
  kTaskManagementRequest = 0x02,
  kLoginRequest = 0x03,
  kTextRequest = 0x04,
  kDataOut = 0x05,
  kLogoutRequest = 0x06,
  kSnackRequest = 0x10,
  kNopIn = 0x20,
  kScsiResponse = 0x21,
  kTaskManagementResponse = 0x22,
  kLoginResponse = 0x23,
  kTextResponse = 0x24,
  kDataIn = 0x25,
  kLogoutResponse = 0x26,
  kReadyToTransfer = 0x31,
  kAsyncMessage = 0x32,
  kReject = 0x3F,
};

/// The tag that means "no task" (initiator task tag) or "not solicited" (target transfer tag).
inline constexpr std::uint32_t kReservedTag = 0xFFFF'FFFF;

/// RFC 7143 11.17.1.
enum class RejectReason : std::uint8_t {
  kDataDigestError = 0x02,
  kSnackReject = 0x03,
  kProtocolError = 0x04,
  kCommandNotSupported = 0x05,
  kTooManyImmediateCommands = 0x06,
  kTaskInProgress = 0x07,
  kInvalidDataAck = 0x08,
  kInvalidPduField = 0x09,
  kOutOfResources = 0x0A,
  kWaitingForLogout = 0x0C,
};

/// RFC 7143 11.5.1 and RFC 7144 4.1.
enum class TaskFunction : std::uint8_t {
  kAbortTask = 1,
  kAbortTaskSet = 2,
  kClearAca = 3,
  kClearTaskSet = 4,
  kLogicalUnitReset = 5,
  kTargetWarmReset = 6,
  kTargetColdReset = 7,
  kTaskReassign = 8,
  kQueryTask = 9,
  kQueryTaskSet = 10,
  kItNexusReset = 11,
  kQueryAsynchronousEvent = 12,
};

/// RFC 7143 11.6.1 and RFC 7144 4.2.
enum class TaskResponse : std::uint8_t {
  kFunctionComplete = 0,
  kTaskDoesNotExist = 1,
  kLunDoesNotExist = 2,
  kTaskStillAllegiant = 3,
  kReassignmentNotSupported = 4,
  kNotSupported = 5,
  kAuthorizationFailed = 6,
  kFunctionSucceeded = 7,
  kRejected = 255,
};

/// RFC 7143 11.14.1.
enum class LogoutReason : std::uint8_t { kCloseSession = 0, kCloseConnection = 1, kRemoveForRecovery = 2 };

/// RFC 7143 11.16.1. The same type asks for Data-In and for R2Ts: the command's direction says which.
enum class SnackType : std::uint8_t { kDataOrR2t = 0, kStatus = 1, kDataAck = 2, kResegmentedData = 3 };

/// RFC 7143 11.15.1.
enum class LogoutResponse : std::uint8_t {
  kClosed = 0,
  kConnectionNotFound = 1,
  kRecoveryNotSupported = 2,
  kCleanupFailed = 3,
};

/// RFC 7143 11.9.1.
enum class AsyncEvent : std::uint8_t {
  kScsi = 0,
  kLogoutRequested = 1,
  kConnectionDropped = 2,
  kSessionDropped = 3,
  kNegotiationRequested = 4,
  kTaskTermination = 5,
};

/// RFC 7143 11.4.3.
enum class ScsiResponseCode : std::uint8_t { kCompletedAtTarget = 0x00, kTargetFailure = 0x01 };

/// RFC 7143 11.2.2.1.
enum class AhsType : std::uint8_t { kExtendedCdb = 1, kBidirectionalReadLength = 2 };

}  // namespace lunaria::iscsi
