#pragma once

// ServerCertificate: what a server presents and whom it trusts, from PEM files that may be exchanged while it runs.

#include <optional>
#include <string>

#include "base/result.h"
#include "runtime/file.h"
#include "security/self_signed.h"
#include "security/tls.h"

namespace lunaria::security {

/// The calls block: worker threads only, one at a time.
class ServerCertificate final {
 public:
  /// `client_authorities_path`: PEM of the issuers whose clients may show a certificate instead of a password; empty:
  /// clients are not asked for one. `files` outlives this.
  ServerCertificate(runtime::FileSystem& files, CertificateFiles where, std::string client_authorities_path)
      : files_(files), where_(std::move(where)), client_authorities_path_(std::move(client_authorities_path)) {}

  /// Reads the files. The error names the file and what is wrong with it.
  Result<TlsServerContext, TlsConfigurationError> load();

  /// Reads the files again. Nothing where they hold what they held at the last call, whether that was good or refused:
  /// a certificate whose key has yet to be written is judged again when the key is there.
  Result<std::optional<TlsServerContext>, TlsConfigurationError> load_if_changed();

  const CertificateFiles& where() const { return where_; }

 private:
  struct Content {
    CertificatePem own;
    std::string client_authorities;
  };
  Result<Content, TlsConfigurationError> read();
  Result<TlsServerContext, TlsConfigurationError> make_context(const Content& content);

  runtime::FileSystem& files_;
  CertificateFiles where_;
  std::string client_authorities_path_;
  std::string seen_;  ///< digest of what the files held, or of why they could not be read
};

}  // namespace lunaria::security
