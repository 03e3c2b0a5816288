#pragma once

// Command: one SCSI command as a transport hands it to the device server, and its outcome. It lives in a command slot
// of the transport; scsi knows nothing of iSCSI.

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>

#include "block/loan.h"
#include "runtime/buffer_pool.h"
#include "runtime/operation.h"
#include "scsi/sense.h"

namespace lunaria::scsi {

class Nexus;

/// SAM-5 5.3.1.
enum class Status : std::uint8_t {
  kGood = 0x00,
  kCheckCondition = 0x02,
  kConditionMet = 0x04,
  kBusy = 0x08,
  kReservationConflict = 0x18,
  kTaskSetFull = 0x28,
  kAcaActive = 0x30,
  kTaskAborted = 0x40,
};

/// SAM-5 8.9.
enum class TaskAttribute : std::uint8_t { kUntagged, kSimple, kOrdered, kHeadOfQueue, kAca };

/// An eight-byte logical unit number as SAM-5 4.7 encodes it.
enum class Lun : std::uint64_t {};

/// Longest CDB that is taken: a 32-byte one needs an iSCSI additional header segment, none is longer.
inline constexpr std::size_t kCdbSizeMax = 32;
/// Longest data transfer of one command, in bytes: the Block Limits page (SBC-4 6.6.4) announces it, and one pool
/// buffer holds it.
inline constexpr std::size_t kTransferLengthMax = runtime::BufferPool::kSizeMax;

/// Asks the transport for the command's data-out. Completes when all of it has arrived, or the command was aborted.
struct DataOutRequest : runtime::Operation {
  std::size_t length = 0;  ///< bytes wanted; never more than Command::data_out_length
};

/// What a command needs of its transport. Called on the logical unit's home shard.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Starts the solicitation of data-out (immediate and unsolicited data count); true when all has arrived already.
  virtual bool submit(DataOutRequest& request) noexcept = 0;
  /// Where arrived data-out lies: valid after the request completed, until the command is done.
  virtual std::span<std::byte> data_out() noexcept = 0;
  /// The pool of the shard that the command's buffers must come from and go back to.
  virtual runtime::BufferPool& buffers() noexcept = 0;
  /// Whether Command::data_in_loan may be used: the data is sent on this shard, once.
  virtual bool may_borrow() const noexcept { return false; }
  /// Command::aborted has just been set: a DataOutRequest that waits must complete soon, though not inside this call.
  virtual void on_abort() noexcept {}
};

/// One task. The transport fills the first part, the device server the second. Never copied.
class Command final {
  class ReceiveAwaiter final {
   public:
    ReceiveAwaiter(Command& command, std::size_t length) : command_(command) { request_.length = length; }
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      request_.resume_on_complete(waiter);
      return !command_.transport.submit(request_);
    }
    [[nodiscard]] bool await_resume() const { return !command_.aborted; }

   private:
    Command& command_;
    DataOutRequest request_;
  };

 public:
  explicit Command(Transport& command_transport) : transport(command_transport) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // Set by the transport.
  Transport& transport;
  Nexus* nexus = nullptr;
  Lun lun{};
  std::uint32_t tag = 0;  ///< unique within the I_T nexus while the task exists (the initiator task tag)
  TaskAttribute attribute = TaskAttribute::kSimple;
  std::uint8_t priority = 0;
  std::array<std::byte, kCdbSizeMax> cdb_bytes{};
  std::uint8_t cdb_length = 0;
  std::uint64_t data_out_length = 0;  ///< bytes that the initiator says it will send
  std::uint64_t data_in_length = 0;   ///< bytes that the initiator has room for
  bool read_only = false;             ///< the unit is mapped to this nexus for reading only
  /// Set by task management: finish without touching the medium further. Then nothing is sent to the initiator, unless
  /// the status is TASK ABORTED.
  bool aborted = false;

  // Set by the device server.
  Status status = Status::kGood;
  SenseBytes sense;
  runtime::Buffer data_in;       ///< data to send, `data_in_size` bytes of it
  block::Loan data_in_loan;      ///< or where the volume keeps it; then `data_in` is the place for a copy
  std::size_t data_in_size = 0;  ///< already cut to data_in_length
  /// Bytes that the CDB wanted to move, for the residual count: overflow when larger than the initiator's length,
  /// underflow when smaller.
  std::uint64_t transfer_length = 0;

  /// NACA of the CONTROL byte (SAM-5 5.2): a CHECK CONDITION is to begin an auto contingent allegiance.
  bool asks_for_aca() const;
  std::span<const std::byte> cdb() const { return std::span(cdb_bytes).first(cdb_length); }
  /// The data to send, wherever it lies now.
  std::span<const std::byte> data_in_bytes() const {
    const auto lent = data_in_loan.bytes();
    return (lent.empty() ? std::span<const std::byte>(data_in.memory()) : lent).first(data_in_size);
  }

  /// `co_await command.receive(length)`: solicits and waits; false when the command was aborted meanwhile.
  ReceiveAwaiter receive(std::size_t length) { return {*this, length}; }
};

}  // namespace lunaria::scsi
