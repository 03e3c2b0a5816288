#pragma once

// ConnectionState: what is inside a Connection. Its parts are in connection_*.cc: login, requests, data-out, tasks,
// logout, text, answers and notices. For the engine's own files only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "iscsi/bhs.h"
#include "iscsi/connection.h"
#include "iscsi/login_engine.h"
#include "iscsi/pdu_receiver.h"
#include "iscsi/recovery.h"
#include "iscsi/send_batch.h"

namespace lunaria::iscsi {

/// One per connection; see Connection for the contract of the public part.
class ConnectionState final {
 public:
  ConnectionState(Connection& facade, runtime::Shard& shard, SlotPool& slots, Host& host, Log& log,
                  const ConnectionOptions& options, runtime::Instant now);
  ConnectionState(const ConnectionState&) = delete;
  ConnectionState& operator=(const ConnectionState&) = delete;
  ~ConnectionState();

  bool receive_paused() const;
  std::span<std::byte> receive_memory();
  void on_received(std::size_t count, runtime::Instant now);
  bool wants_send() const;
  std::span<const iovec> gather(runtime::Instant now);
  bool has_lent() const { return batch_has_lent_; }
  void on_sent(std::size_t count, runtime::Instant now);
  runtime::Instant next_deadline() const;
  void on_deadline(runtime::Instant now);
  std::optional<CloseReason> close_reason() const;
  void close(CloseReason reason, runtime::Instant now);
  void abandon();
  bool is_drained() const;
  void suspend(runtime::Instant now);
  bool is_suspended() const { return suspended_; }
  bool recovery_is_over() const;
  void move_to(runtime::Shard& shard, SlotPool& slots);
  void enter_full_feature(Session& session, runtime::Instant now);
  void refuse_login(LoginStatus status, runtime::Instant now);
  void complete(CommandSlot& slot);
  void complete_task_management(CommandSlot& slot, TaskResponse response, std::uint32_t additional);
  void request_logout(runtime::Duration grace, runtime::Instant now);
  void offer_segment_length(std::uint32_t length, runtime::Duration within, runtime::Instant now);
  void report_event(scsi::Lun lun, const scsi::SenseBytes& sense);

  const LoginResult& login() const { return login_.result(); }
  Session* session() const { return session_; }
  const ConnectionOptions& options() const { return options_; }
  const ConnectionCounters& counters() const { return counters_; }

  // For CommandSlot.
  bool may_send_again() const { return recovery_ != nullptr; }
  bool submit_data_out(CommandSlot& slot, scsi::DataOutRequest& request) noexcept;
  void finish_release(CommandSlot& slot) noexcept;

 private:
  enum class Phase : std::uint8_t { kLogin, kEstablishing, kFullFeature, kLoggingOut };
  enum class Pause : std::uint8_t { kNone, kSlot, kBuffer, kReject, kText };
  /// What becomes of the PDU being received once it is complete.
  enum class Purpose : std::uint8_t { kDrop, kLogin, kRequest, kDataOut };
  struct Incoming {
    Purpose purpose = Purpose::kDrop;
    CommandSlot* slot = nullptr;
    std::uint32_t data_length = 0;
    bool data_reject = true;  // a data digest error is worth a Reject
    bhs::Storage header{};
  };
  struct PendingReject {
    bhs::Storage header{};
    RejectReason reason{};
  };
  /// One Data-In PDU of an answer.
  struct DataPiece {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    bool ends_burst = false;
    bool is_last = false;
  };
  /// An asynchronous message (RFC 7143 11.9) that waits to be sent.
  struct Notice {
    bhs::Storage header{};
    std::vector<std::byte> data;
  };
  /// A text negotiation (RFC 7143 6.2, 11.10): requests gathered, an answer handed out in pieces.
  struct TextExchange {
    std::string request;
    std::string response;
    std::size_t sent = 0;
    std::uint32_t tag = kReservedTag;  // kReservedTag: none is open
    std::uint32_t target_transfer_tag = kReservedTag;
    bool answering = false;
  };
  using Header = PduReceiver::Header;
  using Slot = CommandSlot;

  /// The first slot of any connection of the session, or of this one, that `matches`. What is done with a slot may end
  /// others: look again after each.
  template <class Predicate>
  Slot* find_slot(Predicate matches) const {
    for (const auto* connections : {&session_->connections_, &session_->suspended_}) {
      for (const Connection* connection : *connections) {
        if (Slot* slot = connection->state_->find_own_slot(matches)) {
          return slot;
        }
      }
    }
    return nullptr;
  }
  template <class Predicate>
  Slot* find_own_slot(Predicate matches) const {
    Slot* slot = first_owned_;
    while (slot != nullptr && !matches(*slot)) {
      slot = slot->next_owned_;
    }
    return slot;
  }

  // connection.cc: receiving, slots, closing, time.
  bool may_process() const;
  void process();
  void resume();
  bool on_header();
  void on_pdu(bool data_is_good);
  bool pause(Pause why);
  bool drop_data();
  bool reject(RejectReason reason);
  bool format_error();
  bool sequence_error();
  void add_reject(RejectReason reason);
  void close_soon(CloseReason reason);
  void close_now(CloseReason reason);
  void abandon_slots();
  void note_send();
  Slot* take_slot(Slot::Kind kind);
  void release(Slot& slot);
  void count_immediate(Slot& slot, bool in_progress);
  bool unpin(Slot& slot);
  void remember_aborted(std::uint32_t tag);
  bool was_aborted(std::uint32_t tag) const;
  void retry_buffers();
  void probe_or_give_up();
  bool wants_memory() const { return pause_ == Pause::kBuffer || pause_ == Pause::kSlot || waiting_for_buffer_ != 0; }

  // connection_login.cc
  bool login_header(const Header& header);
  void login_complete();
  void answer_login(const LoginReply& reply);
  void send_login_reply();
  void encode_login_reply();

  // connection_requests.cc: requests with a CmdSN.
  bool admit_request(const Header& header, Slot::Kind kind, std::size_t buffer_size, Slot*& slot);
  bool scsi_command_header(const Header& header);
  bool control_header(const Header& header, Slot::Kind kind);
  bool nop_out_header(const Header& header);
  bool fill_command(const Header& header, Slot& slot);
  void check_unsolicited(const Header& header, Slot& slot);
  void refuse_command(Slot& slot, std::uint16_t additional_sense);
  void request_complete(Slot& slot);
  void deliver(Slot& slot);
  void deliver_held();
  std::size_t session_bytes_max() const;
  void uncount_data_in(Slot& slot);
  void start_scsi(Slot& slot);

  // connection_data_out.cc
  bool data_out_header(const Header& header);
  bool check_unsolicited_data(const Header& header, const Slot& slot) const;
  bool check_solicited_data(const Header& header, const Slot& slot) const;
  void data_out_complete(Slot& slot);
  void go_on_after_data(Slot& slot);
  void solicit(Slot& slot);
  void pump_r2t(Slot& slot);
  void add_r2t(Slot& slot, std::uint32_t offset, std::uint32_t length);
  void queue_r2ts(Slot& slot);
  bool give_buffer(Slot& slot);
  void encode_r2ts();
  void forget_r2ts(Slot& slot);

  // connection_data_out_tolerant.cc
  bool is_tolerant() const { return tolerant_; }
  static Slot::ReadyToTransfer* find_r2t(Slot& slot, std::uint32_t transfer_tag);
  bool tolerant_data_out_header(const Header& header, Slot& slot);
  void tolerant_data_out_complete(Slot& slot, bool good);
  void pump_missing(Slot& slot);
  bool solicit_again();

  // connection_recovery.cc
  void acknowledge(StatusSn expected);
  void forget_acknowledged();
  void retain(Slot& slot);
  void forget_retained(Slot& slot);
  void seal_numbered(bhs::Bytes header, std::span<const std::byte> data);
  bool snack_header(const Header& header);
  Slot* find_snacked(bhs::View header) const;
  bool snack_r2t(Slot& slot, bhs::View header);
  bool snack_data(Slot& slot, bhs::View header);
  bool snack_status(bhs::View header);
  void ask_for_status(Slot& slot);
  bool snack_acknowledgement(bhs::View header);
  bool snack_resegmented(bhs::View header);
  void rewind(Slot& slot, std::uint32_t data_sn);
  std::uint32_t offset_of(const Slot& slot, std::uint32_t data_sn) const;
  void queue_resend(Slot& slot);
  void encode_resends();
  void finish_resends();

  // connection_reassign.cc
  void suspend_slot(Slot& slot);
  void tell_others_of_the_drop();
  void reassign(Slot& request);
  void give_away(Slot& task);
  void adopt(Slot& task);
  void on_reassigned(const Slot& request);

  // connection_tasks.cc
  void start_task_management(Slot& slot);
  void ask_host(Slot& slot);
  void abort_task(Slot& slot);
  TaskResponse abort_unknown_task(const Slot& slot);
  bool end_idle_task(Slot& task);
  bool is_affected(const Slot& request, const Slot& task) const;
  bool is_incomplete(const Slot& request);
  void end_many_tasks(Slot& slot);
  void end_held_and_ask(Slot& slot);

  // connection_fence.cc
  void fence(Slot& slot, runtime::Duration wait);
  void check_fences();
  bool waits(Slot& slot, bool is_late);
  bool waits_for_acknowledgements(Slot& slot);
  void ask_for_acknowledgement();
  void note_acknowledgement(StatusSn expected);
  void drop_unacknowledged();
  void on_fence_deadline();
  void discard_tasks(const Slot& request);
  void discard(Slot& slot);
  TaskResponse query(const Slot& request);
  void answer_task_management(Slot& slot, TaskResponse response);

  // connection_deadline.cc
  void note_start(Slot& slot);
  void end_late_commands();
  void abort_late(Slot& task);
  void answer_late(Slot& slot);

  // connection_logout.cc
  void start_logout(Slot& slot);
  void answer_logout(Slot& slot, LogoutResponse response);
  void log_out_session(Slot& slot);
  void log_out_connection(Slot& slot, std::uint16_t cid);
  void remove_for_recovery(Slot& slot, std::uint16_t cid);
  void log_out_after_tasks(Slot& slot, ConnectionState& leaving);
  void end_tasks();
  void finish_logout_if_idle();

  // connection_notices.cc
  Notice make_notice(AsyncEvent event) const;
  void add_notice(Notice notice);
  void note_task_termination(scsi::Lun lun);
  void encode_notices();
  void encode_nop_in();

  // connection_text.cc
  void start_text(Slot& slot);
  void settle_text();
  void settle_full_feature_key(const TextKey& key, TextBuilder& answer);
  bool add_targets(std::string_view value, TextBuilder& answer);
  void encode_text(Slot& slot);

  // connection_answers.cc
  void queue_answer(Slot& slot);
  void encode();
  bool encode_answer(Slot& slot);
  bool encode_data_in(Slot& slot);
  DataPiece piece_at(const Slot& slot, std::uint32_t offset) const;
  void encode_piece(Slot& slot, const DataPiece& piece, std::uint32_t data_sn);
  static bool folds_status(const Slot& slot) {
    return slot.command_->status == scsi::Status::kGood && slot.command_->data_in_size != 0 && slot.snack_tag_ == 0;
  }
  void keep_unsent();
  void stamp_answer(Slot& slot, bhs::Bytes header);
  void encode_scsi_response(Slot& slot);
  void encode_control_answer(Slot& slot);
  void encode_rejects();
  void stamp(bhs::Bytes header);
  void stamp_window(bhs::Bytes header);

  Connection& facade_;
  runtime::Shard* shard_;
  SlotPool* slots_;
  Host& host_;
  Log& log_;
  ConnectionOptions options_;
  LoginEngine login_;
  Session* session_ = nullptr;
  runtime::Instant now_;

  Phase phase_ = Phase::kLogin;
  Pause pause_ = Pause::kNone;
  bool processing_ = false;
  bool abandoned_ = false;
  bool send_noted_ = false;
  bool close_at_once_ = false;
  bool tolerant_ = false;       // data-out may come in any order, or be lost
  bool suspended_ = false;      // failed; its tasks may be taken over
  bool recovery_over_ = false;  // or may not any more
  std::optional<CloseReason> closing_;

  PduReceiver receiver_;
  Incoming incoming_;
  std::string login_text_;  // of the request being received
  std::string login_answer_;
  std::optional<LoginReply> login_reply_;
  bool login_reply_held_ = false;  // a refusal that comes late
  bool login_reply_sending_ = false;
  bool login_seen_ = false;
  std::uint32_t login_tag_ = 0;

  // Slots.
  Slot* first_owned_ = nullptr;
  Slot* last_owned_ = nullptr;
  std::size_t owned_ = 0;
  std::size_t running_ = 0;
  std::size_t waiting_for_buffer_ = 0;
  std::array<std::uint32_t, 16> aborted_tags_{};
  std::size_t aborted_count_ = 0;
  Slot* logout_ = nullptr;
  std::optional<std::uint16_t> logout_awaits_;  // the connection that must be gone before it is answered
  bool text_in_progress_ = false;
  TextExchange text_;
  std::uint32_t declared_segment_ = 0;            // MaxRecvDataSegmentLength as the initiator knows it; 0: as logged in
  std::optional<std::uint32_t> offered_segment_;  // to be told in the next negotiation

  // Sending.
  SendBatch batch_;
  bool batch_has_lent_ = false;  // data that its volume may change as soon as the shard does anything else
  StatusSn status_sn_;
  std::optional<StatusSn> unacknowledged_;  // functions of other connections wait until the initiator has all before it
  Slot* first_answer_ = nullptr;
  Slot* last_answer_ = nullptr;
  Slot* first_sent_ = nullptr;
  Slot* first_r2t_ = nullptr;
  Slot* last_r2t_ = nullptr;
  std::size_t r2ts_open_ = 0;
  std::uint32_t next_transfer_tag_ = 1;
  std::array<PendingReject, kPendingRejectsMax> rejects_;
  std::size_t first_reject_ = 0;
  std::size_t reject_count_ = 0;
  std::size_t rejects_sending_ = 0;
  bool probe_due_ = false;
  bool window_notice_due_ = false;
  bool close_after_answers_ = false;
  std::unique_ptr<Recovery> recovery_;  // none at level 0
  std::deque<Notice> notices_;
  std::size_t notices_sending_ = 0;

  // Time.
  runtime::Instant began_;
  runtime::Instant last_received_;
  runtime::Instant send_progress_;
  runtime::Instant data_out_progress_;
  runtime::Instant probe_sent_;
  runtime::Instant paused_since_;
  runtime::Instant retry_at_;
  runtime::Instant refusal_at_;
  runtime::Instant logout_deadline_ = runtime::Instant::max();
  runtime::Instant recovery_deadline_ = runtime::Instant::max();
  unsigned data_out_retries_ = 0;
  runtime::Instant fence_deadline_ = runtime::Instant::max();
  runtime::Instant command_deadline_ = runtime::Instant::max();
  runtime::Instant close_deadline_ = runtime::Instant::max();
  bool probing_ = false;
  bool buffer_wanted_ = false;  // a header waits since paused_since_

  ConnectionCounters counters_;
};

}  // namespace lunaria::iscsi
