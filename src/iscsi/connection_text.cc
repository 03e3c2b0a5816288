// Text requests in full feature phase: SendTargets and the few keys that may still change (RFC 7143 11.10, appendix C).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

void ConnectionState::start_text(Slot& slot) {
  const bhs::View header(slot.request_);
  const std::uint32_t transfer_tag = bhs::TargetTransferTag::get(header);
  const bool more = bhs::text::Continue::get(header);
  const bool final = bhs::Final::get(header);
  incoming_.header = slot.request_;
  if (transfer_tag == kReservedTag) {
    text_ = {};  // a new exchange ends the one before (RFC 7143 11.10.4)
    text_.tag = slot.tag_;
  } else if (text_.tag != slot.tag_ || text_.target_transfer_tag != transfer_tag) {
    add_reject(RejectReason::kProtocolError);
    release(slot);
    return;
  }
  const auto data = slot.data_.memory().first(slot.data_capacity_);
  const bool continues_answer = text_.answering;
  if ((more && final) || (continues_answer && (more || !data.empty()))) {
    add_reject(RejectReason::kProtocolError);
    text_ = {};
    release(slot);
    return;
  }
  if (text_.request.size() + data.size() > kTextRequestSizeMax) {
    add_reject(RejectReason::kOutOfResources);
    text_ = {};
    release(slot);
    return;
  }
  std::ranges::transform(data, std::back_inserter(text_.request), [](std::byte b) { return static_cast<char>(b); });
  if (!more && !continues_answer) {
    settle_text();
    if (text_.tag == kReservedTag) {
      add_reject(RejectReason::kProtocolError);
      release(slot);
      return;
    }
  }
  queue_answer(slot);
}

/// Turns the gathered request into the answer; closes the exchange (tag reserved) when the request makes no sense.
void ConnectionState::settle_text() {
  const auto keys = parse_text(text_.request);
  if (!keys) {
    text_ = {};
    return;
  }
  TextBuilder answer;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    const TextKey& key = (*keys)[i];
    const auto same = [&key](const TextKey& other) { return other.name == key.name; };
    if (std::any_of(keys->begin(), keys->begin() + static_cast<std::ptrdiff_t>(i), same)) {
      text_ = {};  // RFC 7143 6.3: a key comes once
      return;
    }
    settle_full_feature_key(key, answer);
  }
  if (offered_segment_ && session_->type() == SessionType::kNormal) {
    declared_segment_ = *std::exchange(offered_segment_, std::nullopt);
    answer.add("MaxRecvDataSegmentLength", std::to_string(declared_segment_));
    login_.allow_recv_data_segment_length(declared_segment_);
  }
  text_.request.clear();
  text_.response = answer.take();
  text_.answering = true;
}

void ConnectionState::settle_full_feature_key(const TextKey& key, TextBuilder& answer) {
  const KeyRow* row = find_key(key.name);
  if (row == nullptr) {
    answer.add(key.name, "NotUnderstood");
    return;
  }
  if (row->key == Key::kSendTargets) {
    if (!add_targets(key.value, answer)) {
      answer.add(key.name, "Reject");
    }
    return;
  }
  if (row->key == Key::kInitiatorAlias) {
    return;  // declared, and of no use any more
  }
  if (row->key == Key::kMaxRecvDataSegmentLength) {
    const auto value = parse_number(key.value);
    if (value && *value >= row->min && *value <= row->max) {
      login_.set_max_send_data_segment_length(*value);
      for (Slot* slot = first_owned_; slot != nullptr; slot = slot->next_owned_) {
        if (slot->data_in_sn_ == 0 || recovery_ == nullptr) {  // otherwise an R-Data SNACK sees to it
          slot->data_segment_ = *value;
        }
      }
      return;
    }
  }
  answer.add(key.name, "Reject");
}

/// RFC 7143 appendix C: "All" belongs to discovery, an empty value to a normal session, a name to both.
bool ConnectionState::add_targets(std::string_view value, TextBuilder& answer) {
  const bool discovery = session_->type() == SessionType::kDiscovery;
  std::string name;
  if (value == "All") {
    if (!discovery) {
      return false;
    }
  } else if (value.empty()) {
    if (discovery) {
      return false;
    }
    name = session_->target_name();
  } else {
    auto normalized = normalize_name(value);
    if (!normalized) {
      return false;
    }
    name = std::move(*normalized);
  }
  const SendTargetsQuery query{.initiator_name = session_->initiator_name(),
                               .target_name = name,
                               .peer = options_.peer,
                               .local = options_.local};
  for (const DiscoveredTarget& target : host_.send_targets(query)) {
    if (answer.text().size() > kTextResponseSizeMax) {
      log_.warning("iscsi.send_targets.truncated", {{"initiator", session_->initiator_name()}});
      break;
    }
    answer.add("TargetName", target.name);
    for (const DiscoveredTarget::Address& address : target.addresses) {
      answer.add("TargetAddress", fmt::format("{},{}", address.endpoint.to_string(), address.portal_group_tag));
    }
  }
  return true;
}

/// One piece of the answer. The C bit says that there is more; the initiator asks for it with the transfer tag.
void ConnectionState::encode_text(Slot& slot) {
  const std::size_t left = text_.response.size() - text_.sent;
  const std::size_t size = std::min<std::size_t>(left, login_.result().connection.max_send_data_segment_length);
  const bool initiator_is_done = bhs::Final::get(bhs::View(slot.request_));
  const bool more = size < left;
  const bool final = text_.answering && !more && initiator_is_done;
  if (!final) {
    text_.target_transfer_tag = next_transfer_tag_;
    next_transfer_tag_ = next_transfer_tag_ + 1 == kReservedTag ? 0 : next_transfer_tag_ + 1;
  }
  const bhs::Bytes header = batch_.begin();
  bhs::OpcodeField::set(header, Opcode::kTextResponse);
  bhs::Final::set(header, final);
  bhs::text::Continue::set(header, more);
  bhs::Lun::set(header, bhs::Lun::get(bhs::View(slot.request_)));
  bhs::InitiatorTaskTag::set(header, slot.tag_);
  bhs::TargetTransferTag::set(header, final ? kReservedTag : text_.target_transfer_tag);
  stamp(header);
  seal_numbered(header, std::as_bytes(std::span(text_.response)).subspan(text_.sent, size));
  text_.sent += size;
  if (final) {
    // The response text itself stays until the next exchange begins, which waits for this answer to be sent.
    text_.tag = kReservedTag;
  }
}

}  // namespace lunaria::iscsi
