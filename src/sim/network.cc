#include "sim/network.h"

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "sim/connection.h"
#include "sim/world.h"

namespace lunaria::sim {

using runtime::AcceptRequest;
using runtime::ConnectRequest;
using runtime::IoError;
using runtime::ListenAddress;

namespace {

constexpr std::size_t kBacklogMax = 4096;
constexpr runtime::Duration kConnectTimeout = std::chrono::seconds(30);

}  // namespace

/// A listening end; its backlog is what connected before an accept asked for it.
class SimListener final : public runtime::Listener {
 public:
  SimListener(SimNetwork& network, SimShard& shard, ListenAddress address)
      : network_(network), shard_(shard), address_(std::move(address)) {
    network_.listeners_.push_back(this);
  }
  ~SimListener() override { close(); }

  bool submit(AcceptRequest& request) override {
    check(pending_ == nullptr, "one accept at a time");
    if (closed_) {
      request.result = -ECANCELED;
      return true;
    }
    if (backlog_.empty()) {
      pending_ = &request;
      return false;
    }
    request.stream = std::move(backlog_.front());
    backlog_.pop_front();
    request.result = 0;
    return true;
  }

  void close() override {
    if (closed_) {
      return;
    }
    closed_ = true;
    std::erase(network_.listeners_, this);
    backlog_.clear();
    if (pending_ != nullptr) {
      finish(-ECANCELED);
    }
  }

  ListenAddress address() const override { return address_; }

  SimShard& shard() { return shard_; }
  bool is_full() const { return backlog_.size() >= kBacklogMax; }
  void deliver(std::unique_ptr<runtime::Stream> stream) {
    if (pending_ == nullptr) {
      backlog_.push_back(std::move(stream));
      return;
    }
    pending_->stream = std::move(stream);
    finish(0);
  }

 private:
  void finish(std::int64_t result) {
    AcceptRequest& request = *std::exchange(pending_, nullptr);
    request.result = result;
    shard_.complete_later(request);
  }

  SimNetwork& network_;
  SimShard& shard_;
  ListenAddress address_;
  std::deque<std::unique_ptr<runtime::Stream>> backlog_;
  AcceptRequest* pending_ = nullptr;
  bool closed_ = false;
};

/// The network as one shard sees it.
class ShardNetwork final : public runtime::Network {
 public:
  ShardNetwork(SimNetwork& network, SimShard& shard) : network_(network), shard_(shard) {}
  Result<std::unique_ptr<runtime::Listener>, IoError> listen(const ListenAddress& address) override {
    return network_.listen(shard_, address);
  }
  bool submit(ConnectRequest& request) override {
    network_.connect(shard_, request);
    return false;
  }
  void cancel(ConnectRequest& request) override { network_.cancel(request); }

 private:
  SimNetwork& network_;
  SimShard& shard_;
};

SimNetwork::SimNetwork(World& world) : world_(world) {}

SimNetwork::~SimNetwork() {
  check(listeners_.empty(), "listeners are gone before the world");
}

void SimNetwork::set_link(const LinkOptions& link) {
  check(link.window >= 1 && link.latency_min <= link.latency_max, "a link passes at least a byte, at some speed");
  link_ = link;
}

void SimNetwork::set_address(const SimShard& shard, const IpAddress& address) {
  const auto index = static_cast<std::size_t>(shard.id());
  if (addresses_.size() <= index) {
    addresses_.resize(index + 1, IpAddress::v4({192, 0, 2, 1}));
  }
  addresses_[index] = address;
}

template <class Function>
void SimNetwork::for_each_connection(Function function) {
  std::erase_if(connections_, [](const std::weak_ptr<Connection>& connection) { return connection.expired(); });
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (const std::shared_ptr<Connection> connection = connections_[i].lock()) {
      function(*connection);
    }
  }
}

void SimNetwork::cut_all() {
  for_each_connection([](Connection& connection) { connection.reset(); });
}

void SimNetwork::set_partitioned(bool partitioned) {
  partitioned_ = partitioned;
  if (!partitioned) {
    for_each_connection([](Connection& connection) { connection.resume(); });
  }
}

std::size_t SimNetwork::connection_count() {
  std::size_t count = 0;
  for_each_connection([&count](Connection&) { ++count; });
  return count;
}

std::unique_ptr<runtime::Network> SimNetwork::face(SimShard& shard) {
  return std::make_unique<ShardNetwork>(*this, shard);
}

std::uint16_t SimNetwork::next_port() {
  last_port_ = last_port_ == 65535 ? std::uint16_t{49152} : static_cast<std::uint16_t>(last_port_ + 1);
  return last_port_;
}

Result<std::unique_ptr<runtime::Listener>, IoError> SimNetwork::listen(SimShard& shard, const ListenAddress& address) {
  ListenAddress real = address;
  if (IpEndpoint* endpoint = std::get_if<IpEndpoint>(&real); endpoint != nullptr && endpoint->port == 0) {
    endpoint->port = next_port();
  }
  for (const SimListener* other : listeners_) {
    if (other->address() == real) {
      return fail(IoError{EADDRINUSE});
    }
  }
  return std::make_unique<SimListener>(*this, shard, std::move(real));
}

SimListener* SimNetwork::find_listener(const ListenAddress& address) const {
  const auto* wanted = std::get_if<IpEndpoint>(&address);
  SimListener* wildcard = nullptr;
  for (SimListener* listener : listeners_) {
    const ListenAddress bound = listener->address();
    if (bound == address) {
      return listener;
    }
    const auto* endpoint = std::get_if<IpEndpoint>(&bound);
    if (wanted != nullptr && endpoint != nullptr && endpoint->port == wanted->port && endpoint->address.is_any() &&
        endpoint->address.is_v4() == wanted->address.is_v4()) {
      wildcard = listener;
    }
  }
  return wildcard;
}

void SimNetwork::connect(SimShard& shard, ConnectRequest& request) {
  if (free_connects_ == nullptr) {
    free_connects_ = &pending_connects_.emplace_back();
    free_connects_->network = this;
    free_connects_->on_complete([](runtime::Operation& operation) noexcept {
      auto& self = static_cast<PendingConnect&>(operation);
      self.network->finish(self);
    });
  }
  PendingConnect& pending = *std::exchange(free_connects_, free_connects_->next_free);
  pending.shard = &shard;
  pending.request = &request;
  pending.is_cancelled = false;
  shard.start(pending, partitioned_ ? kConnectTimeout : 2 * link_.latency_max);
}

void SimNetwork::cancel(ConnectRequest& request) {
  const auto pending = std::ranges::find(pending_connects_, &request, &PendingConnect::request);
  check(pending != pending_connects_.end(), "what is cancelled is under way");
  pending->is_cancelled = true;
  if (pending->shard->cancel(*pending)) {
    pending->shard->start(*pending, runtime::Duration::zero());
  }
}

void SimNetwork::finish(PendingConnect& pending) {
  SimShard& shard = *pending.shard;
  ConnectRequest& request = *std::exchange(pending.request, nullptr);
  pending.next_free = std::exchange(free_connects_, &pending);
  request.result = pending.is_cancelled ? -ECANCELED : partitioned_ ? -ETIMEDOUT : establish(shard, request);
  request.complete();
}

IpAddress SimNetwork::source_address(const SimShard& shard, const IpAddress& destination) const {
  if (destination.is_loopback()) {
    return destination;
  }
  const auto index = static_cast<std::size_t>(shard.id());
  return index < addresses_.size() ? addresses_[index] : IpAddress::v4({192, 0, 2, 1});
}

std::int64_t SimNetwork::establish(SimShard& shard, ConnectRequest& request) {
  SimListener* listener = find_listener(request.address);
  const auto* endpoint = std::get_if<IpEndpoint>(&request.address);
  if (listener == nullptr) {
    return endpoint != nullptr ? -ECONNREFUSED : -ENOENT;
  }
  if (listener->is_full()) {
    return -ECONNREFUSED;
  }
  SimStream::Ends client;
  SimStream::Ends server;
  if (endpoint != nullptr) {
    client.local = {.address = source_address(shard, endpoint->address), .port = next_port()};
    client.peer = *endpoint;
    server = {.local = client.peer, .peer = client.local, .credentials = std::nullopt};
  } else {
    client.credentials = runtime::PeerCredentials{};
    server.credentials = credentials_;
  }
  auto connection = std::make_shared<Connection>(*this, shard, listener->shard());
  std::erase_if(connections_, [](const std::weak_ptr<Connection>& other) { return other.expired(); });
  connections_.push_back(connection);
  request.stream = std::make_unique<SimStream>(connection, 0, client);
  listener->deliver(std::make_unique<SimStream>(connection, 1, server));
  return 0;
}

}  // namespace lunaria::sim
