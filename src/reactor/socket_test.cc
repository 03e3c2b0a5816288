#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "reactor/descriptor.h"
#include "reactor/socket_address.h"
#include "reactor/test_support.h"

namespace lunaria::reactor {
namespace {

using namespace std::chrono_literals;
using runtime::AcceptRequest;
using runtime::ConnectRequest;
using runtime::Gate;
using runtime::ListenAddress;
using runtime::Listener;
using runtime::ReceiveRequest;
using runtime::SendRequest;
using runtime::Stream;
using runtime::Task;
using testing::TemporaryDirectory;

class SocketListenerTest : public testing::BackendTest {};
class SocketNetworkTest : public testing::BackendTest {};
class SocketStreamTest : public testing::BackendTest {};
INSTANTIATE_TEST_SUITE_P(Backends, SocketListenerTest, testing::every_backend(), testing::name_of_backend);
INSTANTIATE_TEST_SUITE_P(Backends, SocketNetworkTest, testing::every_backend(), testing::name_of_backend);
INSTANTIATE_TEST_SUITE_P(Backends, SocketStreamTest, testing::every_backend(), testing::name_of_backend);

const ListenAddress kLoopback = IpEndpoint{.address = IpAddress::v4({127, 0, 0, 1}), .port = 0};

Task<std::unique_ptr<Stream>> accept(Listener& listener) {
  AcceptRequest request;
  co_await submit(listener, request);
  EXPECT_EQ(request.result, 0);
  co_return std::move(request.stream);
}

Task<void> accept_result(Listener& listener, std::int64_t& result) {
  AcceptRequest request;
  co_await submit(listener, request);
  result = request.result;
}

Task<std::unique_ptr<Stream>> connect(runtime::Shard& shard, ListenAddress address) {
  ConnectRequest request;
  request.address = address;
  co_await submit(shard.network(), request);
  EXPECT_EQ(request.result, 0);
  co_return std::move(request.stream);
}

Task<std::int64_t> send(Stream& stream, std::span<const std::byte> bytes) {
  const iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
  SendRequest request;
  request.memory = {&part, 1};
  co_await submit(stream, request);
  co_return request.result;
}

Task<std::int64_t> receive(Stream& stream, std::span<std::byte> memory) {
  ReceiveRequest request;
  request.memory = memory;
  co_await submit(stream, request);
  co_return request.result;
}

Task<void> send_and_note(Stream& stream, std::span<const std::byte> bytes, std::int64_t& result) {
  result = co_await send(stream, bytes);
}

Task<void> receive_and_note(Stream& stream, std::span<std::byte> memory, std::int64_t& result) {
  result = co_await receive(stream, memory);
}

Task<std::int64_t> receive_all(Stream& stream, std::span<std::byte> memory) {
  std::size_t done = 0;
  while (done < memory.size()) {
    const std::int64_t count = co_await receive(stream, memory.subspan(done));
    if (count <= 0) {
      co_return count;
    }
    done += static_cast<std::size_t>(count);
  }
  co_return static_cast<std::int64_t>(done);
}

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i * 13 + i / 1000);
  }
  return bytes;
}

std::unique_ptr<Listener> listen(runtime::Shard& shard, const ListenAddress& address) {
  auto listener = shard.network().listen(address);
  EXPECT_TRUE(listener.has_value());
  return std::move(*listener);
}

/// Both ends of a connection on one shard.
struct Pair {
  std::unique_ptr<Stream> server;
  std::unique_ptr<Stream> client;
};

Task<Pair> connected_pair(runtime::Shard& shard, ListenAddress address) {
  std::unique_ptr<Listener> listener = listen(shard, address);
  Pair pair;
  pair.client = co_await connect(shard, listener->address());
  pair.server = co_await accept(*listener);
  co_return pair;
}

Task<void> check_endpoints(runtime::Shard& shard, ListenAddress address) {
  Pair pair = co_await connected_pair(shard, address);
  EXPECT_EQ(pair.server->local_endpoint(), pair.client->peer_endpoint());
  EXPECT_EQ(pair.server->peer_endpoint(), pair.client->local_endpoint());
  EXPECT_EQ(pair.server->local_endpoint().address, std::get<IpEndpoint>(address).address);
  EXPECT_NE(pair.server->local_endpoint().port, 0);
  EXPECT_FALSE(pair.server->peer_credentials().has_value());
}

TEST_P(SocketStreamTest, KnowsBothEndsOverIpv4AndIpv6) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, check_endpoints(reactor->shard(0), kLoopback));
  const ListenAddress v6 = IpEndpoint{.address = *IpAddress::parse("::1"), .port = 0};
  reactor->run_to_completion(0, check_endpoints(reactor->shard(0), v6));
}

Task<void> listen_on_both_families(runtime::Shard& shard) {
  const std::unique_ptr<Listener> v6 = listen(shard, IpEndpoint{.address = *IpAddress::parse("::"), .port = 0});
  const std::uint16_t port = std::get<IpEndpoint>(v6->address()).port;
  const std::unique_ptr<Listener> v4 = listen(shard, IpEndpoint{.address = IpAddress::v4({0, 0, 0, 0}), .port = port});
  const auto again = shard.network().listen(v4->address());
  EXPECT_EQ(again.error().code, EADDRINUSE);
  co_return;
}

TEST_P(SocketListenerTest, AnIpv6WildcardLeavesThePortToIpv4) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, listen_on_both_families(reactor->shard(0)));
}

Task<void> connect_to_nobody(runtime::Shard& shard) {
  std::unique_ptr<Listener> listener = listen(shard, kLoopback);
  ConnectRequest request;
  request.address = listener->address();
  listener.reset();
  co_await submit(shard.network(), request);
  EXPECT_EQ(request.result, -ECONNREFUSED);
  EXPECT_EQ(request.stream, nullptr);
  ConnectRequest too_long;
  too_long.address = std::string(108, 'x');
  co_await submit(shard.network(), too_long);
  EXPECT_EQ(too_long.result, -ENAMETOOLONG);
}

TEST_P(SocketNetworkTest, SaysWhenNobodyListens) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, connect_to_nobody(reactor->shard(0)));
}

/// A listener whose queue is full: the kernel drops what else asks to connect.
class FullListener final {
 public:
  FullListener()
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        first_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    SocketAddress address = *to_socket_address(kLoopback);
    EXPECT_EQ(::bind(listener_.get(), address.get(), address.length), 0);
    EXPECT_EQ(::listen(listener_.get(), 0), 0);
    EXPECT_EQ(::getsockname(listener_.get(), address.get(), &address.length), 0);
    EXPECT_EQ(::connect(first_.get(), address.get(), address.length), 0);
    endpoint = to_endpoint(address);
  }
  IpEndpoint endpoint;

 private:
  Descriptor listener_;
  Descriptor first_;
};

Task<void> connect_in_vain(runtime::Shard& shard, const IpEndpoint& endpoint, ConnectRequest& request, bool& done) {
  request.address = endpoint;
  co_await submit(shard.network(), request);
  done = true;
}

Task<void> cancel_a_connect(runtime::Shard& shard) {
  const FullListener full;
  runtime::Gate gate;
  ConnectRequest request;
  bool done = false;
  runtime::spawn(gate, connect_in_vain(shard, full.endpoint, request, done));
  for (int turn = 0; turn < 10; ++turn) {
    co_await runtime::yield_on(shard);
  }
  EXPECT_FALSE(done);
  shard.network().cancel(request);
  gate.close();
  co_await gate.drained();
  EXPECT_TRUE(done);
  EXPECT_EQ(request.result, -ECANCELED);
  EXPECT_EQ(request.stream, nullptr);
}

TEST_P(SocketNetworkTest, EndsAConnectThatIsCancelled) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, cancel_a_connect(reactor->shard(0)));
}

Task<void> submit_and_note(Stream& stream, SendRequest& request, bool& done) {
  co_await submit(stream, request);
  done = true;
}

Task<void> send_to_slow_reader(runtime::Shard& shard, ListenAddress address) {
  Pair pair = co_await connected_pair(shard, address);
  const std::vector<std::byte> sent = pattern(8 << 20);
  // More parts than go to the kernel at once.
  std::vector<iovec> parts;
  for (std::size_t at = 0; at < sent.size(); at += 100'003) {
    parts.push_back({.iov_base = const_cast<std::byte*>(sent.data() + at),
                     .iov_len = std::min<std::size_t>(100'003, sent.size() - at)});
  }
  SendRequest request;
  request.memory = parts;
  bool sent_all = false;
  Gate gate;
  spawn(gate, submit_and_note(*pair.client, request, sent_all));
  EXPECT_FALSE(sent_all);
  std::vector<std::byte> received(sent.size());
  std::span<std::byte> rest = received;
  while (!rest.empty()) {
    const std::int64_t count = co_await receive(*pair.server, rest.first(std::min<std::size_t>(rest.size(), 70'000)));
    EXPECT_GT(count, 0);
    if (count <= 0) {
      break;
    }
    rest = rest.subspan(static_cast<std::size_t>(count));
    co_await runtime::yield_on(shard);
  }
  gate.close();
  co_await gate.drained();
  EXPECT_EQ(request.result, static_cast<std::int64_t>(sent.size()));
  EXPECT_TRUE(received == sent);
}

TEST_P(SocketStreamTest, SendsAllOfALargeMessageToASlowReader) {
  const TemporaryDirectory directory;
  auto reactor = start_reactor();
  reactor->run_to_completion(0, send_to_slow_reader(reactor->shard(0), kLoopback));
  reactor->run_to_completion(0, send_to_slow_reader(reactor->shard(0), directory / "socket"));
}

// With a full socket it sends nothing, instead of waiting, and what it sent before arrives.
Task<void> send_what_fits(runtime::Shard& shard) {
  Pair pair = co_await connected_pair(shard, kLoopback);
  std::vector<std::byte> bytes = pattern(1 << 20);
  std::vector<std::byte> sent;
  const auto send_once = [&] {
    const std::array parts{iovec{bytes.data(), 1000}, iovec{bytes.data() + 1000, bytes.size() - 1000}};
    return pair.client->try_send(parts);
  };
  std::int64_t count = send_once();
  EXPECT_GT(count, 1000);
  for (int i = 0; i < 1000 && count > 0; ++i) {
    sent.insert(sent.end(), bytes.begin(), bytes.begin() + count);
    count = send_once();
  }
  EXPECT_EQ(count, 0);
  std::vector<std::byte> received(sent.size());
  const std::int64_t arrived = co_await receive_all(*pair.server, received);
  EXPECT_EQ(arrived, static_cast<std::int64_t>(sent.size()));
  EXPECT_TRUE(received == sent);
  pair.client->shutdown();
  EXPECT_EQ(send_once(), -EPIPE);
}

TEST_P(SocketStreamTest, SendsWhatFitsWithoutWaiting) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, send_what_fits(reactor->shard(0)));
}

Task<void> see_the_end(runtime::Shard& shard) {
  Pair pair = co_await connected_pair(shard, kLoopback);
  std::vector<std::byte> bytes = pattern(10);
  const std::int64_t sent = co_await send(*pair.client, bytes);
  EXPECT_EQ(sent, 10);
  pair.client.reset();
  std::vector<std::byte> memory(100);
  const std::int64_t first = co_await receive(*pair.server, memory);
  EXPECT_EQ(first, 10);
  const std::int64_t second = co_await receive(*pair.server, memory);
  EXPECT_EQ(second, 0);
  std::int64_t last = 0;
  for (int i = 0; i < 100 && last >= 0; ++i) {
    last = co_await send(*pair.server, bytes);
    co_await runtime::yield_on(shard);
  }
  EXPECT_TRUE(last == -EPIPE || last == -ECONNRESET) << last;
}

TEST_P(SocketStreamTest, SeesThatThePeerHasClosed) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, see_the_end(reactor->shard(0)));
}

Task<void> count_what_waits(runtime::Shard& shard) {
  Pair pair = co_await connected_pair(shard, kLoopback);
  EXPECT_EQ(pair.server->waiting(), 0U);
  std::vector<std::byte> bytes = pattern(3000);
  const std::int64_t sent = co_await send(*pair.client, bytes);
  EXPECT_EQ(sent, 3000);
  std::vector<std::byte> memory(1000);
  const std::int64_t received = co_await receive(*pair.server, memory);
  EXPECT_EQ(received, 1000);
  EXPECT_EQ(pair.server->waiting(), 2000U);
  EXPECT_EQ(pair.client->waiting(), 0U);
}

TEST_P(SocketStreamTest, SaysHowMuchWaits) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, count_what_waits(reactor->shard(0)));
}

Task<void> shut_down_in_flight(runtime::Shard& shard) {
  Pair pair = co_await connected_pair(shard, kLoopback);
  std::vector<std::byte> memory(100);
  const std::vector<std::byte> sent = pattern(64 << 20);
  std::int64_t received = 1;
  std::int64_t send_result = 1;
  Gate gate;
  spawn(gate, receive_and_note(*pair.client, memory, received));
  spawn(gate, send_and_note(*pair.client, sent, send_result));
  co_await runtime::yield_on(shard);
  EXPECT_EQ(gate.count(), 2U);
  pair.client->shutdown();
  gate.close();
  co_await gate.drained();
  EXPECT_EQ(received, 0);
  EXPECT_EQ(send_result, -EPIPE);
}

TEST_P(SocketStreamTest, ShutdownEndsWhatIsInFlight) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, shut_down_in_flight(reactor->shard(0)));
}

Task<void> close_while_accepting(runtime::Shard& shard) {
  std::unique_ptr<Listener> listener = listen(shard, kLoopback);
  std::int64_t result = 1;
  Gate gate;
  spawn(gate, accept_result(*listener, result));
  co_await runtime::yield_on(shard);
  listener->close();
  std::int64_t late = 1;
  spawn(gate, accept_result(*listener, late));
  listener.reset();
  gate.close();
  co_await gate.drained();
  EXPECT_EQ(result, -ECANCELED);
  EXPECT_EQ(late, -ECANCELED);
}

TEST_P(SocketListenerTest, ClosingCancelsAPendingAccept) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, close_while_accepting(reactor->shard(0)));
}

Task<void> run_out_of_descriptors(Shard& shard) {
  std::unique_ptr<Listener> listener = listen(shard, kLoopback);
  const std::unique_ptr<Stream> client = co_await connect(shard, listener->address());
  const int lowest = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
  ::close(lowest);
  rlimit before{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit limit{.rlim_cur = static_cast<rlim_t>(lowest), .rlim_max = before.rlim_max};
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  std::int64_t result = 1;
  Gate gate;
  spawn(gate, accept_result(*listener, result));
  const std::uint64_t turn = shard.turn();
  co_await runtime::sleep_for(shard, 150ms);
  EXPECT_EQ(result, 1);
  EXPECT_LT(shard.turn() - turn, 10U) << "a listener that rests does not spin";
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  gate.close();
  co_await gate.drained();
  EXPECT_EQ(result, 0);
}

TEST_P(SocketListenerTest, RestsWhileThereAreNoDescriptorsAndThenGoesOn) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, run_out_of_descriptors(reactor->shard(0)));
}

Task<void> use_unix_socket(runtime::Shard& shard, std::string path) {
  {
    Pair pair = co_await connected_pair(shard, path);
    EXPECT_TRUE(pair.server->peer_credentials().has_value());
    EXPECT_EQ(pair.server->peer_credentials()->uid, ::getuid());
    EXPECT_EQ(pair.server->peer_credentials()->pid, ::getpid());
  }
  struct stat status{};
  EXPECT_NE(::stat(path.c_str(), &status), 0) << "the listener takes its socket file with it";
  const std::unique_ptr<Listener> listener = listen(shard, path);
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto second = shard.network().listen(path);
  EXPECT_EQ(second.error().code, EADDRINUSE);
}

TEST_P(SocketListenerTest, GivesUnixPeersTheirCredentialsAndItsFileToItsOwnerAlone) {
  const TemporaryDirectory directory;
  auto reactor = start_reactor();
  reactor->run_to_completion(0, use_unix_socket(reactor->shard(0), directory / "socket"));
}

Task<void> listen_on_leftovers(runtime::Shard& shard, std::string socket_path, std::string file_path) {
  {
    auto address = to_socket_address(socket_path);
    const Descriptor left(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(left.get(), address->get(), address->length), 0);
  }
  const auto listener = shard.network().listen(socket_path);
  EXPECT_TRUE(listener.has_value());
  const auto file = LocalFileSystem().open(file_path, {.create_new = true});
  EXPECT_TRUE(file.has_value());
  const auto refused = shard.network().listen(file_path);
  EXPECT_EQ(refused.error().code, EADDRINUSE);
  EXPECT_TRUE(LocalFileSystem().status(file_path).has_value()) << "only sockets are removed";
  co_return;
}

TEST_P(SocketListenerTest, ReplacesAStaleSocketFileAndNothingElse) {
  const TemporaryDirectory directory;
  auto reactor = start_reactor();
  reactor->run_to_completion(0, listen_on_leftovers(reactor->shard(0), directory / "socket", directory / "file"));
}

Task<void> echo(std::unique_ptr<Stream> stream, runtime::Shard& from, runtime::Shard& to) {
  stream->move_to(to);
  co_await runtime::move_to(to);
  std::vector<std::byte> memory(1000);
  while (true) {
    const std::int64_t count = co_await receive(*stream, memory);
    if (count <= 0) {
      break;
    }
    const std::int64_t sent = co_await send(*stream, std::span(memory).first(static_cast<std::size_t>(count)));
    EXPECT_EQ(sent, count);
  }
  stream.reset();
  co_await runtime::move_to(from);
}

Task<void> echo_from_another_shard(runtime::Shard& here, runtime::Shard& there) {
  Pair pair = co_await connected_pair(here, kLoopback);
  Gate gate;
  spawn(gate, echo(std::move(pair.server), here, there));
  const std::vector<std::byte> sent = pattern(1000);
  std::vector<std::byte> received(1000);
  for (int i = 0; i < 100; ++i) {
    const std::int64_t send_result = co_await send(*pair.client, sent);
    EXPECT_EQ(send_result, 1000);
    const std::int64_t receive_result = co_await receive_all(*pair.client, received);
    EXPECT_EQ(receive_result, 1000);
    EXPECT_EQ(received, sent);
  }
  pair.client.reset();
  gate.close();
  co_await gate.drained();
}

TEST_P(SocketStreamTest, MovesToAnotherShard) {
  auto reactor = start_reactor(2);
  reactor->run_to_completion(0, echo_from_another_shard(reactor->shard(0), reactor->shard(1)));
}

#if !__has_feature(thread_sanitizer)

// The exchange of a data plane that has warmed up. ThreadSanitizer leaves no way to count.
Task<void> serve_blocks(Stream& stream, runtime::Shard& shard, runtime::File& file, int rounds) {
  std::array<std::byte, 48> header{};
  std::array<std::byte, 4096> block{};
  for (int i = 0; i < rounds; ++i) {
    const std::int64_t count = co_await receive_all(stream, header);
    EXPECT_EQ(count, 48);
    const iovec memory{.iov_base = block.data(), .iov_len = block.size()};
    runtime::FileRequest request;
    request.file = &file;
    request.offset = static_cast<std::uint64_t>(i % 16) * 4096;
    request.memory = {&memory, 1};
    request.length = block.size();
    co_await submit(shard, request);
    EXPECT_EQ(request.result, 4096);
    const std::array<iovec, 2> parts{iovec{.iov_base = header.data(), .iov_len = header.size()}, memory};
    SendRequest answer;
    answer.memory = parts;
    co_await submit(stream, answer);
    EXPECT_EQ(answer.result, 4144);
  }
}

Task<void> ask_for_blocks(Stream& stream, runtime::Shard& shard, int rounds) {
  std::array<std::byte, 48> question{};
  std::array<std::byte, 4144> answer{};
  for (int i = 0; i < rounds; ++i) {
    const std::int64_t sent = co_await send(stream, question);
    EXPECT_EQ(sent, 48);
    const std::int64_t count = co_await receive_all(stream, answer);
    EXPECT_EQ(count, 4144);
    co_await runtime::sleep_for(shard, 1us);
  }
}

Task<void> exchange_blocks(Pair& pair, runtime::Shard& shard, runtime::File& file, int rounds) {
  Gate gate;
  spawn(gate, serve_blocks(*pair.server, shard, file, rounds));
  spawn(gate, ask_for_blocks(*pair.client, shard, rounds));
  gate.close();
  co_await gate.drained();
}

Task<void> count_heap_calls(runtime::Shard& shard, runtime::File& file, std::uint64_t& calls) {
  Pair pair = co_await connected_pair(shard, kLoopback);
  co_await exchange_blocks(pair, shard, file, 100);
  const std::uint64_t before = testing::heap_calls();
  co_await exchange_blocks(pair, shard, file, 10'000);
  calls = testing::heap_calls() - before;
}

TEST_P(SocketStreamTest, ExchangesBlocksWithoutTheHeapOnceWarm) {
  const TemporaryDirectory directory;
  const std::uint64_t before = testing::heap_calls();
  auto reactor = start_reactor();
  EXPECT_GT(testing::heap_calls(), before) << "the counter counts";
  auto file = std::move(*reactor->files().open(directory / "disk", {.create_new = true}));
  ASSERT_TRUE(file->write_at(0, std::vector<std::byte>(16 * 4096)));
  std::uint64_t calls = 1;
  reactor->run_to_completion(0, count_heap_calls(reactor->shard(0), *file, calls));
  EXPECT_EQ(calls, 0U);
}

#endif

}  // namespace
}  // namespace lunaria::reactor
