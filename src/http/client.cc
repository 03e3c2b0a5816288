#include "http/client.h"

#include <array>
#include <cerrno>
#include <utility>

#include "http/channel.h"
#include "runtime/submit.h"

namespace lunaria::http {
namespace {

ClientFailure broken(std::string_view message) {
  return {ClientFailure::Kind::kBroken, 0, std::string(message)};
}

}  // namespace

struct Client::Attempt : runtime::Timer {
  explicit Attempt(runtime::Network& on) : network(on) {
    on_complete([](runtime::Operation& operation) noexcept {
      auto& attempt = static_cast<Attempt&>(operation);
      attempt.is_late = true;
      attempt.end();
    });
  }
  void end() {
    if (!std::exchange(is_ending, true)) {
      network.cancel(request);
    }
  }
  runtime::Network& network;
  runtime::ConnectRequest request;
  bool is_late = false;
  bool is_ending = false;
};

Client::Client(runtime::Shard& shard, ClientOptions options) : shard_(shard), options_(std::move(options)) {}

Client::~Client() = default;

runtime::Instant Client::deadline() const {
  return shard_.clock().now() + options_.timeout;
}

runtime::Task<Result<void, ClientFailure>> Client::connect() {
  if (is_cancelled_) {
    co_return fail(broken("it was cancelled"));
  }
  Attempt attempt(shard_.network());
  runtime::ConnectRequest& request = attempt.request;
  request.address = options_.address;
  shard_.start(attempt, options_.timeout);
  attempt_ = &attempt;
  co_await runtime::submit(attempt.network, request);
  attempt_ = nullptr;
  static_cast<void>(shard_.cancel(attempt));
  if (request.result != 0) {
    const auto code = static_cast<int>(-request.result);
    if (attempt.is_late && code == ECANCELED) {
      co_return fail(ClientFailure{ClientFailure::Kind::kTimeout, 0, "the server did not take the connection in time"});
    }
    co_return fail(ClientFailure{ClientFailure::Kind::kConnect, code, to_string(runtime::IoError{code})});
  }
  std::optional<security::TlsEngine> tls;
  if (options_.tls) {
    tls = security::TlsEngine::client(*options_.tls, options_.server_name);
  }
  if (is_cancelled_) {
    co_return fail(broken("it was cancelled"));  // the connect was quicker
  }
  channel_ = std::make_unique<internal::Channel>(shard_, std::move(request.stream), std::move(tls));
  connection_.emplace(options_.authority);
  is_kept_ = false;
  const internal::Channel::Outcome outcome = co_await channel_->shake_hands(deadline());
  if (outcome == internal::Channel::Outcome::kBytes) {
    co_return Result<void, ClientFailure>();
  }
  ClientFailure failure = broken("the server closed the connection during the TLS handshake");
  if (outcome == internal::Channel::Outcome::kTimeout) {
    failure = {ClientFailure::Kind::kTimeout, 0, "the server did not answer the TLS handshake in time"};
  } else if (!channel_->tls_failure().empty()) {
    failure = {ClientFailure::Kind::kTls, 0, channel_->tls_failure()};
  }
  co_await close();
  co_return fail(std::move(failure));
}

void Client::cancel() {
  is_cancelled_ = true;
  if (attempt_ != nullptr) {
    attempt_->end();
  }
  if (channel_ != nullptr) {
    channel_->cut();
  }
}

runtime::Task<void> Client::close() {
  if (channel_ != nullptr) {
    co_await channel_->close();
    channel_.reset();
  }
  connection_.reset();
}

runtime::Task<Result<ResponseHead, ClientFailure>> Client::send(std::string_view method, std::string_view target,
                                                                const Fields& fields, std::string_view body) {
  if (connection_ && !connection_->is_open()) {
    co_await close();
  }
  const bool was_kept = connection_.has_value() && is_kept_;
  auto head = co_await exchange(method, target, fields, body);
  if (!head && head.error().kind == ClientFailure::Kind::kBroken && was_kept && !is_cancelled_) {
    co_await close();
    head = co_await exchange(method, target, fields, body);
  }
  co_return head;
}

runtime::Task<Result<ResponseHead, ClientFailure>> Client::exchange(std::string_view method, std::string_view target,
                                                                    const Fields& fields, std::string_view body) {
  if (!connection_) {
    const auto connected = co_await connect();
    if (!connected) {
      co_return fail(connected.error());
    }
  }
  connection_->set_body_limit(body_limit_);
  const std::string head = connection_->request(method, target, fields, body.size());
  const std::array<std::span<const std::byte>, 2> pieces{std::as_bytes(std::span(head)),
                                                         std::as_bytes(std::span(body))};
  const bool sent = co_await channel_->send(pieces);
  if (!sent) {
    co_return fail(broken("the server closed the connection"));
  }
  for (;;) {
    switch (connection_->next()) {
      case ClientConnection::Event::kNeedInput:
        break;
      case ClientConnection::Event::kHead:
        is_kept_ = true;
        co_return connection_->response();
      case ClientConnection::Event::kBody:
      case ClientConnection::Event::kEnd:
      case ClientConnection::Event::kClosed:
        co_return fail(broken("the server closed the connection"));
      case ClientConnection::Event::kFailed:
        co_return fail(broken(connection_->failure()));
    }
    const auto received = co_await receive();
    if (!received) {
      co_return fail(received.error());
    }
  }
}

runtime::Task<Result<void, ClientFailure>> Client::receive() {
  const internal::Channel::Received received = co_await channel_->receive(connection_->receive_space(), deadline());
  switch (received.outcome) {
    case internal::Channel::Outcome::kBytes:
      connection_->received(received.size);
      break;
    case internal::Channel::Outcome::kEnd:
      connection_->receive_ended();
      break;
    case internal::Channel::Outcome::kTimeout:
      co_return fail(ClientFailure{ClientFailure::Kind::kTimeout, 0, "the server did not answer in time"});
    case internal::Channel::Outcome::kFailed:
      if (!channel_->tls_failure().empty()) {
        co_return fail(ClientFailure{ClientFailure::Kind::kTls, 0, channel_->tls_failure()});
      }
      co_return fail(broken("the connection broke"));
  }
  co_return Result<void, ClientFailure>();
}

runtime::Task<Result<std::span<const std::byte>, ClientFailure>> Client::read() {
  for (;;) {
    switch (connection_->next()) {
      case ClientConnection::Event::kNeedInput:
        break;
      case ClientConnection::Event::kBody:
        co_return connection_->body();
      case ClientConnection::Event::kEnd:
        co_return std::span<const std::byte>();
      case ClientConnection::Event::kHead:
      case ClientConnection::Event::kClosed:
      case ClientConnection::Event::kFailed:
        co_return fail(broken(connection_->failure()));
    }
    const auto received = co_await receive();
    if (!received) {
      co_return fail(received.error());
    }
  }
}

}  // namespace lunaria::http
