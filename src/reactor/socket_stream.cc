#include "reactor/socket_stream.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "reactor/shard.h"
#include "reactor/socket_address.h"

namespace lunaria::reactor {

using runtime::ReceiveRequest;
using runtime::SendRequest;

namespace {

/// Receives that one stream gets at once in one turn; then the others have theirs.
constexpr unsigned kInlinePerTurnMax = 16;

}  // namespace

SocketStream::SocketStream(Shard& shard, Descriptor descriptor) : shard_(&shard), descriptor_(std::move(descriptor)) {
  SocketAddress local;
  SocketAddress peer;
  // A peer that is gone already has no address any more; the first receive will say so.
  if (::getsockname(descriptor_.get(), local.get(), &local.length) == 0) {
    local_ = to_endpoint(local);
  }
  if (::getpeername(descriptor_.get(), peer.get(), &peer.length) == 0) {
    peer_ = to_endpoint(peer);
  }
  if (local.family() == AF_UNIX) {
    ucred credentials{};
    socklen_t length = sizeof(credentials);
    if (::getsockopt(descriptor_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0) {
      credentials_ = {.pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid};
    }
  }
  receive_.stream = this;
  receive_.kind = KernelRequest::Kind::kReceive;
  receive_.parts = &receive_.part;
  receive_.part_count = 1;
  receive_.done = [](KernelRequest& request) noexcept { static_cast<Receive&>(request).stream->on_received(); };
  send_.stream = this;
  send_.kind = KernelRequest::Kind::kSend;
  send_.done = [](KernelRequest& request) noexcept { static_cast<Send&>(request).stream->on_sent(); };
  receive_.fd = descriptor_.get();
  send_.fd = descriptor_.get();
}

SocketStream::~SocketStream() {
  check(!receive_.active && !send_.active, "nothing is in flight when a stream is destroyed");
}

bool SocketStream::submit(ReceiveRequest& request) {
  check(!receive_.active, "one receive at a time");
  check(!request.memory.empty(), "a receive has room for a byte");
  receive_.poll_first = false;
  if (likely_more_) {
    const ssize_t count = ::recv(descriptor_.get(), request.memory.data(), request.memory.size(), MSG_DONTWAIT);
    if (count >= 0 || (errno != EAGAIN && errno != EINTR)) {
      request.result = count >= 0 ? count : -errno;
      likely_more_ = count == static_cast<ssize_t>(request.memory.size());
      return finish_inline(request);
    }
    receive_.poll_first = true;
  }
  receive_.request = &request;
  start_receive();
  return false;
}

bool SocketStream::finish_inline(ReceiveRequest& request) {
  if (turn_ != shard_->turn()) {
    turn_ = shard_->turn();
    inline_left_ = kInlinePerTurnMax;
  }
  if (inline_left_ == 0) {
    shard_->complete_later(request);
    return false;
  }
  --inline_left_;
  return true;
}

void SocketStream::start_receive() {
  const std::span<std::byte> memory = receive_.request->memory;
  receive_.part = {.iov_base = memory.data(), .iov_len = memory.size()};
  shard_->backend().start(receive_);
}

void SocketStream::on_received() {
  if (receive_.result == -EINTR || receive_.result == -EAGAIN) {
    start_receive();
    return;
  }
  ReceiveRequest& request = *std::exchange(receive_.request, nullptr);
  request.result = receive_.result;
  likely_more_ = receive_.more || receive_.result == static_cast<std::int64_t>(request.memory.size());
  request.complete();
}

std::int64_t SocketStream::try_send(std::span<const iovec> memory) {
  check(!send_.active, "one send at a time");
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(memory.data());  // the kernel reads it only
  message.msg_iovlen = memory.size();
  const ssize_t count = ::sendmsg(descriptor_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count >= 0) {
    return count;
  }
  return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

bool SocketStream::submit(SendRequest& request) {
  check(!send_.active, "one send at a time");
  send_.length = length_of(request.memory);
  if (send_.length == 0) {
    request.result = 0;
    return true;
  }
  const std::int64_t count = try_send(request.memory);
  if (count < 0 || static_cast<std::uint64_t>(count) == send_.length) {
    request.result = count;
    return true;
  }
  send_.progress = static_cast<std::uint64_t>(count);
  send_.request = &request;
  start_send();
  return false;
}

void SocketStream::start_send() {
  send_.parts = send_.storage.data();
  send_.part_count = remaining_parts(send_.request->memory, send_.progress, send_.storage);
  shard_->backend().start(send_);
}

void SocketStream::on_sent() {
  if (send_.result == -EINTR || send_.result == -EAGAIN) {
    start_send();
    return;
  }
  if (send_.result >= 0) {
    send_.progress += static_cast<std::uint64_t>(send_.result);
    if (send_.progress < send_.length) {
      start_send();
      return;
    }
  }
  SendRequest& request = *std::exchange(send_.request, nullptr);
  request.result = send_.result < 0 ? send_.result : static_cast<std::int64_t>(send_.length);
  request.complete();
}

std::size_t SocketStream::waiting() const {
  int bytes = 0;
  return ::ioctl(descriptor_.get(), FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

void SocketStream::shutdown_send() {
  static_cast<void>(::shutdown(descriptor_.get(), SHUT_WR));
}

void SocketStream::shutdown() {
  // ENOTCONN when the peer was faster: nothing left to end.
  static_cast<void>(::shutdown(descriptor_.get(), SHUT_RDWR));
}

void SocketStream::move_to(runtime::Shard& shard) {
  check(!receive_.active && !send_.active, "a stream moves when nothing is in flight");
  shard_ = &static_cast<Shard&>(shard);
}

}  // namespace lunaria::reactor
