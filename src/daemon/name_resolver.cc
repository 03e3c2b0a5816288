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
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/check.h"
#include "daemon/local_addresses.h"

namespace lunaria::daemon {
namespace {

/// One server is given this long for the first answer, twice as long for the second.
constexpr int kFirstWaitMs = 1000;
constexpr int kTries = 2;

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

service::NameAnswer to_answer(const std::string& name, int status, const ares_addrinfo* info) {
  service::NameAnswer answer{.name = name};
  if (status == ARES_SUCCESS && info != nullptr) {
    take_addresses(*info, answer);
  } else if (status == ARES_ENOTFOUND || status == ARES_ENODATA) {
    answer.kind = service::NameAnswer::Kind::kNoSuchName;
  } else if (status == ARES_ETIMEOUT || status == ARES_EDESTRUCTION) {
    answer.reason = "the name service does not answer";
  } else {
    answer.reason = ares_strerror(status);
  }
  return answer;
}

reactor::Descriptor make_event() {
  reactor::Descriptor event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  check(static_cast<bool>(event), "an eventfd can be made at start");
  return event;
}

void raise(const reactor::Descriptor& event) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event.get(), &one, sizeof one);
}

/// Readable when the time of the first question is over.
reactor::Descriptor make_alarm() {
  reactor::Descriptor alarm(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec when{};
  when.it_value.tv_sec = service::kNameLookupMax.count();
  return alarm && timerfd_settime(alarm.get(), 0, &when, nullptr) == 0 ? std::move(alarm) : reactor::Descriptor();
}

/// Questions that share one reading of the configuration, its sockets and a time limit.
class Channel final {
 public:
  explicit Channel(std::vector<service::NameAnswer>& answers) : answers_(answers), alarm_(make_alarm()) {
    ares_options options{};
    options.timeout = kFirstWaitMs;
    options.tries = kTries;
    if (alarm_ && ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS) {
      channel_ = nullptr;
    }
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// Answers what is open.
  ~Channel() {
    if (channel_ != nullptr) {
      ares_destroy(channel_);
    }
  }

  bool is_done() const { return questions_.empty(); }
  /// Whether a question that comes now still has nearly all of the time.
  bool is_new() const {
    itimerspec left{};
    return timerfd_gettime(alarm_.get(), &left) == 0 && left.it_value.tv_sec >= service::kNameLookupMax.count() - 1;
  }
  void ask(const std::string& name) {
    if (channel_ == nullptr) {
      answers_.push_back({.name = name, .reason = "the name service cannot be asked"});
      return;
    }
    Question& question = questions_.emplace_front(this, name);
    question.self = questions_.begin();
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, on_answer, &question);
  }
  /// What to wait for, the alarm first, and for how long.
  void add_to(std::vector<pollfd>& polled, int& wait_ms) const {
    polled.push_back({alarm_.get(), POLLIN, 0});
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto wanted = static_cast<unsigned>(ares_getsock(channel_, sockets.data(), ARES_GETSOCK_MAXNUM));
    for (unsigned i = 0; i < sockets.size(); ++i) {
      const bool reads = ARES_GETSOCK_READABLE(wanted, i) != 0;
      const bool writes = ARES_GETSOCK_WRITABLE(wanted, i) != 0;
      if (reads || writes) {
        polled.push_back({sockets[i], static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), 0});
      }
    }
    timeval left{};
    timeval longest{.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    const timeval* wait = ares_timeout(channel_, &longest, &left);
    wait_ms = std::min(wait_ms, static_cast<int>(wait->tv_sec * 1000 + wait->tv_usec / 1000) + 1);
  }
  /// Works on what add_to() has added. False when its time is over.
  bool work(std::span<const pollfd> polled) {
    for (const pollfd& each : polled.subspan(1)) {
      const bool can_read = (each.revents & (POLLIN | POLLERR | POLLHUP)) != 0;
      const bool can_write = (each.revents & POLLOUT) != 0;
      ares_process_fd(channel_, can_read ? each.fd : ARES_SOCKET_BAD, can_write ? each.fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // time has passed
    return polled.front().revents == 0;
  }

 private:
  struct Question {
    Question(Channel* its_channel, std::string its_name) : channel(its_channel), name(std::move(its_name)) {}
    Channel* channel;
    std::string name;
    std::list<Question>::iterator self;
  };
  static void on_answer(void* argument, int status, int /*timeouts*/, ares_addrinfo* info) {
    const std::unique_ptr<ares_addrinfo, decltype([](ares_addrinfo* each) { ares_freeaddrinfo(each); })> owner(info);
    const auto& question = *static_cast<Question*>(argument);
    question.channel->answers_.push_back(to_answer(question.name, status, info));
    question.channel->questions_.erase(question.self);
  }

  std::vector<service::NameAnswer>& answers_;
  reactor::Descriptor alarm_;
  ares_channel channel_ = nullptr;
  std::list<Question> questions_;  ///< without an answer
};

}  // namespace

/// What is open, and the answers that were not told yet. A channel takes questions for a second and lives for
/// kNameLookupMax, so there are never many.
class DnsResolver::Conversation final {
 public:
  Conversation(int cancelled, int woken) : cancelled_(cancelled), woken_(woken) {}

  std::vector<service::NameAnswer> go_on(const std::vector<std::string>& names) {
    if (!names.empty() && (channels_.empty() || !channels_.back().is_new())) {
      channels_.emplace_back(answers_);
    }
    for (const std::string& name : names) {
      channels_.back().ask(name);
    }
    bool goes_on = true;
    drop_done();
    while (answers_.empty() && !channels_.empty() && goes_on) {
      goes_on = work_once();
      drop_done();
    }
    return std::exchange(answers_, {});
  }

 private:
  void drop_done() {
    channels_.remove_if([](const Channel& channel) { return channel.is_done(); });
  }
  /// False when it was woken or cancelled.
  bool work_once() {
    std::vector<pollfd> polled{{cancelled_, POLLIN, 0}, {woken_, POLLIN, 0}};
    std::vector<std::size_t> begins;
    int wait_ms = kFirstWaitMs;
    for (const Channel& channel : channels_) {
      begins.push_back(polled.size());
      channel.add_to(polled, wait_ms);
    }
    begins.push_back(polled.size());
    if (poll(polled.data(), static_cast<nfds_t>(polled.size()), wait_ms) < 0) {
      return true;
    }
    if (polled[0].revents != 0) {
      channels_.clear();
      return false;
    }
    std::size_t number = 0;
    std::erase_if(channels_, [&](Channel& channel) {
      const std::size_t begin = begins[number++];
      return !channel.work(std::span(polled).subspan(begin, begins[number] - begin));
    });
    std::uint64_t count = 0;
    return polled[1].revents == 0 || read(woken_, &count, sizeof count) < 0;
  }

  const int cancelled_;
  const int woken_;
  std::vector<service::NameAnswer> answers_;
  std::list<Channel> channels_;  ///< oldest first; after the answers, which they write to until they are gone
};

DnsResolver::DnsResolver()
    : cancelled_(make_event()),
      woken_(make_event()),
      conversation_(std::make_unique<Conversation>(cancelled_.get(), woken_.get())) {
  check(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS, "the DNS library starts");
}

DnsResolver::~DnsResolver() = default;

void DnsResolver::cancel() {
  raise(cancelled_);
}

std::vector<service::NameAnswer> DnsResolver::go_on(const std::vector<std::string>& names) {
  return conversation_->go_on(names);
}

void DnsResolver::wake() {
  raise(woken_);
}

std::vector<service::NameAnswer> DnsResolver::resolve(const std::vector<std::string>& names) {
  constexpr int kNobodyWakes = -1;
  Conversation conversation(cancelled_.get(), kNobodyWakes);
  std::vector<service::NameAnswer> answers = conversation.go_on(names);
  while (answers.size() < names.size()) {
    std::ranges::move(conversation.go_on({}), std::back_inserter(answers));
  }
  return answers;
}

}  // namespace lunaria::daemon
