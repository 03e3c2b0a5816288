#pragma once

// SecretBox: seals secrets for storage with AES-256-GCM under the host key. Associated data binds a sealed secret to
// its place (say table, column and row), so that one copied elsewhere does not open. Immutable, usable from any thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "runtime/random.h"
#include "security/limits.h"

namespace lunaria::security {

/// Why a sealed secret does not open.
enum class UnsealError : std::uint8_t {
  kMalformed,  ///< too short, too long or of an unknown version
  kWrongKey,   ///< another host key, another place, or damaged: AES-GCM cannot tell which
};

/// 32 bytes that never leave this machine. Wiped when it goes.
class HostKey final {
 public:
  explicit HostKey(std::span<const std::byte, kHostKeyBytes> bytes);
  HostKey(HostKey&& other) noexcept;
  HostKey& operator=(HostKey&& other) noexcept;
  HostKey(const HostKey&) = delete;
  HostKey& operator=(const HostKey&) = delete;
  ~HostKey();

  std::span<const std::byte, kHostKeyBytes> bytes() const { return bytes_; }

 private:
  std::array<std::byte, kHostKeyBytes> bytes_{};
};

/// A sealed secret is: version (1 byte, 1), nonce (12 random bytes), ciphertext, tag (16 bytes).
class SecretBox final {
 public:
  static constexpr std::size_t kOverhead = 1 + 12 + 16;

  /// `random` must be the real one: a repeated nonce gives AES-GCM away. It must outlive the box.
  SecretBox(HostKey key, runtime::Random& random) : key_(std::move(key)), random_(random) {}

  /// `secret` is at most kSealedPlaintextMax bytes.
  std::vector<std::byte> seal(const Secret& secret, std::string_view associated_data) const;
  Result<Secret, UnsealError> open(std::span<const std::byte> sealed, std::string_view associated_data) const;

 private:
  HostKey key_;
  runtime::Random& random_;
};

}  // namespace lunaria::security
