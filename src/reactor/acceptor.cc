#include "reactor/acceptor.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "reactor/shard.h"
#include "reactor/socket_network.h"

namespace lunaria::reactor {

using runtime::AcceptRequest;

namespace {

/// How long a listener rests when the process or the machine is out of descriptors or memory. The connection stays in
/// the backlog, so asking again at once would spin.
constexpr runtime::Duration kRest = std::chrono::milliseconds(100);

bool is_shortage(std::int64_t result) {
  return result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM;
}

/// Failures of the connection that was at the front, not of the listener (accept(2), "Error handling").
bool is_connection_failure(std::int64_t result) {
  switch (-result) {
    case EAGAIN:
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EPERM:
      return true;
    default:
      return false;
  }
}

}  // namespace

Acceptor::Acceptor(Shard& shard, Descriptor descriptor) : shard_(shard), descriptor_(std::move(descriptor)) {
  accept_.acceptor = this;
  accept_.kind = KernelRequest::Kind::kAccept;
  accept_.fd = descriptor_.get();
  accept_.done = [](KernelRequest& request) noexcept { static_cast<Accept&>(request).acceptor->on_accepted(); };
  retry_.acceptor = this;
  retry_.on_complete([](runtime::Operation& operation) noexcept {
    Acceptor& self = *static_cast<Retry&>(operation).acceptor;
    self.shard_.backend().start(self.accept_);
  });
}

bool Acceptor::submit(AcceptRequest& request) {
  check(request_ == nullptr, "one accept at a time");
  request_ = &request;
  shard_.backend().start(accept_);
  return false;
}

void Acceptor::on_accepted() {
  Descriptor accepted(static_cast<int>(accept_.result));
  if (self_ != nullptr) {
    const std::unique_ptr<Acceptor> last = std::move(self_);
    return;
  }
  if (is_shortage(accept_.result)) {
    shard_.start(retry_, kRest);
    return;
  }
  if (is_connection_failure(accept_.result)) {
    shard_.backend().start(accept_);
    return;
  }
  AcceptRequest& request = *std::exchange(request_, nullptr);
  request.result = accept_.result;
  if (accepted) {
    request.result = 0;
    request.stream = make_stream(shard_, std::move(accepted));
  }
  request.complete();
}

void Acceptor::close(std::unique_ptr<Acceptor> self) {
  Acceptor& acceptor = *self;
  if (acceptor.request_ != nullptr) {
    AcceptRequest& request = *std::exchange(acceptor.request_, nullptr);
    request.result = -ECANCELED;
    acceptor.shard_.complete_later(request);
  }
  acceptor.shard_.cancel(acceptor.retry_);
  if (acceptor.accept_.active) {
    acceptor.shard_.backend().cancel(acceptor.accept_);
    acceptor.self_ = std::move(self);
  }
}

SocketListener::SocketListener(Shard& shard, Descriptor descriptor, runtime::ListenAddress address)
    : address_(std::move(address)), acceptor_(std::make_unique<Acceptor>(shard, std::move(descriptor))) {}

bool SocketListener::submit(AcceptRequest& request) {
  if (acceptor_ == nullptr) {
    request.result = -ECANCELED;
    return true;
  }
  return acceptor_->submit(request);
}

void SocketListener::close() {
  if (acceptor_ == nullptr) {
    return;
  }
  if (const auto* path = std::get_if<std::string>(&address_)) {
    ::unlink(path->c_str());
  }
  Acceptor::close(std::move(acceptor_));
}

}  // namespace lunaria::reactor
