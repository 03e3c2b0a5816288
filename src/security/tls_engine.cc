#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/ip_address.h"
#include "security/limits.h"
#include "security/tls.h"
#include "security/tls_state.h"

namespace lunaria::security {
namespace {

using internal::EngineState;

EngineState& state_of(BIO* bio) {
  return *static_cast<EngineState*>(BIO_get_data(bio));
}

int read_input(BIO* bio, char* memory, std::size_t size, std::size_t* done) {
  EngineState& state = state_of(bio);
  BIO_clear_retry_flags(bio);
  *done = std::min(size, state.input.size());
  if (*done == 0) {
    if (!state.input_ended) {
      BIO_set_retry_read(bio);
    }
    return 0;
  }
  std::memcpy(memory, state.input.content().data(), *done);
  state.input.drop(*done);
  return 1;
}

int write_output(BIO* bio, const char* memory, std::size_t size, std::size_t* done) {
  BIO_clear_retry_flags(bio);
  state_of(bio).output.append(std::as_bytes(std::span(memory, size)));
  *done = size;
  return 1;
}

long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return state_of(bio).input_ended && state_of(bio).input.size() == 0 ? 1 : 0;
    default:
      return 0;
  }
}

internal::UniqueBioMethod make_method() {
  internal::UniqueBioMethod method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "lunaria bytes"));
  check(method != nullptr && BIO_meth_set_read_ex(method.get(), read_input) == 1 &&
            BIO_meth_set_write_ex(method.get(), write_output) == 1 && BIO_meth_set_ctrl(method.get(), control) == 1,
        "an allocation failure ends the process");
  return method;
}

std::unique_ptr<EngineState> make_state(std::shared_ptr<const internal::ContextState> context) {
  auto state = std::make_unique<EngineState>();
  state->method = make_method();
  state->ssl.reset(SSL_new(context->context.get()));
  state->context = std::move(context);
  BIO* bio = BIO_new(state->method.get());
  check(state->ssl != nullptr && bio != nullptr, "an allocation failure ends the process");
  BIO_set_data(bio, state.get());
  BIO_set_init(bio, 1);
  check(BIO_up_ref(bio) == 1, "the BIO is alive");
  SSL_set0_rbio(state->ssl.get(), bio);
  SSL_set0_wbio(state->ssl.get(), bio);
  return state;
}

TlsError make_error(EngineState& state) {
  state.failed = true;
  const unsigned long code = ERR_peek_last_error();
  const long verdict = SSL_get_verify_result(state.ssl.get());
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    ERR_clear_error();
    return {TlsFailure::kBadCertificate, X509_verify_cert_error_string(verdict)};
  }
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return {TlsFailure::kTruncated, "the peer closed the connection without ending the session"};
  }
  const bool established = SSL_is_init_finished(state.ssl.get()) == 1;
  return {established ? TlsFailure::kProtocol : TlsFailure::kHandshake, internal::take_error_reason()};
}

std::string text_of(const X509_NAME* name) {
  const internal::UniqueBio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  return internal::written_text(bio.get());
}

std::string common_name_of(const X509_NAME* name) {
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) {
    return {};
  }
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  if (size < 0) {
    return {};
  }
  std::string common_name(static_cast<const char*>(static_cast<const void*>(text)), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  // A NUL in the middle has fooled others into seeing a shorter name.
  return common_name.contains('\0') ? std::string() : common_name;
}

}  // namespace

TlsEngine::TlsEngine(std::unique_ptr<internal::EngineState> state) : state_(std::move(state)) {}
TlsEngine::TlsEngine(TlsEngine&&) noexcept = default;
TlsEngine& TlsEngine::operator=(TlsEngine&&) noexcept = default;
TlsEngine::~TlsEngine() = default;

TlsEngine TlsEngine::server(const TlsServerContext& context) {
  auto state = make_state(context.state_);
  SSL_set_accept_state(state->ssl.get());
  return TlsEngine(std::move(state));
}

TlsEngine TlsEngine::client(const TlsClientContext& context, const std::string& server_name) {
  auto state = make_state(context.state_);
  SSL* ssl = state->ssl.get();
  SSL_set_connect_state(ssl);
  if (const auto address = IpAddress::parse(server_name)) {
    check(X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), address->octets().data(), address->is_v4() ? 4 : 16) == 1,
          "an address has four or sixteen octets");
  } else {
    // Names that OpenSSL refuses match no certificate either.
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool accepted = SSL_set1_host(ssl, server_name.c_str()) == 1 &&
                          SSL_set_tlsext_host_name(ssl, server_name.c_str()) == 1;  // RFC 6066 3: names only
    state->failed = !accepted;
  }
  return TlsEngine(std::move(state));
}

std::size_t TlsEngine::give_ciphertext(std::span<const std::byte> bytes) {
  const std::size_t room = kTlsInputMax - std::min(kTlsInputMax, state_->input.size());
  const std::size_t taken = std::min(room, bytes.size());
  state_->input.append(bytes.first(taken));
  if (!handshake_done()) {
    state_->handshake_bytes += taken;
  }
  return taken;
}

void TlsEngine::give_end() {
  state_->input_ended = true;
}

bool TlsEngine::handshake_done() const {
  return SSL_is_init_finished(state_->ssl.get()) == 1;
}

Result<TlsEngine::Progress, TlsError> TlsEngine::handshake() {
  if (state_->failed) {
    return fail(TlsError{TlsFailure::kHandshake, "the session has failed"});
  }
  if (handshake_done()) {
    return Progress::kDone;
  }
  ERR_clear_error();
  const int outcome = SSL_do_handshake(state_->ssl.get());
  if (outcome == 1) {
    return Progress::kDone;
  }
  switch (SSL_get_error(state_->ssl.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      if (state_->handshake_bytes > kTlsHandshakeBytesMax) {
        state_->failed = true;
        return fail(TlsError{TlsFailure::kTooMuchHandshake, "the handshake does not end"});
      }
      return Progress::kNeedInput;
    case SSL_ERROR_ZERO_RETURN:
      return Progress::kClosed;
    default:
      return fail(make_error(*state_));
  }
}

Result<TlsEngine::Read, TlsError> TlsEngine::read(std::span<std::byte> plaintext) {
  check(!plaintext.empty(), "there is room for plaintext");
  const auto ready = handshake();
  if (!ready) {
    return fail(ready.error());
  }
  if (*ready != Progress::kDone) {
    return Read{*ready, 0};
  }
  ERR_clear_error();
  std::size_t size = 0;
  const int outcome = SSL_read_ex(state_->ssl.get(), plaintext.data(), plaintext.size(), &size);
  if (outcome == 1) {
    return Read{Progress::kDone, size};
  }
  switch (SSL_get_error(state_->ssl.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      return Read{Progress::kNeedInput, 0};
    case SSL_ERROR_ZERO_RETURN:
      return Read{Progress::kClosed, 0};
    default:
      return fail(make_error(*state_));
  }
}

Result<void, TlsError> TlsEngine::write(std::span<const std::byte> plaintext) {
  if (state_->failed || !handshake_done()) {
    return fail(TlsError{TlsFailure::kHandshake, "the session is not established"});
  }
  while (!plaintext.empty()) {
    ERR_clear_error();
    std::size_t size = 0;
    if (SSL_write_ex(state_->ssl.get(), plaintext.data(), plaintext.size(), &size) != 1) {
      return fail(make_error(*state_));
    }
    plaintext = plaintext.subspan(size);
  }
  return {};
}

void TlsEngine::close() {
  if (!state_->failed && handshake_done()) {
    ERR_clear_error();
    // The first call sends close_notify; whether the peer's has come does not matter to us.
    static_cast<void>(SSL_shutdown(state_->ssl.get()));
    ERR_clear_error();
  }
}

std::span<const std::byte> TlsEngine::ciphertext() const {
  return state_->output.content();
}

void TlsEngine::drop_ciphertext(std::size_t size) {
  check(size <= state_->output.size(), "only what was there can have been sent");
  state_->output.drop(size);
}

std::optional<PeerCertificate> TlsEngine::peer_certificate() const {
  const X509* certificate = SSL_get0_peer_certificate(state_->ssl.get());
  if (certificate == nullptr || SSL_get_verify_result(state_->ssl.get()) != X509_V_OK) {
    return std::nullopt;
  }
  unsigned char* encoded = nullptr;
  const int size = i2d_X509(certificate, &encoded);
  if (size < 0) {
    return std::nullopt;
  }
  const auto der = std::as_bytes(std::span(encoded, static_cast<std::size_t>(size)));
  PeerCertificate peer{.subject = text_of(X509_get_subject_name(certificate)),
                       .common_name = common_name_of(X509_get_subject_name(certificate)),
                       .sha256 = internal::sha256_fingerprint(certificate),
                       .der = {der.begin(), der.end()}};
  OPENSSL_free(encoded);
  return peer;
}

std::string_view TlsEngine::version() const {
  return SSL_get_version(state_->ssl.get());
}

}  // namespace lunaria::security
