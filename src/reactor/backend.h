#pragma once

// Backend: how a shard asks the kernel for things that do not complete at once, and how it sleeps. The one place that
// differs where io_uring may not be used. Internal to reactor.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "runtime/clock.h"
#include "runtime/io_error.h"

namespace lunaria::reactor {

/// One thing asked of the kernel. Lives in the stream, listener or pool entry that asks; must stay in place while
/// active. Nothing is completed from within `Backend::start`.
struct KernelRequest {
  enum class Kind : std::uint8_t {
    kReceive,       ///< into parts[0]
    kSend,          ///< from parts; may be partial
    kAccept,        ///< result: the new descriptor
    kConnect,       ///< to address
    kRead,          ///< into parts, at offset; may be partial
    kWrite,         ///< from parts, at offset; may be partial
    kWriteDurable,  ///< the same with RWF_DSYNC
    kSync,
    kPunchHole,  ///< offset, length
    kZeroRange,  ///< offset, length
    kWake,       ///< of the backend itself
  };
  using Done = void (*)(KernelRequest&) noexcept;

  Kind kind = Kind::kRead;
  bool on_thread = false;   ///< file requests: a thread of ours carries it out, where the kernel would take one too
  bool poll_first = false;  ///< kReceive: nothing is there yet, so do not look before waiting
  bool more = false;        ///< set by kReceive: further bytes were there
  bool active = false;      ///< between start and done
  int fd = -1;
  unsigned part_count = 0;
  const iovec* parts = nullptr;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  sockaddr_storage* address = nullptr;
  socklen_t address_length = 0;
  msghdr message{};               ///< for the backend
  std::int64_t result = 0;        ///< bytes, a descriptor or 0; or a negative errno
  Done done = nullptr;            ///< runs on the shard; may start the request again, or destroy it
  KernelRequest* next = nullptr;  ///< for the backend
};

/// One shard's. All but wake() is for the shard's thread; construction too.
class Backend {
 public:
  virtual ~Backend() = default;
  /// "io_uring" or "epoll".
  virtual std::string_view name() const = 0;
  /// Takes a request that is not active. It goes to the kernel with the next turn at the latest.
  virtual void start(KernelRequest& request) noexcept = 0;
  /// Asks for an active request to end soon, with ECANCELED when nothing else came first.
  virtual void cancel(KernelRequest& request) noexcept = 0;
  /// Hands over what was gathered and runs `done` of what has completed. With `may_sleep`, first waits until something
  /// completes, wake() is called or `timeout` has passed. True when something completed.
  virtual bool turn(bool may_sleep, std::optional<runtime::Duration> timeout) noexcept = 0;
  /// From any thread: ends the current or the next sleep.
  virtual void wake() noexcept = 0;
  /// Requests that are active.
  virtual std::size_t in_flight() const = 0;
};

/// Of fallocate(2), for kPunchHole and kZeroRange.
inline int fallocate_mode(KernelRequest::Kind kind) {
  return FALLOC_FL_KEEP_SIZE | (kind == KernelRequest::Kind::kPunchHole ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
}

/// Fails where the kernel or a policy (seccomp, kernel.io_uring_disabled) forbids it.
Result<std::unique_ptr<Backend>, runtime::IoError> make_uring_backend();
/// Works everywhere; files that cannot be read or written at once take a few threads.
Result<std::unique_ptr<Backend>, runtime::IoError> make_epoll_backend();

}  // namespace lunaria::reactor
