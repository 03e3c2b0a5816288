#pragma once

// ROD tokens: 512 bytes that stand for blocks of a unit (SPC-5 5.18.6, 6.4.6). Whoever holds one may have the blocks
// written elsewhere by WRITE USING TOKEN.

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "base/result.h"
#include "runtime/clock.h"
#include "runtime/random.h"
#include "scsi/sense.h"

namespace lunaria::scsi {

inline constexpr std::size_t kRodTokenSize = 512;

/// ROD TYPE (SPC-5 table 111): what becomes of a token when the blocks that it stands for change.
enum class RodType : std::uint32_t {
  kDefault = 0x0000'0000,
  kChangeVulnerable = 0x0080'0001,  ///< a point in time; a later write revokes the token
  kZero = 0xFFFF'0001,              ///< blocks of zeros, of no unit
};

/// What cannot be guessed of a token.
using RodTokenId = std::array<std::byte, 32>;

struct TokenRange {
  std::uint64_t lba = 0;
  std::uint64_t count = 0;
};

struct RodToken {
  RodTokenId id{};
  std::vector<TokenRange> ranges;
  std::uint64_t bytes = 0;
  runtime::Duration timeout{};  ///< of inactivity
  runtime::Instant expires{};
  bool revoked = false;
};

/// The tokens that one unit has made. Single shard; bounded: the oldest makes room for a new one.
class RodTokens final {
 public:
  static constexpr std::size_t kTokensMax = 128;

  /// Makes one, with a fresh id.
  RodToken& add(std::vector<TokenRange> ranges, std::uint64_t bytes, runtime::Duration timeout, runtime::Instant now,
                runtime::Random& random);
  /// The token, its time of inactivity begun anew; or why it is worth nothing: unknown, revoked, expired.
  Result<const RodToken*, AdditionalSense> use(const RodTokenId& id, runtime::Instant now);
  void remove(const RodTokenId& id);
  /// Blocks are being written: the tokens that stand for any of them are revoked.
  template <class Range>
  void note_write(const Range& range) {
    if (!tokens_.empty()) [[unlikely]] {
      revoke(range.lba, range.count);
    }
  }
  void revoke_all() { revoke(0, UINT64_MAX); }
  bool empty() const { return tokens_.empty(); }

 private:
  void revoke(std::uint64_t lba, std::uint64_t count);

  std::list<RodToken> tokens_;  ///< in the order of their making
};

/// The token as initiators see it (SPC-5 table 135): type, this server's units' NAA designator, size, id.
std::array<std::byte, kRodTokenSize> encode_token(const RodToken& token, const std::array<std::uint8_t, 8>& naa);

/// What is in a token's bytes.
struct TokenFields {
  RodType type{};
  std::uint16_t length = 0;
  std::array<std::uint8_t, 8> naa{};
  RodTokenId id{};
};
/// The fields, whatever they say; false when the creator is no NAA designator of eight bytes.
bool decode_token(std::span<const std::byte, kRodTokenSize> bytes, TokenFields& fields);

/// ROD TOKEN LENGTH of every token.
inline constexpr std::uint16_t kRodTokenLength = kRodTokenSize - 8;

}  // namespace lunaria::scsi
