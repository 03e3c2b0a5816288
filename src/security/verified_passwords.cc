#include "security/verified_passwords.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace lunaria::security {

VerifiedPasswords::VerifiedPasswords(runtime::Random& random) {
  random.fill(key_);
}

VerifiedPasswords::~VerifiedPasswords() {
  OPENSSL_cleanse(key_.data(), key_.size());
}

VerifiedPasswords::Digest VerifiedPasswords::digest_of(std::string_view user, std::string_view stored_hash,
                                                       std::string_view password) const {
  // Lengths first, so that moving a byte from one part to the next gives another text.
  std::string text = std::to_string(user.size()) + ":" + std::to_string(stored_hash.size()) + ":";
  text.reserve(text.size() + user.size() + stored_hash.size() + password.size());
  text.append(user).append(stored_hash).append(password);
  Digest digest{};
  unsigned int length = 0;
  const unsigned char* done = HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
                                   static_cast<const unsigned char*>(static_cast<const void*>(text.data())),
                                   text.size(), digest.data(), &length);
  check(done != nullptr && length == digest.size(), "HMAC-SHA256 is always there");
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
