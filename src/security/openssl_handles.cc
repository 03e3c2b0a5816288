#include "security/openssl_handles.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

#include "base/check.h"

namespace lunaria::security::internal {
namespace {

// Without one, OpenSSL would ask on the terminal and hang a daemon.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*argument*/) {
  return -1;
}

}  // namespace

UniqueBio reading_bio(std::string_view text) {
  UniqueBio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  check(bio != nullptr, "an allocation failure ends the process");
  return bio;
}

std::string written_text(BIO* bio) {
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string take_error_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason == nullptr ? "unknown reason" : reason;
  ERR_clear_error();
  return text;
}

UniqueX509 read_certificate(BIO* bio) {
  return UniqueX509(PEM_read_bio_X509(bio, nullptr, no_passphrase, nullptr));
}

UniqueKey read_private_key(std::string_view pem) {
  const UniqueBio bio = reading_bio(pem);
  return UniqueKey(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
}

std::string sha256_fingerprint(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  check(X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1, "SHA-256 is always there");
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest[i]);
  }
  return text;
}

}  // namespace lunaria::security::internal
