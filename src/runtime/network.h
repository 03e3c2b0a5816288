#pragma once

// Sockets as code may see them. The reactor has the real ones, sim has a network that cuts, delays and dribbles.

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/ip_address.h"
#include "base/result.h"
#include "runtime/io_error.h"
#include "runtime/operation.h"

namespace lunaria::runtime {

class Shard;

/// Who is at the other end of a Unix socket (SO_PEERCRED).
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// One receive. Completes as soon as some bytes are there.
struct ReceiveRequest : Operation {
  std::span<std::byte> memory;
  std::int64_t result = 0;  ///< bytes; 0 when the peer has closed its side; or a negative errno
};

/// One send. Completes when every byte has been handed to the kernel, or with the first error.
struct SendRequest : Operation {
  std::span<const iovec> memory;
  std::int64_t result = 0;  ///< bytes, the sum of `memory`; or a negative errno
};

/// A connected stream socket, owned and used by one shard at a time. At most one receive and one send at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Start a request; true when it is done already (then complete() is not called). Not blocking.
  virtual bool submit(ReceiveRequest& request) = 0;
  virtual bool submit(SendRequest& request) = 0;
  /// Sends what can be sent without waiting, now: bytes, maybe none, or a negative errno. No send is in flight.
  virtual std::int64_t try_send(std::span<const iovec> memory) = 0;
  /// Bytes that have come and wait for a receive; 0 where that cannot be told. Costs a system call.
  virtual std::size_t waiting() const = 0;
  /// Ends our direction: the peer sees the end behind what was sent. No send is in flight.
  virtual void shutdown_send() = 0;
  /// Ends both directions; requests in flight complete with an error or 0 soon after. The destructor closes; nothing
  /// may be in flight then.
  virtual void shutdown() = 0;
  virtual IpEndpoint local_endpoint() const = 0;
  /// Both are meaningless for Unix sockets, where `peer_credentials` is set instead.
  virtual IpEndpoint peer_endpoint() const = 0;
  virtual std::optional<PeerCredentials> peer_credentials() const = 0;
  /// Hands the socket over to another shard: submissions then happen there. Nothing may be in flight.
  virtual void move_to(Shard& shard) = 0;
};

/// A Unix socket's path, or a TCP address and port.
using ListenAddress = std::variant<IpEndpoint, std::string>;

struct AcceptRequest : Operation {
  std::unique_ptr<Stream> stream;  ///< set when result is 0
  std::int64_t result = 0;         ///< 0, or a negative errno (ECANCELED after close)
};

/// A listening socket on one shard. TCP_NODELAY is set on what it accepts.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual bool submit(AcceptRequest& request) = 0;
  /// No further connections; a pending accept completes with ECANCELED.
  virtual void close() = 0;
  /// The real one, also when port 0 was asked for.
  virtual ListenAddress address() const = 0;
};

struct ConnectRequest : Operation {
  ListenAddress address;
  std::unique_ptr<Stream> stream;
  std::int64_t result = 0;  ///< 0, or a negative errno
};

/// The sockets of one shard.
class Network {
 public:
  virtual ~Network() = default;
  virtual Result<std::unique_ptr<Listener>, IoError> listen(const ListenAddress& address) = 0;
  virtual bool submit(ConnectRequest& request) = 0;
  /// Asks for a connect that is under way to end soon, with ECANCELED when nothing else came first.
  virtual void cancel(ConnectRequest& request) = 0;
};

}  // namespace lunaria::runtime
