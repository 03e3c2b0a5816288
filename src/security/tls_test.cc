#include "security/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "security/limits.h"
#include "security/memory_files_for_test.h"
#include "security/self_signed.h"

namespace lunaria::security {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Progress = TlsEngine::Progress;

runtime::WallTime now() {
  // Certificates are checked against the real time by OpenSSL.
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

SelfSignedCertificate certificate_for(const std::vector<std::string>& names, runtime::WallTime when = now()) {
  auto made = make_self_signed(names, when);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Moves ciphertext one way, `step` bytes at a time; false when there was none.
bool carry(TlsEngine& from, TlsEngine& to, std::size_t step = 1 << 20) {
  bool moved = false;
  while (!from.ciphertext().empty()) {
    const std::size_t taken = to.give_ciphertext(from.ciphertext().first(std::min(step, from.ciphertext().size())));
    if (taken == 0) {
      break;
    }
    from.drop_ciphertext(taken);
    moved = true;
  }
  return moved;
}

struct Ends {
  TlsEngine server;
  TlsEngine client;
};

std::optional<TlsError> shake_hands(Ends& ends) {
  for (int i = 0; i < 10; ++i) {
    const auto client = ends.client.handshake();
    const bool sent = carry(ends.client, ends.server);
    const auto server = ends.server.handshake();
    const bool answered = carry(ends.server, ends.client);
    if (!client) {
      return client.error();
    }
    if (!server) {
      const auto alerted = ends.client.handshake();
      return alerted ? server.error() : alerted.error();
    }
    if (*client == Progress::kDone && *server == Progress::kDone && !sent && !answered) {
      return std::nullopt;
    }
  }
  return TlsError{TlsFailure::kHandshake, "did not end"};
}

std::string read_text(TlsEngine& engine) {
  std::string text;
  std::array<std::byte, 1000> memory{};
  while (true) {
    const auto read = engine.read(memory);
    if (!read || read->progress != Progress::kDone) {
      return text;
    }
    text.append(static_cast<const char*>(static_cast<const void*>(memory.data())), read->size);
  }
}

class Tls : public ::testing::Test {
 protected:
  SelfSignedCertificate certificate_ = certificate_for({"storage.example"});
  TlsServerContext server_context_ = *TlsServerContext::make(certificate_.certificate_pem, certificate_.key_pem);

  TlsClientContext trusting() { return *TlsClientContext::make({.authorities_pem = certificate_.certificate_pem}); }
  Ends connect(const TlsClientContext& client, const std::string& name) {
    return {TlsEngine::server(server_context_), TlsEngine::client(client, name)};
  }
};

TEST_F(Tls, CarriesTextBothWays) {
  Ends ends = connect(trusting(), "storage.example");
  const auto failure = shake_hands(ends);
  ASSERT_FALSE(failure) << failure->reason;
  EXPECT_EQ(ends.server.version(), "TLSv1.3");
  ASSERT_TRUE(ends.client.write(bytes_of("request")));
  carry(ends.client, ends.server);
  EXPECT_EQ(read_text(ends.server), "request");
  const std::string large(100'000, 'x');
  ASSERT_TRUE(ends.server.write(bytes_of(large)));
  std::string received;
  while (carry(ends.server, ends.client)) {
    received += read_text(ends.client);
  }
  EXPECT_EQ(received, large);
}

TEST_F(Tls, WorksWhenBytesComeOneByOne) {
  Ends ends = connect(trusting(), "localhost");
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(ends.client.handshake().has_value());
    while (!ends.client.ciphertext().empty()) {
      ASSERT_EQ(ends.server.give_ciphertext(ends.client.ciphertext().first(1)), 1U);
      ends.client.drop_ciphertext(1);
      ASSERT_TRUE(ends.server.handshake());
    }
    carry(ends.server, ends.client, 1);
  }
  EXPECT_TRUE(ends.server.handshake_done());
  EXPECT_TRUE(ends.client.handshake_done());
}

TEST_F(Tls, EndsProperlyOrSaysThatItWasCut) {
  Ends ends = connect(trusting(), "127.0.0.1");
  ASSERT_FALSE(shake_hands(ends));
  ends.client.close();
  carry(ends.client, ends.server);
  std::array<std::byte, 10> memory{};
  EXPECT_EQ(ends.server.read(memory)->progress, Progress::kClosed);

  Ends cut = connect(trusting(), "::1");
  ASSERT_FALSE(shake_hands(cut));
  cut.server.give_end();
  const auto read = cut.server.read(memory);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().failure, TlsFailure::kTruncated);
}

TEST_F(Tls, ClientSaysWhichCheckOfTheCertificateFailed) {
  Ends wrong_name = connect(trusting(), "other.example");
  const auto mismatch = shake_hands(wrong_name);
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->failure, TlsFailure::kBadCertificate);
  EXPECT_THAT(mismatch->reason, HasSubstr("hostname mismatch"));

  Ends wrong_address = connect(trusting(), "192.0.2.1");
  EXPECT_THAT(shake_hands(wrong_address)->reason, HasSubstr("IP address mismatch"));

  const SelfSignedCertificate other = certificate_for({"storage.example"});
  Ends untrusted = connect(*TlsClientContext::make({.authorities_pem = other.certificate_pem}), "storage.example");
  EXPECT_EQ(shake_hands(untrusted)->failure, TlsFailure::kBadCertificate);

  certificate_ = certificate_for({"storage.example"}, now() - std::chrono::days(kSelfSignedDays + 1));
  server_context_ = *TlsServerContext::make(certificate_.certificate_pem, certificate_.key_pem);
  Ends expired = connect(trusting(), "storage.example");
  EXPECT_THAT(shake_hands(expired)->reason, HasSubstr("expired"));
}

TEST_F(Tls, PinnedFingerprintNeedsNoNameAndRefusesEveryOtherCertificate) {
  EXPECT_EQ(server_context_.fingerprint(), certificate_.fingerprint);
  EXPECT_EQ(certificate_fingerprint(certificate_.certificate_pem), certificate_.fingerprint);
  std::string digits = certificate_.fingerprint;
  std::erase(digits, ':');
  for (const std::string& fingerprint : {certificate_.fingerprint, digits}) {
    Ends ends = connect(*TlsClientContext::make({.fingerprint_sha256 = fingerprint}), "whatever");
    EXPECT_FALSE(shake_hands(ends));
  }
  digits.back() = digits.back() == '0' ? '1' : '0';
  Ends ends = connect(*TlsClientContext::make({.fingerprint_sha256 = digits}), "storage.example");
  EXPECT_EQ(shake_hands(ends)->failure, TlsFailure::kBadCertificate);
  EXPECT_FALSE(TlsClientContext::make({.fingerprint_sha256 = "AB:CD"}));
}

TEST_F(Tls, ContextCanBeReplacedWhileConnectionsLive) {
  Ends old = connect(trusting(), "storage.example");
  ASSERT_FALSE(shake_hands(old));
  const SelfSignedCertificate next = certificate_for({"new.example"});
  server_context_ = *TlsServerContext::make(next.certificate_pem, next.key_pem);
  ASSERT_TRUE(old.server.write(bytes_of("still here")));
  carry(old.server, old.client);
  EXPECT_EQ(read_text(old.client), "still here");
  Ends fresh = connect(*TlsClientContext::make({.authorities_pem = next.certificate_pem}), "new.example");
  EXPECT_FALSE(shake_hands(fresh));
}

TEST_F(Tls, ClientCertificatesAreAskedForVerifiedAndNamed) {
  const SelfSignedCertificate user = certificate_for({"backup-user"});
  const TlsTrust trust_with_certificate{.authorities_pem = certificate_.certificate_pem,
                                        .certificate_pem = user.certificate_pem,
                                        .key_pem = user.key_pem.clone()};
  server_context_ = *TlsServerContext::make(certificate_.certificate_pem, certificate_.key_pem,
                                            {.authorities_pem = user.certificate_pem, .required = true});
  Ends known = connect(*TlsClientContext::make(trust_with_certificate), "localhost");
  const auto failure = shake_hands(known);
  ASSERT_FALSE(failure) << failure->reason;
  ASSERT_TRUE(known.server.peer_certificate());
  EXPECT_EQ(known.server.peer_certificate()->common_name, "backup-user");
  EXPECT_EQ(known.server.peer_certificate()->sha256, user.fingerprint);

  Ends nobody = connect(trusting(), "localhost");
  EXPECT_TRUE(shake_hands(nobody));
}

TEST_F(Tls, NonsenseEndsTheHandshake) {
  TlsEngine server = TlsEngine::server(server_context_);
  server.give_ciphertext(bytes_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  const auto outcome = server.handshake();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().failure, TlsFailure::kHandshake);
  EXPECT_FALSE(server.write(bytes_of("x")));
  EXPECT_FALSE(server.handshake());
}

TEST_F(Tls, EndlessHandshakeIsCut) {
  TlsEngine server = TlsEngine::server(server_context_);
  // Records of a client hello (RFC 8446 5.1, 4) that announces 16 MiB and never ends.
  std::string record = std::string("\x16\x03\x01\x40\x00", 5) + std::string(16384, '\0');
  record[5] = 1;
  record[6] = '\x02';
  bool cut = false;
  for (int i = 0; i < 20 && !cut; ++i) {
    server.give_ciphertext(bytes_of(record));
    cut = !server.handshake();
  }
  EXPECT_TRUE(cut);
}

TEST_F(Tls, InputIsBounded) {
  TlsEngine server = TlsEngine::server(server_context_);
  const std::vector<std::byte> flood(3 * kTlsInputMax);
  EXPECT_EQ(server.give_ciphertext(flood), kTlsInputMax);
  EXPECT_EQ(server.give_ciphertext(flood), 0U);
}

TEST(TlsConfiguration, SaysWhatIsWrongWithFiles) {
  const SelfSignedCertificate one = certificate_for({"one"});
  const SelfSignedCertificate two = certificate_for({"two"});
  const auto mismatch = TlsServerContext::make(one.certificate_pem, two.key_pem);
  ASSERT_FALSE(mismatch);
  EXPECT_THAT(mismatch.error().message, HasSubstr("does not belong"));
  EXPECT_THAT(TlsServerContext::make("", one.key_pem).error().message, HasSubstr("certificate is not PEM"));
  EXPECT_THAT(TlsServerContext::make(one.certificate_pem, Secret("x")).error().message, HasSubstr("private key"));
  EXPECT_FALSE(TlsServerContext::make(std::string(kPemBytesMax + 1, 'x'), one.key_pem));
  EXPECT_FALSE(TlsClientContext::make({.authorities_pem = "nothing here"}));
  EXPECT_EQ(certificate_fingerprint("nothing here"), std::nullopt);
}

TEST(SelfSigned, RefusesNamesThatAreNone) {
  EXPECT_FALSE(make_self_signed({"a b"}, now()));
  EXPECT_FALSE(make_self_signed({""}, now()));
  EXPECT_FALSE(make_self_signed({"x,DNS:evil"}, now()));
  EXPECT_FALSE(make_self_signed(std::vector<std::string>(kSelfSignedNamesMax + 1, "x" + std::string(254, 'y')), now()));
  EXPECT_TRUE(make_self_signed({std::string(100, 'a'), "2001:db8::7", "192.0.2.9"}, now()));
}

TEST(SelfSigned, IsMadeAtFirstStartAndReadAfterwards) {
  testing::MemoryFiles files;
  const CertificateFiles where{.certificate_path = "/state/tls.crt", .key_path = "/state/tls.key"};
  const auto made = load_or_create_certificate(files, where, {"host"}, now());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(files.files.at("/state/tls.key")->permissions, 0600U);
  const auto again = load_or_create_certificate(files, where, {"host"}, now());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->certificate_pem, made->certificate_pem);
  EXPECT_TRUE(TlsServerContext::make(again->certificate_pem, again->key_pem));

  files.files.erase("/state/tls.crt");  // as after a crash between the two
  const auto healed = load_or_create_certificate(files, where, {"host"}, now());
  ASSERT_TRUE(healed) << healed.error().message;
  EXPECT_EQ(healed->key_pem, made->key_pem);

  files.files.erase("/state/tls.key");
  EXPECT_FALSE(load_or_create_certificate(files, where, {"host"}, now()));
}

TEST(SelfSigned, SurvivesAFailureOfEveryCall) {
  const CertificateFiles where{.certificate_path = "/c", .key_path = "/k"};
  int call = 0;
  for (bool failed = true; failed; ++call) {
    testing::MemoryFiles files;
    files.calls_until_failure = call;
    failed = !load_or_create_certificate(files, where, {"host"}, now());
    files.calls_until_failure = -1;
    const auto healed = load_or_create_certificate(files, where, {"host"}, now());
    ASSERT_TRUE(healed) << "after a failure of call " << call;
    EXPECT_TRUE(TlsServerContext::make(healed->certificate_pem, healed->key_pem));
  }
  EXPECT_GT(call, 8);
}

}  // namespace
}  // namespace lunaria::security
