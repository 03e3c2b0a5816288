#include "iscsi/command_slot.h"

#include <utility>

#include "base/check.h"
#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

void CommandSlot::prepare(ConnectionState& engine, Connection& connection, Session& session, runtime::Shard& shard,
                          Kind kind) {
  engine_ = &engine;
  connection_ = &connection;
  session_ = &session;
  shard_ = &shard;
  home_ = nullptr;
  state_ = State::kReceiving;
  kind_ = kind;
  immediate_ = counts_as_immediate_ = counts_in_window_ = discarded_ = refused_ = unsolicited_open_ =
      answer_after_data_ = false;
  waits_for_buffer_ = in_r2t_list_ = pinned_ = release_when_unpinned_ = was_asked_ = ends_tasks_ =
      awaits_acknowledgements_ = has_marked_ = is_late_ = false;
  additional_information_ = 0;
  has_status_sn_ = status_is_encoded_ = resend_status_ = in_resend_list_ = in_batch_ = resegments_ = is_suspended_ =
      was_reassigned_ = false;
  data_base_sn_ = data_base_offset_ = data_acknowledged_ = data_in_counted_ = snack_tag_ = resend_sn_ = resend_end_ = 0;
  data_ack_tag_ = kReservedTag;
  r2t_count_ = 0;
  data_capacity_ = 0;
  data_received_ = data_wanted_ = data_solicited_ = unsolicited_sn_ = r2t_sn_ = data_in_sent_ = data_in_sn_ = 0;
  waiter_ = nullptr;
  if (kind == Kind::kScsi) {
    command_.emplace(*this);
  }
  ++life_;
  to_connection_.slot = this;
  to_home_.slot = this;
  abort_notice_.slot = this;
}

bool CommandSlot::submit(scsi::DataOutRequest& request) noexcept {
  if (command_->aborted) {
    return true;
  }
  if (!is_remote()) {
    return engine_->submit_data_out(*this, request);
  }
  remote_waiter_ = &request;
  to_connection_.on_complete([](runtime::Operation& operation) noexcept {
    CommandSlot& slot = *static_cast<Crossing&>(operation).slot;
    if (slot.engine_->submit_data_out(slot, *slot.remote_waiter_)) {
      slot.waiter_ = slot.remote_waiter_;
      slot.finish_data_out(slot.discarded_);
    }
  });
  shard_->post(to_connection_);
  return false;
}

std::span<std::byte> CommandSlot::data_out() noexcept {
  return data_.memory().first(data_capacity_);
}

runtime::BufferPool& CommandSlot::buffers() noexcept {
  return (home_ != nullptr ? home_ : shard_)->buffers();
}

// Another shard must not touch the loan, and at a recovery level above 0 the answer may be kept for long after it was
// sent.
bool CommandSlot::may_borrow() const noexcept {
  return !is_remote() && !engine_->may_send_again();
}

void CommandSlot::finish_data_out(bool aborted) noexcept {
  if (waiter_ == nullptr) {
    return;
  }
  scsi::DataOutRequest& request = *std::exchange(waiter_, nullptr);
  if (!is_remote()) {
    command_->aborted = command_->aborted || aborted;
    request.complete();
    return;
  }
  remote_waiter_ = &request;
  remote_aborted_ = aborted;
  to_home_.on_complete([](runtime::Operation& operation) noexcept {
    CommandSlot& slot = *static_cast<Crossing&>(operation).slot;
    slot.command_->aborted = slot.command_->aborted || slot.remote_aborted_;
    slot.remote_waiter_->complete();
  });
  home_->post(to_home_);
}

// Data may be on its way, and nobody waits for it any more (RFC 7143 4.2.3.3); or its initiator is gone without a word,
// and whoever fences it off must not wait either. The notice passes nothing that comes from the home shard later, so a
// command that has been there is still what it was; on one shard it may be another by then.
void CommandSlot::on_abort() noexcept {
  abort_notice_.life = life_;
  if (std::exchange(abort_notice_.is_on_its_way, true)) {
    return;
  }
  abort_notice_.on_complete([](runtime::Operation& operation) noexcept {
    auto& notice = static_cast<AbortNotice&>(operation);
    notice.is_on_its_way = false;
    if (notice.life == notice.slot->life_ && notice.slot->state_ == State::kRunning) {
      notice.slot->finish_data_out(true);
    }
  });
  shard_->post(abort_notice_);
}

bool CommandSlot::return_buffer() noexcept {
  if (!command_ || !command_->data_in) {
    return true;
  }
  if (!is_remote()) {
    command_->data_in_loan.give_back();
    command_->data_in.reset();
    return true;
  }
  to_home_.on_complete([](runtime::Operation& operation) noexcept {
    CommandSlot& slot = *static_cast<Crossing&>(operation).slot;
    slot.command_->data_in.reset();
    slot.to_connection_.on_complete([](runtime::Operation& returned) noexcept {
      CommandSlot& back = *static_cast<Crossing&>(returned).slot;
      back.engine_->finish_release(back);
    });
    slot.shard_->post(slot.to_connection_);
  });
  home_->post(to_home_);
  return false;
}

SlotPool::SlotPool(std::size_t slots_max) : slots_max_(slots_max) {
  chunks_.reserve((slots_max + kChunk - 1) / kChunk);
}

SlotPool::~SlotPool() {
  check(in_use_ == 0, "every slot is back before its pool goes");
}

CommandSlot* SlotPool::take() {
  if (free_ == nullptr) {
    if ((chunks_.size() + 1) * kChunk > slots_max_) {
      return nullptr;
    }
    chunks_.push_back(std::make_unique<std::array<CommandSlot, kChunk>>());
    for (CommandSlot& slot : *chunks_.back()) {
      slot.next_ = free_;
      free_ = &slot;
    }
  }
  CommandSlot* slot = free_;
  free_ = slot->next_;
  slot->next_ = nullptr;
  ++in_use_;
  return slot;
}

void SlotPool::give_back(CommandSlot& slot) {
  slot.state_ = CommandSlot::State::kFree;
  slot.next_ = free_;
  free_ = &slot;
  --in_use_;
}

}  // namespace lunaria::iscsi
