#include "sim/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "sim/world.h"

namespace lunaria::sim {

using runtime::Duration;
using runtime::Instant;
using runtime::ReceiveRequest;
using runtime::SendRequest;

Connection::Connection(SimNetwork& network, SimShard& client, SimShard& server)
    : network_(network), link_(network.link()) {
  Dice& dice = network.world().dice();
  for (int side : {0, 1}) {
    Pipe& pipe = inbound(side);
    pipe.connection = this;
    pipe.side = side;
    pipe.shard = side == 0 ? &client : &server;
    pipe.on_complete([](runtime::Operation& operation) noexcept {
      auto& self = static_cast<Pipe&>(operation);
      self.connection->on_timer(self);
    });
  }
  if (dice.chance(link_.cut_per_mille)) {
    pipes_[dice.below(2)].cut_at = dice.between(0, link_.cut_bytes_max);
  }
}

Connection::~Connection() {
  for (Pipe& pipe : pipes_) {
    pipe.shard->cancel(pipe);
  }
}

bool Connection::submit(int side, ReceiveRequest& request) {
  Pipe& pipe = inbound(side);
  check(pipe.receive == nullptr, "one receive at a time");
  check(!request.memory.empty(), "a receive has room for a byte");
  const std::optional<std::int64_t> result = try_receive(pipe, request.memory);
  if (!result) {
    pipe.receive = &request;
    return false;
  }
  request.result = *result;
  // Both ways of completing are met, as with a real kernel.
  if (network_.world().options().shuffle && network_.world().dice().below(2) == 0) {
    pipe.shard->complete_later(request);
    return false;
  }
  return true;
}

bool Connection::submit(int side, SendRequest& request) {
  Pipe& pipe = outbound(side);
  check(pipe.send == nullptr, "one send at a time");
  pipe.send_progress = 0;
  const std::optional<std::int64_t> result = send_some(pipe, request.memory);
  if (!result) {
    pipe.send = &request;
    return false;
  }
  request.result = *result;
  if (network_.world().options().shuffle && network_.world().dice().below(2) == 0) {
    inbound(side).shard->complete_later(request);
    return false;
  }
  return true;
}

// A real kernel may be short of room at any time.
std::int64_t Connection::try_send(int side, std::span<const iovec> memory) {
  Pipe& pipe = outbound(side);
  check(pipe.send == nullptr, "one send at a time");
  const bool is_full = network_.world().options().shuffle && network_.world().dice().below(8) == 0;
  pipe.send_progress = 0;
  const std::optional<std::int64_t> result = send_some(pipe, is_full ? std::span<const iovec>() : memory);
  return result.value_or(static_cast<std::int64_t>(pipe.send_progress));
}

std::size_t Connection::waiting(int side) const {
  const Pipe& pipe = pipes_[static_cast<std::size_t>(side)];
  return pipe.receiver_shut ? 0 : pipe.arrived - pipe.consumed;
}

/// What a receive gives now; nothing when it has to wait.
std::optional<std::int64_t> Connection::try_receive(Pipe& pipe, std::span<std::byte> memory) {
  if (pipe.receiver_shut) {
    return 0;
  }
  std::size_t count = std::min<std::uint64_t>(memory.size(), pipe.arrived - pipe.consumed);
  if (count == 0) {
    if (reset_) {
      return -ECONNRESET;
    }
    return pipe.end_arrived ? std::optional<std::int64_t>(0) : std::nullopt;
  }
  if (link_.piece_max != 0) {
    count = std::min(count, network_.world().dice().between(1, link_.piece_max));
  }
  for (std::size_t done = 0; done < count;) {
    const std::size_t at = (pipe.consumed + done) % pipe.ring.size();
    const std::size_t run = std::min(count - done, pipe.ring.size() - at);
    std::memcpy(memory.data() + done, pipe.ring.data() + at, run);
    done += run;
  }
  pipe.consumed += count;
  wake_sender(pipe);
  return static_cast<std::int64_t>(count);
}

/// Moves what the window takes; a result when that was all of it, or when the connection is gone.
std::optional<std::int64_t> Connection::send_some(Pipe& pipe, std::span<const iovec> memory) {
  if (pipe.finished) {
    return -EPIPE;
  }
  if (reset_ || pipe.receiver_shut) {
    return -ECONNRESET;
  }
  std::size_t total = 0;
  bool moved = false;
  for (const iovec& part : memory) {
    const std::size_t begin = total;
    total += part.iov_len;
    if (pipe.send_progress >= total) {
      continue;
    }
    const std::span<const std::byte> bytes(static_cast<const std::byte*>(part.iov_base), part.iov_len);
    const std::size_t skip = pipe.send_progress - begin;
    const std::size_t room = link_.window - static_cast<std::size_t>(pipe.sent - pipe.consumed);
    const std::size_t count = std::min(part.iov_len - skip, room);
    append(pipe, bytes.subspan(skip, count));
    pipe.send_progress += count;
    moved = moved || count != 0;
    if (pipe.send_progress < total) {
      break;
    }
  }
  if (moved) {
    pipe.segments.push_back({.end = pipe.sent, .ready = draw_arrival(pipe)});
    schedule(pipe);
  }
  std::size_t whole = 0;
  for (const iovec& part : memory) {
    whole += part.iov_len;
  }
  return pipe.send_progress == whole ? std::optional(static_cast<std::int64_t>(whole)) : std::nullopt;
}

void Connection::append(Pipe& pipe, std::span<const std::byte> bytes) {
  if (pipe.ring.empty()) {
    pipe.ring.resize(link_.window);
  }
  while (!bytes.empty()) {
    const std::size_t at = pipe.sent % pipe.ring.size();
    const std::size_t run = std::min(bytes.size(), pipe.ring.size() - at);
    std::memcpy(pipe.ring.data() + at, bytes.data(), run);
    pipe.sent += run;
    bytes = bytes.subspan(run);
  }
}

Instant Connection::draw_arrival(Pipe& pipe) {
  World& world = network_.world();
  Dice& dice = world.dice();
  const auto draw = [&dice](Duration first, Duration last) {
    return Duration(dice.between(static_cast<std::uint64_t>(first.count()), static_cast<std::uint64_t>(last.count())));
  };
  Duration delay = draw(link_.latency_min, link_.latency_max);
  if (dice.chance(link_.stall_per_mille)) {
    delay += draw(Duration::zero(), link_.stall_max);
  }
  // A stream keeps its order: nothing overtakes.
  pipe.last_ready = std::max(pipe.last_ready, world.clock().now() + delay);
  return pipe.last_ready;
}

void Connection::schedule(Pipe& pipe) {
  if (pipe.pending || reset_ || pipe.receiver_shut || network_.partitioned()) {
    return;
  }
  Instant at{};
  if (!pipe.segments.empty()) {
    at = pipe.segments.front().ready;
  } else if (pipe.finished && !pipe.end_arrived) {
    at = pipe.last_ready;
  } else {
    return;
  }
  pipe.shard->start(pipe, at - network_.world().clock().now());
}

void Connection::on_timer(Pipe& pipe) {
  if (network_.partitioned()) {
    return;
  }
  const std::shared_ptr<Connection> keep = shared_from_this();
  if (!pipe.segments.empty()) {
    arrive(pipe);
  } else if (pipe.finished) {
    pipe.end_arrived = true;
  }
  wake_receiver(pipe);
  schedule(pipe);
}

void Connection::arrive(Pipe& pipe) {
  World& world = network_.world();
  const Instant now = world.clock().now();
  std::uint64_t ready = pipe.arrived;
  for (const Pipe::Segment& segment : pipe.segments) {
    if (segment.ready > now) {
      break;
    }
    ready = segment.end;
  }
  std::uint64_t count = ready - pipe.arrived;
  if (link_.piece_max != 0) {
    count = std::min(count, world.dice().between(1, link_.piece_max));
  }
  count = std::min(count, pipe.cut_at - pipe.arrived);
  if (count != 0 && pipe.arrived >= link_.corrupt_after && world.dice().chance(link_.corrupt_per_mille)) {
    const std::size_t at = (pipe.arrived + world.dice().below(count)) % pipe.ring.size();
    pipe.ring[at] ^= std::byte{1} << world.dice().below(8);
  }
  pipe.arrived += count;
  std::erase_if(pipe.segments, [&pipe](const Pipe::Segment& segment) { return segment.end <= pipe.arrived; });
  if (pipe.arrived == pipe.cut_at) {
    reset();
  }
}

void Connection::wake_receiver(Pipe& pipe) {
  if (pipe.receive == nullptr) {
    return;
  }
  const std::optional<std::int64_t> result = try_receive(pipe, pipe.receive->memory);
  if (result) {
    ReceiveRequest& request = *std::exchange(pipe.receive, nullptr);
    request.result = *result;
    pipe.shard->complete_later(request);
  }
}

void Connection::wake_sender(Pipe& pipe) {
  if (pipe.send == nullptr) {
    return;
  }
  const std::optional<std::int64_t> result = send_some(pipe, pipe.send->memory);
  if (result) {
    SendRequest& request = *std::exchange(pipe.send, nullptr);
    request.result = *result;
    outbound(pipe.side).shard->complete_later(request);
  }
}

void Connection::shutdown(int side) {
  Pipe& in = inbound(side);
  if (!in.receiver_shut) {
    in.receiver_shut = true;
    in.shard->cancel(in);
    in.segments.clear();
    wake_receiver(in);
    wake_sender(in);
  }
  shutdown_send(side);
}

void Connection::shutdown_send(int side) {
  Pipe& out = outbound(side);
  if (!out.finished) {
    out.finished = true;
    draw_arrival(out);
    wake_sender(out);
    schedule(out);
  }
}

void Connection::move_to(int side, SimShard& shard) {
  check(is_idle(side), "a stream moves when nothing is in flight");
  Pipe& pipe = inbound(side);
  const bool restart = pipe.shard->cancel(pipe);
  pipe.shard = &shard;
  if (restart) {
    schedule(pipe);
  }
}

bool Connection::is_idle(int side) const {
  const auto index = static_cast<std::size_t>(side);
  return pipes_[index].receive == nullptr && pipes_[1 - index].send == nullptr;
}

void Connection::reset() {
  if (reset_) {
    return;
  }
  reset_ = true;
  for (Pipe& pipe : pipes_) {
    pipe.shard->cancel(pipe);
    pipe.segments.clear();
    wake_receiver(pipe);
    wake_sender(pipe);
  }
}

void Connection::resume() {
  for (Pipe& pipe : pipes_) {
    schedule(pipe);
  }
}

SimStream::~SimStream() {
  check(connection_->is_idle(side_), "nothing is in flight when a stream is destroyed");
  connection_->shutdown(side_);
}

}  // namespace lunaria::sim
