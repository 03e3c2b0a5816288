#include "session.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "machine.h"

namespace lunaria::bench {
namespace {

/// What is written to disks: not zero, so that nothing on the way can take a short cut.
std::vector<std::byte> make_payload(std::size_t size) {
  std::vector<std::byte> payload(size);
  std::uint32_t state = 1;
  for (std::byte& byte : payload) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24U);
  }
  return payload;
}

}  // namespace

Session::~Session() {
  close(fd_);
}

void Session::start() {
  issue(now_ns());
  flush();
}

void Session::pump(bool wait) {
  const ssize_t count = recv(fd_, input_.data() + held_, input_.size() - held_, wait ? 0 : MSG_DONTWAIT);
  if (count == 0) {
    errno = 0;
    give_up("the server closed the connection");
  }
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      give_up("receive");
    }
    return;
  }
  held_ += static_cast<std::size_t>(count);
  const std::uint64_t now = now_ns();
  consume(now);
  issue(now);
  flush();
}

void Session::consume(std::uint64_t now) {
  std::size_t at = 0;
  while (true) {
    const std::size_t skipped = std::min(skipping_, held_ - at);
    at += skipped;
    skipping_ -= skipped;
    if (skipping_ > 0 || held_ - at < kHeaderBytes) {
      break;
    }
    skipping_ = on_header(std::span<const std::byte, kHeaderBytes>(input_.data() + at, kHeaderBytes), now);
    at += kHeaderBytes;
  }
  std::memmove(input_.data(), input_.data() + at, held_ - at);
  held_ -= at;
}

void Session::send(const Header& header, std::size_t data_bytes) {
  output_.push_back({header, data_bytes});
}

void Session::flush() {
  static const std::vector<std::byte> kPayload = make_payload(kPayloadBytesMax);
  constexpr std::size_t kVectorsMax = 512;
  std::array<iovec, kVectorsMax> vectors;
  while (output_waits()) {
    std::size_t used = 0;
    std::size_t skip = sent_of_next_;
    std::size_t total = 0;
    for (std::size_t i = next_output_; i < output_.size() && used + 2 <= kVectorsMax; ++i) {
      Output& entry = output_[i];
      if (skip < kHeaderBytes) {
        vectors[used++] = {entry.header.data() + skip, kHeaderBytes - skip};
      }
      const std::size_t data_skip = skip > kHeaderBytes ? skip - kHeaderBytes : 0;
      if (data_skip < entry.data_bytes) {
        vectors[used++] = {const_cast<std::byte*>(kPayload.data()) + data_skip, entry.data_bytes - data_skip};
      }
      total += kHeaderBytes + entry.data_bytes - skip;
      skip = 0;
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = used;
    const ssize_t count = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) {
        return;
      }
      give_up("send");
    }
    std::size_t sent = sent_of_next_ + static_cast<std::size_t>(count);
    while (next_output_ < output_.size() && sent >= kHeaderBytes + output_[next_output_].data_bytes) {
      sent -= kHeaderBytes + output_[next_output_].data_bytes;
      ++next_output_;
    }
    sent_of_next_ = sent;
    if (static_cast<std::size_t>(count) < total) {
      return;
    }
  }
  output_.clear();
  next_output_ = 0;
}

void BareSession::issue(std::uint64_t now) {
  Header header{};
  header[0] = std::byte{1};
  while (free_ > 0) {
    --free_;
    started_[newest_] = now;
    newest_ = (newest_ + 1) % started_.size();
    send(header, request_data_);
  }
}

std::size_t BareSession::on_header(std::span<const std::byte, kHeaderBytes> /*header*/, std::uint64_t now) {
  if (outcome_.recording) {
    outcome_.latency.add(now - started_[oldest_]);
  }
  oldest_ = (oldest_ + 1) % started_.size();
  ++free_;
  return answer_data_;
}

}  // namespace lunaria::bench
