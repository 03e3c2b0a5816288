// The backend where io_uring may not be used: readiness by epoll, plain calls for sockets, threads for files.

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/check.h"
#include "reactor/backend.h"
#include "reactor/descriptor.h"
#include "reactor/file_threads.h"

namespace lunaria::reactor {
namespace {

using runtime::Duration;
using runtime::IoError;

/// Threads for file requests of one shard, made when the first one comes.
constexpr std::size_t kFileThreads = 4;
/// Events taken at once; the rest is for the next turn.
constexpr std::size_t kEventsMax = 256;

bool is_file_request(KernelRequest::Kind kind) {
  using Kind = KernelRequest::Kind;
  return kind != Kind::kReceive && kind != Kind::kSend && kind != Kind::kAccept && kind != Kind::kConnect;
}

bool waits_for_input(const KernelRequest& request) {
  return request.kind == KernelRequest::Kind::kReceive || request.kind == KernelRequest::Kind::kAccept;
}

class EpollBackend final : public Backend {
 public:
  EpollBackend(Descriptor poller, Descriptor wake_fd)
      : poller_(std::move(poller)), wake_fd_(std::move(wake_fd)), files_(kFileThreads, [this] { wake(); }) {}

  /// 0 or a negative errno.
  int open();

  std::string_view name() const override { return "epoll"; }
  void start(KernelRequest& request) noexcept override;
  void cancel(KernelRequest& request) noexcept override;
  bool turn(bool may_sleep, std::optional<Duration> timeout) noexcept override;
  void wake() noexcept override;
  std::size_t in_flight() const override { return in_flight_; }

 private:
  /// Who waits for a descriptor. A descriptor that was closed and is another one now is no matter: each wait is armed
  /// anew, for one event.
  struct Watch {
    KernelRequest* input = nullptr;
    KernelRequest* output = nullptr;
  };

  static bool attempt(KernelRequest& request) noexcept;
  void try_new() noexcept;
  void watch(KernelRequest& request) noexcept;
  void arm(int fd) noexcept;
  int wait(bool sleep, std::optional<Duration> timeout) noexcept;
  void on_event(const epoll_event& event) noexcept;
  void finish(KernelRequest& request) noexcept;
  void run_finished() noexcept;

  Descriptor poller_;
  Descriptor wake_fd_;
  FileThreads files_;
  std::vector<Watch> watches_;  // by descriptor
  std::array<epoll_event, kEventsMax> events_;
  KernelRequest* new_ = nullptr;  // socket requests that have not been tried
  KernelRequest* finished_first_ = nullptr;
  KernelRequest* finished_last_ = nullptr;
  std::size_t in_flight_ = 0;
  bool has_precise_wait_ = true;  // until the kernel, or a policy, says that it has no epoll_pwait2
};

int EpollBackend::open() {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_fd_.get();
  return ::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, wake_fd_.get(), &event) == 0 ? 0 : -errno;
}

void EpollBackend::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_fd_.get(), &one, sizeof(one)));
}

void EpollBackend::start(KernelRequest& request) noexcept {
  check(!request.active, "a request is started when it is not active");
  request.active = true;
  ++in_flight_;
  if (is_file_request(request.kind)) {
    files_.submit(request);
    return;
  }
  if (request.kind == KernelRequest::Kind::kAccept || request.kind == KernelRequest::Kind::kConnect) {
    // Streams ask with MSG_DONTWAIT; these two have no such flag.
    static_cast<void>(::fcntl(request.fd, F_SETFL, ::fcntl(request.fd, F_GETFL) | O_NONBLOCK));
  }
  request.next = std::exchange(new_, &request);
}

/// Tries a socket request; false when it would block.
bool EpollBackend::attempt(KernelRequest& request) noexcept {
  using Kind = KernelRequest::Kind;
  std::int64_t result = 0;
  switch (request.kind) {
    case Kind::kReceive:
      result = ::recv(request.fd, request.parts->iov_base, request.parts->iov_len, MSG_DONTWAIT);
      request.more = false;
      break;
    case Kind::kSend:
      request.message = {};
      request.message.msg_iov = const_cast<iovec*>(request.parts);  // the kernel reads it only
      request.message.msg_iovlen = request.part_count;
      result = ::sendmsg(request.fd, &request.message, MSG_DONTWAIT | MSG_NOSIGNAL);
      break;
    case Kind::kAccept:
      result = ::accept4(request.fd, nullptr, nullptr, SOCK_CLOEXEC);
      break;
    default:
      // Any sockaddr may be looked at as its generic form. Asked again when the socket is ready, it says what came of
      // it.
      result = ::connect(request.fd, static_cast<const sockaddr*>(static_cast<const void*>(request.address)),
                         request.address_length);
      if (result != 0 && (errno == EINPROGRESS || errno == EALREADY)) {
        return false;
      }
      request.result = result == 0 ? 0 : -errno;
      return true;
  }
  if (result < 0 && errno == EAGAIN) {
    return false;
  }
  request.result = result < 0 ? -errno : result;
  return true;
}

void EpollBackend::try_new() noexcept {
  for (KernelRequest* request = std::exchange(new_, nullptr); request != nullptr;) {
    KernelRequest* const next = request->next;
    const bool is_known_to_wait = request->kind == KernelRequest::Kind::kReceive && request->poll_first;
    if (is_known_to_wait || !attempt(*request)) {
      watch(*request);
    } else {
      finish(*request);
    }
    request = next;
  }
}

void EpollBackend::watch(KernelRequest& request) noexcept {
  const auto index = static_cast<std::size_t>(request.fd);
  if (index >= watches_.size()) {
    watches_.resize(std::max(index + 1, 2 * watches_.size()));
  }
  (waits_for_input(request) ? watches_[index].input : watches_[index].output) = &request;
  arm(request.fd);
}

void EpollBackend::arm(int fd) noexcept {
  Watch& watch = watches_[static_cast<std::size_t>(fd)];
  epoll_event event{};
  event.events = EPOLLONESHOT;
  event.events |= watch.input != nullptr ? EPOLLIN | EPOLLRDHUP : 0U;
  event.events |= watch.output != nullptr ? EPOLLOUT : 0U;
  event.data.fd = fd;
  int result = ::epoll_ctl(poller_.get(), EPOLL_CTL_MOD, fd, &event);
  if (result != 0 && errno == ENOENT) {
    result = ::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, fd, &event);
  }
  if (result == 0) {
    return;
  }
  const int error = errno;
  for (KernelRequest* request : {std::exchange(watch.input, nullptr), std::exchange(watch.output, nullptr)}) {
    if (request != nullptr) {
      request->result = -error;
      finish(*request);
    }
  }
}

void EpollBackend::cancel(KernelRequest& request) noexcept {
  check(request.active, "what is cancelled is active");
  if (is_file_request(request.kind)) {
    return;  // a thread has it, and ends by itself
  }
  for (KernelRequest** link = &new_; *link != nullptr; link = &(*link)->next) {
    if (*link == &request) {
      *link = request.next;
      request.result = -ECANCELED;
      finish(request);
      return;
    }
  }
  const auto index = static_cast<std::size_t>(request.fd);
  if (index >= watches_.size()) {
    return;
  }
  KernelRequest*& waiting = waits_for_input(request) ? watches_[index].input : watches_[index].output;
  if (waiting == &request) {
    waiting = nullptr;
    request.result = -ECANCELED;
    finish(request);
  }
}

bool EpollBackend::turn(bool may_sleep, std::optional<Duration> timeout) noexcept {
  try_new();
  files_.flush();
  const bool sleep = may_sleep && finished_first_ == nullptr && !files_.has_finished();
  const int count = wait(sleep, timeout);
  for (const epoll_event& event : std::span(events_).first(static_cast<std::size_t>(std::max(count, 0)))) {
    on_event(event);
  }
  for (KernelRequest* request = files_.take_finished(); request != nullptr;) {
    KernelRequest* const next = request->next;
    finish(*request);
    request = next;
  }
  const bool has_finished = finished_first_ != nullptr;
  run_finished();
  return has_finished;
}

int EpollBackend::wait(bool sleep, std::optional<Duration> timeout) noexcept {
  const Duration limit = !sleep ? Duration::zero() : timeout.value_or(Duration::max());
  const bool is_endless = limit == Duration::max();
  const int room = static_cast<int>(events_.size());
  int count = -1;
  if (has_precise_wait_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    const timespec precise{.tv_sec = seconds.count(), .tv_nsec = (limit - seconds).count()};
    count = ::epoll_pwait2(poller_.get(), events_.data(), room, is_endless ? nullptr : &precise, nullptr);
    has_precise_wait_ = count >= 0 || (errno != ENOSYS && errno != EPERM);
  }
  if (!has_precise_wait_) {
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
    count = ::epoll_wait(poller_.get(), events_.data(), room, is_endless ? -1 : static_cast<int>(milliseconds));
  }
  check(count >= 0 || errno == EINTR, "epoll can be waited for");
  return count;
}

void EpollBackend::on_event(const epoll_event& event) noexcept {
  const int fd = event.data.fd;
  if (fd == wake_fd_.get()) {
    std::uint64_t count = 0;
    static_cast<void>(::read(fd, &count, sizeof(count)));
    return;
  }
  Watch& watch = watches_[static_cast<std::size_t>(fd)];
  if ((event.events & ~EPOLLOUT) != 0 && watch.input != nullptr && attempt(*watch.input)) {
    finish(*std::exchange(watch.input, nullptr));
  }
  if ((event.events & ~(EPOLLIN | EPOLLRDHUP)) != 0 && watch.output != nullptr && attempt(*watch.output)) {
    finish(*std::exchange(watch.output, nullptr));
  }
  if (watch.input != nullptr || watch.output != nullptr) {
    arm(fd);
  }
}

void EpollBackend::finish(KernelRequest& request) noexcept {
  request.next = nullptr;
  (finished_last_ != nullptr ? finished_last_->next : finished_first_) = &request;
  finished_last_ = &request;
}

// Only what is there now: `done` starts further requests, which are for the next turn.
void EpollBackend::run_finished() noexcept {
  KernelRequest* request = std::exchange(finished_first_, nullptr);
  finished_last_ = nullptr;
  while (request != nullptr) {
    KernelRequest* const next = request->next;
    request->active = false;
    --in_flight_;
    request->done(*request);
    request = next;
  }
}

}  // namespace

Result<std::unique_ptr<Backend>, IoError> make_epoll_backend() {
  Descriptor poller(::epoll_create1(EPOLL_CLOEXEC));
  Descriptor wake_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!poller || !wake_fd) {
    return fail(IoError{errno});
  }
  auto backend = std::make_unique<EpollBackend>(std::move(poller), std::move(wake_fd));
  if (const int result = backend->open(); result != 0) {
    return fail(IoError{-result});
  }
  return backend;
}

}  // namespace lunaria::reactor
