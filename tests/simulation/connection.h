#pragma once

// SimulatedConnection: one connection of a simulated initiator: connects, logs in and moves bytes between the network
// and the initiator's engine.

#include <memory>
#include <optional>
#include <string_view>

#include "iscsi/testing/initiator.h"
#include "runtime/network.h"
#include "runtime/task.h"
#include "simulation/board.h"
#include "simulation/wire.h"

namespace lunaria::simulation {

class SimulatedConnection;

/// Who has connections. Called on their shard; may send on any of them and shut any of them down.
class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  virtual void on_refused(SimulatedConnection& connection, iscsi::LoginStatus status) = 0;
  virtual void on_login(SimulatedConnection& connection) = 0;
  /// Something came, after login.
  virtual void on_progress(SimulatedConnection& connection) = 0;
  /// What a read by its tag would bring now: for PlantedBug::kDataOfLaterWrite.
  virtual iscsi::testing::Bytes current_data(std::uint32_t tag) const = 0;
};

/// Made once, connects again and again. All of them outlive it; nothing runs when it ends.
class SimulatedConnection final {
 public:
  SimulatedConnection(Board& board, sim::SimShard& shard, ConnectionListener& listener, sim::Dice& dice,
                      std::size_t initiator, std::uint16_t cid);
  SimulatedConnection(const SimulatedConnection&) = delete;
  SimulatedConnection& operator=(const SimulatedConnection&) = delete;

  /// From connecting to the end of the connection; false when there was none.
  runtime::Task<bool> live(iscsi::testing::InitiatorOptions options);
  /// Sends what the engine has to say; who comes second leaves it to the first.
  runtime::Task<void> send();
  /// Notes why, and has live() end.
  void drop(std::string_view why);
  void shut_down();
  /// The same, and no further connection is made.
  void stop();

  std::uint16_t cid() const { return cid_; }
  bool is_open() const { return stream_ != nullptr; }
  bool is_logged_in() const { return is_logged_in_; }
  /// What was said before has not gone out yet.
  bool is_sending() const { return is_sending_; }
  /// Since live() began, over or not.
  bool has_logged_in() const { return has_logged_in_; }
  Tick login_began() const { return login_began_; }
  runtime::Instant began() const { return began_; }
  /// Of the last connection that there was.
  iscsi::testing::Initiator& engine() { return *engine_; }
  const iscsi::testing::Initiator& engine() const { return *engine_; }

 private:
  runtime::Task<void> converse();
  void on_bytes(std::span<const std::byte> bytes);
  void on_login();
  void receive_all();
  void say_pdu(std::string_view arrow, const iscsi::testing::Pdu& pdu);

  Board& board_;
  sim::SimShard& shard_;
  ConnectionListener& listener_;
  sim::Dice& dice_;
  std::size_t initiator_;
  std::uint16_t cid_;
  std::unique_ptr<iscsi::testing::Initiator> engine_;
  std::unique_ptr<runtime::Stream> stream_;
  std::optional<IncomingWire> incoming_;
  std::optional<OutgoingWire> outgoing_;
  bool is_stopped_ = false;
  bool is_sending_ = false;
  bool is_logged_in_ = false;
  bool has_logged_in_ = false;
  Tick login_began_ = 0;
  runtime::Instant began_{};
};

}  // namespace lunaria::simulation
