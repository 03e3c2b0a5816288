// Sends one HTTP request over and over, on some connections at once, and says how many answers came and how fast: a
// client that costs as little as it can, so that the server is what is measured. One thread; it looks at no answer but
// for its status and length.

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "histogram.h"
#include "machine.h"

namespace lunaria::bench {
namespace {

struct Options {
  std::uint16_t port = 0;
  std::string request_file;
  std::size_t clients = 1;
  double seconds = 3;
  std::uint32_t keys = 1;  ///< "@@@@@@@" in the request becomes a number below this, of seven digits
};

/// One connection with one request outstanding.
struct Client {
  int socket = -1;
  std::string answer;
  std::size_t answer_bytes = 0;  ///< head and body, once the head is there
  std::uint64_t sent_ns = 0;
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), clients_(options.clients) {
    std::ifstream file(options.request_file, std::ios::binary);
    request_.assign(std::istreambuf_iterator<char>(file), {});
    for (auto at = request_.find(kKey); at != std::string::npos; at = request_.find(kKey, at + kKey.size())) {
      key_places_.push_back(at);
    }
  }

  void run() {
    const int poll = epoll_create1(0);
    for (Client& client : clients_) {
      client.socket = connect_to(address_of("127.0.0.1", options_.port));
      epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
      if (epoll_ctl(poll, EPOLL_CTL_ADD, client.socket, &event) != 0) {
        give_up("epoll_ctl");
      }
      send_request(client);
    }
    const std::uint64_t begin = now_ns();
    const auto end = begin + static_cast<std::uint64_t>(options_.seconds * 1e9);
    std::uint64_t now = begin;
    std::vector<epoll_event> events(clients_.size());
    while (now < end) {
      const int count = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 1000);
      for (int i = 0; i < count; ++i) {
        receive(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
      }
      now = now_ns();
    }
    const double seconds = static_cast<double>(now - begin) / 1e9;
    fmt::print(R"({{"requests": {}, "per_s": {:.0f}, "p50_us": {:.0f}, "p99_us": {:.0f}, "answer_bytes": {}}})"
               "\n",
               latencies_.count(), static_cast<double>(latencies_.count()) / seconds,
               static_cast<double>(latencies_.percentile(0.5)) / 1e3,
               static_cast<double>(latencies_.percentile(0.99)) / 1e3, last_answer_bytes_);
    for (const Client& client : clients_) {
      close(client.socket);
    }
    close(poll);
  }

 private:
  static constexpr std::string_view kKey = "@@@@@@@";

  void send_request(Client& client) {
    const std::uint32_t key = std::uniform_int_distribution<std::uint32_t>(0, options_.keys - 1)(dice_);
    const std::string digits = fmt::format("{:07}", key);
    for (const std::size_t place : key_places_) {
      request_.replace(place, kKey.size(), digits);
    }
    client.answer.clear();
    client.answer_bytes = 0;
    client.sent_ns = now_ns();
    if (send(client.socket, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size())) {
      give_up("send");
    }
  }

  void receive(Client& client) {
    char buffer[65536];
    const ssize_t size = recv(client.socket, buffer, sizeof buffer, 0);
    if (size <= 0) {
      give_up("the server closed a connection");
    }
    client.answer.append(buffer, static_cast<std::size_t>(size));
    if (client.answer_bytes == 0) {
      client.answer_bytes = length_of(client.answer);
    }
    if (client.answer_bytes != 0 && client.answer.size() >= client.answer_bytes) {
      latencies_.add(now_ns() - client.sent_ns);
      last_answer_bytes_ = client.answer_bytes;
      send_request(client);
    }
  }

  /// Of the whole answer; 0 while its head is not whole.
  static std::size_t length_of(std::string_view answer) {
    const auto end = answer.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      return 0;
    }
    constexpr std::string_view kLength = "Content-Length: ";
    const auto at = answer.find(kLength);
    if (!answer.starts_with("HTTP/1.1 200") || at == std::string_view::npos || at > end ||
        answer.find("<ERROR") != std::string_view::npos) {
      give_up(fmt::format("not the answer that was expected: {}", answer.substr(0, 300)));
    }
    std::size_t length = 0;
    std::from_chars(answer.data() + at + kLength.size(), answer.data() + end, length);
    return end + 4 + length;
  }

  Options options_;
  std::string request_;
  std::vector<std::size_t> key_places_;
  std::vector<Client> clients_;
  std::mt19937 dice_{1};
  Histogram latencies_;
  std::size_t last_answer_bytes_ = 0;
};

}  // namespace
}  // namespace lunaria::bench

int main(int argc, char** argv) {
  lunaria::bench::Options options;
  CLI::App app("Loads an HTTP server with one request");
  app.add_option("--port", options.port)->required();
  app.add_option("--request", options.request_file, "a whole request: head and body")->required();
  app.add_option("--clients", options.clients);
  app.add_option("--seconds", options.seconds);
  app.add_option("--keys", options.keys);
  CLI11_PARSE(app, argc, argv);
  lunaria::bench::Load(options).run();
}
