#pragma once

// Connection: the engine of one iSCSI connection. It does no I/O and reads no clock: bytes and the time go in, bytes to
// send, deadlines and calls of its Host come out.
//
// How to drive it, on one shard:
//   receive:  while !receive_paused(): recv into receive_memory(), then on_received(n, now)
//   send:     while wants_send(): send all of gather(now), then on_sent(bytes, now)
//   time:     when next_deadline() has come: on_deadline(now)
//   end:      when close_reason() is set: shut the socket down, let the requests in flight end, abandon(),
//             wait until is_drained(), destroy
// Host::wake() says that one of these may have changed. One receive and one send may be in flight at a time.

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/ip_address.h"
#include "base/log.h"
#include "iscsi/command_slot.h"
#include "iscsi/host.h"
#include "iscsi/limits.h"
#include "iscsi/login.h"
#include "iscsi/session.h"
#include "runtime/clock.h"
#include "runtime/shard.h"

namespace lunaria::iscsi {

class ConnectionState;

/// Facts of the socket, and how long things may take.
struct ConnectionOptions {
  IpEndpoint peer;
  IpEndpoint local;
  Timeouts timeouts;
};

/// Plain counters, read by the layer above at any time on the connection's shard.
struct ConnectionCounters {
  std::uint64_t pdus_received = 0;
  std::uint64_t pdus_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t commands = 0;
  std::uint64_t rejects = 0;
};

/// Lives on one shard. Memory when idle: about 16 KiB; buffers of the shard's pool are held only while data is there.
class Connection final {
 public:
  /// The shard, the slots, the host and the log outlive the connection.
  Connection(runtime::Shard& shard, SlotPool& slots, Host& host, Log& log, const ConnectionOptions& options,
             runtime::Instant now);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  /// Only when abandoned and drained.
  ~Connection();

  // Receiving.

  /// No receive should be started: no slot, no memory, or nothing more is wanted.
  bool receive_paused() const;
  /// Where the next bytes go: never empty while not paused. The rest of a large data segment goes straight into its
  /// command's buffer. Valid until on_received or abandon, so that a receive can be in flight meanwhile.
  std::span<std::byte> receive_memory();
  /// `count` bytes (1..size of the memory) have arrived there. Carries out everything that is complete.
  void on_received(std::size_t count, runtime::Instant now);

  // Sending.

  bool wants_send() const;
  /// What to send next: as many PDUs as fit a batch, or what is left of one. Valid and unchanged until on_sent has
  /// accounted for all of it, unless has_lent().
  std::span<const iovec> gather(runtime::Instant now);
  /// Some of what gather() returned lies in a volume that has lent it: send what can be sent without waiting, call
  /// on_sent at once, be it with nothing, and gather what is left again, which lies elsewhere then.
  bool has_lent() const;
  /// So many bytes of what gather() returned are with the kernel and their memory may be reused.
  void on_sent(std::size_t count, runtime::Instant now);

  // Time.

  /// Instant::max() when there is none.
  runtime::Instant next_deadline() const;
  void on_deadline(runtime::Instant now);

  // Ending.

  /// Set when the loop must stop: what had to be said has been sent.
  std::optional<CloseReason> close_reason() const;
  /// Ends the connection from our side, after what is queued has been sent (bounded by Timeouts::close).
  void close(CloseReason reason, runtime::Instant now);
  /// The socket is of no use any more and nothing is in flight on it: commands are aborted, answers dropped.
  void abandon();
  /// After abandon(): no command refers to the connection any more.
  bool is_drained() const;
  /// Instead of abandon() at ErrorRecoveryLevel 2, under the same conditions: commands go on, and their tasks may be
  /// taken over by another connection of the session until recovery_is_over(), which on_deadline() sees to. Then
  /// abandon().
  void suspend(runtime::Instant now);
  bool is_suspended() const;
  bool recovery_is_over() const;

  // Answers of the layer above.

  /// Between Host::establish and its answer: uses another shard's buffers and slots from now on. Nothing may be in
  /// flight on the socket.
  void move_to(runtime::Shard& shard, SlotPool& slots);
  /// Answer to Host::establish: the final login response goes out and full feature phase begins.
  void enter_full_feature(Session& session, runtime::Instant now);
  /// Answer to Host::establish: the login fails.
  void refuse_login(LoginStatus status, runtime::Instant now);
  /// The command is done (also when it was aborted): its outcome is sent as the standard says.
  void complete(CommandSlot& slot);
  /// `additional`: the additional response information of RFC 7144 4.2, three bytes.
  void complete_task_management(CommandSlot& slot, TaskResponse response, std::uint32_t additional = 0);

  /// Asks the initiator to log out (RFC 7143 11.9.1, event 1); the connection is closed when it has not after `grace`.
  void request_logout(runtime::Duration grace, runtime::Instant now);
  /// Has the initiator negotiate anew (RFC 7143 11.9.1, event 4), to tell it another MaxRecvDataSegmentLength of ours.
  /// Longer segments are taken from then on; as those that are on their way know the old one, that stays allowed. Does
  /// nothing when it is told that already.
  void offer_segment_length(std::uint32_t length, runtime::Duration within, runtime::Instant now);
  /// Tells the initiator of a unit attention at once (RFC 7143 11.9.1, event 0). Left out when many wait to be sent.
  void report_event(scsi::Lun lun, const scsi::SenseBytes& sense);

  // What is known about it.

  /// Filled as login goes on.
  const LoginResult& login() const;
  /// nullptr until full feature phase.
  Session* session() const;
  const IpEndpoint& peer() const;
  const IpEndpoint& local() const;
  const ConnectionCounters& counters() const;

 private:
  friend class ConnectionState;  // of other connections of the session

  std::unique_ptr<ConnectionState> state_;
};

}  // namespace lunaria::iscsi
