#include "security/gss_acceptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

namespace lunaria::security {
namespace {

using ::testing::HasSubstr;

void put(std::string& out, std::uint64_t value, int octets) {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift & 0xff);
  }
}

void put_text(std::string& out, std::string_view text) {
  put(out, text.size(), 2);
  out += text;
}

/// A keytab (MIT's file format, version 2) with one AES-256 key of HTTP/`host`@EXAMPLE.TEST.
std::string keytab_of(std::string_view host) {
  std::string entry;
  put(entry, 2, 2);  // components
  put_text(entry, "EXAMPLE.TEST");
  put_text(entry, "HTTP");
  put_text(entry, host);
  put(entry, 1, 4);   // KRB5_NT_PRINCIPAL
  put(entry, 0, 4);   // time of making
  put(entry, 1, 1);   // version of the key
  put(entry, 18, 2);  // aes256-cts-hmac-sha1-96
  put_text(entry, std::string(32, 'k'));
  std::string file("\x05\x02", 2);
  put(file, entry.size(), 4);
  return file + entry;
}

class GssAcceptorTest : public ::testing::Test {
 protected:
  GssAcceptorTest() {
    std::string name = ::testing::TempDir() + "/lunaria-gss-XXXXXX";
    directory_ = mkdtemp(name.data());
    write(keytab_of("server.example.test"));
  }
  ~GssAcceptorTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& content) { std::ofstream(keytab(), std::ios::binary) << content; }
  std::string keytab() const { return directory_ + "/keytab"; }
  Result<std::unique_ptr<GssAcceptor>, std::string> make(std::string principal = {}) const {
    return GssAcceptor::make(
        {.keytab_path = keytab(), .principal = std::move(principal), .replay_cache_path = directory_ + "/replays"});
  }

  std::string directory_;
};

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}

/// NegTokenInit (RFC 4178 4.2.1) that offers one mechanism, without a token for it.
std::vector<std::byte> offer_of(std::string_view mechanism) {
  std::string oid("\x06", 1);
  oid += static_cast<char>(mechanism.size());
  oid += mechanism;
  const auto wrap = [](char tag, const std::string& content) {
    return std::string{tag, static_cast<char>(content.size())} + content;
  };
  const std::string list = wrap('\xa0', wrap('\x30', oid));
  const std::string init = wrap('\xa0', wrap('\x30', list));
  return bytes_of(wrap('\x60', std::string("\x06\x06\x2b\x06\x01\x05\x05\x02", 8) + init));
}

constexpr std::string_view kNtlm("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a", 10);
constexpr std::string_view kKerberos("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 9);

TEST_F(GssAcceptorTest, TakesTheKeysOfAKeytab) {
  const auto any = make();
  EXPECT_TRUE(any) << any.error();
  const auto named = make("HTTP/server.example.test@EXAMPLE.TEST");
  EXPECT_TRUE(named) << named.error();
}

TEST_F(GssAcceptorTest, NamesTheKeytabThatItCannotUse) {
  const auto other = make("HTTP/other.example.test@EXAMPLE.TEST");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error(), HasSubstr(keytab()));
  EXPECT_THAT(other.error(), HasSubstr("HTTP/other.example.test@EXAMPLE.TEST"));
  for (const std::string content : {"", "\x05", "no keytab at all"}) {
    write(content);
    EXPECT_FALSE(make()) << content;
  }
  std::filesystem::remove(keytab());
  const auto missing = make();
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error(), HasSubstr(keytab()));
}

TEST_F(GssAcceptorTest, RefusesWhatIsNoTicket) {
  const auto acceptor = make();
  ASSERT_TRUE(acceptor) << acceptor.error();
  std::vector<std::vector<std::byte>> tokens{bytes_of("x"), bytes_of("NTLMSSP"), bytes_of(std::string(12'000, '\x60')),
                                             bytes_of(std::string(12'000, '\0')),
                                             bytes_of("\x60\x84\xff\xff\xff\xff\x06\x06")};
  const std::vector<std::byte> offer = offer_of(kKerberos);
  for (std::size_t size = 1; size < offer.size(); ++size) {
    tokens.emplace_back(offer.begin(), offer.begin() + static_cast<std::ptrdiff_t>(size));
  }
  for (const std::vector<std::byte>& token : tokens) {
    const auto outcome = (*acceptor)->accept(token);
    ASSERT_FALSE(outcome) << token.size();
    EXPECT_EQ(outcome.error().kind, TicketRefusal::Kind::kBadTicket) << token.size();
    EXPECT_FALSE(outcome.error().reason.empty());
    EXPECT_TRUE(std::ranges::none_of(outcome.error().reason, [](char c) { return c == '\n' || c == '\r'; }));
  }
}

TEST_F(GssAcceptorTest, SaysThatAnOfferWithoutATicketIsUnfinished) {
  const auto acceptor = make();
  ASSERT_TRUE(acceptor) << acceptor.error();
  const auto outcome = (*acceptor)->accept(offer_of(kKerberos));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, TicketRefusal::Kind::kUnfinished) << outcome.error().reason;
}

TEST_F(GssAcceptorTest, NegotiatesNothingButKerberos) {
  const auto acceptor = make();
  ASSERT_TRUE(acceptor) << acceptor.error();
  // NTLM, and IAKERB (1.3.6.1.5.2.5), with which the server would ask a KDC for its client.
  for (const std::string_view mechanism : {kNtlm, std::string_view("\x2b\x06\x01\x05\x02\x05", 6)}) {
    const auto outcome = (*acceptor)->accept(offer_of(mechanism));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, TicketRefusal::Kind::kBadTicket) << outcome.error().reason;
  }
}

TEST_F(GssAcceptorTest, AKeytabThatIsGoneIsThisMachinesFault) {
  const auto acceptor = make();
  ASSERT_TRUE(acceptor) << acceptor.error();
  std::filesystem::remove(keytab());
  const auto gone = (*acceptor)->accept(offer_of(kKerberos));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, TicketRefusal::Kind::kUnavailable);
  write(keytab_of("server.example.test"));
  EXPECT_EQ((*acceptor)->accept(offer_of(kKerberos)).error().kind, TicketRefusal::Kind::kUnfinished)
      << "keys that come back are taken";
}

}  // namespace
}  // namespace lunaria::security
