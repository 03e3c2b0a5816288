#pragma once

// Session: what the connections of one I_T nexus share: the CmdSN order and window, the tasks by tag, the agreed
// parameters. Owned by the layer above; lives on one shard together with its connections.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iscsi/command_slot.h"
#include "iscsi/limits.h"
#include "iscsi/login.h"
#include "iscsi/serial.h"
#include "scsi/nexus.h"

namespace lunaria::iscsi {

/// Outlives its connections' use of it: destroy it after the last connection is drained.
class Session final {
 public:
  /// `tsih` is not 0 and unique in the server.
  Session(std::uint16_t tsih, const LoginResult& login);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  std::uint16_t tsih() const { return tsih_; }
  std::uint64_t isid() const { return isid_; }
  SessionType type() const { return type_; }
  const std::string& initiator_name() const { return initiator_name_; }
  const std::string& initiator_alias() const { return initiator_alias_; }
  const std::string& target_name() const { return target_name_; }
  std::uint16_t portal_group_tag() const { return portal_group_tag_; }
  const SessionParameters& parameters() const { return parameters_; }
  /// Those in full feature phase.
  const std::vector<Connection*>& connections() const { return connections_; }
  /// nullptr when no connection in full feature phase has this CID.
  Connection* find_connection(std::uint16_t cid) const;
  /// Names of the nexus as SAM and iSCSI spell them: "iqn...,i,0x<ISID>" and "iqn...,t,0x<tag>" (RFC 7143 4.2.7).
  std::string initiator_port() const;
  std::string target_port() const;

  /// Set once by the layer above before enter_full_feature; commands carry it. May be null for discovery.
  std::shared_ptr<scsi::Nexus> nexus;

  CommandSn expected_command_sn() const { return expected_; }
  CommandSn max_command_sn() const { return advertised_max_; }

 private:
  friend class ConnectionState;
  friend class SessionTestPeer;

  enum class Admission : std::uint8_t { kInOrder, kAhead, kIgnore };
  static constexpr std::size_t kTagBuckets = 128;  // bucket_of() keeps seven bits
  /// A CmdSN that has arrived before its turn; no slot when it was only accounted for (RFC 7143 11.5.1).
  struct Held {
    bool arrived = false;
    CommandSlot* slot = nullptr;
  };
  /// A task management function that did not wait for all commands before it.
  struct Ended {
    CommandSn end;
    std::optional<scsi::Lun> lun;
  };

  Admission classify(CommandSn sn) const;
  /// Records a CmdSN that classify() accepts. In order: ExpCmdSN moves past it (and past accounted-for ones behind it).
  void accept(CommandSn sn, CommandSlot* slot);
  /// Keeps a command whose turn it is, for want of memory: ExpCmdSN waits with it.
  void hold_back(CommandSlot& slot);
  /// Whether the data-in of a command has room beside what the session holds, up to `bytes_max`.
  bool has_room(const CommandSlot& slot, std::size_t bytes_max) const;
  /// The next held slot whose turn it is and that has room, or nullptr.
  CommandSlot* take_next_held(std::size_t bytes_max);
  /// Counts everything before `end` that has not come as received (RFC 7143 4.2.3.3 step b: the target resets).
  void plug_until(CommandSn end);
  void advance_over_gaps();
  /// Commands before `end` that have not come end when they come: all, or those of one unit.
  void end_on_arrival(CommandSn end, std::optional<scsi::Lun> lun);
  bool ends_on_arrival(const CommandSlot& slot) const;
  /// Forgets a held slot, its CmdSN stays accounted for.
  void forget_held(CommandSlot& slot);
  /// Forgets a held slot as if it had never come.
  void unhold(CommandSlot& slot);
  void retire(CommandSlot& slot);
  /// What an answer says; the window never shrinks and is what was last said. It grows by little while memory is short.
  CommandSn advertise_max(bool memory_is_short);
  bool window_has_grown() const;

  CommandSlot* find(std::uint32_t tag) const;
  void insert(CommandSlot& slot);
  void remove(CommandSlot& slot);
  static std::size_t bucket_of(std::uint32_t tag);
  /// Task management functions that wait for something, in the order in which they came.
  void add_fenced(CommandSlot& slot);
  void remove_fenced(CommandSlot& slot);

  std::uint16_t tsih_;
  std::uint16_t portal_group_tag_;
  std::uint64_t isid_;
  SessionType type_;
  std::string initiator_name_;
  std::string initiator_alias_;
  std::string target_name_;
  SessionParameters parameters_;
  std::vector<Connection*> connections_;
  std::vector<Connection*> suspended_;  // failed ones whose tasks wait to be reassigned

  CommandSn expected_;
  CommandSn advertised_max_;
  std::uint32_t in_window_ = 0;  // delivered, status not yet encoded
  std::uint32_t immediate_ = 0;  // immediate commands in progress
  std::uint32_t held_count_ = 0;
  std::uint32_t ending_ = 0;  // tasks that lost their initiator and still run
  std::size_t data_out_bytes_ = 0;
  std::size_t data_in_bytes_ = 0;  // announced by commands that run or whose answer waits to be sent
  CommandSlot* first_fenced_ = nullptr;
  std::vector<Ended> ended_;                                // bounded by kEndedFunctionsMax; hardly ever any
  ConnectionState* logging_out_ = nullptr;                  // which will answer a logout when the commands are over
  std::unique_ptr<std::array<Held, kCommandWindow>> held_;  // made when the first one comes early
  std::array<CommandSlot*, kTagBuckets> tags_{};
};

}  // namespace lunaria::iscsi
