#include "http/client_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace lunaria::http {
namespace {

using Event = ClientConnection::Event;

struct Reply {
  std::uint16_t status = 0;
  std::string body;
  std::string failure;
  bool closed = false;
  bool open = false;
};

Reply read_reply(ClientConnection& client, std::string_view bytes, std::size_t size, bool end) {
  Reply reply;
  while (true) {
    switch (client.next()) {
      case Event::kNeedInput:
        if (bytes.empty()) {
          if (!end) {
            return reply;
          }
          client.receive_ended();
          end = false;
        } else {
          const auto space = client.receive_space();
          const std::size_t count = std::min({size, space.size(), bytes.size()});
          std::memcpy(space.data(), bytes.data(), count);
          client.received(count);
          bytes.remove_prefix(count);
        }
        break;
      case Event::kHead:
        reply.status = client.response().status;
        break;
      case Event::kBody:
        reply.body.append(static_cast<const char*>(static_cast<const void*>(client.body().data())),
                          client.body().size());
        break;
      case Event::kEnd:
        reply.open = client.is_open();
        return reply;
      case Event::kClosed:
        reply.closed = true;
        return reply;
      case Event::kFailed:
        reply.failure = client.failure();
        return reply;
    }
  }
}

Reply ask(std::string_view response, std::string_view method = "POST", std::size_t size = 1 << 20) {
  ClientConnection client("host:5988");
  static_cast<void>(client.request(method, "/cimom", {}, 0));
  return read_reply(client, response, size, true);
}

TEST(ClientConnection, FramesItsRequests) {
  ClientConnection client("host:5988");
  Fields fields;
  fields.add("CIMOperation", "MethodCall");
  fields.add("Host", "evil");
  fields.add("content-length", "7");
  EXPECT_EQ(client.request("POST", "/cimom", fields, 12),
            "POST /cimom HTTP/1.1\r\nHost: host:5988\r\nCIMOperation: MethodCall\r\nContent-Length: 12\r\n\r\n");
  ClientConnection other("host");
  EXPECT_EQ(other.request("GET", "/", {}, 0), "GET / HTTP/1.1\r\nHost: host\r\n\r\n");
}

TEST(ClientConnection, ReadsBodiesHoweverTheyAreFramed) {
  const std::string_view responses[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nCIMError: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\nhello",
      "HTTP/1.0 200 OK\r\n\r\nhello",
      "HTTP/1.3 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  };
  for (const std::string_view response : responses) {
    for (const std::size_t size : {1UL, 3UL, 1UL << 20}) {
      const Reply reply = ask(response, "POST", size);
      EXPECT_EQ(reply.failure, "") << response;
      EXPECT_EQ(reply.status, 200) << response;
      EXPECT_EQ(reply.body, "hello") << response;
    }
  }
}

TEST(ClientConnection, KnowsWhichConnectionsStayOpen) {
  EXPECT_TRUE(ask("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").open);
  EXPECT_TRUE(ask("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").open);
  EXPECT_TRUE(ask("HTTP/1.1 204 No Content\r\n\r\n").open);
  EXPECT_TRUE(ask("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").open);
  EXPECT_FALSE(ask("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").open);
  EXPECT_FALSE(ask("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").open);
  EXPECT_FALSE(ask("HTTP/1.1 200 OK\r\n\r\n").open);
  EXPECT_FALSE(ask("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n").open) << "unasked-for bytes";
}

TEST(ClientConnection, SendsOneRequestAfterTheOther) {
  ClientConnection client("host");
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(client.request("GET", "/", {}, 0));
    EXPECT_EQ(read_reply(client, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 1, false).body, "x");
    ASSERT_TRUE(client.is_open());
  }
  static_cast<void>(client.request("GET", "/", {}, 0));
  EXPECT_TRUE(read_reply(client, "", 1, true).closed) << "may be sent again on a new connection";
}

TEST(ClientConnection, RefusesWhatIsNoResponse) {
  const std::string many_interims = [] {
    std::string text;
    for (std::size_t i = 0; i <= kInterimResponsesMax; ++i) {
      text += "HTTP/1.1 102 Processing\r\n\r\n";
    }
    return text;
  }();
  const std::string rows[] = {
      "nonsense\r\n\r\n",
      "HTTP/1.1 OK\r\n\r\n",
      "HTTP/1.1 999 Strange\r\n\r\n",
      "HTTP/1.1 099 Strange\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: " + std::string(kHeadBytesMax, 'x'),
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.1 200",
      many_interims,
  };
  for (const std::string& row : rows) {
    EXPECT_NE(ask(row).failure, "") << row;
    EXPECT_NE(ask(row, "POST", 1).failure, "") << row;
  }
}

TEST(ClientConnection, BodyLimitHoldsForEveryFraming) {
  for (const std::string_view response :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}) {
    ClientConnection client("host");
    client.set_body_limit(4);
    static_cast<void>(client.request("GET", "/", {}, 0));
    EXPECT_EQ(read_reply(client, response, 1 << 20, true).failure, "the response is too large");
  }
}

}  // namespace
}  // namespace lunaria::http
