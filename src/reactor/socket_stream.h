#pragma once

// SocketStream: a connected socket. Internal to reactor.

#include <array>
#include <cstdint>
#include <optional>

#include "reactor/backend.h"
#include "reactor/descriptor.h"
#include "reactor/parts.h"
#include "runtime/network.h"

namespace lunaria::reactor {

class Shard;

/// Tries the socket at once and goes through the backend only for what would block.
class SocketStream final : public runtime::Stream {
 public:
  SocketStream(Shard& shard, Descriptor descriptor);
  ~SocketStream() override;

  bool submit(runtime::ReceiveRequest& request) override;
  bool submit(runtime::SendRequest& request) override;
  std::int64_t try_send(std::span<const iovec> memory) override;
  std::size_t waiting() const override;
  void shutdown_send() override;
  void shutdown() override;
  IpEndpoint local_endpoint() const override { return local_; }
  IpEndpoint peer_endpoint() const override { return peer_; }
  std::optional<runtime::PeerCredentials> peer_credentials() const override { return credentials_; }
  void move_to(runtime::Shard& shard) override;

 private:
  struct Receive : KernelRequest {
    SocketStream* stream = nullptr;
    runtime::ReceiveRequest* request = nullptr;
    iovec part{};
  };
  struct Send : KernelRequest {
    SocketStream* stream = nullptr;
    runtime::SendRequest* request = nullptr;
    std::uint64_t progress = 0;
    std::uint64_t length = 0;
    std::array<iovec, kPartsMax> storage{};
  };

  bool finish_inline(runtime::ReceiveRequest& request);
  void start_receive();
  void start_send();
  void on_received();
  void on_sent();

  Shard* shard_;
  Descriptor descriptor_;
  IpEndpoint local_;
  IpEndpoint peer_;
  std::optional<runtime::PeerCredentials> credentials_;
  /// Whether the last receive left bytes behind, as far as one can tell: then it is worth looking at once.
  bool likely_more_ = true;
  std::uint64_t turn_ = 0;
  unsigned inline_left_ = 0;
  Receive receive_;
  Send send_;
};

}  // namespace lunaria::reactor
