#pragma once

// ConnectionLoop: moves the bytes of one connection between its socket and its engine, and carries out what the engine
// asks for. Begins on the shard that accepted the socket, moves to the session's shard after login, ends there.

#include <functional>
#include <memory>
#include <optional>

#include "base/mac_address.h"
#include "iscsi/connection.h"
#include "iscsi/host.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/network.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "target/data_shard.h"
#include "target/served_session.h"
#include "target/session_directory.h"

namespace lunaria::target {

/// The MAC address of the host with an IP address; nullopt when it is not on a link of ours. Called on worker threads,
/// several at a time; takes no longer than a question to the kernel.
using FindNeighbour = std::function<std::optional<MacAddress>(const IpAddress&)>;

/// What loops share; outlives them.
struct LoopEnvironment {
  SessionDirectory& directory;
  /// Process-wide unique ids, from any shard.
  std::function<scsi::NexusId()> next_nexus;
  /// TARGET COLD RESET: ends every session of a target but one. From any shard; returns on whichever it likes.
  std::function<runtime::Task<void>(TargetId target, std::uint16_t except_tsih)> close_target;
  iscsi::Timeouts timeouts;
  FindNeighbour find_neighbour;  ///< may be empty
};

/// Owned by the shard that it is on; takes itself out and ends when connection and session are over.
class ConnectionLoop final : public iscsi::Host {
 public:
  /// Starts serving on `home`, the current shard. `on_login_over` runs there when the login phase ends either way.
  static void start(DataShard& home, LoopEnvironment& environment, std::unique_ptr<runtime::Stream> stream,
                    std::function<void()> on_login_over);
  ConnectionLoop(DataShard& home, LoopEnvironment& environment, std::unique_ptr<runtime::Stream> stream,
                 std::function<void()> on_login_over);
  ConnectionLoop(const ConnectionLoop&) = delete;
  ConnectionLoop& operator=(const ConnectionLoop&) = delete;
  ~ConnectionLoop() override;

  /// On the shard of the loop: ends the connection soon. `grace`: time for the initiator to log out itself.
  void close(runtime::Duration grace);
  /// The same for a reason of the protocol.
  void close(iscsi::CloseReason reason);
  /// Tells the initiator of a unit attention, by an asynchronous message (RFC 7143 11.9.1).
  void report_event(scsi::Lun lun, scsi::AdditionalSense condition);
  /// With a session: tells the initiator of a longest segment that the current publication has changed.
  void offer_parameters();
  ServedSession* session() const { return session_; }
  /// With a session: whether the current publication still lets this connection in.
  bool may_stay() const { return session_->may_stay(*connection_, mac_); }

  iscsi::Connection& connection() { return *connection_; }

 private:
  // iscsi::Host
  Result<iscsi::LoginGrant, iscsi::LoginRefusal> authorize(const iscsi::LoginQuery& query) override;
  void establish(const iscsi::LoginResult& result) override;
  void login_refused(const iscsi::LoginQuery& query, iscsi::LoginStatus status, std::string_view reason) override;
  void start_command(iscsi::CommandSlot& slot) override;
  void manage_tasks(iscsi::CommandSlot& slot) override;
  void abort_command(iscsi::CommandSlot& slot) override;
  std::vector<iscsi::DiscoveredTarget> send_targets(const iscsi::SendTargetsQuery& query) override;
  void wake() override;

  // The life of a connection, in this order.
  runtime::Task<void> log_in();
  runtime::Task<void> find_mac_address();
  /// True when the loop now runs elsewhere: the caller must not touch it any more.
  runtime::Task<bool> establish_session(const iscsi::LoginResult& result);
  runtime::Task<bool> join_session(const iscsi::LoginResult& result);
  static runtime::Task<iscsi::LoginStatus> reserve(DataShard& home, const iscsi::LoginResult& result);
  static runtime::Task<void> end_replaced(DataShard& home, ServedSession& session, std::uint16_t cid);
  static runtime::Task<void> leave_session(DataShard& home, LoopEnvironment& environment, ServedSession& session,
                                           std::string_view reason);
  runtime::Task<void> move_to(DataShard& next);
  runtime::Task<void> serve();
  runtime::Task<void> receive_all();
  runtime::Task<void> send_all();
  runtime::Task<void> stop_sender();
  runtime::Task<void> end();

  runtime::Task<bool> receive_some();
  runtime::Task<bool> send_pending();
  runtime::Task<void> run_command(iscsi::CommandSlot& slot, MappedUnit unit);
  runtime::Task<void> run_without_unit(iscsi::CommandSlot& slot);
  runtime::Task<void> run_task_management(iscsi::CommandSlot& slot);
  runtime::Task<void> abort_task(MappedUnit unit, scsi::NexusId nexus, std::uint32_t tag);
  void fail_session(iscsi::CloseReason reason);
  bool may_be_recovered(iscsi::CloseReason reason) const;
  runtime::Task<void> await_recovery();
  void on_woken();
  void rearm_deadline();
  void on_deadline();
  runtime::Instant now() const { return home_->shard().clock().now(); }

  struct Callback : runtime::Message {
    ConnectionLoop* loop = nullptr;
  };
  struct LoopTimer : runtime::Timer {
    ConnectionLoop* loop = nullptr;
  };

  DataShard* home_;
  LoopEnvironment& environment_;
  std::unique_ptr<runtime::Stream> stream_;
  std::function<void()> on_login_over_;
  std::unique_ptr<iscsi::Connection> connection_;
  ServedSession* session_ = nullptr;
  std::optional<MacAddress> mac_;  // of the peer, looked up once, when some target's rules ask for it
  const iscsi::LoginResult* establishing_ = nullptr;

  runtime::Gate inside_;  // sender and commands
  runtime::Event may_receive_;
  runtime::Event may_send_;
  bool in_batch_ = false;
  bool wake_posted_ = false;
  bool has_backlog_ = false;  // much more had come than the last receive took
  bool is_broken_ = false;    // the socket is of no more use
  bool is_sending_ = false;   // send_all() is running
  bool is_leading_ = true;    // the first connection of its session
  bool sender_must_stop_ = false;
  bool is_overdue_ = false;  // over, but for commands that hang
  runtime::Event sender_over_;
  Callback wake_message_;
  Callback handover_message_;
  LoopTimer deadline_;
  LoopTimer patience_;  // with the commands of a connection that has ended
};

}  // namespace lunaria::target
