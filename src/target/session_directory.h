#pragma once

// SessionDirectory: which sessions there are in the whole server, by TSIH and by the names that session reinstatement
// goes by (RFC 7143 6.3.5). Lives on one shard; logins travel to it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>

#include "runtime/event.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace lunaria::target {

class DataShard;

/// A session of this key replaces the one that is there.
struct SessionKey {
  std::string initiator_name;
  std::uint64_t isid = 0;
  std::string target_name;
  std::uint16_t portal_group_tag = 0;
  friend auto operator<=>(const SessionKey&, const SessionKey&) = default;
};

class SessionDirectory final {
 public:
  /// TSIHs are 16 bits and 0 means a new session, so this is the bound of the protocol.
  static constexpr std::size_t kSessionsMax = 65'535;

  /// Asks the session's connections to close, on the session's shard.
  using Closer = std::function<runtime::Task<void>(DataShard& home, std::uint16_t tsih)>;

  SessionDirectory(runtime::Shard& shard, Closer closer) : shard_(shard), closer_(std::move(closer)) {}

  /// From any shard, returns on the directory's own: waits until a session of this key has ended, or has left its units
  /// and still has commands there after iscsi::kTaskEndWait; then enters the new one and gives it a TSIH that nobody
  /// has; 0 when the server is full. Discovery sessions (no target) never collide.
  runtime::Task<std::uint16_t> enter(SessionKey key);
  /// From any shard, returns on the directory's: where the session now lives.
  runtime::Task<void> place(std::uint16_t tsih, DataShard& home);
  /// From any shard, returns on the directory's: the session has left its units, whose commands are aborted and may
  /// still take a while; leave() follows. A backend that hangs must not keep the initiator out for longer.
  runtime::Task<void> retire(std::uint16_t tsih);
  /// From any shard, returns on the directory's: the session is over.
  runtime::Task<void> leave(std::uint16_t tsih);
  /// From any shard, returns on the directory's: null when there is no such session, or it is not placed yet, or is
  /// about to be replaced.
  runtime::Task<DataShard*> find(std::uint16_t tsih);

 private:
  struct Entry {
    SessionKey key;
    DataShard* home = nullptr;
    bool close_asked = false;
    runtime::Event gone;  // from by_key_
  };
  struct Patience : runtime::Timer {
    SessionDirectory* directory = nullptr;
    std::uint16_t tsih = 0;
  };

  std::uint16_t free_tsih();
  void free_key(std::uint16_t tsih);

  runtime::Shard& shard_;
  Closer closer_;
  std::map<SessionKey, std::uint16_t> by_key_;
  std::unordered_map<std::uint16_t, std::shared_ptr<Entry>> by_tsih_;
  std::unordered_map<std::uint16_t, Patience> retired_;
  std::uint16_t last_tsih_ = 0;
};

}  // namespace lunaria::target
