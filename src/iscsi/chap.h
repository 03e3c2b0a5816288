#pragma once

// CHAP for iSCSI (RFC 7143 12.1.3, RFC 1994): the algorithms, and the target's side of an exchange as an engine.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "iscsi/parameters.h"
#include "iscsi/text_keys.h"
#include "runtime/random.h"

namespace lunaria::iscsi {

/// CHAP_A numbers (IANA "PPP Authentication Algorithms").
enum class ChapAlgorithm : std::uint8_t { kMd5 = 5, kSha1 = 6, kSha256 = 7, kSha3With256Bits = 8 };

inline constexpr std::size_t kChapDigestSizeMax = 32;
/// RFC 7143 12.1.3: binary values are at most 1024 bytes.
inline constexpr std::size_t kChapChallengeSizeMax = 1024;

/// nullopt for a number we do not implement.
std::optional<ChapAlgorithm> chap_algorithm(std::uint32_t number);
std::size_t chap_digest_size(ChapAlgorithm algorithm);

/// H(identifier || secret || challenge), RFC 1994 4.1. The size is chap_digest_size(algorithm); nullopt when the
/// cryptographic library has the algorithm switched off.
std::optional<std::vector<std::byte>> chap_response(ChapAlgorithm algorithm, std::uint8_t identifier,
                                                    std::string_view secret, std::span<const std::byte> challenge);

enum class ChapError : std::uint8_t {
  kNoCommonAlgorithm,
  kOutOfSequence,    ///< a key that this step does not take, or one that it needs is missing
  kMalformed,        ///< a value that cannot be read
  kWrongCredential,  ///< unknown name or wrong response: not told apart
  kReflection,       ///< our own challenge or secret came back (RFC 7143 12.1.3)
  kMutualRefused,    ///< we are asked to prove ourselves and have no credential
  kUnavailable,      ///< the library cannot compute the digest
};

/// The target's side: step 1 is CHAP_A, step 2 CHAP_N and CHAP_R (with CHAP_I and CHAP_C when the initiator wants us to
/// prove ourselves). The credentials outlive it.
class ChapAuthenticator final {
 public:
  /// `target` is null when we have no credential of our own.
  ChapAuthenticator(const ChapCredential& initiator, const ChapCredential* target, runtime::Random& random)
      : initiator_(initiator), target_(target), random_(random) {}

  /// The CHAP keys of one login request, all others left out. Adds the answer. After an error nothing but refusing the
  /// login makes sense.
  Result<void, ChapError> step(std::span<const TextKey> keys, TextBuilder& answer);
  bool is_done() const { return state_ == State::kDone; }
  /// The initiator has asked for our proof and got it.
  bool is_mutual() const { return mutual_; }

 private:
  enum class State : std::uint8_t { kExpectAlgorithm, kExpectResponse, kDone, kFailed };
  struct Response {
    std::string_view name;
    std::vector<std::byte> proof;
    std::optional<std::uint8_t> identifier;
    std::vector<std::byte> challenge;
  };

  Result<void, ChapError> choose(std::span<const TextKey> keys, TextBuilder& answer);
  Result<void, ChapError> verify(std::span<const TextKey> keys, TextBuilder& answer);
  Result<void, ChapError> prove(const Response& response, TextBuilder& answer);
  static Result<Response, ChapError> read_response(std::span<const TextKey> keys);

  const ChapCredential& initiator_;
  const ChapCredential* target_;
  runtime::Random& random_;
  State state_ = State::kExpectAlgorithm;
  ChapAlgorithm algorithm_ = ChapAlgorithm::kMd5;
  std::uint8_t identifier_ = 0;
  std::array<std::byte, kChapDigestSizeMax> challenge_{};
  bool mutual_ = false;
};

}  // namespace lunaria::iscsi
