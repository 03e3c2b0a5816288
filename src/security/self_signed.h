#pragma once

// A certificate for the first start: EC P-256, self-signed, with the names that clients will connect to.

#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "runtime/clock.h"
#include "runtime/file.h"
#include "security/tls.h"

namespace lunaria::security {

struct SelfSignedCertificate {
  std::string certificate_pem;
  Secret key_pem;
  std::string fingerprint;  ///< SHA-256, "AB:CD:..."
};

/// Makes a key and a certificate valid from an hour before `now` (clocks differ) for kSelfSignedDays. Its subject
/// alternative names are localhost, 127.0.0.1, ::1 and `names` (DNS names or IP addresses, at most
/// kSelfSignedNamesMax; the first one is the common name). Blocks for a few milliseconds.
Result<SelfSignedCertificate, TlsConfigurationError> make_self_signed(const std::vector<std::string>& names,
                                                                      runtime::WallTime now);

/// Where a server's certificate and key are.
struct CertificateFiles {
  std::string certificate_path;
  std::string key_path;
};

struct CertificatePem {
  std::string certificate_pem;
  Secret key_pem;
};

/// Reads both files. Blocks.
Result<CertificatePem, TlsConfigurationError> load_certificate(runtime::FileSystem& files,
                                                               const CertificateFiles& where);

/// As load_certificate, but makes and stores a self-signed certificate, durably, when that file is missing. A key that
/// is there is used and never overwritten; a new one is stored first, with mode 0600, so that a crash in between is
/// healed by the next start. A certificate without its key is an error.
Result<CertificatePem, TlsConfigurationError> load_or_create_certificate(runtime::FileSystem& files,
                                                                         const CertificateFiles& where,
                                                                         const std::vector<std::string>& names,
                                                                         runtime::WallTime now);

}  // namespace lunaria::security
