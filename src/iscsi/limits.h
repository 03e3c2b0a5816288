#pragma once

// Every bound of the iSCSI engine, with its reason, and how the bounds relate.

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "runtime/buffer_pool.h"
#include "runtime/clock.h"

namespace lunaria::iscsi {

/// TotalAHSLength is one byte of four-byte words (RFC 7143 11.2.1.5).
inline constexpr std::size_t kAhsSizeMax = 255 * 4;
/// Basic header, additional headers and header digest: what must lie together before a PDU can be understood.
inline constexpr std::size_t kHeaderSizeMax = 48 + kAhsSizeMax + 4;

/// Receive memory of a quiet connection: room for the largest header and for some eighty commands at once.
inline constexpr std::size_t kQuietReceiveSize = std::size_t{4} << 10;
/// So much is received at first where commands come without data and the last receive brought all that there was:
/// sixteen of them. While these are answered the initiator works as well; had all been taken, it would wait for us, and
/// then we for it. docs/decisions/0018.
inline constexpr std::size_t kFirstReceiveSize = std::size_t{16} * 48;
/// Receive memory of a busy one, from the pool: one receive then brings fifteen 4 KiB writes.
inline constexpr std::size_t kBusyReceiveSize = std::size_t{64} << 10;
/// When at least this much of a data segment is missing it is received in place; below, copying is cheaper than
/// another system call.
inline constexpr std::size_t kDirectReceiveMin = std::size_t{8} << 10;
/// After this many receives that would have fitted the quiet memory, the busy one goes back to the pool.
inline constexpr unsigned kQuietReceivesMax = 32;
static_assert(kHeaderSizeMax <= kQuietReceiveSize && kQuietReceiveSize < kBusyReceiveSize);

/// PDUs and bytes gathered into one send.
inline constexpr std::size_t kSendPdusMax = 128;
inline constexpr std::size_t kSendVectorsMax = 2 * kSendPdusMax;
inline constexpr std::size_t kSendBytesMax = std::size_t{1} << 20;

/// Non-immediate commands that an initiator may have outstanding in a session (MaxCmdSN - ExpCmdSN + 1).
inline constexpr std::uint32_t kCommandWindow = 128;
/// Immediate commands in progress per session; one more is rejected (RFC 7143 4.2.2.1).
inline constexpr std::uint32_t kImmediateCommandsMax = 16;
/// While less than a quarter of the shard's buffer memory is free, the window grows no further than this: initiators
/// send less, and nobody's command fails for want of memory.
inline constexpr std::uint32_t kCommandWindowUnderPressure = 8;
/// Slots per connection: the window counts a command until its status is sent, a slot lives until the send is done.
inline constexpr std::uint32_t kSlotsPerConnectionMax = 2 * kCommandWindow + 2 * kImmediateCommandsMax;
/// R2Ts outstanding per command, whatever larger number was negotiated: a negotiated value is an upper bound.
inline constexpr std::size_t kOutstandingR2tMax = 8;
/// Requests rejected and not yet sent per connection; a peer that earns more without reading is dropped.
inline constexpr std::size_t kPendingRejectsMax = 16;
/// Memory that one session may hold for data-out, and likewise for data-in that has not been sent; never more than a
/// quarter of the shard's, but always one command's. Commands above it get their R2T later, or begin later.
inline constexpr std::size_t kSessionBytesMax = std::size_t{32} << 20;
static_assert(kSessionBytesMax >= runtime::BufferPool::kSizeMax);

/// Data segment taken before login ends and for text, NOP and task management requests (RFC 7143 13.12 default).
inline constexpr std::size_t kControlDataSizeMax = 8192;
/// Key name and value (RFC 7143 6.1), and the whole of a request spread over PDUs by the C bit.
inline constexpr std::size_t kTextKeySizeMax = 63;
inline constexpr std::size_t kTextValueSizeMax = 255;
inline constexpr std::size_t kTextLargeValueSizeMax = 8192;  ///< declared binary values, SendTargets answers
inline constexpr std::size_t kTextRequestSizeMax = std::size_t{16} << 10;
inline constexpr std::size_t kTextKeysMax = 128;
/// The longest SendTargets answer: 4,096 targets with names of 223 bytes and a few addresses.
inline constexpr std::size_t kTextResponseSizeMax = std::size_t{4} << 20;
/// An iSCSI name (RFC 7143 4.2.7.1).
inline constexpr std::size_t kNameSizeMax = 223;
/// Login requests before full feature phase: a peer that needs more is not negotiating.
inline constexpr unsigned kLoginRequestsMax = 64;

/// What this engine can do; preferences above it are cut in negotiation.
inline constexpr std::uint8_t kErrorRecoveryLevelMax = 2;
inline constexpr std::uint16_t kConnectionsPerSessionMax = 16;
inline constexpr std::uint8_t kProtocolLevelMax = 2;  ///< RFC 7144

/// What a connection keeps for sending again until it is acknowledged: answers, their data in bytes, and the bytes of
/// everything else that has a StatSN. Older ones can then not be had any more; half of it asks for an acknowledgement.
inline constexpr std::size_t kRetainedAnswersMax = 128;
inline constexpr std::size_t kRetainedBytesMax = runtime::BufferPool::kSizeMax;
inline constexpr std::size_t kRetainedNumberedBytesMax = std::size_t{64} << 10;
/// How often data that does not come is asked for again before the connection is given up.
inline constexpr unsigned kDataOutRetriesMax = 2;

/// Asynchronous messages that wait to be sent on one connection; SCSI events beyond it are left out, for the unit
/// attention that they announce tells the same.
inline constexpr std::size_t kPendingNoticesMax = 16;

/// Functions of a session that have been answered though commands before them are still missing.
inline constexpr std::size_t kEndedFunctionsMax = 16;
/// How long a task management function waits for the tasks that it ends: so that none of them touches the medium after
/// the answer, and so that a hanging backend does not hold the answer up.
inline constexpr runtime::Duration kTaskEndWait = std::chrono::milliseconds(500);
/// How long it waits for the data of R2Ts and for commands that it concerns and that have not come yet
/// (RFC 7143 4.2.3.3 steps a and b).
inline constexpr runtime::Duration kCommandOrderWait = std::chrono::milliseconds(300);
/// How long it waits until the initiator has what other connections of the session still bring (step d of the target):
/// what stalls for so long is closed.
inline constexpr runtime::Duration kAcknowledgementWait = std::chrono::seconds(10);
static_assert(kTaskEndWait + kCommandOrderWait < std::chrono::seconds(1));

/// How often memory that was not there is asked for again; buffers of other connections come back unannounced.
inline constexpr runtime::Duration kBufferRetryInterval = std::chrono::milliseconds(2);

/// How long things may take.
struct Timeouts {
  runtime::Duration login = std::chrono::seconds(15);         ///< accept to full feature phase, in all
  runtime::Duration stall = std::chrono::seconds(30);         ///< a PDU begun must end, a send must progress
  runtime::Duration data_out = std::chrono::seconds(60);      ///< solicited data must begin to come
  runtime::Duration idle_probe = std::chrono::seconds(15);    ///< silence before a NOP-In asks
  runtime::Duration probe_answer = std::chrono::seconds(15);  ///< silence after it before the connection is dropped
  runtime::Duration logout = std::chrono::seconds(10);        ///< commands of a logged-out connection may finish
  runtime::Duration close = std::chrono::seconds(3);          ///< last PDUs (a reject) may still be sent
  runtime::Duration refusal = std::chrono::seconds(1);        ///< a failed authentication is answered this late
  runtime::Duration buffer = std::chrono::milliseconds(500);  ///< unsolicited data waits for memory, then BUSY
  runtime::Duration command{};  ///< a SCSI command runs, its data included, before it is aborted; zero: for ever
};

}  // namespace lunaria::iscsi
