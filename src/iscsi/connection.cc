#include "iscsi/connection.h"

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::kLoginRefused:
      return "login refused";
    case CloseReason::kLoginTimeout:
      return "login took too long";
    case CloseReason::kProtocolError:
      return "protocol error";
    case CloseReason::kFormatError:
      return "malformed PDU";
    case CloseReason::kHeaderDigestError:
      return "header digest error";
    case CloseReason::kDataDigestError:
      return "data digest error";
    case CloseReason::kStalled:
      return "no progress";
    case CloseReason::kProbeUnanswered:
      return "NOP-In was not answered";
    case CloseReason::kLoggedOut:
      return "logged out";
    case CloseReason::kDiscoveryDone:
      return "idle discovery";
    case CloseReason::kSessionClosed:
      return "the session was logged out on another connection";
    case CloseReason::kReplaced:
      return "replaced by a new connection with the same CID";
    case CloseReason::kRemovedForRecovery:
      return "removed for recovery";
    case CloseReason::kRequested:
      return "closed by the target";
    case CloseReason::kDisconnected:
      return "disconnected";
  }
  return "unknown";
}

Connection::Connection(runtime::Shard& shard, SlotPool& slots, Host& host, Log& log, const ConnectionOptions& options,
                       runtime::Instant now)
    : state_(std::make_unique<ConnectionState>(*this, shard, slots, host, log, options, now)) {}
Connection::~Connection() = default;

bool Connection::receive_paused() const {
  return state_->receive_paused();
}
std::span<std::byte> Connection::receive_memory() {
  return state_->receive_memory();
}
void Connection::on_received(std::size_t count, runtime::Instant now) {
  state_->on_received(count, now);
}
bool Connection::wants_send() const {
  return state_->wants_send();
}
std::span<const iovec> Connection::gather(runtime::Instant now) {
  return state_->gather(now);
}
void Connection::on_sent(std::size_t count, runtime::Instant now) {
  state_->on_sent(count, now);
}
bool Connection::has_lent() const {
  return state_->has_lent();
}
runtime::Instant Connection::next_deadline() const {
  return state_->next_deadline();
}
void Connection::on_deadline(runtime::Instant now) {
  state_->on_deadline(now);
}
std::optional<CloseReason> Connection::close_reason() const {
  return state_->close_reason();
}
void Connection::close(CloseReason reason, runtime::Instant now) {
  state_->close(reason, now);
}
void Connection::abandon() {
  state_->abandon();
}
bool Connection::is_drained() const {
  return state_->is_drained();
}
void Connection::suspend(runtime::Instant now) {
  state_->suspend(now);
}
bool Connection::is_suspended() const {
  return state_->is_suspended();
}
bool Connection::recovery_is_over() const {
  return state_->recovery_is_over();
}
void Connection::move_to(runtime::Shard& shard, SlotPool& slots) {
  state_->move_to(shard, slots);
}
void Connection::enter_full_feature(Session& session, runtime::Instant now) {
  state_->enter_full_feature(session, now);
}
void Connection::refuse_login(LoginStatus status, runtime::Instant now) {
  state_->refuse_login(status, now);
}
void Connection::complete(CommandSlot& slot) {
  state_->complete(slot);
}
void Connection::complete_task_management(CommandSlot& slot, TaskResponse response, std::uint32_t additional) {
  state_->complete_task_management(slot, response, additional);
}
void Connection::request_logout(runtime::Duration grace, runtime::Instant now) {
  state_->request_logout(grace, now);
}
void Connection::offer_segment_length(std::uint32_t length, runtime::Duration within, runtime::Instant now) {
  state_->offer_segment_length(length, within, now);
}
void Connection::report_event(scsi::Lun lun, const scsi::SenseBytes& sense) {
  state_->report_event(lun, sense);
}
const LoginResult& Connection::login() const {
  return state_->login();
}
Session* Connection::session() const {
  return state_->session();
}
const IpEndpoint& Connection::peer() const {
  return state_->options().peer;
}
const IpEndpoint& Connection::local() const {
  return state_->options().local;
}
const ConnectionCounters& Connection::counters() const {
  return state_->counters();
}

}  // namespace lunaria::iscsi
