#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/log.h"
#include "http/handler.h"
#include "http/server.h"
#include "runtime/gate.h"
#include "security/self_signed.h"
#include "sim/world.h"

namespace lunaria::http {
namespace {

using namespace std::chrono_literals;
using runtime::Task;
using ::testing::HasSubstr;
using Kind = ClientFailure::Kind;

class EchoHandler final : public RequestHandler {
 public:
  Task<void> handle(const RequestHead& head, RequestBody& body, ResponseWriter& writer, const Peer& peer) override {
    if (head.path() == "/silent") {
      co_await release.wait();
    }
    auto text = co_await read_all(body);
    if (text) {
      static_cast<void>(co_await respond(writer, {.status = 200}, *text + (peer.encrypted ? " tls" : "")));
    }
  }
  runtime::Event release;
};

struct Answer {
  bool done = false;
  std::uint16_t status = 0;
  std::string body;
  std::optional<ClientFailure> failure;
};

Task<void> ask(Client& client, std::string path, std::string body, Answer& answer) {
  const Fields fields;
  const auto head = co_await client.send("POST", path, fields, body);
  if (!head) {
    answer.failure = head.error();
    answer.done = true;
    co_return;
  }
  answer.status = head->status;
  while (true) {
    const auto part = co_await client.read();
    if (!part) {
      answer.failure = part.error();
      break;
    }
    if (part->empty()) {
      break;
    }
    answer.body.append(static_cast<const char*>(static_cast<const void*>(part->data())), part->size());
  }
  answer.done = true;
}

class HttpClient : public ::testing::Test {
 protected:
  HttpClient() {
    auto made = security::make_self_signed(
        {"storage.example"}, std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()));
    certificate_ = std::move(*made);
    server_shard_.run([this] {
      server_.set_tls_context(*security::TlsServerContext::make(certificate_.certificate_pem, certificate_.key_pem));
      EXPECT_TRUE(server_.listen({.address = kPlain}));
      EXPECT_TRUE(server_.listen({.address = kTls, .transport = Transport::kTls}));
      EXPECT_TRUE(server_.listen({.address = std::string("/run/x"), .transport = Transport::kUnix}));
    });
  }
  ~HttpClient() override {
    handler_.release.set();
    server_shard_.run([this] { runtime::spawn(gate_, server_.stop(1s)); });
    EXPECT_TRUE(world_.run_until([this] { return gate_.count() == 0; }));
  }

  Answer ask_once(Client& client, std::string path, std::string body) {
    Answer answer;
    client_shard_.run([&] { runtime::spawn(gate_, ask(client, std::move(path), std::move(body), answer)); });
    EXPECT_TRUE(world_.run_until([&] { return answer.done; }));
    return answer;
  }
  void close(Client& client) {
    client_shard_.run([&] { runtime::spawn(gate_, client.close()); });
    EXPECT_TRUE(world_.run_until([this] { return gate_.count() == 0; }));
  }
  Answer ask_new(ClientOptions options, std::string path, std::string body) {
    Client client(client_shard_, std::move(options));
    const Answer answer = ask_once(client, std::move(path), std::move(body));
    close(client);
    return answer;
  }

  const IpEndpoint kPlain = *IpEndpoint::parse("192.0.2.7:5988");
  const IpEndpoint kTls = *IpEndpoint::parse("192.0.2.7:5989");
  sim::World world_;
  sim::SimShard& server_shard_ = world_.add_shard();
  sim::SimShard& client_shard_ = world_.add_shard();
  NullLog log_;
  EchoHandler handler_;
  Server server_{server_shard_, handler_, log_};
  security::SelfSignedCertificate certificate_;
  runtime::Gate gate_;
};

TEST_F(HttpClient, AsksOverEveryTransport) {
  EXPECT_EQ(ask_new({.address = kPlain, .authority = "x"}, "/", "one").body, "one");
  EXPECT_EQ(ask_new({.address = std::string("/run/x"), .authority = "x"}, "/", "two").body, "two");
  const Answer tls =
      ask_new({.address = kTls,
               .authority = "storage.example:5989",
               .server_name = "storage.example",
               .tls = *security::TlsClientContext::make({.authorities_pem = certificate_.certificate_pem})},
              "/", std::string(100'000, 'x'));
  EXPECT_FALSE(tls.failure) << tls.failure->message;
  EXPECT_EQ(tls.body, std::string(100'000, 'x') + " tls");
}

TEST_F(HttpClient, SaysWhyTlsFailed) {
  const Answer wrong =
      ask_new({.address = kTls,
               .authority = "x",
               .server_name = "other.example",
               .tls = *security::TlsClientContext::make({.authorities_pem = certificate_.certificate_pem})},
              "/", "");
  ASSERT_TRUE(wrong.failure);
  EXPECT_EQ(wrong.failure->kind, Kind::kTls);
  EXPECT_THAT(wrong.failure->message, HasSubstr("hostname mismatch"));
}

TEST_F(HttpClient, KeepsItsConnectionAndMakesItAnewWhenTheServerHasClosedIt) {
  Client client(client_shard_, {.address = kPlain, .authority = "x"});
  EXPECT_EQ(ask_once(client, "/", "one").body, "one");
  EXPECT_EQ(ask_once(client, "/", "two").body, "two");
  EXPECT_EQ(server_.connection_count(), 1U);
  world_.run_for(kIdleTimeout + 1s);
  EXPECT_EQ(server_.connection_count(), 0U);
  EXPECT_EQ(ask_once(client, "/", "three").body, "three");
  close(client);
}

TEST_F(HttpClient, SaysThatNobodyListensOrAnswers) {
  const Answer refused = ask_new({.address = *IpEndpoint::parse("192.0.2.7:1"), .authority = "x"}, "/", "");
  ASSERT_TRUE(refused.failure);
  EXPECT_EQ(refused.failure->kind, Kind::kConnect);
  EXPECT_EQ(refused.failure->error_code, ECONNREFUSED);
  const Answer late = ask_new({.address = kPlain, .authority = "x", .timeout = 3s}, "/silent", "");
  ASSERT_TRUE(late.failure);
  EXPECT_EQ(late.failure->kind, Kind::kTimeout);
}

TEST_F(HttpClient, GivesUpAConnectThatNobodyAnswers) {
  world_.network().set_partitioned(true);
  const runtime::Instant before = world_.clock().now();
  const Answer late = ask_new({.address = kPlain, .authority = "x", .timeout = 3s}, "/", "");
  EXPECT_LE(world_.clock().now() - before, 3100ms) << "the network would wait for longer";
  ASSERT_TRUE(late.failure);
  EXPECT_EQ(late.failure->kind, Kind::kTimeout);
  world_.network().set_partitioned(false);
  EXPECT_EQ(ask_new({.address = kPlain, .authority = "x", .timeout = 3s}, "/", "one").body, "one");
}

TEST_F(HttpClient, EndsAtOnceWhenItIsCancelledWhereverItIs) {
  for (const char* path : {"/connecting", "/silent"}) {
    const bool connects = path == std::string_view("/connecting");
    world_.network().set_partitioned(connects);
    Client client(client_shard_, {.address = kPlain, .authority = "x"});
    Answer answer;
    client_shard_.run([&] { runtime::spawn(gate_, ask(client, path, "", answer)); });
    world_.run_for(1s);
    EXPECT_FALSE(answer.done) << path;
    EXPECT_EQ(server_.connection_count(), connects ? 0U : 1U);
    client_shard_.run([&] { client.cancel(); });
    world_.run_for(1ms);
    EXPECT_TRUE(answer.done && answer.failure) << path;
    EXPECT_TRUE(ask_once(client, "/", "again").failure) << "it stays cancelled";
    world_.network().set_partitioned(false);
    close(client);
  }
}

}  // namespace
}  // namespace lunaria::http
