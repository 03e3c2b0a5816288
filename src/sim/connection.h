#pragma once

// Connection: two pipes of bytes between two SimStreams. Internal to sim; tests use SimNetwork.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/network.h"
#include "sim/network.h"
#include "sim/shard.h"

namespace lunaria::sim {

/// Kept alive by its two streams; side 0 connected, side 1 accepted.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(SimNetwork& network, SimShard& client, SimShard& server);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  bool submit(int side, runtime::ReceiveRequest& request);
  bool submit(int side, runtime::SendRequest& request);
  std::int64_t try_send(int side, std::span<const iovec> memory);
  std::size_t waiting(int side) const;
  void shutdown_send(int side);
  void shutdown(int side);
  void move_to(int side, SimShard& shard);
  bool is_idle(int side) const;
  /// The connection is lost: both sides see ECONNRESET.
  void reset();
  /// Continues after a partition.
  void resume();

 private:
  /// The bytes on their way to one side. Positions count bytes since the connection was made.
  struct Pipe : runtime::Timer {
    Connection* connection = nullptr;
    int side = 0;  // that receives
    SimShard* shard = nullptr;
    std::vector<std::byte> ring;
    std::uint64_t sent = 0;
    std::uint64_t arrived = 0;
    std::uint64_t consumed = 0;
    std::uint64_t cut_at = UINT64_MAX;
    struct Segment {
      std::uint64_t end;
      runtime::Instant ready;
    };
    std::vector<Segment> segments;
    runtime::Instant last_ready{};
    bool finished = false;     // the sender has shut down
    bool end_arrived = false;  // and the receiver knows
    bool receiver_shut = false;
    runtime::ReceiveRequest* receive = nullptr;
    runtime::SendRequest* send = nullptr;
    std::size_t send_progress = 0;
  };

  Pipe& inbound(int side) { return pipes_[static_cast<std::size_t>(side)]; }
  Pipe& outbound(int side) { return pipes_[static_cast<std::size_t>(1 - side)]; }
  std::optional<std::int64_t> try_receive(Pipe& pipe, std::span<std::byte> memory);
  std::optional<std::int64_t> send_some(Pipe& pipe, std::span<const iovec> memory);
  void append(Pipe& pipe, std::span<const std::byte> bytes);
  void schedule(Pipe& pipe);
  void on_timer(Pipe& pipe);
  void arrive(Pipe& pipe);
  void wake_receiver(Pipe& pipe);
  void wake_sender(Pipe& pipe);
  runtime::Instant draw_arrival(Pipe& pipe);

  SimNetwork& network_;
  LinkOptions link_;
  std::array<Pipe, 2> pipes_;
  bool reset_ = false;
};

/// One end of a connection.
class SimStream final : public runtime::Stream {
 public:
  struct Ends {
    IpEndpoint local;
    IpEndpoint peer;
    std::optional<runtime::PeerCredentials> credentials;
  };
  SimStream(std::shared_ptr<Connection> connection, int side, const Ends& ends)
      : connection_(std::move(connection)), side_(side), ends_(ends) {}
  ~SimStream() override;

  bool submit(runtime::ReceiveRequest& request) override { return connection_->submit(side_, request); }
  bool submit(runtime::SendRequest& request) override { return connection_->submit(side_, request); }
  std::int64_t try_send(std::span<const iovec> memory) override { return connection_->try_send(side_, memory); }
  std::size_t waiting() const override { return connection_->waiting(side_); }
  void shutdown_send() override { connection_->shutdown_send(side_); }
  void shutdown() override { connection_->shutdown(side_); }
  IpEndpoint local_endpoint() const override { return ends_.local; }
  IpEndpoint peer_endpoint() const override { return ends_.peer; }
  std::optional<runtime::PeerCredentials> peer_credentials() const override { return ends_.credentials; }
  void move_to(runtime::Shard& shard) override { connection_->move_to(side_, static_cast<SimShard&>(shard)); }

 private:
  std::shared_ptr<Connection> connection_;
  int side_;
  Ends ends_;
};

}  // namespace lunaria::sim
