#include "daemon/name_resolver.h"

#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/check.h"
#include "daemon/local_addresses.h"

namespace lunaria::daemon {
namespace {

/// One server is given this long for the first answer, twice as long for the second.
constexpr int kFirstWaitMs = 1000;
constexpr int kTries = 2;

/// One question and where its answer goes.
struct Question {
  service::NameAnswer answer;
  std::size_t* open = nullptr;
};

void take_addresses(const ares_addrinfo& info, service::NameAnswer& answer) {
  std::chrono::seconds shortest = service::kNameAgeMax;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    if (const std::optional<IpAddress> address = to_ip_address(node->ai_addr)) {
      answer.addresses.push_back(*address);
      shortest = std::min(shortest, std::chrono::seconds(node->ai_ttl));
    }
  }
  answer.time_to_live = shortest;
  answer.kind = answer.addresses.empty() ? service::NameAnswer::Kind::kNoSuchName : service::NameAnswer::Kind::kFound;
}

void on_answer(void* argument, int status, int /*timeouts*/, ares_addrinfo* info) {
  auto& question = *static_cast<Question*>(argument);
  --*question.open;
  const std::unique_ptr<ares_addrinfo, decltype([](ares_addrinfo* each) { ares_freeaddrinfo(each); })> owner(info);
  if (status == ARES_SUCCESS && info != nullptr) {
    take_addresses(*info, question.answer);
  } else if (status == ARES_ENOTFOUND || status == ARES_ENODATA) {
    question.answer.kind = service::NameAnswer::Kind::kNoSuchName;
  } else if (status == ARES_ETIMEOUT || status == ARES_EDESTRUCTION) {
    question.answer.reason = "the name service does not answer";
  } else {
    question.answer.reason = ares_strerror(status);
  }
}

/// Readable when the time for a whole call is over.
reactor::Descriptor make_alarm() {
  reactor::Descriptor alarm(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec when{};
  when.it_value.tv_sec = service::kNameLookupMax.count();
  return alarm && timerfd_settime(alarm.get(), 0, &when, nullptr) == 0 ? std::move(alarm) : reactor::Descriptor();
}

/// Waits for the sockets of the channel and lets it work. False when one of `stops` is readable.
bool work_once(ares_channel channel, std::array<int, 2> stops) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const auto wanted = static_cast<unsigned>(ares_getsock(channel, sockets.data(), ARES_GETSOCK_MAXNUM));
  std::array<pollfd, ARES_GETSOCK_MAXNUM + 2> polled{};
  std::size_t count = 0;
  for (const int stop : stops) {
    polled[count++] = {stop, POLLIN, 0};
  }
  for (unsigned i = 0; i < sockets.size(); ++i) {
    const bool reads = ARES_GETSOCK_READABLE(wanted, i) != 0;
    const bool writes = ARES_GETSOCK_WRITABLE(wanted, i) != 0;
    if (reads || writes) {
      polled[count++] = {sockets[i], static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), 0};
    }
  }
  timeval left{};
  timeval longest{.tv_sec = kFirstWaitMs / 1000, .tv_usec = 0};
  const timeval* wait = ares_timeout(channel, &longest, &left);
  const int wait_ms = static_cast<int>(wait->tv_sec * 1000 + wait->tv_usec / 1000) + 1;
  if (poll(polled.data(), static_cast<nfds_t>(count), wait_ms) < 0) {
    return true;
  }
  if (polled[0].revents != 0 || polled[1].revents != 0) {
    return false;
  }
  bool had_events = false;
  for (std::size_t i = stops.size(); i < count; ++i) {
    const bool can_read = (polled[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
    const bool can_write = (polled[i].revents & POLLOUT) != 0;
    had_events = had_events || can_read || can_write;
    ares_process_fd(channel, can_read ? polled[i].fd : ARES_SOCKET_BAD, can_write ? polled[i].fd : ARES_SOCKET_BAD);
  }
  if (!had_events) {
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // time has passed
  }
  return true;
}

}  // namespace

DnsResolver::DnsResolver() : cancelled_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  check(static_cast<bool>(cancelled_), "an eventfd can be made at start");
  check(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS, "the DNS library starts");
}

void DnsResolver::cancel() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(cancelled_.get(), &one, sizeof one);
}

std::vector<service::NameAnswer> DnsResolver::resolve(const std::vector<std::string>& names) {
  std::vector<Question> questions(names.size());
  std::size_t open = names.size();
  for (std::size_t i = 0; i < names.size(); ++i) {
    questions[i].answer.name = names[i];
    questions[i].answer.reason = "the name service cannot be asked";
    questions[i].open = &open;
  }
  ares_options options{};
  options.timeout = kFirstWaitMs;
  options.tries = kTries;
  ares_channel channel = nullptr;
  const reactor::Descriptor alarm = make_alarm();
  if (alarm && ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) == ARES_SUCCESS) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_flags = ARES_AI_NOSORT;
    for (Question& question : questions) {
      ares_getaddrinfo(channel, question.answer.name.c_str(), nullptr, &hints, on_answer, &question);
    }
    while (open > 0 && work_once(channel, {cancelled_.get(), alarm.get()})) {
    }
    ares_destroy(channel);  // calls back for every question that is open
  }
  std::vector<service::NameAnswer> answers;
  for (Question& question : questions) {
    answers.push_back(std::move(question.answer));
  }
  return answers;
}

}  // namespace lunaria::daemon
