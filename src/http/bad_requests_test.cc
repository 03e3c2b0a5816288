// Requests that are wrong in one way each, and the status that each is answered with.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/engine_for_test.h"

namespace lunaria::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Row {
  std::string_view name;
  std::string request;
  std::uint16_t status;
};

std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n";
}

std::string post(std::string_view fields, std::string_view body) {
  return "POST /cimom HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

std::string with_nul(std::string_view before, std::string_view after) {
  return std::string(before) + '\0' + std::string(after);
}

std::string many(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

std::vector<Row> request_lines() {
  return {
      {"tls on the plain port", "\x16\x03\x01\x02", 400},
      {"an old tls hello", "\x80\x2e\x01", 400},
      {"a blank first", " GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"a tab first", "\tGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"a nul first", with_nul("", "GET / HTTP/1.1\r\n\r\n"), 400},
      {"a bare line feed first", "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"a bare return first", "\rGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"three empty lines first", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"method alone", "GET\r\nHost: x\r\n\r\n", 400},
      {"no version (HTTP/0.9)", "GET /\r\nHost: x\r\n\r\n", 400},
      {"no version with blank", "GET / \r\nHost: x\r\n\r\n", 400},
      {"two blanks before target", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"two blanks before version", "GET /  HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"blank behind version", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400},
      {"blank in target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"tab between", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"tab in target", "GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"bracket in method", "G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"colon in method", "GET: / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"no target", "GET HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"target without slash", "GET cimom HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"asterisk for GET", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"authority form", "CONNECT example:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"foreign scheme", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"scheme alone", "GET http:// HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"raw utf-8 in target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"delete character in target", "GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"nul in target", with_nul("GET /", " HTTP/1.1\r\nHost: x\r\n\r\n"), 400},
      {"version 0.9", "GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505},
      {"version 1.2 without host", "GET / HTTP/1.2\r\n\r\n", 400},
      {"blank in target, version 1.2", "GET /a b HTTP/1.2\r\nHost: x\r\n\r\n", 400},
      {"version 0.1", "GET / HTTP/0.1\r\nHost: x\r\n\r\n", 505},
      {"version 2.0", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"http/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"version 11.1", "GET / HTTP/11.1\r\nHost: x\r\n\r\n", 400},
      {"version 1", "GET / HTTP/1\r\nHost: x\r\n\r\n", 400},
      {"version 1.", "GET / HTTP/1.\r\nHost: x\r\n\r\n", 400},
      {"version 1.a", "GET / HTTP/1.a\r\nHost: x\r\n\r\n", 400},
      {"version 1.10", "GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400},
      {"version in small letters", "GET / http/1.1\r\nHost: x\r\n\r\n", 400},
      {"other protocol", "GET / HTTPS/1.1\r\nHost: x\r\n\r\n", 400},
      {"bare line feed ends the line", "GET / HTTP/1.1\nHost: x\r\n\r\n", 400},
      {"bare line feeds everywhere", "GET / HTTP/1.1\nHost: x\n\n", 400},
      {"bare return in the line", "GET /\rx HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"longest line and one more", "GET /" + std::string(kRequestLineMax, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
      {"endless line", std::string(3 * kRequestLineMax, 'A'), 414},
  };
}

std::vector<Row> fields() {
  return {
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
      {"the same host twice", "GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n", 400},
      {"two hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400},
      {"host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
      {"host with a user", "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n", 400},
      {"host list", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n", 400},
      {"host not ascii", "GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n", 400},
      {"folded field", get("A: b\r\n c\r\n"), 400},
      {"folded with a tab", get("A: b\r\n\tc\r\n"), 400},
      {"blank before the first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
      {"blank before the colon", get("A : b\r\n"), 400},
      {"tab before the colon", get("A\t: b\r\n"), 400},
      {"no colon", get("Nonsense\r\n"), 400},
      {"empty name", get(": b\r\n"), 400},
      {"bracket in name", get("A(b): c\r\n"), 400},
      {"not ascii in name", get("\xc3\xa9: c\r\n"), 400},
      {"nul in value", get(with_nul("A: b", "c\r\n")), 400},
      {"escape in value", get("A: b\x1b[2J\r\n"), 400},
      {"delete in value", get("A: b\x7f\r\n"), 400},
      {"bare return in value", get("A: b\rc\r\n"), 400},
      {"bare line feed in value", get("A: b\nc: d\r\n"), 400},
      {"bare line feed ends the head", "GET / HTTP/1.1\r\nHost: x\r\n\n", 400},
      {"connection is no list", get("Connection: (x)\r\n"), 400},
      {"unknown expectation", get("Expect: the-unexpected\r\n"), 417},
      {"two expectations", post("Expect: 100-continue, x\r\nContent-Length: 1\r\n", "x"), 417},
      {"too many fields", get(many("A: b\r\n", kFieldCountMax)), 431},
      {"longest field and one more", get("A: " + std::string(kFieldLineMax, 'b') + "\r\n"), 431},
      {"endless field", get("A: " + std::string(3 * kHeadBytesMax, 'b')), 431},
      {"too much of everything", get(many("A: " + std::string(1000, 'b') + "\r\n", 50)), 431},
  };
}

std::vector<Row> framing() {
  return {
      {"length and chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"chunks and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
      {"length and an unknown coding", post("Content-Length: 5\r\nTransfer-Encoding: x\r\n", "12345"), 400},
      {"two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "12345"), 400},
      {"the same length twice", post("Content-Length: 5\r\nContent-Length: 5\r\n", "12345"), 400},
      {"length list", post("Content-Length: 5, 5\r\n", "12345"), 400},
      {"length list of different ones", post("Content-Length: 5, 6\r\n", "12345"), 400},
      {"negative length", post("Content-Length: -1\r\n", ""), 400},
      {"signed length", post("Content-Length: +5\r\n", "12345"), 400},
      {"hexadecimal length", post("Content-Length: 0x5\r\n", "12345"), 400},
      {"length with a fraction", post("Content-Length: 5.0\r\n", "12345"), 400},
      {"empty length", post("Content-Length:\r\n", ""), 400},
      {"length of 2^64", post("Content-Length: 18446744073709551616\r\n", ""), 400},
      {"length of 2^64-1", post("Content-Length: 18446744073709551615\r\n", ""), 413},
      {"length above the limit", post("Content-Length: 1048577\r\n", ""), 413},
      {"length above the limit, announced", post("Content-Length: 1048577\r\nExpect: 100-continue\r\n", ""), 413},
      {"two codings", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
      {"chunked not last", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 501},
      {"chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 501},
      {"coding field twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"coding and identity", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
      {"identity", post("Transfer-Encoding: identity\r\n", ""), 501},
      {"empty coding", post("Transfer-Encoding:\r\n", "0\r\n\r\n"), 501},
      {"quoted coding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 501},
      {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"blank before the coding's colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
      {"body ends early", post("Content-Length: 5\r\n", "1234"), 400},
  };
}

std::vector<Row> chunks() {
  return {
      {"empty size", chunked("\r\n\r\n"), 400},
      {"size is no number", chunked("x\r\n\r\n"), 400},
      {"negative size", chunked("-1\r\n\r\n"), 400},
      {"size with prefix", chunked("0x5\r\n12345\r\n0\r\n\r\n"), 400},
      {"blank before the size", chunked(" 5\r\n12345\r\n0\r\n\r\n"), 400},
      {"size of 2^64", chunked("10000000000000000\r\n"), 400},
      {"size of 2^64-1", chunked("ffffffffffffffff\r\n" + std::string(2 * kBodyBytesDefault, 'x')), 413},
      {"too large in sum", chunked(many("8000\r\n" + std::string(0x8000, 'x') + "\r\n", 33)), 413},
      {"bare line feed behind the size", chunked("5\n12345\r\n0\r\n\r\n"), 400},
      {"bare return behind the size", chunked("5\r12345\r\n0\r\n\r\n"), 400},
      {"shorter than its size", chunked("6\r\n12345\r\n0\r\n\r\n"), 400},
      {"longer than its size", chunked("4\r\n12345\r\n0\r\n\r\n"), 400},
      {"no line end behind the chunk", chunked("5\r\n123450\r\n\r\n"), 400},
      {"bare line feed behind the chunk", chunked("5\r\n12345\n0\r\n\r\n"), 400},
      {"malformed extension", chunked("5;=\r\n12345\r\n0\r\n\r\n"), 400},
      {"nul in extension", chunked(with_nul("5;a", "\r\n12345\r\n0\r\n\r\n")), 400},
      {"long extension", chunked("5;" + std::string(kChunkExtensionMax, 'a') + "\r\n12345\r\n0\r\n\r\n"), 400},
      {"endless size", chunked(std::string(2 * kChunkMetadataMax, '0')), 400},
      {"endless extension", chunked("5;" + std::string(2 * kChunkMetadataMax, 'a')), 400},
      {"endless trailers", chunked("0\r\n" + many("A: b\r\n", kChunkMetadataMax)), 400},
      {"too many trailers", chunked("0\r\n" + many("A: b\r\n", kFieldCountMax) + "\r\n"), 431},
      {"malformed trailer", chunked("0\r\nNonsense\r\n\r\n"), 400},
      {"length as trailer", chunked("0\r\nContent-Length: 5\r\n\r\n"), 400},
      {"coding as trailer", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
      {"ends before the last chunk", chunked("5\r\n12345\r\n"), 400},
      {"ends in the last chunk", chunked("5\r\n12345\r\n0\r\n"), 400},
      {"ends in a chunk", chunked("5\r\n123"), 400},
  };
}

class BadRequests : public ::testing::TestWithParam<std::vector<Row> (*)()> {};

TEST_P(BadRequests, AreAnsweredWithTheRightStatusHoweverTheBytesArrive) {
  for (const Row& row : GetParam()()) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 30}) {
      const testing::Exchange exchange = testing::run(row.request, size);
      EXPECT_EQ(exchange.failure, row.status) << row.name << ", " << size << " bytes at a time";
      EXPECT_TRUE(exchange.closed) << row.name;
    }
  }
}

TEST_P(BadRequests, HaveAnswersWithLengthThatCloseTheConnection) {
  for (const Row& row : GetParam()()) {
    const testing::Exchange exchange = testing::run(row.request, 1 << 30);
    EXPECT_THAT(exchange.output, HasSubstr("HTTP/1.1 " + std::to_string(row.status) + " ")) << row.name;
    EXPECT_THAT(exchange.output, HasSubstr("\r\nContent-Length: ")) << row.name;
    EXPECT_THAT(exchange.output, HasSubstr("\r\nConnection: close\r\n")) << row.name;
  }
}

TEST_P(BadRequests, DoNotHarmTheRequestBeforeThem) {
  for (const Row& row : GetParam()()) {
    const testing::Exchange exchange = testing::run(post("Content-Length: 2\r\n", "ok") + row.request, 1 << 30);
    ASSERT_FALSE(exchange.bodies.empty()) << row.name;
    EXPECT_EQ(exchange.bodies[0], "ok") << row.name;
    EXPECT_THAT(exchange.output, StartsWith("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) << row.name;
    EXPECT_EQ(exchange.failure, row.status) << row.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, BadRequests, ::testing::Values(request_lines, fields, framing, chunks));

TEST(BadRequests, AreMany) {
  EXPECT_GE(request_lines().size() + fields().size() + framing().size() + chunks().size(), 120U);
}

}  // namespace
}  // namespace lunaria::http
