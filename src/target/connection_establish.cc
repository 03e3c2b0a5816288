// How a connection gets its session: a new one, or one that it joins (RFC 7143 6.3.2 to 6.3.5). See connection_loop.h.
#include <algorithm>
#include <utility>

#include "target/connection_loop.h"

namespace lunaria::target {

// Begins on the shard of the login and comes back there, for that is whose gate the caller is in.
runtime::Task<bool> ConnectionLoop::establish_session(const iscsi::LoginResult& result) {
  if (result.tsih != 0) {
    const bool has_joined = co_await join_session(result);
    co_return has_joined;
  }
  DataShard& login_shard = *home_;
  const bool is_discovery = result.session_type == iscsi::SessionType::kDiscovery;
  const std::uint16_t tsih = co_await environment_.directory.enter(
      {result.initiator_name, result.isid, result.target_name, result.portal_group_tag});
  co_await runtime::move_to(login_shard.shard());
  if (tsih == 0 || connection_->close_reason() || is_broken_) {
    connection_->refuse_login(iscsi::LoginStatus::kOutOfResources, now());
    if (tsih != 0) {
      co_await environment_.directory.leave(tsih);
      co_await runtime::move_to(login_shard.shard());
    }
    co_return false;
  }
  co_await stop_sender();
  on_login_over_();
  const TargetConfig* target = is_discovery ? nullptr : login_shard.published().find_target(result.target_name);
  DataShard* preferred = target == nullptr ? nullptr : login_shard.published().home_of(*target);
  DataShard& next = preferred == nullptr ? login_shard : *preferred;
  co_await move_to(next);
  session_ =
      &next.add_session(std::make_unique<ServedSession>(next, std::make_unique<iscsi::Session>(tsih, result),
                                                        target == nullptr ? std::nullopt : std::optional(target->id),
                                                        environment_.next_nexus(), next.shard().clock().wall_time()));
  (void)co_await session_->update_luns();
  connection_->enter_full_feature(session_->session(), now());
  if (!is_discovery && !may_stay()) {
    close(runtime::Duration::zero());
  }
  co_await environment_.directory.place(tsih, next);
  co_await runtime::move_to(login_shard.shard());
  next.shard().post(handover_message_);
  co_return true;
}

// The connection goes where the session is. A place is kept for it there first, so that the session does not end
// meanwhile, and a refusal can still be sent from here.
runtime::Task<bool> ConnectionLoop::join_session(const iscsi::LoginResult& result) {
  DataShard& login_shard = *home_;
  DataShard* const home = co_await environment_.directory.find(result.tsih);
  iscsi::LoginStatus status = iscsi::LoginStatus::kSessionDoesNotExist;
  if (home != nullptr) {
    status = co_await reserve(*home, result);
  }
  co_await runtime::move_to(login_shard.shard());
  if (status != iscsi::LoginStatus::kSuccess) {
    connection_->refuse_login(status, now());
    co_return false;
  }
  if (connection_->close_reason() || is_broken_) {
    co_await runtime::move_to(home->shard());
    ServedSession& session = *home->find_session(result.tsih);
    session.confirm(result.cid);
    if (session.retire()) {
      co_await session.leave_units();
    }
    co_await leave_session(*home, environment_, session, "the last connection did not arrive");
    co_await runtime::move_to(login_shard.shard());
    co_return false;
  }
  co_await stop_sender();
  on_login_over_();
  co_await move_to(*home);
  is_leading_ = false;
  session_ = home->find_session(result.tsih);
  connection_->enter_full_feature(session_->session(), now());
  if (!session_->confirm(result.cid) || !may_stay()) {
    close(runtime::Duration::zero());
  }
  co_await runtime::move_to(login_shard.shard());
  home->shard().post(handover_message_);
  co_return true;
}

// Returns on the session's shard.
runtime::Task<iscsi::LoginStatus> ConnectionLoop::reserve(DataShard& home, const iscsi::LoginResult& result) {
  co_await runtime::move_to(home.shard());
  ServedSession* const session = home.find_session(result.tsih);
  if (session == nullptr) {
    co_return iscsi::LoginStatus::kSessionDoesNotExist;
  }
  const iscsi::LoginStatus status = session->reserve(result);
  if (status == iscsi::LoginStatus::kSuccess) {
    co_await end_replaced(home, *session, result.cid);
  }
  co_return status;
}

// RFC 7143 6.3.4: a connection of the same CID is logged out; its commands end before the new one begins, but for those
// that hang.
runtime::Task<void> ConnectionLoop::end_replaced(DataShard& home, ServedSession& session, std::uint16_t cid) {
  const auto find = [&home, &session, cid] {
    const auto found = std::ranges::find_if(home.loops(), [&session, cid](const auto& loop) {
      return loop->session_ == &session && loop->connection_->login().cid == cid &&
             !loop->connection_->is_suspended() && !loop->is_overdue_;
    });
    return found == home.loops().end() ? nullptr : found->get();
  };
  if (ConnectionLoop* old = find()) {
    old->close(iscsi::CloseReason::kReplaced);
  }
  while (find() != nullptr) {
    session.changed().reset();
    co_await session.changed().wait();
  }
}

// The session ends with the last that leaves it. Begins and ends on the session's shard.
runtime::Task<void> ConnectionLoop::leave_session(DataShard& home, LoopEnvironment& environment, ServedSession& session,
                                                  std::string_view reason) {
  const std::uint16_t tsih = session.tsih();
  const std::string initiator = session.session().initiator_name();
  if (!session.leave()) {
    home.log().info("iscsi.connection.left", {{"initiator", initiator}, {"tsih", tsih}, {"reason", reason}});
    co_return;
  }
  home.log().info("iscsi.session.closed", {{"initiator", initiator}, {"tsih", tsih}, {"reason", reason}});
  home.report(SessionClosed{tsih, session.target(), initiator, std::string(reason)});
  home.remove_session(session);
  co_await environment.directory.leave(tsih);
  co_await runtime::move_to(home.shard());
}

}  // namespace lunaria::target
