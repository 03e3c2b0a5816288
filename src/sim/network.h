#pragma once

// SimNetwork: streams between the shards of one world, with the manners of real networks: latency, bytes that arrive
// in pieces split anywhere, stalls, connections cut after any byte, flipped bits.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "runtime/network.h"
#include "runtime/shard.h"

namespace lunaria::sim {

class Connection;
class SimListener;
class SimShard;
class World;

/// How connections behave that are made from now on. All but latency is off by default.
struct LinkOptions {
  runtime::Duration latency_min = std::chrono::microseconds(20);
  runtime::Duration latency_max = std::chrono::microseconds(200);
  /// Bytes arrive in pieces of 1 to this many; 0: as they were sent.
  std::size_t piece_max = 0;
  /// Bytes in flight and unread in one direction, after which a sender waits; at least 1.
  std::size_t window = std::size_t{256} << 10;
  /// Of 1000 sends, how many arrive up to `stall_max` later (and with them all that follow).
  std::uint32_t stall_per_mille = 0;
  runtime::Duration stall_max = std::chrono::seconds(2);
  /// Of 1000 connections, how many are reset after 0 to `cut_bytes_max` bytes of one direction.
  std::uint32_t cut_per_mille = 0;
  std::uint64_t cut_bytes_max = std::uint64_t{1} << 20;
  /// Of 1000 arriving pieces, how many have one bit flipped.
  std::uint32_t corrupt_per_mille = 0;
  /// Bytes at the beginning of each direction that pass unharmed: a login is not covered by digests.
  std::uint64_t corrupt_after = 0;
};

/// The wires of a world; made by it. IPv6 wildcards do not take IPv4, as the reactor's do not.
class SimNetwork final {
 public:
  explicit SimNetwork(World& world);
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;
  ~SimNetwork();

  const LinkOptions& link() const { return link_; }
  void set_link(const LinkOptions& link);
  /// Where connections made by `shard` come from, when they do not go to a loopback address. Default 192.0.2.1.
  void set_address(const SimShard& shard, const IpAddress& address);
  /// What Unix listeners see of connections made by any shard. Default: root.
  void set_credentials(const runtime::PeerCredentials& credentials) { credentials_ = credentials; }

  /// Resets every connection.
  void cut_all();
  /// While partitioned nothing arrives and connects time out; healing delivers what waits.
  void set_partitioned(bool partitioned);
  bool partitioned() const { return partitioned_; }
  std::size_t connection_count();

  World& world() { return world_; }
  const runtime::PeerCredentials& credentials() const { return credentials_; }

 private:
  friend class SimShard;
  friend class SimListener;
  friend class ShardNetwork;
  struct PendingConnect : runtime::Timer {
    SimNetwork* network = nullptr;
    SimShard* shard = nullptr;
    runtime::ConnectRequest* request = nullptr;
    bool is_cancelled = false;
    PendingConnect* next_free = nullptr;
  };

  /// What `shard.network()` is.
  std::unique_ptr<runtime::Network> face(SimShard& shard);
  Result<std::unique_ptr<runtime::Listener>, runtime::IoError> listen(SimShard& shard,
                                                                      const runtime::ListenAddress& address);
  void connect(SimShard& shard, runtime::ConnectRequest& request);
  void cancel(runtime::ConnectRequest& request);
  void finish(PendingConnect& pending);
  std::int64_t establish(SimShard& shard, runtime::ConnectRequest& request);
  SimListener* find_listener(const runtime::ListenAddress& address) const;
  IpAddress source_address(const SimShard& shard, const IpAddress& destination) const;
  std::uint16_t next_port();
  template <class Function>
  void for_each_connection(Function function);

  World& world_;
  LinkOptions link_;
  runtime::PeerCredentials credentials_{.pid = 1000, .uid = 0, .gid = 0};
  bool partitioned_ = false;
  std::uint16_t last_port_ = 49151;
  std::vector<IpAddress> addresses_;  // by shard
  std::vector<SimListener*> listeners_;
  std::vector<std::weak_ptr<Connection>> connections_;
  std::deque<PendingConnect> pending_connects_;
  PendingConnect* free_connects_ = nullptr;
};

}  // namespace lunaria::sim
