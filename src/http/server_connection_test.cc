#include "http/server_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "http/engine_for_test.h"

namespace lunaria::http {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::run;
using ::testing::StartsWith;
using Event = ServerConnection::Event;

constexpr runtime::Instant kStart{1h};
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// An engine that has been given `input`.
class Engine {
 public:
  explicit Engine(std::string_view input = {}) { give(input); }
  void give(std::string_view input, runtime::Instant now = kStart) {
    while (!input.empty()) {
      const auto space = engine_.receive_space();
      const std::size_t count = std::min(space.size(), input.size());
      std::memcpy(space.data(), input.data(), count);
      engine_.received(count, now);
      input.remove_prefix(count);
    }
  }
  ServerConnection* operator->() { return &engine_; }
  std::string flush(std::string_view extra = {}) {
    std::string text;
    testing::append_pieces(text, engine_.flush(bytes_of(extra)));
    engine_.flushed();
    return text;
  }
  std::string finish(std::string_view extra = {}, const Fields& trailers = {}) {
    std::string text;
    testing::append_pieces(text, engine_.finish(bytes_of(extra), trailers));
    engine_.flushed();
    return text;
  }

 private:
  ServerConnection engine_{kStart};
};

TEST(ServerConnection, TakesRequestsThatRealClientsSend) {
  const std::string_view requests[] = {
      "GET / HTTP/1.1\r\nHost: storage.example:5989\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: [2001:db8::1]:5988\r\n\r\n",
      "GET / HTTP/1.1\r\nHost:\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.2\r\nHost: x\r\n\r\n",
      "\r\nGET / HTTP/1.9\r\nHost: x\r\n\r\n",
      "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET http://x:5988/cimom?a=b HTTP/1.1\r\nHost: x\r\n\r\n",
      "M-POST /cimom HTTP/1.1\r\nHost: x\r\nMan: http://www.dmtf.org/cim/mapping/http/v1.0 ; ns=73\r\n"
      "73-CIMOperation: MethodCall\r\nContent-Length: 0\r\n\r\n",
      "POST /cimom HTTP/1.1\r\nHOST: x\r\nAccept-Encoding: identity\r\nContent-type: application/xml; "
      "charset=\"utf-8\"\r\nCIMOperation: MethodCall\r\nCIMMethod: EnumerateInstances\r\nCIMObject: root%2Fcimv2\r\n"
      "Authorization: Basic dTpw\r\nContent-Length: 5\r\n\r\n<CIM>",
      "GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE, keep-alive\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX-Latin: caf\xe9\r\n\r\n",
  };
  for (const std::string_view request : requests) {
    for (const std::size_t size : {1UL, 1UL << 20}) {
      const testing::Exchange exchange = run(request, size);
      EXPECT_EQ(exchange.failure, 0) << request;
      EXPECT_EQ(exchange.requests.size(), 1U) << request;
    }
  }
}

TEST(ServerConnection, HandsOverMethodTargetFieldsAndBody) {
  const auto exchange =
      run("M-POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-One:  two  \r\nContent-Length: 3\r\n\r\nxyz", 1);
  ASSERT_EQ(exchange.requests.size(), 1U);
  const RequestHead& head = exchange.requests[0];
  EXPECT_EQ(head.method, "M-POST");
  EXPECT_EQ(head.target, "/a%20b?c=d");
  EXPECT_EQ(head.path(), "/a%20b");
  EXPECT_EQ(head.query(), "c=d");
  EXPECT_EQ(head.fields.find("x-one"), "two");
  EXPECT_EQ(head.content_length, 3U);
  EXPECT_THAT(exchange.bodies, ElementsAre("xyz"));
}

TEST(ServerConnection, TakesChunksWithExtensionsAndTrailers) {
  const std::string request =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5;a=b\r\nhello\r\n1;c=\"d\"\r\n \r\n00005\r\nworld\r\n0\r\nX-Sum: 1\r\n\r\n";
  for (const std::size_t size : {1UL, 2UL, 3UL, 1UL << 20}) {
    const auto exchange = run(request + std::string(kGet), size);
    EXPECT_EQ(exchange.failure, 0);
    EXPECT_THAT(exchange.bodies, ElementsAre("hello world", ""));
    EXPECT_EQ(exchange.requests[0].fields.find("X-Sum"), std::nullopt);
  }
}

TEST(ServerConnection, ReadsLaterMinorVersionsAsItsOwn) {
  const auto exchange = run(
      "POST / HTTP/1.7\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + std::string(kGet), 1);
  EXPECT_EQ(exchange.failure, 0);
  EXPECT_THAT(exchange.bodies, ElementsAre("ok", ""));
  ASSERT_FALSE(exchange.requests.empty());
  EXPECT_EQ(exchange.requests[0].minor_version, 1);
  EXPECT_THAT(exchange.output, StartsWith("HTTP/1.1 200"));
}

TEST(ServerConnection, AnswersPipelinedRequestsOneAfterTheOther) {
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n" + std::to_string(10 + i);
  }
  const auto exchange = run(all, 1000);
  ASSERT_EQ(exchange.bodies.size(), 50U);
  EXPECT_EQ(exchange.bodies[49], "59");

  Engine engine(std::string(kGet) + std::string(kGet));
  EXPECT_EQ(engine->next(), Event::kHead);
  EXPECT_EQ(engine->next(), Event::kBodyEnd);
  EXPECT_EQ(engine->next(), Event::kBodyEnd) << "the second waits for the answer to the first";
}

TEST(ServerConnection, KeepsAliveAsVersionAndFieldsSay) {
  struct Row {
    std::string_view head;
    bool keeps;
    std::string_view says;
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true, ""},
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false, "Connection: close\r\n"},
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: TE, CLOSE\r\n\r\n", false, "Connection: close\r\n"},
      {"GET / HTTP/1.2\r\nHost: x\r\n\r\n", true, ""},
      {"GET / HTTP/1.0\r\n\r\n", false, "Connection: close\r\n"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, "Connection: keep-alive\r\n"},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true, "Connection: keep-alive\r\n"},
  };
  for (const Row& row : rows) {
    const auto exchange = run(row.head, 1 << 20, false);
    EXPECT_EQ(exchange.closed, !row.keeps) << row.head;
    EXPECT_EQ(exchange.output, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + std::string(row.says) + "\r\n") << row.head;
  }
}

TEST(ServerConnection, InvitesABodyOnlyWhenItIsWanted) {
  constexpr std::string_view kHead = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  Engine invited(kHead);
  EXPECT_EQ(invited->next(), Event::kHead);
  EXPECT_EQ(invited->next(), Event::kNeedInput);
  EXPECT_EQ(invited->take_interim(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(invited->take_interim(), "") << "once";
  invited.give("ok");
  EXPECT_EQ(invited->next(), Event::kBody);

  Engine refused(kHead);
  EXPECT_EQ(refused->next(), Event::kHead);
  refused->respond({.status = 401});
  EXPECT_THAT(refused.finish(), HasSubstr("Connection: close\r\n")) << "the client may send the body or not";
  EXPECT_FALSE(refused->next_request(kStart));
  EXPECT_TRUE(refused->must_linger());

  Engine hasty(std::string(kHead) + "ok");
  EXPECT_EQ(hasty->next(), Event::kHead);
  EXPECT_EQ(hasty->next(), Event::kBody);
  EXPECT_EQ(hasty->take_interim(), "");

  const auto old = run("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok", 1);
  EXPECT_THAT(old.output, StartsWith("HTTP/1.1 200")) << "HTTP/1.0 knows no interim responses";
}

TEST(ServerConnection, FramesResponsesByWhatIsKnown) {
  Engine collected(kGet);
  collected->next();
  collected->respond({.status = 200});
  collected->append(bytes_of("small"));
  EXPECT_EQ(collected.finish(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsmall");

  Engine streamed(kGet);
  streamed->next();
  streamed->respond({.status = 200});
  streamed->append(bytes_of("0123456789"));
  EXPECT_EQ(streamed.flush("abcdef"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n");
  EXPECT_EQ(streamed.flush(), "") << "an empty chunk would end the body";
  Fields trailers;
  trailers.add("X-Status", "fine");
  EXPECT_EQ(streamed.finish("!", trailers), "1\r\n!\r\n0\r\nX-Status: fine\r\n\r\n");

  Engine announced(kGet);
  announced->next();
  announced->respond({.status = 200, .content_length = 4});
  EXPECT_EQ(announced.flush("ab"), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  EXPECT_FALSE(announced->may_finish());
  EXPECT_TRUE(announced->may_finish(2));
  EXPECT_EQ(announced.finish("cd"), "cd");

  Engine old("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  old->next();
  old->respond({.status = 200});
  EXPECT_EQ(old.flush("ab"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab");
  EXPECT_EQ(old.finish("cd", trailers), "cd") << "neither chunks nor trailers for HTTP/1.0";
  EXPECT_FALSE(old->next_request(kStart));
}

TEST(ServerConnection, SendsNoBodyWhereThereIsNone) {
  Engine head("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  head->next();
  head->respond({.status = 200});
  head->append(bytes_of("body"));
  EXPECT_EQ(head.finish("more"), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");

  Engine no_content(kGet);
  no_content->next();
  no_content->respond({.status = 204});
  EXPECT_EQ(no_content.finish(), "HTTP/1.1 204 No Content\r\n\r\n");

  Engine head_streamed("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  head_streamed->next();
  head_streamed->respond({.status = 200});
  EXPECT_EQ(head_streamed.flush("body"), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(head_streamed.finish("more"), "");
}

TEST(ServerConnection, NoFieldCanSplitAResponse) {
  Engine engine(kGet);
  engine->next();
  ResponseHead head{.status = 200, .reason = "a\r\nb: c"};
  head.fields.add("CIMError", "x\r\nSet-Cookie: y\n\rz");
  head.fields.add("Content-Length", "999");
  head.fields.add("transfer-encoding", "chunked");
  head.fields.add("Connection", "upgrade");
  engine->respond(std::move(head));
  EXPECT_EQ(engine.finish(), "HTTP/1.1 200 a  b: c\r\nCIMError: x  Set-Cookie: y  z\r\nContent-Length: 0\r\n\r\n");
}

TEST(ServerConnection, DropsASmallUnreadBodyAndClosesOverALargeOne) {
  Engine small("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab");
  small->next();
  small->respond({.status = 403});
  EXPECT_THAT(small.finish(), Not(HasSubstr("Connection: close")));
  EXPECT_TRUE(small->must_drain());
  EXPECT_EQ(small->next(), Event::kBody);
  small.give("cd");
  EXPECT_EQ(small->next(), Event::kBody);
  EXPECT_EQ(small->next(), Event::kBodyEnd);
  EXPECT_TRUE(small->next_request(kStart));

  for (const std::string_view framing : {"Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"}) {
    Engine large("POST / HTTP/1.1\r\nHost: x\r\n" + std::string(framing) + "\r\n");
    large->next();
    large->respond({.status = 403});
    EXPECT_THAT(large.finish(), HasSubstr("Connection: close"));
    EXPECT_FALSE(large->must_drain());
    EXPECT_TRUE(large->must_linger());
  }
}

TEST(ServerConnection, BodyLimitIsTheHandlersToSet) {
  Engine more("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nx");
  more->next();
  more->set_body_limit(2'000'000);
  EXPECT_EQ(more->next(), Event::kBody);

  Engine less("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
  less->next();
  less->set_body_limit(3);
  EXPECT_EQ(less->next(), Event::kBody);
  EXPECT_EQ(less->next(), Event::kFailed);
  EXPECT_EQ(less->failure().status, 413);
  EXPECT_EQ(less->next(), Event::kFailed) << "for good";
}

TEST(ServerConnection, TimesOutSilentlyBetweenRequestsAndWith408Inside) {
  Engine fresh;
  EXPECT_EQ(fresh->receive_deadline(kStart + 5s), kStart + kHeadTimeout);
  fresh->receive_timed_out();
  EXPECT_EQ(fresh->next(), Event::kClosed);

  Engine partial("GET / HT");
  EXPECT_EQ(partial->next(), Event::kNeedInput);
  EXPECT_FALSE(partial->is_idle());
  EXPECT_EQ(partial->receive_deadline(kStart + 5s), kStart + kHeadTimeout) << "each byte does not buy more time";
  partial->receive_timed_out();
  EXPECT_EQ(partial->next(), Event::kFailed);
  EXPECT_EQ(partial->failure().status, 408);

  Engine kept(kGet);
  kept->next();
  kept->respond({.status = 200});
  kept.finish();
  kept->next();
  ASSERT_TRUE(kept->next_request(kStart + 10s));
  EXPECT_TRUE(kept->is_idle());
  EXPECT_EQ(kept->receive_deadline(kStart + 20s), kStart + 10s + kIdleTimeout);
  kept.give("G", kStart + 30s);
  EXPECT_EQ(kept->next(), Event::kNeedInput);
  EXPECT_EQ(kept->receive_deadline(kStart + 31s), kStart + 30s + kHeadTimeout);
}

TEST(ServerConnection, BodyMustKeepUpALeastRate) {
  Engine engine("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  engine->next();
  EXPECT_EQ(engine->next(), Event::kNeedInput);
  runtime::Instant now = kStart;
  EXPECT_EQ(engine->receive_deadline(now), now + kTransferGrace);
  // One byte a second uses the time in hand up.
  int seconds = 0;
  while (engine->receive_deadline(now) > now + 1s) {
    now += 1s;
    engine.give("x", now);
    EXPECT_EQ(engine->next(), Event::kBody);
    EXPECT_EQ(engine->next(), Event::kNeedInput);
    ASSERT_LT(++seconds, 60);
  }
  EXPECT_NEAR(seconds, std::chrono::seconds(kTransferGrace).count(), 2);
  // Time in which nobody waits for the client does not count; a fast client earns no more than the grace.
  engine.give(std::string(15000, 'x'), now);
  EXPECT_EQ(engine->next(), Event::kBody);
  EXPECT_EQ(engine->next(), Event::kNeedInput);
  now += 1h;
  EXPECT_GT(engine->receive_deadline(now), now + 10s);
  EXPECT_LE(engine->receive_deadline(now), now + kTransferGrace);
}

TEST(ServerConnection, CostsLittleWhileIdle) {
  Engine engine;
  EXPECT_LE(engine->receive_space().size(), kIdleReceiveBytes);
  EXPECT_LE(engine->memory_bytes(), kIdleReceiveBytes + 64);
  std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n";
  head += "Authorization: Negotiate " + std::string(10'000, 'x') + "\r\n\r\n";
  engine.give(head);
  EXPECT_EQ(engine->next(), Event::kHead);
  for (int i = 0; i < 100; ++i) {
    engine.give(std::string(1000, 'x'));
    EXPECT_EQ(engine->next(), Event::kBody);
  }
  EXPECT_EQ(engine->next(), Event::kBodyEnd);
  engine->respond({.status = 200});
  engine->append(bytes_of(std::string(30'000, 'x')));
  engine.finish();
  EXPECT_TRUE(engine->next_request(kStart));
  EXPECT_LE(engine->receive_space().size(), kIdleReceiveBytes);
  EXPECT_LE(engine->memory_bytes(), kIdleReceiveBytes + 1024);
}

TEST(ServerConnection, ClosesWhenAskedToAfterTheResponse) {
  Engine engine(kGet);
  engine->next();
  engine->close_after_response();
  engine->respond({.status = 200});
  EXPECT_THAT(engine.finish(), HasSubstr("Connection: close\r\n"));
  engine->next();
  EXPECT_FALSE(engine->next_request(kStart));
  EXPECT_FALSE(engine->must_linger());
}

TEST(ServerConnection, EndOfInputBetweenAndInsideHeadsClosesQuietly) {
  for (const std::string_view input : {"", "GET", "GET / HTTP/1.1\r\nHost: x\r\n"}) {
    const auto exchange = run(input, 1 << 20);
    EXPECT_TRUE(exchange.closed);
    EXPECT_EQ(exchange.output, "");
  }
}

TEST(Message, FormatsDatesAndFindsPhrases) {
  using namespace std::chrono;
  EXPECT_EQ(format_date(sys_days(1994y / November / 6) + 8h + 49min + 37s), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(reason_phrase(413), "Content Too Large");
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

TEST(Message, PathLeavesOutWhatIsNotPath) {
  const auto path = [](std::string target) {
    RequestHead head{.method = "GET", .target = std::move(target)};
    return std::string(head.path());
  };
  EXPECT_EQ(path("/a/b?c"), "/a/b");
  EXPECT_EQ(path("http://h:1/a?b"), "/a");
  EXPECT_EQ(path("http://h"), "/");
  EXPECT_EQ(path("http://h?q"), "/");
  EXPECT_EQ(path("/x://y"), "/x://y");
  EXPECT_EQ(path("*"), "*");
}

TEST(Fields, CompareNamesWithoutCaseAndFindTokensInLists) {
  Fields fields;
  fields.add("Accept", "a, B ,c");
  fields.add("accept", "d");
  EXPECT_EQ(fields.count("ACCEPT"), 2U);
  EXPECT_TRUE(fields.has_token("Accept", "b"));
  EXPECT_TRUE(fields.has_token("Accept", "d"));
  EXPECT_FALSE(fields.has_token("Accept", "a, B"));
  EXPECT_FALSE(fields.has_token("Accept", "x"));
  fields.set("Accept", "e");
  EXPECT_EQ(fields.count("accept"), 1U);
  EXPECT_EQ(fields.find("Accept"), "e");
}

}  // namespace
}  // namespace lunaria::http
