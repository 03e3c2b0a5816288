#pragma once

// CommandSlot: the memory of one request in progress, from its header to the sending of its answer. Slots belong to a
// SlotPool of the connection's shard and are never allocated per command once the pool has warmed up.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "iscsi/bhs.h"
#include "iscsi/data_ranges.h"
#include "iscsi/limits.h"
#include "iscsi/opcode.h"
#include "iscsi/serial.h"
#include "runtime/buffer_pool.h"
#include "runtime/clock.h"
#include "runtime/shard.h"
#include "scsi/command.h"

namespace lunaria::iscsi {

class Connection;
class ConnectionState;
class Session;

/// A task management request as the layer above sees it (RFC 7143 11.5).
struct TaskManagementRequest {
  TaskFunction function = TaskFunction::kAbortTask;
  scsi::Lun lun{};                        ///< meaningless for the target resets
  std::uint32_t referenced_task_tag = 0;  ///< scsi::Command::tag, for kAbortTask
};

/// One request. Public members but `submit` are for the connection's shard; the command itself belongs to its home
/// shard between Host::start_command and Connection::complete.
class CommandSlot final : public scsi::Transport {
 public:
  CommandSlot() = default;
  CommandSlot(const CommandSlot&) = delete;
  CommandSlot& operator=(const CommandSlot&) = delete;
  ~CommandSlot() override = default;

  /// Valid in Host::start_command and until complete().
  scsi::Command& command() { return *command_; }
  /// Valid in Host::manage_tasks and until complete_task_management().
  const TaskManagementRequest& task_management() const { return task_management_; }
  Connection& connection() const { return *connection_; }
  Session& session() const { return *session_; }

  /// Says where the command will run, before it does; without it on the connection's own shard. The slot then carries
  /// data-out requests and buffers between the two shards by message.
  void set_home(runtime::Shard& home) { home_ = &home; }

  // scsi::Transport, on the home shard.
  bool submit(scsi::DataOutRequest& request) noexcept override;
  std::span<std::byte> data_out() noexcept override;
  runtime::BufferPool& buffers() noexcept override;
  bool may_borrow() const noexcept override;
  void on_abort() noexcept override;

 private:
  friend class ConnectionState;
  friend class Session;
  friend class SlotPool;

  /// How far the request is.
  enum class State : std::uint8_t {
    kFree,
    kReceiving,  ///< its PDU is being received
    kHeld,       ///< waits for earlier CmdSNs
    kFenced,     ///< a task management function that waits for tasks or commands
    kRunning,    ///< given to the host
    kQueued,     ///< its answer waits to be sent, or is partly encoded
    kSending,    ///< its answer is in the batch being sent
    kRetained,   ///< its answer has been sent, and may be asked for again
    kSuspended,  ///< its answer waits for a connection that takes it over
    kReturning,  ///< its data-in buffer goes home
  };
  enum class Kind : std::uint8_t { kScsi, kTaskManagement, kNop, kText, kLogout };
  /// An outstanding solicitation, oldest first.
  struct ReadyToTransfer {
    std::uint32_t target_transfer_tag = 0;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t received = 0;
    std::uint32_t data_sn = 0;
    std::uint32_t r2t_sn = kReservedTag;  // until it is sent for the first time
    bool sent = false;
  };
  /// A message between the connection's shard and the home shard.
  struct Crossing : runtime::Message {
    CommandSlot* slot = nullptr;
  };
  /// Tells the connection's shard that a command was aborted, which may have ended when it arrives.
  struct AbortNotice : Crossing {
    bool is_on_its_way = false;
    std::uint32_t life = 0;
  };

  void prepare(ConnectionState& engine, Connection& connection, Session& session, runtime::Shard& shard, Kind kind);
  /// Bytes of data-in that the initiator has room for, as far as one command can bring them; 0 for other kinds.
  std::size_t data_in_announced() const {
    return kind_ == Kind::kScsi && command_
               ? std::min<std::uint64_t>(command_->data_in_length, scsi::kTransferLengthMax)
               : 0;
  }
  bool is_remote() const { return home_ != nullptr && home_ != shard_; }
  /// Ends the wait for data-out, if there is one.
  void finish_data_out(bool aborted) noexcept;
  /// Frees the data-in buffer; false when that happens later, by ConnectionState::finish_release.
  bool return_buffer() noexcept;

  ConnectionState* engine_ = nullptr;
  Connection* connection_ = nullptr;
  Session* session_ = nullptr;
  runtime::Shard* shard_ = nullptr;
  runtime::Shard* home_ = nullptr;
  CommandSlot* next_ = nullptr;            // free list, send queue, sent or retained list, fenced functions
  CommandSlot* next_resend_ = nullptr;     // answers to be sent again, or in the batch again
  CommandSlot* next_r2t_ = nullptr;        // slots with R2Ts to send
  CommandSlot* next_same_hash_ = nullptr;  // tag table
  CommandSlot* next_owned_ = nullptr;      // every slot of the connection, oldest first
  CommandSlot* previous_owned_ = nullptr;

  State state_ = State::kFree;
  Kind kind_ = Kind::kScsi;
  bool immediate_ = false;
  bool counts_as_immediate_ = false;
  bool in_tag_table_ = false;
  bool counts_in_window_ = false;
  bool discarded_ = false;         // no answer is sent
  bool refused_ = false;           // answered by the engine, the host never sees it
  bool unsolicited_open_ = false;  // unsolicited Data-Out PDUs are still to come
  bool answer_after_data_ = false;
  bool waits_for_buffer_ = false;
  bool in_r2t_list_ = false;
  bool pinned_ = false;  // the PDU being received is placed in its memory
  bool release_when_unpinned_ = false;
  bool has_status_sn_ = false;
  bool status_is_encoded_ = false;  // with the last Data-In
  bool resend_status_ = false;
  bool in_resend_list_ = false;
  bool in_batch_ = false;                 // sent again, and not yet gone
  bool resegments_ = false;               // to be cut anew when the batch has gone
  bool is_suspended_ = false;             // its connection has failed
  bool was_reassigned_ = false;           // and the initiator has not been told yet
  bool was_asked_ = false;                // a task management function that the host has carried out
  bool ends_tasks_ = false;               // and which tasks of other connections may have been ended by
  bool awaits_acknowledgements_ = false;  // of those connections
  bool has_marked_ = false;               // and they know of which of their answers
  bool is_late_ = false;                  // a command whose time is over, or the function that aborts it
  std::uint8_t r2t_count_ = 0;

  std::uint32_t life_ = 0;  // counts the commands that the slot has held
  std::uint32_t tag_ = 0;
  CommandSn command_sn_;
  std::size_t data_capacity_ = 0;     // bytes of data_ that data-out may fill
  std::uint32_t data_received_ = 0;   // in order, so also the next offset
  std::uint32_t data_wanted_ = 0;     // by the waiter
  std::uint32_t data_solicited_ = 0;  // end of the last R2T
  std::uint32_t unsolicited_sn_ = 0;
  std::uint32_t r2t_sn_ = 0;
  std::uint32_t data_in_sent_ = 0;
  std::uint32_t data_in_sn_ = 0;
  std::uint32_t data_segment_ = 0;       // what data-in is cut by
  std::uint32_t data_base_sn_ = 0;       // the first DataSN that was cut so
  std::uint32_t data_base_offset_ = 0;   // and where it begins
  std::uint32_t data_acknowledged_ = 0;  // the DataSNs before it
  std::uint32_t data_ack_tag_ = kReservedTag;
  std::uint32_t data_in_counted_ = 0;  // bytes of the session's data-in memory
  std::uint32_t snack_tag_ = 0;        // 0: no R-Data SNACK has come
  std::uint32_t resend_sn_ = 0;
  std::uint32_t resend_end_ = 0;
  std::uint32_t resend_offset_ = 0;
  StatusSn status_sn_;
  DataRanges arrived_;  // of data-out, when it may come in any order
  scsi::DataOutRequest* waiter_ = nullptr;
  scsi::DataOutRequest* remote_waiter_ = nullptr;  // on its way to the connection's shard
  bool remote_aborted_ = false;
  TaskResponse task_response_ = TaskResponse::kFunctionComplete;
  std::uint32_t additional_information_ = 0;
  runtime::Instant fenced_until_;
  runtime::Instant started_;  // a command, when commands have a deadline
  runtime::Buffer data_;      // data-out, or the data of a NOP-Out or text request
  std::optional<scsi::Command> command_;
  std::array<ReadyToTransfer, kOutstandingR2tMax> r2ts_;
  TaskManagementRequest task_management_;
  bhs::Storage request_;  // the header, for all kinds but SCSI commands
  std::array<std::byte, 2 + scsi::SenseBytes::kSizeMax> sense_segment_;
  Crossing to_connection_;
  Crossing to_home_;
  AbortNotice abort_notice_;
};

/// The slots of one shard, shared by its connections: idle sessions hold none, busy ones reuse the warmest. Grows by
/// chunks up to its limit, never shrinks. Outlives every connection of the shard.
class SlotPool final {
 public:
  explicit SlotPool(std::size_t slots_max);
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;
  /// Every slot must be back.
  ~SlotPool();

  std::size_t in_use() const { return in_use_; }
  /// More than half are taken: none should be held for convenience.
  bool is_short() const { return in_use_ > slots_max_ / 2; }

 private:
  friend class ConnectionState;
  static constexpr std::size_t kChunk = 16;

  /// nullptr when the limit is reached.
  CommandSlot* take();
  void give_back(CommandSlot& slot);

  std::size_t slots_max_;
  std::size_t in_use_ = 0;
  CommandSlot* free_ = nullptr;
  std::vector<std::unique_ptr<std::array<CommandSlot, kChunk>>> chunks_;
};

}  // namespace lunaria::iscsi
