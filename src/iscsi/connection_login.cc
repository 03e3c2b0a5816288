// The login phase of a connection: PDUs around LoginEngine (RFC 7143 6.3, 11.12, 11.13).
#include <fmt/format.h>

#include "base/check.h"
#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

bool ConnectionState::login_header(const Header& header) {
  if (bhs::OpcodeField::get(header.basic) != Opcode::kLoginRequest) {
    if (!login_seen_) {
      // Not even the beginning of a login: nothing that an answer would be read by.
      close_now(CloseReason::kProtocolError);
      return false;
    }
    receiver_.accept({});
    answer_login(login_.refuse(LoginStatus::kInvalidDuringLogin, "a PDU that is no login request"));
    return false;
  }
  login_seen_ = true;
  login_tag_ = bhs::InitiatorTaskTag::get(header.basic);
  if (header.data_length > kControlDataSizeMax || !header.additional.empty()) {
    receiver_.accept({});
    answer_login(login_.refuse(LoginStatus::kInitiatorError, "a login request that is too long"));
    return false;
  }
  incoming_.purpose = Purpose::kLogin;
  login_text_.resize(header.data_length);
  receiver_.accept(std::as_writable_bytes(std::span(login_text_)));
  return true;
}

void ConnectionState::login_complete() {
  const bhs::View header(incoming_.header);
  const StatusSn expected(bhs::ExpStatSn::get(header));
  if (counters_.pdus_received == 1) {
    status_sn_ = expected;  // the initiator has no expectation yet; its own number is as good as any
  }
  const LoginReply reply = login_.handle(header, login_text_);
  if (reply.action == LoginReply::Action::kEstablish) {
    login_answer_ = reply.text;
    phase_ = Phase::kEstablishing;
    login_reply_ = reply;
    login_reply_held_ = false;
    host_.establish(login_.result());
    return;
  }
  answer_login(reply);
}

void ConnectionState::answer_login(const LoginReply& reply) {
  login_answer_ = reply.text;
  login_reply_ = reply;
  if (reply.action == LoginReply::Action::kRefuse) {
    const auto status = static_cast<std::uint16_t>(reply.status);
    log_.warning("iscsi.login.refused", {{"peer", options_.peer.to_string()},
                                         {"initiator", login_.result().initiator_name},
                                         {"target", login_.result().target_name},
                                         {"status", fmt::format("{:04x}", status)},
                                         {"reason", reply.reason}});
    host_.login_refused(login_.query(), reply.status, reply.reason);
    if (login_.failed_authentication()) {
      login_reply_held_ = true;
      refusal_at_ = now_ + options_.timeouts.refusal;
      host_.wake();
      return;
    }
  }
  send_login_reply();
}

/// The reply may go out now.
void ConnectionState::send_login_reply() {
  login_reply_held_ = false;
  note_send();
  if (login_reply_->action == LoginReply::Action::kRefuse) {
    close_soon(CloseReason::kLoginRefused);
  }
}

void ConnectionState::enter_full_feature(Session& session, runtime::Instant now) {
  now_ = now;
  check(phase_ == Phase::kEstablishing, "a session is given when it was asked for");
  if (closing_ || abandoned_) {
    return;
  }
  session_ = &session;
  session.connections_.push_back(&facade_);
  const SessionParameters& agreed = session.parameters();
  tolerant_ = agreed.error_recovery_level != 0 || !agreed.data_pdu_in_order || !agreed.data_sequence_in_order;
  if (agreed.error_recovery_level != 0) {
    recovery_ = std::make_unique<Recovery>();
    recovery_->acknowledged = status_sn_ + 1;  // the login response itself is not asked for again
  }
  for (Connection* failed : session.suspended_) {
    failed->state_->host_.wake();  // with nothing left it need not wait any more
  }
  phase_ = Phase::kFullFeature;
  last_received_ = now;
  receiver_.set_digests(login_.result().connection.header_digest, login_.result().connection.data_digest);
  log_.info("iscsi.login.done", {{"peer", options_.peer.to_string()},
                                 {"initiator", login_.result().initiator_name},
                                 {"target", login_.result().target_name},
                                 {"tsih", session.tsih()}});
  note_send();
}

void ConnectionState::refuse_login(LoginStatus status, runtime::Instant now) {
  now_ = now;
  check(phase_ == Phase::kEstablishing, "a login is refused while it waits for its session");
  if (closing_ || abandoned_) {
    return;
  }
  phase_ = Phase::kLogin;
  answer_login(login_.refuse(status, "no session"));
}

void ConnectionState::move_to(runtime::Shard& shard, SlotPool& slots) {
  check(phase_ == Phase::kEstablishing && owned_ == 0, "a connection moves before it has work");
  shard_ = &shard;
  slots_ = &slots;
}

void ConnectionState::encode_login_reply() {
  const LoginReply& reply = *login_reply_;
  const LoginResult& result = login_.result();
  const bool last = reply.action == LoginReply::Action::kEstablish;
  const bhs::Bytes header = batch_.begin();
  bhs::OpcodeField::set(header, Opcode::kLoginResponse);
  bhs::login::Transit::set(header, reply.transit);
  bhs::login::CurrentStage::set(header, reply.current_stage);
  bhs::login::NextStage::set(header, reply.transit ? reply.next_stage : std::uint8_t{0});
  bhs::login::Isid::set(header, result.isid);
  bhs::login::Tsih::set(header, last ? session_->tsih() : result.tsih);
  bhs::InitiatorTaskTag::set(header, login_tag_);
  bhs::StatSn::set(header, status_sn_.value());
  ++status_sn_;
  if (session_ != nullptr) {
    stamp_window(header);
  } else {
    bhs::ExpCmdSn::set(header, result.first_command_sn.value());
    bhs::MaxCmdSn::set(header, result.first_command_sn.value());
  }
  bhs::login::Status::set(header, static_cast<std::uint16_t>(reply.status));
  batch_.seal(std::as_bytes(std::span(login_answer_)));
  if (last) {
    batch_.set_digests(result.connection.header_digest, result.connection.data_digest);
  }
  login_reply_sending_ = true;
}

}  // namespace lunaria::iscsi
