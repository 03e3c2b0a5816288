#include "security/secret_box.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/check.h"

namespace lunaria::security {
namespace {

constexpr std::byte kVersion{1};
constexpr std::size_t kNonceBytes = 12;  // NIST SP 800-38D 8.2.2
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kHeaderBytes = 1 + kNonceBytes;
static_assert(SecretBox::kOverhead == kHeaderBytes + kTagBytes);

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* octets(const void* bytes) {
  return static_cast<const unsigned char*>(bytes);
}
unsigned char* octets(void* bytes) {
  return static_cast<unsigned char*>(bytes);
}

/// The version byte is authenticated too: it is put in front of the caller's data.
std::string bound_data(std::string_view associated_data) {
  return std::string(1, static_cast<char>(kVersion)) + std::string(associated_data);
}

}  // namespace

HostKey::HostKey(std::span<const std::byte, kHostKeyBytes> bytes) {
  std::ranges::copy(bytes, bytes_.begin());
}

HostKey::HostKey(HostKey&& other) noexcept : bytes_(other.bytes_) {
  OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
}

HostKey& HostKey::operator=(HostKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
  }
  return *this;
}

HostKey::~HostKey() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

std::vector<std::byte> SecretBox::seal(const Secret& secret, std::string_view associated_data) const {
  const std::string_view plaintext = secret.reveal();
  check(plaintext.size() <= kSealedPlaintextMax, "callers bound the secrets that they store");
  std::vector<std::byte> sealed(plaintext.size() + kOverhead);
  sealed[0] = kVersion;
  random_.fill(std::span(sealed).subspan(1, kNonceBytes));
  const std::string bound = bound_data(associated_data);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  bool done =
      cipher != nullptr &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, octets(key_.bytes().data()), octets(&sealed[1])) ==
          1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &length, octets(bound.data()), static_cast<int>(bound.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), octets(&sealed[kHeaderBytes]), &length, octets(plaintext.data()),
                        static_cast<int>(plaintext.size())) == 1;
  const std::size_t end = kHeaderBytes + plaintext.size();
  done = done && EVP_EncryptFinal_ex(cipher.get(), octets(&sealed[end]), &length) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, &sealed[end]) == 1;
  check(done, "AES-256-GCM is always there");
  return sealed;
}

Result<Secret, UnsealError> SecretBox::open(std::span<const std::byte> sealed, std::string_view associated_data) const {
  if (sealed.size() < kOverhead || sealed.size() > kSealedPlaintextMax + kOverhead || sealed[0] != kVersion) {
    return fail(UnsealError::kMalformed);
  }
  const std::span<const std::byte> body = sealed.subspan(kHeaderBytes, sealed.size() - kOverhead);
  std::array<std::byte, kTagBytes> tag{};
  std::ranges::copy(sealed.last(kTagBytes), tag.begin());
  const std::string bound = bound_data(associated_data);
  std::string plaintext(body.size() + 1, '\0');  // one more: OpenSSL wants a place even for nothing
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  const bool opened =
      cipher != nullptr &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, octets(key_.bytes().data()), octets(&sealed[1])) ==
          1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, octets(bound.data()), static_cast<int>(bound.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), octets(plaintext.data()), &length, octets(body.data()),
                        static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), octets(&plaintext[body.size()]), &length) == 1;
  Secret secret(opened ? std::string_view(plaintext).substr(0, body.size()) : std::string_view());
  OPENSSL_cleanse(plaintext.data(), plaintext.size());
  if (!opened) {
    return fail(UnsealError::kWrongKey);
  }
  return secret;
}

}  // namespace lunaria::security
