#pragma once

// TLS without I/O: engines that turn ciphertext into plaintext and back (TLS 1.2 and 1.3 over OpenSSL). The owner moves
// the bytes. A context holds certificate, key and policy; it can be replaced while engines made from it live on.
// Engines belong to one thread; contexts may be shared.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace lunaria::security {

/// Why a context could not be made: one sentence for whoever configured it.
struct TlsConfigurationError {
  std::string message;
};

/// Which way a session ended, other than properly.
enum class TlsFailure : std::uint8_t {
  kHandshake,        ///< no common version or cipher, or nonsense instead of a handshake
  kBadCertificate,   ///< the peer's certificate does not verify
  kProtocol,         ///< a damaged record or a forbidden message after the handshake
  kTruncated,        ///< the peer's bytes ended without close_notify: the last message may be incomplete
  kTooMuchHandshake  ///< more than kTlsHandshakeBytesMax before the handshake was complete
};

/// What went wrong, with OpenSSL's reason for the log ("certificate verify failed: hostname mismatch").
struct TlsError {
  TlsFailure failure;
  std::string reason;
};

/// Whether, and how, clients are asked for certificates.
struct ClientCertificatePolicy {
  std::string authorities_pem{};  ///< trusted issuers; empty: clients are not asked
  bool required = false;
};

/// Who is at the other end, from its verified certificate.
struct PeerCertificate {
  std::string subject;         ///< RFC 2253 form
  std::string common_name;     ///< empty when there is none
  std::string sha256;          ///< fingerprint, "AB:CD:..."
  std::vector<std::byte> der;  ///< the certificate itself
};

namespace internal {
struct ContextState;
struct EngineState;
}  // namespace internal

/// What servers present and accept: TLS 1.2 with forward secrecy and AEAD ciphers, TLS 1.3; ALPN http/1.1; no
/// renegotiation, no compression; stateless session tickets under a key of this process.
class TlsServerContext final {
 public:
  /// `certificate_pem` may hold a chain, the server's own first. Fails when the key does not belong to the certificate,
  /// or either does not parse.
  static Result<TlsServerContext, TlsConfigurationError> make(std::string_view certificate_pem, const Secret& key_pem,
                                                              const ClientCertificatePolicy& clients = {});

  /// SHA-256 of the server's certificate, "AB:CD:...".
  const std::string& fingerprint() const;

 private:
  friend class TlsEngine;
  explicit TlsServerContext(std::shared_ptr<const internal::ContextState> state) : state_(std::move(state)) {}
  std::shared_ptr<const internal::ContextState> state_;
};

/// What a client trusts.
struct TlsTrust {
  std::string authorities_pem{};     ///< trusted issuers; empty: those of the system
  std::string fingerprint_sha256{};  ///< when set, exactly this certificate is trusted, whatever its names or issuer
  std::string certificate_pem{};     ///< the client's own, optional
  Secret key_pem{};
};

class TlsClientContext final {
 public:
  static Result<TlsClientContext, TlsConfigurationError> make(const TlsTrust& trust);

 private:
  friend class TlsEngine;
  explicit TlsClientContext(std::shared_ptr<const internal::ContextState> state) : state_(std::move(state)) {}
  std::shared_ptr<const internal::ContextState> state_;
};

/// One TLS session. After an error only take_ciphertext() (the alert) makes sense.
class TlsEngine final {
 public:
  static TlsEngine server(const TlsServerContext& context);
  /// `server_name` is a DNS name or an IP address, checked against the certificate.
  static TlsEngine client(const TlsClientContext& context, const std::string& server_name);

  TlsEngine(TlsEngine&&) noexcept;
  TlsEngine& operator=(TlsEngine&&) noexcept;
  ~TlsEngine();

  /// Received bytes. Takes as many as there is room for (kTlsInputMax) and says how many; 0 only while plaintext waits
  /// to be read.
  std::size_t give_ciphertext(std::span<const std::byte> bytes);
  /// The peer has closed its side of the connection.
  void give_end();

  /// What a step came to.
  enum class Progress : std::uint8_t {
    kDone,       ///< the step is complete
    kNeedInput,  ///< give more ciphertext (and send what there is to send first)
    kClosed,     ///< the peer has closed the session properly
  };

  /// Goes on with the handshake as far as the bytes allow.
  Result<Progress, TlsError> handshake();
  bool handshake_done() const;

  struct Read {
    Progress progress;
    std::size_t size = 0;  ///< bytes of plaintext, when kDone
  };
  /// Decrypts into `plaintext`; finishes the handshake first where needed. `plaintext` is not empty.
  Result<Read, TlsError> read(std::span<std::byte> plaintext);

  /// Encrypts all of it into the outgoing bytes, which grow by it: callers write bounded pieces and send between them.
  /// Only after the handshake.
  Result<void, TlsError> write(std::span<const std::byte> plaintext);

  /// Adds close_notify to the outgoing bytes.
  void close();

  /// Ciphertext to send; valid until the next call of anything.
  std::span<const std::byte> ciphertext() const;
  /// The first `size` bytes of ciphertext() are sent.
  void drop_ciphertext(std::size_t size);

  /// The peer's verified certificate, when it has shown one. For servers: only with a ClientCertificatePolicy.
  std::optional<PeerCertificate> peer_certificate() const;
  /// "TLSv1.3", for the log.
  std::string_view version() const;

 private:
  explicit TlsEngine(std::unique_ptr<internal::EngineState> state);
  std::unique_ptr<internal::EngineState> state_;
};

/// SHA-256 fingerprint of the first certificate in PEM text, "AB:CD:..."; nullopt when there is none.
std::optional<std::string> certificate_fingerprint(std::string_view certificate_pem);

}  // namespace lunaria::security
