#include "iscsi/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "iscsi/connection.h"

namespace lunaria::iscsi {

Session::Session(std::uint16_t tsih, const LoginResult& login)
    : tsih_(tsih),
      portal_group_tag_(login.portal_group_tag),
      isid_(login.isid),
      type_(login.session_type),
      initiator_name_(login.initiator_name),
      initiator_alias_(login.initiator_alias),
      target_name_(login.target_name),
      parameters_(login.session),
      expected_(login.first_command_sn),
      advertised_max_(login.first_command_sn + (kCommandWindow - 1)) {
  check(tsih != 0, "a session has a TSIH");
}

Session::~Session() {
  check(connections_.empty(), "connections leave before their session goes");
}

std::string Session::initiator_port() const {
  return fmt::format("{},i,0x{:012x}", initiator_name_, isid_);
}

std::string Session::target_port() const {
  return fmt::format("{},t,0x{:04x}", target_name_, portal_group_tag_);
}

Connection* Session::find_connection(std::uint16_t cid) const {
  const auto found = std::ranges::find_if(
      connections_, [cid](const Connection* connection) { return connection->login().cid == cid; });
  return found == connections_.end() ? nullptr : *found;
}

Session::Admission Session::classify(CommandSn sn) const {
  const std::uint32_t window = advertised_max_.since(expected_) + 1;  // 0 when closed
  const std::uint32_t distance = sn.since(expected_);
  if (distance >= window) {
    return Admission::kIgnore;
  }
  if (held_ && (*held_)[sn.value() % kCommandWindow].arrived) {
    return Admission::kIgnore;
  }
  return distance == 0 ? Admission::kInOrder : Admission::kAhead;
}

void Session::accept(CommandSn sn, CommandSlot* slot) {
  if (sn == expected_) {
    ++expected_;
    if (slot != nullptr) {
      slot->counts_in_window_ = true;
      ++in_window_;
    }
    advance_over_gaps();
    return;
  }
  if (!held_) {
    held_ = std::make_unique<std::array<Held, kCommandWindow>>();
  }
  (*held_)[sn.value() % kCommandWindow] = {.arrived = true, .slot = slot};
  ++held_count_;
}

void Session::advance_over_gaps() {
  while (held_count_ != 0) {
    Held& held = (*held_)[expected_.value() % kCommandWindow];
    if (!held.arrived || held.slot != nullptr) {
      return;
    }
    held = {};
    --held_count_;
    ++expected_;
  }
}

void Session::hold_back(CommandSlot& slot) {
  if (!held_) {
    held_ = std::make_unique<std::array<Held, kCommandWindow>>();
  }
  (*held_)[slot.command_sn_.value() % kCommandWindow] = {.arrived = true, .slot = &slot};
  ++held_count_;
}

bool Session::has_room(const CommandSlot& slot, std::size_t bytes_max) const {
  const std::size_t wanted = slot.data_in_announced();
  return wanted == 0 || data_in_bytes_ == 0 || data_in_bytes_ + wanted <= bytes_max;
}

CommandSlot* Session::take_next_held(std::size_t bytes_max) {
  if (held_count_ == 0) {
    return nullptr;
  }
  Held& held = (*held_)[expected_.value() % kCommandWindow];
  if (!held.arrived) {
    return nullptr;
  }
  CommandSlot* slot = held.slot;
  if (!has_room(*slot, bytes_max)) {
    return nullptr;
  }
  held = {};
  --held_count_;
  ++expected_;
  slot->counts_in_window_ = true;
  ++in_window_;
  advance_over_gaps();
  return slot;
}

void Session::plug_until(CommandSn end) {
  const std::uint32_t count = std::min(end.since(expected_), kCommandWindow);
  const CommandSn first = expected_;
  for (std::uint32_t i = 0; i < count; ++i) {
    const CommandSn sn = first + i;
    if (!sn.is_before(expected_) && classify(sn) != Admission::kIgnore) {
      accept(sn, nullptr);
    }
  }
}

void Session::end_on_arrival(CommandSn end, std::optional<scsi::Lun> lun) {
  std::erase_if(ended_, [this](const Ended& ended) { return !expected_.is_before(ended.end); });
  if (!expected_.is_before(end)) {
    return;
  }
  if (ended_.size() == kEndedFunctionsMax) {
    plug_until(end);
    return;
  }
  ended_.push_back({end, lun});
}

bool Session::ends_on_arrival(const CommandSlot& slot) const {
  return std::ranges::any_of(ended_, [&slot](const Ended& ended) {
    return slot.command_sn_.is_before(ended.end) && (!ended.lun || *ended.lun == slot.command_->lun);
  });
}

void Session::forget_held(CommandSlot& slot) {
  Held& held = (*held_)[slot.command_sn_.value() % kCommandWindow];
  check(held.slot == &slot, "a held slot is where its CmdSN says");
  held.slot = nullptr;
  advance_over_gaps();
}

void Session::unhold(CommandSlot& slot) {
  Held& held = (*held_)[slot.command_sn_.value() % kCommandWindow];
  check(held.slot == &slot, "a held slot is where its CmdSN says");
  held = {};
  --held_count_;
}

void Session::retire(CommandSlot& slot) {
  if (slot.counts_in_window_) {
    slot.counts_in_window_ = false;
    --in_window_;
  }
}

CommandSn Session::advertise_max(bool memory_is_short) {
  const std::uint32_t open = kCommandWindow - in_window_;
  const CommandSn possible = expected_ + (memory_is_short ? std::min(open, kCommandWindowUnderPressure) : open) - 1;
  if (possible.is_after(advertised_max_)) {
    advertised_max_ = possible;
  }
  return advertised_max_;
}

bool Session::window_has_grown() const {
  const bool closed = advertised_max_ + 1 == expected_;
  return closed && in_window_ < kCommandWindow;
}

void Session::add_fenced(CommandSlot& slot) {
  CommandSlot** link = &first_fenced_;
  while (*link != nullptr) {
    link = &(*link)->next_;
  }
  slot.next_ = nullptr;
  *link = &slot;
}

void Session::remove_fenced(CommandSlot& slot) {
  CommandSlot** link = &first_fenced_;
  while (*link != &slot) {
    link = &(*link)->next_;
  }
  *link = std::exchange(slot.next_, nullptr);
}

// Tags are often small counters, but also pointers or shifted counters.
std::size_t Session::bucket_of(std::uint32_t tag) {
  return (tag * 0x9E37'79B1U) >> 25;
}

CommandSlot* Session::find(std::uint32_t tag) const {
  CommandSlot* slot = tags_[bucket_of(tag)];
  while (slot != nullptr && slot->tag_ != tag) {
    slot = slot->next_same_hash_;
  }
  return slot;
}

void Session::insert(CommandSlot& slot) {
  CommandSlot*& head = tags_[bucket_of(slot.tag_)];
  slot.next_same_hash_ = head;
  head = &slot;
  slot.in_tag_table_ = true;
}

void Session::remove(CommandSlot& slot) {
  if (!slot.in_tag_table_) {
    return;
  }
  CommandSlot** link = &tags_[bucket_of(slot.tag_)];
  while (*link != &slot) {
    link = &(*link)->next_same_hash_;
  }
  *link = slot.next_same_hash_;
  slot.next_same_hash_ = nullptr;
  slot.in_tag_table_ = false;
}

}  // namespace lunaria::iscsi
