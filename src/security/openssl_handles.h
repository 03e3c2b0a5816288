#pragma once

// Owning handles for OpenSSL objects, and its error queue as text. For the .cc files of this folder alone.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace lunaria::security::internal {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using UniqueBio = std::unique_ptr<BIO, FreeWith<&BIO_free_all>>;
using UniqueBioMethod = std::unique_ptr<BIO_METHOD, FreeWith<&BIO_meth_free>>;
using UniqueKey = std::unique_ptr<EVP_PKEY, FreeWith<&EVP_PKEY_free>>;
using UniqueX509 = std::unique_ptr<X509, FreeWith<&X509_free>>;
using UniqueX509Name = std::unique_ptr<X509_NAME, FreeWith<&X509_NAME_free>>;
using UniqueSslContext = std::unique_ptr<SSL_CTX, FreeWith<&SSL_CTX_free>>;
using UniqueSsl = std::unique_ptr<SSL, FreeWith<&SSL_free>>;
using UniqueGeneralNames = std::unique_ptr<GENERAL_NAMES, FreeWith<&GENERAL_NAMES_free>>;

/// A BIO that reads `text`, which must outlive it.
UniqueBio reading_bio(std::string_view text);
/// What has been written to a memory BIO.
std::string written_text(BIO* bio);
/// OpenSSL's reason for the latest failure on this thread, or "unknown reason". Empties its queue.
std::string take_error_reason();
/// The next certificate of PEM text, nullptr when there is none.
UniqueX509 read_certificate(BIO* bio);
/// nullptr for anything but an unencrypted private key; never asks for a passphrase.
UniqueKey read_private_key(std::string_view pem);
/// "AB:CD:...".
std::string sha256_fingerprint(const X509* certificate);

}  // namespace lunaria::security::internal
