#pragma once

// Every bound of the security folder, with its reason.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lunaria::security {

// Argon2id: the second recommended choice of RFC 9106 4 costs 64 MiB; a storage server that idles below 40 MiB takes
// the OWASP equivalent instead: 19 MiB, two passes, one lane.
inline constexpr std::uint32_t kArgonMemoryKib = 19 * 1024;
inline constexpr std::uint32_t kArgonPasses = 2;
inline constexpr std::uint32_t kArgonLanes = 1;
inline constexpr std::size_t kArgonSaltBytes = 16;
inline constexpr std::size_t kArgonTagBytes = 32;
/// What a stored hash may ask for: a damaged or planted record must not take the machine's memory.
inline constexpr std::uint32_t kArgonMemoryKibMax = 128 * 1024;
inline constexpr std::uint32_t kArgonPassesMax = 16;
inline constexpr std::uint32_t kArgonLanesMax = 4;
static_assert(kArgonMemoryKib <= kArgonMemoryKibMax && kArgonPasses <= kArgonPassesMax);

/// Longest password: more is no stronger, and hashing it costs the attacker nothing.
inline constexpr std::size_t kPasswordBytesMax = 1024;
inline constexpr std::size_t kUserNameBytesMax = 256;

// Login throttling.
/// Users and addresses remembered, each.
inline constexpr std::size_t kThrottleEntriesMax = 1024;
/// Wrong passwords that cost no wait: people mistype.
inline constexpr std::uint32_t kThrottleFreeFailures = 3;
/// The first wait; it doubles with every further failure.
inline constexpr std::chrono::milliseconds kThrottleDelayFirst{250};
/// Per user the wait stays short: otherwise anybody could lock the administrator out.
inline constexpr std::chrono::seconds kThrottleUserDelayMax{4};
inline constexpr std::chrono::seconds kThrottleAddressDelayMax{60};
/// An attempt that would wait longer is refused at once: a waiting one holds a connection.
inline constexpr std::chrono::seconds kThrottleWaitMax{5};
static_assert(kThrottleUserDelayMax <= kThrottleWaitMax, "a user under attack can still log in");
/// Attempts being judged at once, per user and per address: bounds guesses made before the first failure counts.
inline constexpr std::uint32_t kThrottlePendingMax = 32;
/// Failures are forgotten after this long without another.
inline constexpr std::chrono::minutes kThrottleForget{15};

/// Users whose last good password is remembered (as a keyed digest), and for how long.
inline constexpr std::size_t kVerifiedEntriesMax = 256;
inline constexpr std::chrono::minutes kVerifiedAgeMax{5};

/// Largest secret that is sealed: CHAP secrets, bind passwords and the like.
inline constexpr std::size_t kSealedPlaintextMax = 64 * 1024;
inline constexpr std::size_t kHostKeyBytes = 32;

/// Largest certificate or key file.
inline constexpr std::size_t kPemBytesMax = 256 * 1024;
/// Largest plaintext of one TLS record (RFC 8446 5.1) and a record with its overhead.
inline constexpr std::size_t kTlsPlaintextMax = 16 * 1024;
inline constexpr std::size_t kTlsRecordMax = kTlsPlaintextMax + 512;
/// Ciphertext given to the engine and not yet taken by OpenSSL: two records, so that a read never waits for space.
inline constexpr std::size_t kTlsInputMax = 2 * kTlsRecordMax;
/// Bytes a peer may send before the handshake is complete: certificate chains included.
inline constexpr std::size_t kTlsHandshakeBytesMax = 128 * 1024;

/// Days that a self-signed certificate is valid: the longest that common clients accept.
inline constexpr int kSelfSignedDays = 825;
inline constexpr std::size_t kSelfSignedNamesMax = 64;

}  // namespace lunaria::security
