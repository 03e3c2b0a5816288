#pragma once

// VerifiedPasswords: clients send Basic credentials with every request, and every request's credentials are judged;
// argon2 each time would cost a core 30 ms a request. So a digest of the last good password of a user, keyed with a
// random key of this process, is kept for some minutes and compared in constant time. It answers only for the stored
// hash that the password was verified against: a changed password or a deleted user is noticed at once, because the
// caller reads the user's record first. One shard owns it.

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/random.h"
#include "security/limits.h"

namespace lunaria::security {

namespace internal {
class KeyedDigest;
}

class VerifiedPasswords final {
 public:
  explicit VerifiedPasswords(runtime::Random& random);
  ~VerifiedPasswords();
  VerifiedPasswords(const VerifiedPasswords&) = delete;
  VerifiedPasswords& operator=(const VerifiedPasswords&) = delete;

  /// Whether this password was verified against this stored hash not longer than kVerifiedAgeMax ago. False says
  /// nothing about the password: verify it.
  bool contains(std::string_view user, std::string_view stored_hash, std::string_view password, runtime::Instant now);
  /// To be called only after verify_password() said kMatch for just these.
  void remember(std::string_view user, std::string_view stored_hash, std::string_view password, runtime::Instant now);
  void forget(std::string_view user);
  std::size_t entry_count() const { return entries_.size(); }

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Entry {
    std::string user;
    Digest digest;
    runtime::Instant verified_at;
  };

  Digest digest_of(std::string_view user, std::string_view stored_hash, std::string_view password);

  std::unique_ptr<internal::KeyedDigest> keyed_digest_;
  std::list<Entry> entries_;  // front: used last; few, so searched from the start
};

}  // namespace lunaria::security
