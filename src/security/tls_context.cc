#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "security/limits.h"
#include "security/tls.h"
#include "security/tls_state.h"

namespace lunaria::security {
namespace {

using internal::ContextState;
using internal::take_error_reason;

// TLS 1.2: forward secrecy and AEAD only (RFC 9325 4.2). TLS 1.3 has nothing else.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::array<unsigned char, 9> kAlpn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};  // RFC 7301 3.1, 6

TlsConfigurationError error_of(std::string_view what) {
  return {fmt::format("{}: {}", what, take_error_reason())};
}

int select_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned int in_size, void* /*argument*/) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, kAlpn.data(), kAlpn.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 3.2: no_application_protocol
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

// A pinned certificate is trusted for what it is; everything else goes through OpenSSL's chain and name checks.
int verify_pinned(X509_STORE_CTX* store, void* argument) {
  const auto& state = *static_cast<const ContextState*>(argument);
  const X509* leaf = X509_STORE_CTX_get0_cert(store);
  if (leaf != nullptr && internal::sha256_fingerprint(leaf) == state.pinned_fingerprint) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  return 0;
}

internal::UniqueSslContext new_context(const SSL_METHOD* method) {
  internal::UniqueSslContext context(SSL_CTX_new(method));
  check(context != nullptr, "an allocation failure ends the process");
  SSL_CTX* raw = context.get();
  check(SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1, "TLS 1.2 is always there");
  check(SSL_CTX_set_cipher_list(raw, kCiphers) == 1, "the cipher list is a constant");
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA);
  // An idle session keeps no record buffers: thousands of keep-alive connections stay small.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  return context;
}

Result<void, TlsConfigurationError> use_certificate(ContextState& state, std::string_view certificate_pem,
                                                    const Secret& key_pem) {
  SSL_CTX* context = state.context.get();
  const internal::UniqueBio bio = internal::reading_bio(certificate_pem);
  const internal::UniqueX509 own = internal::read_certificate(bio.get());
  if (own == nullptr) {
    return fail(error_of("the certificate is not PEM"));
  }
  if (SSL_CTX_use_certificate(context, own.get()) != 1) {
    return fail(error_of("the certificate cannot be used"));
  }
  for (internal::UniqueX509 next = internal::read_certificate(bio.get()); next != nullptr;
       next = internal::read_certificate(bio.get())) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) {
      return fail(error_of("the certificate's chain cannot be used"));
    }
  }
  ERR_clear_error();  // the end of the PEM text is reported as an error
  const internal::UniqueKey key = internal::read_private_key(key_pem.reveal());
  if (key == nullptr) {
    return fail(error_of("the private key is not an unencrypted PEM key"));
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return fail(error_of("the private key does not belong to the certificate"));
  }
  state.fingerprint = internal::sha256_fingerprint(own.get());
  return {};
}

Result<void, TlsConfigurationError> trust(SSL_CTX* context, std::string_view authorities_pem, bool name_them) {
  const internal::UniqueBio bio = internal::reading_bio(authorities_pem);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  std::size_t count = 0;
  for (internal::UniqueX509 next = internal::read_certificate(bio.get()); next != nullptr;
       next = internal::read_certificate(bio.get())) {
    if (X509_STORE_add_cert(store, next.get()) != 1 || (name_them && SSL_CTX_add_client_CA(context, next.get()) != 1)) {
      return fail(error_of("a trusted certificate cannot be used"));
    }
    ++count;
  }
  ERR_clear_error();
  if (count == 0) {
    return fail(TlsConfigurationError{"the trusted certificates hold none in PEM form"});
  }
  return {};
}

bool is_too_long(std::string_view pem) {
  return pem.size() > kPemBytesMax;
}

/// "ab:cd" or "ABCD" as "AB:CD"; empty when it is not a SHA-256 fingerprint.
std::string canonical_fingerprint(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == ':') {
      continue;
    }
    const char upper = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    if (!((upper >= '0' && upper <= '9') || (upper >= 'A' && upper <= 'F'))) {
      return {};
    }
    digits += upper;
  }
  if (digits.size() != 64) {
    return {};
  }
  std::string canonical;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    canonical.append(i == 0 ? "" : ":").append(digits, i, 2);
  }
  return canonical;
}

}  // namespace

Result<TlsServerContext, TlsConfigurationError> TlsServerContext::make(std::string_view certificate_pem,
                                                                       const Secret& key_pem,
                                                                       const ClientCertificatePolicy& clients) {
  if (is_too_long(certificate_pem) || is_too_long(key_pem.reveal()) || is_too_long(clients.authorities_pem)) {
    return fail(TlsConfigurationError{"a certificate or key file is too long"});
  }
  auto state = std::make_shared<ContextState>();
  state->context = new_context(TLS_server_method());
  SSL_CTX* context = state->context.get();
  const auto used = use_certificate(*state, certificate_pem, key_pem);
  if (!used) {
    return fail(used.error());
  }
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  constexpr std::string_view kSessionScope = "lunaria";
  check(SSL_CTX_set_session_id_context(
            context, static_cast<const unsigned char*>(static_cast<const void*>(kSessionScope.data())),
            kSessionScope.size()) == 1,
        "the scope is a short constant");
  check(SSL_CTX_set_num_tickets(context, 1) == 1, "one ticket is allowed");
  if (!clients.authorities_pem.empty()) {
    const auto trusted = trust(context, clients.authorities_pem, true);
    if (!trusted) {
      return fail(trusted.error());
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (clients.required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  }
  return TlsServerContext(std::move(state));
}

const std::string& TlsServerContext::fingerprint() const {
  return state_->fingerprint;
}

Result<TlsClientContext, TlsConfigurationError> TlsClientContext::make(const TlsTrust& trusted) {
  if (is_too_long(trusted.authorities_pem) || is_too_long(trusted.certificate_pem)) {
    return fail(TlsConfigurationError{"a certificate file is too long"});
  }
  auto state = std::make_shared<ContextState>();
  state->context = new_context(TLS_client_method());
  SSL_CTX* context = state->context.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!trusted.fingerprint_sha256.empty()) {
    state->pinned_fingerprint = canonical_fingerprint(trusted.fingerprint_sha256);
    if (state->pinned_fingerprint.empty()) {
      return fail(TlsConfigurationError{"the fingerprint is not a SHA-256 fingerprint (64 hexadecimal digits)"});
    }
    SSL_CTX_set_cert_verify_callback(context, verify_pinned, state.get());
  } else if (!trusted.authorities_pem.empty()) {
    const auto outcome = trust(context, trusted.authorities_pem, false);
    if (!outcome) {
      return fail(outcome.error());
    }
  } else if (SSL_CTX_set_default_verify_paths(context) != 1) {
    return fail(error_of("the system's trusted certificates cannot be read"));
  }
  if (!trusted.certificate_pem.empty()) {
    const auto used = use_certificate(*state, trusted.certificate_pem, trusted.key_pem);
    if (!used) {
      return fail(used.error());
    }
  }
  check(SSL_CTX_set_alpn_protos(context, kAlpn.data(), kAlpn.size()) == 0, "the protocol list is a constant");
  return TlsClientContext(std::move(state));
}

std::optional<std::string> certificate_fingerprint(std::string_view certificate_pem) {
  if (is_too_long(certificate_pem)) {
    return std::nullopt;
  }
  const internal::UniqueBio bio = internal::reading_bio(certificate_pem);
  const internal::UniqueX509 certificate = internal::read_certificate(bio.get());
  ERR_clear_error();
  if (certificate == nullptr) {
    return std::nullopt;
  }
  return internal::sha256_fingerprint(certificate.get());
}

}  // namespace lunaria::security
