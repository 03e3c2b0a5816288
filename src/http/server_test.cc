#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/log.h"
#include "http/connection.h"
#include "runtime/submit.h"
#include "security/limits.h"
#include "security/self_signed.h"
#include "sim/world.h"

namespace lunaria::http {
namespace {

using namespace std::chrono_literals;
using runtime::Task;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n";
}

std::string post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

/// Answers by path.
class TestHandler final : public RequestHandler {
 public:
  Task<void> handle(const RequestHead& head, RequestBody& body, ResponseWriter& writer, const Peer& peer) override {
    ++inside;
    co_await dispatch(head, body, writer, peer);
    --inside;
    ++handled;
  }

  int inside = 0;
  int handled = 0;
  std::size_t streamed = 0;
  bool stream_failed = false;
  runtime::Event release;
  runtime::Gate gate;  // of what requests start and do not wait for
  Server* server = nullptr;
  bool stopped = false;

 private:
  Task<void> dispatch(const RequestHead& head, RequestBody& body, ResponseWriter& writer, const Peer& peer) {
    const std::string_view path = head.path();
    if (path == "/echo") {
      const auto text = co_await read_all(body);
      if (text) {
        static_cast<void>(co_await respond(writer, {.status = 200}, *text));
      }
    } else if (path == "/stream") {
      co_await stream(writer);
    } else if (path == "/wait") {
      co_await release.wait();
      static_cast<void>(co_await respond(writer, {.status = 200}, "waited"));
    } else if (path == "/stop") {
      runtime::spawn(gate, stop_tcp());
      static_cast<void>(co_await respond(writer, {.status = 200}, "stopping"));
    } else if (path == "/partial") {
      writer.start({.status = 200});
      static_cast<void>(co_await writer.write(bytes_of("some")));
      static_cast<void>(co_await writer.flush());
    } else if (path == "/short") {
      writer.start({.status = 200, .content_length = 10});
      static_cast<void>(co_await writer.write(bytes_of("some")));
      static_cast<void>(co_await writer.finish({}));
    } else if (path == "/refuse") {
      static_cast<void>(co_await respond_error(writer, 403, "no"));
    } else if (path == "/peer") {
      std::string text = peer.description();
      text += peer.encrypted ? " tls" : "";
      text += peer.is_local() ? " local" : "";
      static_cast<void>(co_await respond(writer, {.status = 200}, text));
    } else if (path != "/none") {
      static_cast<void>(co_await respond(writer, {.status = 200}, "hello"));
    }
  }

  Task<void> stream(ResponseWriter& writer) {
    writer.start({.status = 200});
    const std::string piece(10'000, 'x');
    streamed = 0;
    for (int i = 0; i < 1000; ++i) {
      const bool written = co_await writer.write(bytes_of(piece));
      if (!written) {
        stream_failed = true;
        co_return;
      }
      streamed += piece.size();
    }
    Fields trailers;
    trailers.add("X-Last", "yes");
    static_cast<void>(co_await writer.finish(std::move(trailers)));
  }

  Task<void> stop_tcp() {
    co_await server->close_listeners([](const ListenerView& view) { return view.transport != Transport::kUnix; }, 10s);
    stopped = true;
  }
};

/// A connection whose received bytes pile up in `text` (unless it does not read).
class Client final {
 public:
  Client(sim::World& world, sim::SimShard& shard, runtime::ListenAddress address, bool reads = true)
      : world_(world), shard_(shard) {
    shard_.run([&] { runtime::spawn(gate_, live(std::move(address), reads)); });
    EXPECT_TRUE(world_.run_until([this] { return connected || failed; }));
  }
  ~Client() {
    if (stream_) {
      shard_.run([this] { stream_->shutdown(); });
    }
    EXPECT_TRUE(world_.run_until([this] { return gate_.count() == 0; }));
  }

  void send(std::string bytes) {
    EXPECT_TRUE(world_.run_until([this] { return gate_.count() <= 1; }));
    outgoing_ = std::move(bytes);
    shard_.run([this] { runtime::spawn(gate_, send_outgoing()); });
  }
  /// Sends and waits until the text ends with `ending`.
  bool ask(std::string bytes, std::string_view ending) {
    send(std::move(bytes));
    return wait_for(ending);
  }
  bool wait_for(std::string_view ending) {
    return world_.run_until([this, ending] { return text.ends_with(ending) || ended; }, 10min) &&
           text.ends_with(ending);
  }
  bool wait_for_end() {
    return world_.run_until([this] { return ended; }, 10min);
  }

  std::string text;
  bool connected = false;
  bool failed = false;
  bool ended = false;

 private:
  Task<void> live(runtime::ListenAddress address, bool reads) {
    runtime::ConnectRequest connect;
    connect.address = std::move(address);
    co_await submit(shard_.network(), connect);
    failed = connect.result != 0;
    if (failed) {
      co_return;
    }
    stream_ = std::move(connect.stream);
    connected = true;
    std::vector<std::byte> memory(4096);
    while (reads) {
      runtime::ReceiveRequest receive;
      receive.memory = memory;
      co_await submit(*stream_, receive);
      if (receive.result <= 0) {
        break;
      }
      text.append(static_cast<const char*>(static_cast<const void*>(memory.data())),
                  static_cast<std::size_t>(receive.result));
    }
    ended = reads;
  }
  Task<void> send_outgoing() {
    const iovec part{.iov_base = outgoing_.data(), .iov_len = outgoing_.size()};
    runtime::SendRequest request;
    request.memory = {&part, 1};
    co_await submit(*stream_, request);
  }

  sim::World& world_;
  sim::SimShard& shard_;
  std::unique_ptr<runtime::Stream> stream_;
  std::string outgoing_;
  runtime::Gate gate_;
};

class HttpServer : public ::testing::Test {
 protected:
  HttpServer() {
    handler_.server = &server_;
    tcp_ = open({.address = *IpEndpoint::parse("192.0.2.7:5988")});
    unix_ = open({.address = std::string("/run/lunaria.sock"), .transport = Transport::kUnix});
  }
  ~HttpServer() override {
    handler_.release.set();
    stop();
    EXPECT_EQ(server_.connection_count(), 0U);
  }

  runtime::ListenAddress open(const ListenerOptions& options) {
    runtime::ListenAddress address;
    server_shard_.run([&] {
      const auto view = server_.listen(options);
      ASSERT_TRUE(view);
      address = view->address;
    });
    return address;
  }
  void stop(runtime::Duration grace = 5s) {
    bool done = false;
    server_shard_.run([&] { runtime::spawn(handler_.gate, stop_server(grace, done)); });
    EXPECT_TRUE(world_.run_until([&] { return done; }));
  }
  Task<void> stop_server(runtime::Duration grace, bool& done) {
    co_await server_.stop(grace);
    done = true;
  }
  /// Starts to close what listens on TCP; `done` tells when it is done.
  void close_tcp(runtime::Duration grace, bool& done) {
    server_shard_.run([&] { runtime::spawn(handler_.gate, close_tcp_task(grace, done)); });
  }
  Task<void> close_tcp_task(runtime::Duration grace, bool& done) {
    co_await server_.close_listeners([](const ListenerView& view) { return view.transport != Transport::kUnix; },
                                     grace);
    done = true;
  }
  Client client(bool reads = true) { return {world_, client_shard_, tcp_, reads}; }

  sim::World world_;
  sim::SimShard& server_shard_ = world_.add_shard();
  sim::SimShard& client_shard_ = world_.add_shard();
  MemoryLog log_;
  TestHandler handler_;
  Server server_{
      server_shard_, handler_, log_, {.connections_max = 8, .connections_per_peer_max = 6, .unix_connections_max = 2}};
  runtime::ListenAddress tcp_;
  runtime::ListenAddress unix_;
};

TEST_F(HttpServer, AnswersRequestAfterRequest) {
  Client connection = client();
  ASSERT_TRUE(connection.ask(get("/"), "hello"));
  EXPECT_THAT(connection.text, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(connection.text, HasSubstr("\r\nContent-Length: 5\r\n\r\nhello"));
  ASSERT_TRUE(connection.ask(post("/echo", "ping"), "ping"));
  ASSERT_TRUE(connection.ask(get("/") + post("/echo", "second"), "second")) << "pipelined";
  EXPECT_EQ(handler_.handled, 4);
  EXPECT_FALSE(connection.ended);
}

TEST_F(HttpServer, TellsWhoIsAtTheOtherEnd) {
  Client connection = client();
  ASSERT_TRUE(connection.ask(get("/peer", "Connection: close\r\n"), ""));
  ASSERT_TRUE(connection.wait_for_end());
  EXPECT_THAT(connection.text, HasSubstr("\r\n\r\n192.0.2.1:"));
  EXPECT_THAT(connection.text, Not(HasSubstr("local")));
  world_.network().set_credentials({.pid = 17, .uid = 1001, .gid = 1001});
  Client local(world_, client_shard_, unix_);
  EXPECT_TRUE(local.ask(get("/peer"), "unix uid=1001 pid=17 local"));
}

TEST_F(HttpServer, SpeaksTls) {
  auto certificate = security::make_self_signed(
      {"storage.example"}, std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()));
  ASSERT_TRUE(certificate);
  server_.set_tls_context(*security::TlsServerContext::make(certificate->certificate_pem, certificate->key_pem));
  const auto address = open({.address = *IpEndpoint::parse("192.0.2.7:5989"), .transport = Transport::kTls});
  Client connection(world_, client_shard_, address);
  security::TlsEngine tls = security::TlsEngine::client(
      *security::TlsClientContext::make({.authorities_pem = certificate->certificate_pem}), "storage.example");
  std::string plain;
  std::array<std::byte, 4096> memory{};
  std::size_t seen = 0;
  const auto pump_until = [&](auto is_done) {
    for (int i = 0; i < 50'000 && !is_done(); ++i) {
      const auto read = tls.read(memory);
      ASSERT_TRUE(read) << read.error().reason;
      if (const auto out = tls.ciphertext(); !out.empty()) {
        connection.send({static_cast<const char*>(static_cast<const void*>(out.data())), out.size()});
        tls.drop_ciphertext(out.size());
      }
      if (read->progress == security::TlsEngine::Progress::kDone) {
        plain.append(static_cast<const char*>(static_cast<const void*>(memory.data())), read->size);
      } else if (!is_done()) {
        world_.run_until([&] { return connection.text.size() > seen; }, 10s);
        seen += tls.give_ciphertext(bytes_of(connection.text).subspan(seen));
      }
    }
    ASSERT_TRUE(is_done());
  };
  pump_until([&] { return tls.handshake_done(); });
  ASSERT_TRUE(tls.write(bytes_of(get("/peer"))));
  pump_until([&] { return plain.ends_with(" tls"); });
  ASSERT_TRUE(tls.write(bytes_of(get("/stream"))));
  pump_until([&] { return plain.ends_with("0\r\nX-Last: yes\r\n\r\n"); });
  EXPECT_GT(plain.size(), 10'000'000U);
}

TEST_F(HttpServer, PlainTextOnATlsListenerIsLoggedAndClosed) {
  auto certificate = security::make_self_signed({}, world_.clock().wall_time());
  server_.set_tls_context(*security::TlsServerContext::make(certificate->certificate_pem, certificate->key_pem));
  Client connection(world_, client_shard_,
                    open({.address = *IpEndpoint::parse("192.0.2.7:5989"), .transport = Transport::kTls}));
  connection.send(get("/"));
  EXPECT_TRUE(connection.wait_for_end());
  EXPECT_TRUE(log_.contains("http.tls.failed"));
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(HttpServer, StreamsMoreThanItHolds) {
  Client connection = client();
  ASSERT_TRUE(connection.ask(get("/stream"), "\r\n0\r\nX-Last: yes\r\n\r\n"));
  EXPECT_GT(connection.text.size(), 10'000'000U);
  EXPECT_THAT(connection.text, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_TRUE(connection.ask(get("/"), "hello"));
}

TEST_F(HttpServer, ClientThatDoesNotReadHoldsAHandlerBackAndIsCutInTheEnd) {
  Client silent = client(false);
  silent.send(get("/stream"));
  Client other = client();
  world_.run_for(2s);
  EXPECT_EQ(handler_.inside, 1);
  EXPECT_LE(handler_.streamed, world_.network().link().window + 4 * kSendPieceMax) << "back-pressure";
  EXPECT_TRUE(other.ask(get("/"), "hello")) << "nobody else waits";
  EXPECT_TRUE(world_.run_until([this] { return handler_.stream_failed; }, 5min));
  EXPECT_TRUE(world_.run_until([this] { return server_.connection_count() == 1; }, 1min));
}

TEST_F(HttpServer, SilentConnectionsAreClosedInTime) {
  Client fresh = client();
  const runtime::Instant start = world_.clock().now();
  EXPECT_TRUE(fresh.wait_for_end());
  EXPECT_LE(world_.clock().now() - start, kHeadTimeout + 1s);
  EXPECT_EQ(fresh.text, "");
  Client kept = client();
  ASSERT_TRUE(kept.ask(get("/"), "hello"));
  const runtime::Instant idle = world_.clock().now();
  EXPECT_TRUE(kept.wait_for_end());
  EXPECT_NEAR(std::chrono::duration<double>(world_.clock().now() - idle).count(),
              std::chrono::duration<double>(kIdleTimeout).count(), 2);
}

TEST_F(HttpServer, SlowRequestsAreAnswered408) {
  Client head = client();
  head.send("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(head.wait_for_end());
  EXPECT_THAT(head.text, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_THAT(head.text, HasSubstr("\r\nContent-Length: "));
  Client body = client();
  body.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this");
  EXPECT_TRUE(body.wait_for_end());
  EXPECT_THAT(body.text, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(log_.contains("status=408"));
}

TEST_F(HttpServer, RefusedBodiesGetTheirStatusAlthoughTheClientStillSends) {
  Client connection = client();
  connection.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n" + std::string(100'000, 'x'));
  EXPECT_TRUE(connection.wait_for_end());
  EXPECT_THAT(connection.text, StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
}

TEST_F(HttpServer, DropsAnUnreadBodyAndGoesOn) {
  Client connection = client();
  ASSERT_TRUE(connection.ask(post("/refuse", std::string(20'000, 'x')), "403 Forbidden: no\n"));
  EXPECT_TRUE(connection.ask(get("/"), "hello"));
}

TEST_F(HttpServer, InvitesBodiesThatAreRead) {
  Client connection = client();
  ASSERT_TRUE(connection.ask("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
                             "100 Continue\r\n\r\n"));
  EXPECT_TRUE(connection.ask("ping", "\r\n\r\nping"));
}

TEST_F(HttpServer, NoAnswerIs500AndHalfAnAnswerIsCut) {
  Client none = client();
  none.send(get("/none"));
  EXPECT_TRUE(none.wait_for_end());
  EXPECT_THAT(none.text, StartsWith("HTTP/1.1 500 "));
  EXPECT_TRUE(log_.contains("http.request.unanswered"));
  Client partial = client();
  partial.send(get("/partial"));
  EXPECT_TRUE(partial.wait_for_end());
  EXPECT_THAT(partial.text, EndsWith("4\r\nsome\r\n")) << "without a last chunk";
  Client cut = client();
  cut.send(get("/short"));
  EXPECT_TRUE(cut.wait_for_end());
  EXPECT_THAT(cut.text, Not(EndsWith("some\n")));
}

TEST_F(HttpServer, ClosingListenersAnswersThoseInsideAndDropsTheIdle) {
  Client idle = client();
  ASSERT_TRUE(idle.ask(get("/"), "hello"));
  Client busy = client();
  busy.send(get("/wait"));
  ASSERT_TRUE(world_.run_until([this] { return handler_.inside == 1; }));
  bool done = false;
  close_tcp(1min, done);
  EXPECT_TRUE(idle.wait_for_end());
  Client late = client();
  EXPECT_TRUE(late.ask(get("/"), "hello")) << "answered as long as others are inside";
  EXPECT_THAT(late.text, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_FALSE(done);
  handler_.release.set();
  EXPECT_TRUE(busy.wait_for("waited"));
  EXPECT_THAT(busy.text, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(world_.run_until([&] { return done; }));
  EXPECT_TRUE(client().failed) << "nobody listens any more";
  Client local(world_, client_shard_, unix_);
  EXPECT_TRUE(local.ask(get("/"), "hello")) << "the Unix socket stays";
  tcp_ = open({.address = tcp_});
  EXPECT_TRUE(client().ask(get("/"), "hello")) << "and TCP comes back";
}

TEST_F(HttpServer, RequestThatClosesItsOwnListenerIsAnsweredFirst) {
  Client connection = client();
  EXPECT_TRUE(connection.ask(get("/stop"), "\r\n\r\nstopping"));
  EXPECT_THAT(connection.text, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(world_.run_until([this] { return handler_.stopped; }));
  EXPECT_TRUE(client().failed);
}

TEST_F(HttpServer, RequestsThatDoNotEndAreCutAfterTheGrace) {
  Client busy = client();
  busy.send(get("/wait"));
  ASSERT_TRUE(world_.run_until([this] { return handler_.inside == 1; }));
  bool done = false;
  const runtime::Instant start = world_.clock().now();
  close_tcp(3s, done);
  EXPECT_TRUE(busy.wait_for_end());
  EXPECT_NEAR(std::chrono::duration<double>(world_.clock().now() - start).count(), 3, 0.1);
  EXPECT_FALSE(done) << "the handler is still inside";
  handler_.release.set();
  EXPECT_TRUE(world_.run_until([&] { return done; }));
  EXPECT_THAT(busy.text, Not(HasSubstr("waited")));
}

TEST_F(HttpServer, DropsTheLongestIdleConnectionWhenFull) {
  std::list<Client> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back(world_, client_shard_, tcp_);
    ASSERT_TRUE(clients.back().ask(get("/"), "hello"));
    world_.run_for(10ms);
  }
  Client one_more = client();
  EXPECT_TRUE(one_more.ask(get("/"), "hello"));
  EXPECT_TRUE(clients.front().ended) << "idle for the longest time";
  EXPECT_FALSE(clients.back().ended);
  EXPECT_LE(server_.connection_count(), 6U);
}

TEST_F(HttpServer, RefusesNewcomersWhileAllAreBusyButNotLocalOnes) {
  std::list<Client> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back(world_, client_shard_, tcp_);
    clients.back().send(get("/wait"));
  }
  ASSERT_TRUE(world_.run_until([this] { return handler_.inside == 6; }));
  Client refused = client();
  EXPECT_TRUE(refused.wait_for_end());
  EXPECT_TRUE(log_.contains("http.connection.refused"));
  Client local(world_, client_shard_, unix_);
  EXPECT_TRUE(local.ask(get("/"), "hello"));
  sim::SimShard& elsewhere = world_.add_shard();
  world_.network().set_address(elsewhere, *IpAddress::parse("192.0.2.99"));
  {
    Client other(world_, elsewhere, tcp_);
    EXPECT_TRUE(other.ask(get("/"), "hello")) << "another peer has its own share";
  }
  handler_.release.set();
  for (Client& waiting : clients) {
    EXPECT_TRUE(waiting.wait_for("waited"));
  }
}

TEST_F(HttpServer, ResponsesThatTakeLongAreCutAndNothingElse) {
  Client slow = client(false);
  slow.send(get("/stream"));
  Client waiting = client();
  waiting.send(get("/wait"));
  Client idle = client();
  ASSERT_TRUE(world_.run_until([this] { return handler_.streamed > 0 && handler_.inside == 2; }));
  const runtime::Instant before = world_.clock().now();
  world_.run_for(1s);
  server_shard_.run([&] { server_.cut_responses(before - 1s); });
  EXPECT_FALSE(world_.run_until([this] { return handler_.stream_failed; }, 1s)) << "it began later";
  server_shard_.run([&] { server_.cut_responses(world_.clock().now()); });
  EXPECT_TRUE(world_.run_until([this] { return handler_.stream_failed; }, 1s));
  handler_.release.set();
  EXPECT_TRUE(waiting.wait_for("waited"));
  EXPECT_TRUE(idle.ask(get("/"), "hello"));
}

TEST_F(HttpServer, StopWaitsForRequestsAndTakesNoNewListeners) {
  Client busy = client();
  busy.send(get("/wait"));
  ASSERT_TRUE(world_.run_until([this] { return handler_.inside == 1; }));
  bool done = false;
  server_shard_.run([&] { runtime::spawn(handler_.gate, stop_server(1min, done)); });
  world_.run_for(1s);
  EXPECT_FALSE(done);
  server_shard_.run([&] { EXPECT_FALSE(server_.listen({.address = *IpEndpoint::parse("192.0.2.7:9")})); });
  handler_.release.set();
  EXPECT_TRUE(busy.wait_for("waited"));
  EXPECT_TRUE(world_.run_until([&] { return done; }));
}

TEST(HttpServerMemory, ConnectionsAreSmall) {
  // With the receive buffer and the coroutines' frames an idle connection stays below 8 KiB.
  EXPECT_LE(sizeof(internal::Connection) + kIdleReceiveBytes, 4096U);
}

/// Clients that come, ask, stall and go over a bad network; the server must end clean.
class BadNetwork : public ::testing::TestWithParam<std::uint64_t> {};

Task<void> misbehave(sim::World& world, sim::SimShard& shard, runtime::ListenAddress address) {
  for (int round = 0; round < 20; ++round) {
    runtime::ConnectRequest connect;
    connect.address = address;
    co_await submit(shard.network(), connect);
    if (connect.result != 0) {
      co_await runtime::sleep_for(shard, 100ms);
      continue;
    }
    static constexpr std::string_view kPaths[] = {"/", "/echo", "/stream", "/refuse", "/partial", "/none", "/short"};
    std::string request =
        post(kPaths[world.dice().below(std::size(kPaths))], std::string(world.dice().below(5000), 'x'));
    request.resize(world.dice().chance(300) ? world.dice().below(request.size()) : request.size());
    const iovec part{.iov_base = request.data(), .iov_len = request.size()};
    runtime::SendRequest send;
    send.memory = {&part, request.empty() ? 0U : 1U};
    if (!request.empty()) {
      co_await submit(*connect.stream, send);
    }
    std::vector<std::byte> memory(1 + world.dice().below(50'000));
    const std::uint64_t reads = world.dice().below(100);
    for (std::uint64_t i = 0; i < reads; ++i) {
      runtime::ReceiveRequest receive;
      receive.memory = memory;
      co_await submit(*connect.stream, receive);
      if (receive.result <= 0) {
        break;
      }
    }
    connect.stream->shutdown();
  }
}

TEST_P(BadNetwork, LeavesNothingBehind) {
  sim::World world({.seed = GetParam()});
  world.network().set_link({.piece_max = 700,
                            .window = 64 * 1024,
                            .stall_per_mille = 20,
                            .stall_max = 30s,
                            .cut_per_mille = 300,
                            .cut_bytes_max = 20'000});
  sim::SimShard& server_shard = world.add_shard();
  sim::SimShard& client_shard = world.add_shard();
  MemoryLog log;
  TestHandler handler;
  Server server(server_shard, handler, log, {.connections_max = 5, .connections_per_peer_max = 5});
  const IpEndpoint address = *IpEndpoint::parse("192.0.2.7:5988");
  server_shard.run([&] { ASSERT_TRUE(server.listen({.address = address})); });
  runtime::Gate clients;
  for (int i = 0; i < 8; ++i) {
    client_shard.run([&] { runtime::spawn(clients, misbehave(world, client_shard, address)); });
  }
  ASSERT_TRUE(world.run_until([&] { return clients.count() == 0; }, 12h));
  EXPECT_GT(handler.handled, 10);
  server_shard.run([&] { runtime::spawn(handler.gate, server.stop(1s)); });
  ASSERT_TRUE(world.run_until([&] { return handler.gate.count() == 0; }, 1h));
  EXPECT_EQ(server.connection_count(), 0U);
  EXPECT_EQ(handler.inside, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BadNetwork, ::testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace lunaria::http
