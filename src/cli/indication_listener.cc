#include "cli/indication_listener.h"

#include <fmt/format.h>

#include <utility>

#include "cli/terminal.h"

namespace lunaria::cli {
namespace {

/// Indications that nobody has taken yet; whoever sends more is not confirmed by waiting, but by losing the oldest.
constexpr std::size_t kArrivedMax = 4096;

}  // namespace

IndicationListener::~IndicationListener() {
  if (server_ != nullptr) {
    reactor_->run_to_completion(0, stop());
  }
}

Outcome<void> IndicationListener::open(const IpEndpoint& address) {
  constexpr std::size_t kBufferBytes = std::size_t{32} << 20;
  auto started = reactor::Reactor::start({.shard_count = 1, .worker_count = 1, .buffer_budget = kBufferBytes});
  if (!started) {
    return fail(Failure{ExitCode::kFailed, fmt::format("cannot start: {}", runtime::to_string(started.error()))});
  }
  reactor_ = *std::move(started);
  std::optional<runtime::IoError> error;
  reactor_->run_to_completion(0, start(address, error));
  if (error) {
    return fail(Failure{ExitCode::kFailed,
                        fmt::format("cannot listen on {}: {}", address.to_string(), runtime::to_string(*error)),
                        "Choose another address with --listen ADDRESS:PORT."});
  }
  return {};
}

runtime::Task<void> IndicationListener::start(const IpEndpoint& address, std::optional<runtime::IoError>& error) {
  runtime::Shard& shard = reactor_->shard(0);
  arrival_ = std::make_unique<runtime::Alarm>(shard);
  listener_ = std::make_unique<wbem::cimxml::Listener>([this](const cim::Instance& indication, const http::Peer&) {
    if (arrived_.size() == kArrivedMax) {
      arrived_.pop_front();
    }
    arrived_.push_back(indication);
    arrival_->ring();
  });
  server_ = std::make_unique<http::Server>(shard, *listener_, log_);
  const auto opened = server_->listen({address, http::Transport::kPlain});
  if (!opened) {
    error = opened.error();
  } else if (const auto* real = std::get_if<IpEndpoint>(&opened->address)) {
    address_ = *real;
  }
  co_return;
}

runtime::Task<void> IndicationListener::stop() {
  co_await server_->stop(std::chrono::milliseconds(100));
  server_.reset();
  listener_.reset();
  arrival_.reset();
}

std::optional<cim::Instance> IndicationListener::next(std::chrono::milliseconds patience) {
  std::optional<cim::Instance> taken;
  reactor_->run_to_completion(0, take(patience, taken));
  return taken;
}

runtime::Task<void> IndicationListener::take(runtime::Duration patience, std::optional<cim::Instance>& taken) {
  if (arrived_.empty()) {
    co_await arrival_->wait(patience);
  }
  if (!arrived_.empty()) {
    taken = std::move(arrived_.front());
    arrived_.pop_front();
  }
}

}  // namespace lunaria::cli
