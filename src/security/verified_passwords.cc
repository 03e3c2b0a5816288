#include "security/verified_passwords.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "security/openssl_handles.h"

namespace lunaria::security {

namespace internal {

/// HMAC-SHA256 under a key that is set once: fetching the algorithm anew for every request cost more than the digest.
class KeyedDigest final {
 public:
  explicit KeyedDigest(runtime::Random& random) {
    std::array<std::byte, 32> key{};
    random.fill(key);
    const std::unique_ptr<EVP_MAC, FreeWith<&EVP_MAC_free>> algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    context_.reset(EVP_MAC_CTX_new(algorithm.get()));
    char hash[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", hash, 0), OSSL_PARAM_construct_end()};
    const int done = EVP_MAC_init(context_.get(), as_bytes(key.data()), key.size(), parameters);
    OPENSSL_cleanse(key.data(), key.size());
    check(done == 1, "HMAC-SHA256 is always there");
  }

  std::array<unsigned char, 32> of(std::string_view text) {
    std::array<unsigned char, 32> digest{};
    std::size_t length = 0;
    const bool done = EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
                      EVP_MAC_update(context_.get(), as_bytes(text.data()), text.size()) == 1 &&
                      EVP_MAC_final(context_.get(), digest.data(), &length, digest.size()) == 1;
    check(done && length == digest.size(), "HMAC-SHA256 cannot fail");
    return digest;
  }

 private:
  static const unsigned char* as_bytes(const void* bytes) { return static_cast<const unsigned char*>(bytes); }

  std::unique_ptr<EVP_MAC_CTX, FreeWith<&EVP_MAC_CTX_free>> context_;
};

}  // namespace internal

VerifiedPasswords::VerifiedPasswords(runtime::Random& random)
    : keyed_digest_(std::make_unique<internal::KeyedDigest>(random)) {}

VerifiedPasswords::~VerifiedPasswords() = default;

VerifiedPasswords::Digest VerifiedPasswords::digest_of(std::string_view user, std::string_view stored_hash,
                                                       std::string_view password) {
  // Lengths first, so that moving a byte from one part to the next gives another text.
  std::string text = std::to_string(user.size()) + ":" + std::to_string(stored_hash.size()) + ":";
  text.reserve(text.size() + user.size() + stored_hash.size() + password.size());
  text.append(user).append(stored_hash).append(password);
  const Digest digest = keyed_digest_->of(text);
  OPENSSL_cleanse(text.data(), text.size());
  return digest;
}

bool VerifiedPasswords::contains(std::string_view user, std::string_view stored_hash, std::string_view password,
                                 runtime::Instant now) {
  const auto entry = std::ranges::find(entries_, user, &Entry::user);
  if (entry == entries_.end()) {
    return false;
  }
  if (now - entry->verified_at > kVerifiedAgeMax) {
    entries_.erase(entry);
    return false;
  }
  const Digest digest = digest_of(user, stored_hash, password);
  if (CRYPTO_memcmp(digest.data(), entry->digest.data(), digest.size()) != 0) {
    return false;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return true;
}

void VerifiedPasswords::remember(std::string_view user, std::string_view stored_hash, std::string_view password,
                                 runtime::Instant now) {
  forget(user);
  if (entries_.size() >= kVerifiedEntriesMax) {
    entries_.pop_back();
  }
  entries_.push_front(
      {.user = std::string(user), .digest = digest_of(user, stored_hash, password), .verified_at = now});
}

void VerifiedPasswords::forget(std::string_view user) {
  std::erase_if(entries_, [user](const Entry& entry) { return entry.user == user; });
}

}  // namespace lunaria::security
