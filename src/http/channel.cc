#include "http/channel.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "http/limits.h"
#include "http/transfer_clock.h"

namespace lunaria::http::internal {

using security::TlsEngine;

Channel::Channel(runtime::Shard& shard, std::unique_ptr<runtime::Stream> stream, std::optional<security::TlsEngine> tls)
    : shard_(shard), stream_(std::move(stream)), tls_(std::move(tls)) {
  receive_.channel = send_.channel = deadline_.channel = this;
  receive_.on_complete([](runtime::Operation& operation) noexcept {
    auto& receive = static_cast<Receive&>(operation);
    receive.pending = false;
    receive.channel->receive_progress_.set();
  });
  send_.on_complete([](runtime::Operation& operation) noexcept {
    auto& send = static_cast<Send&>(operation);
    send.pending = false;
    send.channel->send_progress_.set();
  });
  deadline_.on_complete([](runtime::Operation& operation) noexcept {
    Channel& channel = *static_cast<Deadline&>(operation).channel;
    if (channel.send_.pending) {
      channel.cut();  // the send's memory is the kernel's until it completes
    } else {
      channel.receive_progress_.set();
    }
  });
}

Channel::~Channel() {
  check(!receive_.pending && !send_.pending && !deadline_.pending, "close() comes before the end");
}

void Channel::cut() {
  cut_ = true;
  stream_->shutdown();
}

void Channel::start_deadline(runtime::Instant deadline) {
  const runtime::Duration left = deadline - shard_.clock().now();
  shard_.start(deadline_, std::max(left, runtime::Duration::zero()));
}

runtime::Task<Channel::Received> Channel::receive_raw(std::span<std::byte> memory, runtime::Instant deadline) {
  check(!receive_.pending, "one receive at a time");
  if (cut_) {
    co_return Received{.outcome = Outcome::kFailed};
  }
  receive_.memory = memory;
  receive_progress_.reset();
  receive_.pending = true;
  if (stream_->submit(receive_)) {
    receive_.pending = false;
  } else {
    start_deadline(deadline);
    co_await receive_progress_.wait();
    static_cast<void>(shard_.cancel(deadline_));  // false when it is what woke us
    if (receive_.pending) {
      co_return Received{.outcome = Outcome::kTimeout};
    }
  }
  if (receive_.result > 0) {
    co_return Received{.outcome = Outcome::kBytes, .size = static_cast<std::size_t>(receive_.result)};
  }
  co_return Received{.outcome = receive_.result == 0 ? Outcome::kEnd : Outcome::kFailed};
}

runtime::Task<bool> Channel::send_raw(std::span<const iovec> memory, std::size_t size) {
  if (cut_ || memory.empty()) {
    co_return !cut_;
  }
  // Answers of one turn leave together, after its work: a peer that sleeps is then woken once for all of them, which
  // costs more than an answer. And a client that takes everything at once does not keep the shard to itself.
  co_await runtime::yield_on(shard_);
  if (cut_) {
    co_return false;
  }
  send_.memory = memory;
  send_progress_.reset();
  send_.pending = true;
  if (stream_->submit(send_)) {
    send_.pending = false;
  } else {
    start_deadline(send_deadline(shard_.clock().now(), size));
    co_await send_progress_.wait();
    static_cast<void>(shard_.cancel(deadline_));
  }
  const bool sent = send_.result == static_cast<std::int64_t>(size);
  if (!sent) {
    cut();
  }
  co_return sent && !cut_;
}

runtime::Task<bool> Channel::send_ciphertext() {
  const std::span<const std::byte> ciphertext = tls_->ciphertext();
  if (ciphertext.empty()) {
    co_return !cut_;
  }
  const iovec piece{.iov_base = const_cast<std::byte*>(ciphertext.data()), .iov_len = ciphertext.size()};
  const bool sent = co_await send_raw({&piece, 1}, ciphertext.size());
  tls_->drop_ciphertext(ciphertext.size());
  co_return sent;
}

runtime::Task<Channel::Outcome> Channel::receive_ciphertext(runtime::Instant deadline) {
  const std::size_t wanted = ciphertext_was_full_ ? kReceiveBytes : kIdleReceiveBytes;
  if (ciphertext_capacity_ < wanted) {
    ciphertext_ = std::make_unique_for_overwrite<std::byte[]>(wanted);
    ciphertext_capacity_ = wanted;
  }
  const Received raw = co_await receive_raw({ciphertext_.get(), ciphertext_capacity_}, deadline);
  if (raw.outcome == Outcome::kEnd) {
    tls_->give_end();
    co_return Outcome::kBytes;
  }
  if (raw.outcome == Outcome::kBytes) {
    ciphertext_was_full_ = raw.size == ciphertext_capacity_;
    const std::size_t taken = tls_->give_ciphertext({ciphertext_.get(), raw.size});
    check(taken == raw.size, "the engine has room for more than one buffer once it wants input");
  }
  co_return raw.outcome;
}

runtime::Task<Channel::Outcome> Channel::shake_hands(runtime::Instant deadline) {
  while (tls_) {
    const auto step = tls_->handshake();
    const bool sent = co_await send_ciphertext();
    if (!step) {
      tls_failure_ = step.error().reason;
      co_return Outcome::kFailed;
    }
    if (!sent || *step == TlsEngine::Progress::kClosed) {
      co_return Outcome::kFailed;
    }
    if (*step == TlsEngine::Progress::kDone) {
      break;
    }
    const Outcome outcome = co_await receive_ciphertext(deadline);
    if (outcome != Outcome::kBytes) {
      co_return outcome;
    }
  }
  co_return Outcome::kBytes;
}

runtime::Task<Channel::Received> Channel::receive(std::span<std::byte> memory, runtime::Instant deadline) {
  if (!tls_) {
    const Received received = co_await receive_raw(memory, deadline);
    co_return received;
  }
  while (true) {
    const auto read = tls_->read(memory);
    const bool sent = co_await send_ciphertext();  // the handshake, a ticket, an alert
    if (!read) {
      tls_failure_ = read.error().reason;
      co_return Received{.outcome = Outcome::kFailed};
    }
    if (!sent) {
      co_return Received{.outcome = Outcome::kFailed};
    }
    if (read->progress == TlsEngine::Progress::kDone) {
      co_return Received{.outcome = Outcome::kBytes, .size = read->size};
    }
    if (read->progress == TlsEngine::Progress::kClosed) {
      co_return Received{.outcome = Outcome::kEnd};
    }
    const Outcome outcome = co_await receive_ciphertext(deadline);
    if (outcome != Outcome::kBytes) {
      co_return Received{.outcome = outcome};
    }
  }
}

runtime::Task<bool> Channel::send(std::span<const std::span<const std::byte>> pieces) {
  if (tls_) {
    for (const std::span<const std::byte> piece : pieces) {
      const auto written = tls_->write(piece);
      if (!written) {
        cut();
        co_return false;
      }
    }
    const bool sent = co_await send_ciphertext();
    co_return sent;
  }
  std::array<iovec, 8> vectors{};
  std::size_t count = 0;
  std::size_t size = 0;
  for (const std::span<const std::byte> piece : pieces) {
    check(count < vectors.size(), "a message is sent in a few pieces");
    if (!piece.empty()) {
      vectors[count++] = {.iov_base = const_cast<std::byte*>(piece.data()), .iov_len = piece.size()};
      size += piece.size();
    }
  }
  const bool sent = co_await send_raw({vectors.data(), count}, size);
  co_return sent;
}

void Channel::end_output() {
  if (!tls_ && !cut_) {
    stream_->shutdown_send();
  }
}

runtime::Task<void> Channel::close() {
  if (tls_ && !cut_) {
    tls_->close();
    static_cast<void>(co_await send_ciphertext());
  }
  cut();
  while (receive_.pending) {
    receive_progress_.reset();
    co_await receive_progress_.wait();
  }
}

void Channel::rest() {
  if (!receive_.pending && ciphertext_capacity_ > kIdleReceiveBytes) {
    ciphertext_.reset();
    ciphertext_capacity_ = 0;
    ciphertext_was_full_ = false;
  }
}

}  // namespace lunaria::http::internal
