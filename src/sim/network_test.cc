#include "sim/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "runtime/gate.h"
#include "runtime/submit.h"
#include "runtime/task.h"
#include "sim/world.h"

namespace lunaria::sim {
namespace {

using namespace std::chrono_literals;
using runtime::Gate;
using runtime::ListenAddress;
using runtime::Stream;
using runtime::Task;

const IpEndpoint kPortal{.address = IpAddress::v4({192, 0, 2, 7}), .port = 3260};

Task<void> accept_into(runtime::Listener& listener, std::unique_ptr<Stream>& stream, std::int64_t& result) {
  runtime::AcceptRequest request;
  co_await submit(listener, request);
  result = request.result;
  stream = std::move(request.stream);
}

Task<void> connect_into(runtime::Shard& shard, ListenAddress address, std::unique_ptr<Stream>& stream,
                        std::int64_t& result) {
  runtime::ConnectRequest request;
  request.address = address;
  co_await submit(shard.network(), request);
  result = request.result;
  stream = std::move(request.stream);
}

Task<void> send_all(Stream& stream, std::vector<std::byte>& bytes, std::int64_t& result) {
  const iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  runtime::SendRequest request;
  request.memory = {&part, 1};
  co_await submit(stream, request);
  result = request.result;
}

/// Until the end or an error, which goes to `result`.
Task<void> receive_all(Stream& stream, std::vector<std::byte>& bytes, std::int64_t& result) {
  std::vector<std::byte> memory(1000);
  while (true) {
    runtime::ReceiveRequest request;
    request.memory = memory;
    co_await submit(stream, request);
    result = request.result;
    if (request.result <= 0) {
      break;
    }
    bytes.insert(bytes.end(), memory.begin(), memory.begin() + request.result);
  }
}

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 + i / 251);
  }
  return bytes;
}

/// A client and a server, connected.
struct Pair {
  explicit Pair(const LinkOptions& link, std::uint64_t seed = 1, const ListenAddress& address = kPortal)
      : world({.seed = seed}) {
    world.network().set_link(link);
    listener = std::move(*server_shard.network().listen(address));
    spawn(gate, accept_into(*listener, server, accepted));
    spawn(gate, connect_into(client_shard, address, client, connected));
    EXPECT_TRUE(world.run_until_idle());
    EXPECT_EQ(accepted, 0);
    EXPECT_EQ(connected, 0);
  }

  World world;
  SimShard& server_shard = world.add_shard();
  SimShard& client_shard = world.add_shard();
  Gate gate;
  std::unique_ptr<runtime::Listener> listener;
  std::unique_ptr<Stream> server;
  std::unique_ptr<Stream> client;
  std::int64_t accepted = 1;
  std::int64_t connected = 1;
};

TEST(SimNetwork, CarriesBytesInOrderThroughASmallWindowAndAnySplitting) {
  for (const std::size_t piece_max : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{5000}}) {
    Pair pair({.piece_max = piece_max, .window = 3000, .stall_per_mille = 50, .stall_max = 10ms}, piece_max + 1);
    std::vector<std::byte> sent = pattern(20'000);
    std::vector<std::byte> received;
    std::int64_t send_result = 0;
    std::int64_t receive_result = 1;
    spawn(pair.gate, receive_all(*pair.server, received, receive_result));
    spawn(pair.gate, send_all(*pair.client, sent, send_result));
    EXPECT_TRUE(pair.world.run_until_idle());
    EXPECT_EQ(send_result, 20'000);
    pair.client.reset();
    EXPECT_TRUE(pair.world.run_until_idle());
    EXPECT_EQ(receive_result, 0);
    EXPECT_TRUE(received == sent);
  }
}

TEST(SimNetwork, SendsWhatFitsWithoutWaiting) {
  Pair pair({.window = 100});
  std::vector<std::byte> sent = pattern(150);
  std::size_t progress = 0;
  for (int i = 0; i < 50; ++i) {
    const std::array parts{iovec{sent.data() + progress, 10}, iovec{sent.data() + progress + 10, 40}};
    const std::int64_t count = pair.client->try_send(parts);
    ASSERT_GE(count, 0);
    progress += static_cast<std::size_t>(count);
    ASSERT_LE(progress, 100U);
  }
  EXPECT_EQ(progress, 100U);
  std::vector<std::byte> received;
  std::int64_t result = 1;
  spawn(pair.gate, receive_all(*pair.server, received, result));
  pair.client->shutdown();
  EXPECT_TRUE(pair.world.run_until_idle());
  EXPECT_TRUE(std::ranges::equal(received, std::span(sent).first(100)));
  EXPECT_EQ(pair.client->try_send({}), -EPIPE);
}

TEST(SimNetwork, MakesASenderWaitForItsReaderAndShutdownFreesIt) {
  Pair pair({.window = 100});
  std::vector<std::byte> sent = pattern(101);
  std::int64_t result = 1;
  spawn(pair.gate, send_all(*pair.client, sent, result));
  EXPECT_TRUE(pair.world.run_until_idle());
  EXPECT_EQ(pair.gate.count(), 1U);
  pair.client->shutdown();
  EXPECT_TRUE(pair.world.run_until_idle());
  EXPECT_EQ(result, -EPIPE);
}

TEST(SimNetwork, ShutdownEndsAPendingReceive) {
  Pair pair({});
  std::vector<std::byte> received;
  std::int64_t result = 1;
  spawn(pair.gate, receive_all(*pair.server, received, result));
  pair.world.run_until_idle();
  pair.server->shutdown();
  EXPECT_TRUE(pair.world.run_until_idle());
  EXPECT_EQ(result, 0);
}

TEST(SimNetwork, CutsAConnectionAfterAnyByte) {
  std::vector<std::size_t> lengths;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Pair pair({.piece_max = 3, .cut_per_mille = 1000, .cut_bytes_max = 20}, seed);
    std::vector<std::byte> sent = pattern(21);
    std::vector<std::byte> received;
    std::int64_t send_result = 1;
    std::int64_t receive_result = 1;
    spawn(pair.gate, receive_all(*pair.server, received, receive_result));
    spawn(pair.gate, send_all(*pair.client, sent, send_result));
    pair.world.run_until_idle();
    if (receive_result > 0) {
      pair.server->shutdown();  // the other direction is the one to be cut
      pair.world.run_until_idle();
      continue;
    }
    EXPECT_EQ(receive_result, -ECONNRESET);
    EXPECT_TRUE(std::equal(received.begin(), received.end(), sent.begin()));
    lengths.push_back(received.size());
  }
  EXPECT_GT(lengths.size(), 5U);
  EXPECT_NE(std::ranges::min(lengths), std::ranges::max(lengths));
}

TEST(SimNetwork, HoldsEverythingBackWhilePartitioned) {
  Pair pair({});
  std::vector<std::byte> sent = pattern(10);
  std::vector<std::byte> received;
  std::int64_t send_result = 1;
  std::int64_t receive_result = 1;
  pair.world.network().set_partitioned(true);
  spawn(pair.gate, receive_all(*pair.server, received, receive_result));
  spawn(pair.gate, send_all(*pair.client, sent, send_result));
  std::unique_ptr<Stream> late;
  std::int64_t late_result = 1;
  spawn(pair.gate, connect_into(pair.client_shard, kPortal, late, late_result));
  pair.world.run_until_idle();
  EXPECT_TRUE(received.empty());
  EXPECT_EQ(late_result, -ETIMEDOUT);
  pair.world.network().set_partitioned(false);
  pair.world.run_until_idle();
  EXPECT_EQ(received, sent);
  pair.world.network().cut_all();
  pair.world.run_until_idle();
  EXPECT_EQ(receive_result, -ECONNRESET);
}

TEST(SimNetwork, KnowsWhoIsAtEachEnd) {
  Pair pair({});
  EXPECT_EQ(pair.server->local_endpoint(), kPortal);
  EXPECT_EQ(pair.client->peer_endpoint(), kPortal);
  EXPECT_EQ(pair.server->peer_endpoint(), pair.client->local_endpoint());
  EXPECT_FALSE(pair.server->peer_credentials().has_value());

  Pair local({}, 1, std::string("/run/lunaria.sock"));
  local.world.network().set_credentials({.pid = 7, .uid = 5, .gid = 6});
  ASSERT_TRUE(local.server->peer_credentials().has_value());
  EXPECT_EQ(local.server->peer_credentials()->uid, 0U);
}

TEST(SimNetwork, RefusesWhereNobodyListens) {
  World world;
  SimShard& shard = world.add_shard();
  Gate gate;
  std::unique_ptr<Stream> stream;
  std::int64_t result = 1;
  spawn(gate, connect_into(shard, kPortal, stream, result));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(result, -ECONNREFUSED);
  EXPECT_EQ(stream, nullptr);
  auto listener = shard.network().listen(kPortal);
  ASSERT_TRUE(listener);
  EXPECT_EQ(shard.network().listen(kPortal).error().code, EADDRINUSE);
}

TEST(SimNetwork, CancelsAnAcceptWhenItsListenerCloses) {
  World world;
  SimShard& shard = world.add_shard();
  auto listener = std::move(*shard.network().listen(kPortal));
  Gate gate;
  std::unique_ptr<Stream> stream;
  std::int64_t result = 1;
  spawn(gate, accept_into(*listener, stream, result));
  listener->close();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(result, -ECANCELED);
}

TEST(SimNetwork, FlipsABitWhereAskedTo) {
  Pair pair({.corrupt_per_mille = 1000});
  std::vector<std::byte> sent = pattern(100);
  std::vector<std::byte> received;
  std::int64_t send_result = 1;
  std::int64_t receive_result = 1;
  spawn(pair.gate, receive_all(*pair.server, received, receive_result));
  spawn(pair.gate, send_all(*pair.client, sent, send_result));
  pair.world.run_until_idle();
  ASSERT_EQ(received.size(), sent.size());
  EXPECT_NE(received, sent);
  pair.server->shutdown();
  pair.world.run_until_idle();
}

TEST(SimNetwork, MovesAStreamToAnotherShard) {
  Pair pair({});
  SimShard& other = pair.world.add_shard();
  std::vector<std::byte> sent = pattern(10);
  std::int64_t result = 1;
  spawn(pair.gate, send_all(*pair.client, sent, result));
  pair.server->move_to(other);
  std::vector<std::byte> received;
  std::int64_t receive_result = 1;
  spawn(pair.gate, receive_all(*pair.server, received, receive_result));
  pair.world.run_until_idle();
  EXPECT_EQ(received, sent);
  pair.client.reset();
  pair.world.run_until_idle();
  EXPECT_EQ(receive_result, 0);
}

}  // namespace
}  // namespace lunaria::sim
