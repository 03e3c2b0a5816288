// The backend on io_uring: one ring per shard, entered once per turn for everything that was gathered.

#include <liburing.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "reactor/backend.h"
#include "reactor/descriptor.h"
#include "reactor/file_threads.h"

namespace lunaria::reactor {
namespace {

using runtime::Duration;
using runtime::IoError;

/// Entries handed over at once; more wait their turn in a list.
constexpr unsigned kSubmissionEntries = 512;
/// Completions that fit without the kernel's overflow list.
constexpr unsigned kCompletionEntries = 4096;

/// Threads for the file requests of one shard that the ring would hand to the kernel's own, made when one comes.
constexpr std::size_t kFileThreads = 4;

/// From the newest set of features to the oldest kernel that has io_uring as we use it.
constexpr unsigned kFlagSets[] = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,  // 6.1
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,                                // 5.19
    0,
};

class UringBackend final : public Backend {
 public:
  explicit UringBackend(Descriptor wake_fd) : wake_fd_(std::move(wake_fd)), files_(kFileThreads, [this] { wake(); }) {}
  ~UringBackend() override {
    if (ring_made_) {
      io_uring_queue_exit(&ring_);
    }
  }

  /// 0 or a negative errno.
  int open();

  std::string_view name() const override { return "io_uring"; }
  void start(KernelRequest& request) noexcept override;
  void cancel(KernelRequest& request) noexcept override;
  bool turn(bool may_sleep, std::optional<Duration> timeout) noexcept override;
  void wake() noexcept override;
  std::size_t in_flight() const override { return in_flight_; }

 private:
  void arm_wake();
  void enqueue(KernelRequest& request) noexcept;
  bool flush_waiting() noexcept;
  void enter(bool sleep, std::optional<Duration> timeout) noexcept;
  void reap() noexcept;
  void finish(KernelRequest& request) noexcept;
  static void prepare(io_uring_sqe& sqe, KernelRequest& request) noexcept;

  io_uring ring_{};
  bool ring_made_ = false;
  bool deferred_ = false;  // completions are made when we enter
  Descriptor wake_fd_;
  FileThreads files_;
  std::uint64_t wake_count_ = 0;
  iovec wake_part_{};
  KernelRequest wake_request_;
  KernelRequest* waiting_first_ = nullptr;  // for room in the submission queue
  KernelRequest* waiting_last_ = nullptr;
  std::size_t in_flight_ = 0;
  std::uint64_t finished_ = 0;
};

int UringBackend::open() {
  int result = -ENOSYS;
  for (const unsigned flags : kFlagSets) {
    io_uring_params params{};
    params.flags = flags | IORING_SETUP_CQSIZE;
    params.cq_entries = kCompletionEntries;
    result = io_uring_queue_init_params(kSubmissionEntries, &ring_, &params);
    if (result == 0) {
      ring_made_ = true;
      deferred_ = (flags & IORING_SETUP_TASKRUN_FLAG) != 0;
      constexpr unsigned kNeeded = IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_EXT_ARG;
      if ((params.features & kNeeded) != kNeeded) {
        return -ENOSYS;
      }
      // Saves a reference count per entry of the kernel; merely slower where it is refused.
      static_cast<void>(io_uring_register_ring_fd(&ring_));
      arm_wake();
      return 0;
    }
    if (result != -EINVAL) {
      break;
    }
  }
  return result;
}

void UringBackend::arm_wake() {
  wake_part_ = {.iov_base = &wake_count_, .iov_len = sizeof(wake_count_)};
  wake_request_.kind = KernelRequest::Kind::kWake;
  wake_request_.fd = wake_fd_.get();
  wake_request_.parts = &wake_part_;
  wake_request_.part_count = 1;
  enqueue(wake_request_);
}

void UringBackend::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_fd_.get(), &one, sizeof(one)));
}

void UringBackend::start(KernelRequest& request) noexcept {
  check(!request.active, "a request is started when it is not active");
  request.active = true;
  ++in_flight_;
  if (request.on_thread) {
    files_.submit(request);
  } else {
    enqueue(request);
  }
}

void UringBackend::enqueue(KernelRequest& request) noexcept {
  io_uring_sqe* sqe = waiting_first_ == nullptr ? io_uring_get_sqe(&ring_) : nullptr;
  if (sqe == nullptr) {
    request.next = nullptr;
    (waiting_last_ != nullptr ? waiting_last_->next : waiting_first_) = &request;
    waiting_last_ = &request;
    return;
  }
  prepare(*sqe, request);
}

/// Moves what waits into the submission queue; false when it does not all fit.
bool UringBackend::flush_waiting() noexcept {
  while (waiting_first_ != nullptr) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) {
      return false;
    }
    KernelRequest& request = *waiting_first_;
    waiting_first_ = request.next;
    if (waiting_first_ == nullptr) {
      waiting_last_ = nullptr;
    }
    prepare(*sqe, request);
  }
  return true;
}

void UringBackend::prepare(io_uring_sqe& sqe, KernelRequest& request) noexcept {
  using Kind = KernelRequest::Kind;
  const iovec* const parts = request.parts;
  const unsigned count = request.part_count;
  switch (request.kind) {
    case Kind::kReceive:
      io_uring_prep_recv(&sqe, request.fd, parts->iov_base, parts->iov_len, 0);
      if (request.poll_first) {
        sqe.ioprio |= IORING_RECVSEND_POLL_FIRST;
      }
      break;
    case Kind::kSend:
      request.message = {};
      request.message.msg_iov = const_cast<iovec*>(parts);  // the kernel reads it only
      request.message.msg_iovlen = count;
      io_uring_prep_sendmsg(&sqe, request.fd, &request.message, MSG_NOSIGNAL | MSG_WAITALL);
      break;
    case Kind::kAccept:
      io_uring_prep_accept(&sqe, request.fd, nullptr, nullptr, SOCK_CLOEXEC);
      break;
    case Kind::kConnect:
      // Any sockaddr may be looked at as its generic form, which is what the socket calls are made for.
      io_uring_prep_connect(&sqe, request.fd, static_cast<const sockaddr*>(static_cast<const void*>(request.address)),
                            request.address_length);
      break;
    case Kind::kRead:
    case Kind::kWake:
      if (count == 1) {
        io_uring_prep_read(&sqe, request.fd, parts->iov_base, static_cast<unsigned>(parts->iov_len), request.offset);
      } else {
        io_uring_prep_readv(&sqe, request.fd, parts, count, request.offset);
      }
      break;
    case Kind::kWrite:
      if (count == 1) {
        io_uring_prep_write(&sqe, request.fd, parts->iov_base, static_cast<unsigned>(parts->iov_len), request.offset);
      } else {
        io_uring_prep_writev(&sqe, request.fd, parts, count, request.offset);
      }
      break;
    case Kind::kWriteDurable:
      io_uring_prep_writev2(&sqe, request.fd, parts, count, request.offset, RWF_DSYNC);
      break;
    case Kind::kSync:
      io_uring_prep_fsync(&sqe, request.fd, IORING_FSYNC_DATASYNC);
      break;
    case Kind::kPunchHole:
    case Kind::kZeroRange:
      io_uring_prep_fallocate(&sqe, request.fd, fallocate_mode(request.kind), static_cast<off_t>(request.offset),
                              static_cast<off_t>(request.length));
      break;
  }
  io_uring_sqe_set_data(&sqe, &request);
}

void UringBackend::cancel(KernelRequest& request) noexcept {
  check(request.active && !request.on_thread, "what is cancelled is active, and the kernel's");
  // Behind whatever waits for room, or the kernel would not know the request yet.
  while (!flush_waiting()) {
    enter(false, std::nullopt);
  }
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (sqe == nullptr) {
    enter(false, std::nullopt);
    sqe = io_uring_get_sqe(&ring_);
  }
  io_uring_prep_cancel(sqe, &request, 0);
  io_uring_sqe_set_data(sqe, nullptr);
}

void UringBackend::enter(bool sleep, std::optional<Duration> timeout) noexcept {
  int result = 0;
  if (!sleep) {
    const bool work_waits = deferred_ && (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & IORING_SQ_TASKRUN) != 0;
    if (io_uring_sq_ready(&ring_) != 0) {
      result = io_uring_submit_and_get_events(&ring_);
    } else if (work_waits || io_uring_cq_has_overflow(&ring_)) {
      result = io_uring_get_events(&ring_);
    }
  } else if (timeout) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*timeout);
    __kernel_timespec limit{.tv_sec = seconds.count(), .tv_nsec = (*timeout - seconds).count()};
    io_uring_cqe* cqe = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &limit, nullptr);
  } else {
    result = io_uring_submit_and_wait(&ring_, 1);
  }
  // EBUSY: completions have to be taken first; EAGAIN: the kernel is short of memory just now. Both pass.
  check(result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY || result == -EAGAIN,
        "the ring can be entered");
}

bool UringBackend::turn(bool may_sleep, std::optional<Duration> timeout) noexcept {
  files_.flush();
  const bool all_taken = flush_waiting();
  const bool sleep = may_sleep && all_taken && io_uring_cq_ready(&ring_) == 0 && !files_.has_finished();
  enter(sleep, timeout);
  const std::uint64_t before = finished_;
  reap();
  for (KernelRequest* request = files_.take_finished(); request != nullptr;) {
    KernelRequest* const next = request->next;
    finish(*request);
    request = next;
  }
  return finished_ != before;
}

void UringBackend::finish(KernelRequest& request) noexcept {
  request.active = false;
  --in_flight_;
  ++finished_;
  request.done(request);
}

void UringBackend::reap() noexcept {
  // Only what is there now: `done` starts further requests, and their completions are for the next turn.
  for (unsigned left = io_uring_cq_ready(&ring_); left > 0; --left) {
    io_uring_cqe* cqe = nullptr;
    if (io_uring_peek_cqe(&ring_, &cqe) != 0) {
      return;
    }
    auto* request = static_cast<KernelRequest*>(io_uring_cqe_get_data(cqe));
    const int result = cqe->res;
    const bool more = (cqe->flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
    io_uring_cqe_seen(&ring_, cqe);
    if (request == &wake_request_) {
      arm_wake();
    } else if (request != nullptr) {
      request->more = more;
      request->result = result;
      finish(*request);
    }
  }
}

}  // namespace

Result<std::unique_ptr<Backend>, IoError> make_uring_backend() {
  Descriptor wake_fd(eventfd(0, EFD_CLOEXEC));
  if (!wake_fd) {
    return fail(IoError{errno});
  }
  auto backend = std::make_unique<UringBackend>(std::move(wake_fd));
  if (const int result = backend->open(); result != 0) {
    return fail(IoError{-result});
  }
  return backend;
}

}  // namespace lunaria::reactor
