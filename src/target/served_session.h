#pragma once

// ServedSession: a session with what the target knows of it: whose it is, which units it may address, its nexus.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/mac_address.h"
#include "iscsi/connection.h"
#include "iscsi/login.h"
#include "iscsi/session.h"
#include "runtime/clock.h"
#include "runtime/event.h"
#include "runtime/task.h"
#include "scsi/nexus.h"
#include "target/data_plane.h"
#include "target/lun_map.h"

namespace lunaria::target {

class DataShard;

/// Lives on one shard with its connections. Counts them, and those that are on their way to it: it ends with the last.
class ServedSession final {
 public:
  /// No target: discovery. The nexus id is unique in the process.
  ServedSession(DataShard& home, std::unique_ptr<iscsi::Session> session, std::optional<TargetId> target,
                scsi::NexusId nexus, runtime::WallTime login_time);

  std::uint16_t tsih() const { return session_->tsih(); }
  iscsi::Session& session() { return *session_; }
  const std::optional<TargetId>& target() const { return target_; }
  const LunMap& luns() const { return luns_; }
  runtime::WallTime login_time() const { return login_time_; }

  /// A further connection wants to join: success, and a place is kept for it, or the status to refuse it with
  /// (RFC 7143 11.13.5). confirm() or the end of a loop follows.
  iscsi::LoginStatus reserve(const iscsi::LoginResult& login);
  /// The connection with this CID has arrived; false when the session is to be closed, and the connection with it.
  bool confirm(std::uint16_t cid);
  /// No connection may join any more: the session is being closed.
  void forbid_joining() { is_closing_ = true; }
  bool is_closing() const { return is_closing_; }
  /// One connection fewer that may still do something; true when that was the last.
  bool retire();
  /// One connection fewer that refers to this session; true when that was the last.
  bool leave();
  /// Set when a connection has been suspended or is gone.
  runtime::Event& changed() { return changed_; }

  /// Takes the LUN map of the current publication, makes the nexus known to units that are new, and says goodbye to
  /// those that are gone; likewise its initiator's rate limit. Raises REPORTED LUNS DATA HAS CHANGED when the session
  /// had a map before, and says whether it did.
  runtime::Task<bool> update_luns();
  /// Leaves every unit: their tasks of this nexus are aborted. Before the end of the session.
  runtime::Task<void> leave_units();
  /// Whether the current publication still lets a connection of this session in. A disabled target, one that sends
  /// logins elsewhere, and a portal that was closed keep their sessions.
  bool may_stay(const iscsi::Connection& connection, const std::optional<MacAddress>& mac) const;

  SessionStatus status() const;

 private:
  /// False when the session has left its units: nothing is to be done any more.
  runtime::Task<bool> begin_update();
  void end_update();
  runtime::Task<bool> change_luns(LunMap next);
  std::shared_ptr<scsi::Nexus> make_nexus(std::shared_ptr<const scsi::LunInventory> inventory) const;

  DataShard& home_;
  std::unique_ptr<iscsi::Session> session_;
  std::optional<TargetId> target_;
  scsi::NexusId nexus_id_;
  runtime::WallTime login_time_;
  LunMap luns_;
  std::shared_ptr<scsi::RateLimiter> rate_limiter_;  // of the initiator
  bool has_map_ = false;
  bool is_updating_ = false;  // update_luns() and leave_units() travel, and take turns
  bool is_over_ = false;
  runtime::Event updated_;
  std::size_t live_ = 1;                // connections that may still do something, or are on their way
  std::size_t users_ = 1;               // those, and those that are ending
  std::vector<std::uint16_t> joining_;  // CIDs of those on their way
  bool is_closing_ = false;
  runtime::Event changed_;
  /// Commands in flight may still refer to a nexus that was replaced: each lives as long as the session.
  std::vector<std::shared_ptr<scsi::Nexus>> nexuses_;
};

}  // namespace lunaria::target
