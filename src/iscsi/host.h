#pragma once

// Host: what the engine of a connection asks of the layer above. One per connection, called on the connection's shard.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "iscsi/login.h"
#include "iscsi/opcode.h"

namespace lunaria::iscsi {

class CommandSlot;

/// One line of a SendTargets answer.
struct DiscoveredTarget {
  struct Address {
    IpEndpoint endpoint;
    std::uint16_t portal_group_tag = 1;
  };
  std::string name;
  std::vector<Address> addresses;
};

/// What a SendTargets request wants (RFC 7143 appendix C).
struct SendTargetsQuery {
  std::string_view initiator_name;
  std::string_view target_name;  ///< empty: all that the initiator may log in to
  IpEndpoint peer;
  IpEndpoint local;
};

/// Why a connection ended.
enum class CloseReason : std::uint8_t {
  kLoginRefused,
  kLoginTimeout,
  kProtocolError,
  kFormatError,
  kHeaderDigestError,
  kDataDigestError,
  kStalled,  ///< a PDU or a send made no progress
  kProbeUnanswered,
  kLoggedOut,
  kDiscoveryDone,
  kSessionClosed,       ///< the session was logged out on another connection
  kRemovedForRecovery,  ///< logged out so that its tasks can be reassigned
  kReplaced,            ///< the initiator has logged in again with the same CID
  kRequested,           ///< by close()
  kDisconnected,        ///< by abandon()
};

/// "login refused" and so on: for logs and events.
std::string_view to_string(CloseReason reason);
/// Whether one side wanted it: the rest are failures, which below ErrorRecoveryLevel 2 end the whole session
/// (RFC 7143 7.1.4).
constexpr bool is_orderly(CloseReason reason) {
  return reason == CloseReason::kLoggedOut || reason == CloseReason::kSessionClosed ||
         reason == CloseReason::kReplaced || reason == CloseReason::kRequested || reason == CloseReason::kDiscoveryDone;
}

/// The callbacks. All but `wake` may call back into the connection.
class Host {
 public:
  virtual ~Host() = default;

  /// Decides whether a login may go on; called once per connection, as soon as it is known who asks for what.
  virtual Result<LoginGrant, LoginRefusal> authorize(const LoginQuery& query) = 0;

  /// Negotiation is done: find or make the session (ending the one that is replaced, and waiting until its commands are
  /// over; likewise a connection of the same CID, when `result.tsih` says that this one joins a session). Answer with
  /// Connection::enter_full_feature or Connection::refuse_login, now or later. Until then the connection has no slot in
  /// use and may be moved to another shard. The result lives until the answer.
  virtual void establish(const LoginResult& result) = 0;

  /// A login was refused; for logs and events. Views live as long as the call.
  virtual void login_refused(const LoginQuery& query, LoginStatus status, std::string_view reason) = 0;

  /// Runs `slot.command()`; Connection::complete(slot) when it is done, now or later.
  virtual void start_command(CommandSlot& slot) = 0;

  /// Carries out `slot.task_management()`; Connection::complete_task_management(slot, response) when done. Tasks of
  /// this session are then over for the initiator: the engine sends no status for them. Of kQueryTask and kQueryTaskSet
  /// only whether the unit is there is asked for. Never called for kTaskReassign.
  virtual void manage_tasks(CommandSlot& slot) = 0;

  /// `slot.command()` runs and has lost its initiator, which may send others at once: what this one has asked of the
  /// medium must not undo them when it happens after all. The device server is told, as by ABORT TASK.
  virtual void abort_command(CommandSlot& slot) = 0;

  /// What the initiator may see, in any order.
  virtual std::vector<DiscoveredTarget> send_targets(const SendTargetsQuery& query) = 0;

  /// Something the loop looks at has changed: wants_send, receive_paused, close_reason or next_deadline. Only notes it
  /// (sets an event): must not call the connection.
  virtual void wake() = 0;
};

}  // namespace lunaria::iscsi
