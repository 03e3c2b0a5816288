#include "daemon/pam_helper.h"

#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "reactor/descriptor.h"

namespace lunaria::daemon {
namespace {

using reactor::Descriptor;

pam::Answer failed(std::string reason) {
  return {.kind = pam::Answer::Kind::kFailed, .role = {}, .reason = std::move(reason)};
}

/// The process, started and not yet waited for. The destructor ends it with everything that it has started.
class Child final {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    kill(-pid_, SIGKILL);  // the group was there when posix_spawn() returned
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  pid_t pid_;
};

/// Starts `program` with `end` as its standard input and output. 0, or why not.
int start(const std::string& program, int end, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, end, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, end, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string name = program;
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  std::string language = "LANG=C";
  const std::array<char*, 2> arguments = {name.data(), nullptr};
  const std::array<char*, 3> environment = {path.data(), language.data(), nullptr};
  const int error = posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

/// Becomes readable when the time is over.
Descriptor start_timer(std::chrono::milliseconds limit) {
  Descriptor timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(limit.count() / 1000);
  when.it_value.tv_nsec = static_cast<long>(limit.count() % 1000 * 1'000'000);
  timerfd_settime(timer.get(), 0, &when, nullptr);
  return timer;
}

/// What the helper says until it closes its end, or more than it may say; nullopt when the time is over.
std::optional<std::string> read_answer(int end, int timer) {
  std::array<char, pam::kAnswerBytesMax + 1> bytes{};
  std::size_t size = 0;
  while (size < bytes.size()) {
    std::array<pollfd, 2> waiting = {pollfd{end, POLLIN, 0}, pollfd{timer, POLLIN, 0}};
    if (poll(waiting.data(), waiting.size(), -1) < 0) {
      continue;  // a signal
    }
    if (waiting[0].revents == 0) {
      return std::nullopt;
    }
    const ssize_t count = recv(end, bytes.data() + size, bytes.size() - size, MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
      break;
    }
    size += count < 0 ? 0 : static_cast<std::size_t>(count);
    if (waiting[1].revents != 0) {
      return std::nullopt;  // however much it has to say
    }
  }
  return std::string(bytes.data(), size);
}

}  // namespace

pam::Answer PamHelper::ask(const pam::Question& question) const {
  const auto encoded = pam::encode(question);
  if (!encoded) {
    return {.kind = pam::Answer::Kind::kRefused, .role = {}, .reason = {}};  // no user of PAM's is called so
  }
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return failed(fmt::format("no pipe to the helper: {}", std::strerror(errno)));
  }
  const Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  const Descriptor timer = start_timer(time_limit_);
  pid_t pid = 0;
  if (const int error = start(program_, theirs.get(), pid); error != 0) {
    return failed(fmt::format("{} does not start: {}", program_, std::strerror(error)));
  }
  const Child child(pid);
  theirs.reset();
  // It always fits into the socket's buffer, whether the helper reads or not; one that is gone already has answered
  // whatever it had to answer.
  static_cast<void>(send(ours.get(), encoded->reveal().data(), encoded->size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  static_cast<void>(shutdown(ours.get(), SHUT_WR));
  const auto line = read_answer(ours.get(), timer.get());
  if (!line) {
    return failed(fmt::format("no answer within {} ms", time_limit_.count()));
  }
  auto answer = pam::decode_answer(*line);
  return answer ? *std::move(answer)
                : failed(line->empty() ? "the helper ended without an answer" : "the helper's answer is malformed");
}

}  // namespace lunaria::daemon
