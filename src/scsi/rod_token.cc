#include "scsi/rod_token.h"

#include <algorithm>

#include "scsi/additional_sense.h"
#include "wire/fields.h"

namespace lunaria::scsi {
namespace {

// SPC-5 table 135.
namespace token {
using Type = wire::BigEndian<RodType, 0>;
using Length = wire::BigEndian<std::uint16_t, 6>;
using CopyManagerIdentifier = wire::BigEndian<std::uint64_t, 8>;
using CreatorType = wire::BigEndian<std::uint8_t, 16>;
using CreatorCodeSet = wire::BigEndian<std::uint8_t, 20>;
using CreatorDesignatorType = wire::BigEndian<std::uint8_t, 21>;
using CreatorDesignatorLength = wire::BigEndian<std::uint8_t, 23>;
constexpr std::size_t kCreatorDesignator = 24;
using Bytes = wire::BigEndian<std::uint64_t, 56>;  // the low half of NUMBER OF BYTES REPRESENTED
constexpr std::size_t kId = 96;                    // in the extended ROD token data
}  // namespace token

constexpr std::uint8_t kIdentificationDescriptor = 0xE4;
constexpr std::uint8_t kBinary = 0x01;
constexpr std::uint8_t kNaa = 0x03;

}  // namespace

RodToken& RodTokens::add(std::vector<TokenRange> ranges, std::uint64_t bytes, runtime::Duration timeout,
                         runtime::Instant now, runtime::Random& random) {
  std::erase_if(tokens_, [now](const RodToken& old) { return old.expires <= now; });
  if (tokens_.size() >= kTokensMax) {
    tokens_.pop_front();
  }
  RodToken& token = tokens_.emplace_back();
  random.fill(token.id);
  token.ranges = std::move(ranges);
  token.bytes = bytes;
  token.timeout = timeout;
  token.expires = now + timeout;
  return token;
}

Result<const RodToken*, AdditionalSense> RodTokens::use(const RodTokenId& id, runtime::Instant now) {
  const auto found = std::ranges::find(tokens_, id, &RodToken::id);
  if (found == tokens_.end()) {
    return fail(asc::kTokenUnknown);
  }
  if (found->revoked) {
    return fail(asc::kTokenRevoked);
  }
  if (found->expires <= now) {
    return fail(asc::kTokenExpired);
  }
  found->expires = now + found->timeout;
  return &*found;
}

void RodTokens::remove(const RodTokenId& id) {
  std::erase_if(tokens_, [&id](const RodToken& token) { return token.id == id; });
}

void RodTokens::revoke(std::uint64_t lba, std::uint64_t count) {
  for (RodToken& token : tokens_) {
    const bool overlaps = std::ranges::any_of(token.ranges, [&](const TokenRange& range) {
      return range.lba < lba + std::min(count, UINT64_MAX - lba) && lba < range.lba + range.count;
    });
    token.revoked = token.revoked || overlaps;
  }
}

std::array<std::byte, kRodTokenSize> encode_token(const RodToken& made, const std::array<std::uint8_t, 8>& naa) {
  std::array<std::byte, kRodTokenSize> bytes{};
  const std::span<std::byte, kRodTokenSize> span(bytes);
  token::Type::set(span, RodType::kChangeVulnerable);
  token::Length::set(span, kRodTokenLength);
  token::CopyManagerIdentifier::set(span, wire::BigEndian<std::uint64_t, 0>::get(std::span(made.id).first<8>()));
  token::CreatorType::set(span, kIdentificationDescriptor);
  token::CreatorCodeSet::set(span, kBinary);
  token::CreatorDesignatorType::set(span, kNaa);
  token::CreatorDesignatorLength::set(span, static_cast<std::uint8_t>(naa.size()));
  std::ranges::copy(std::as_bytes(std::span(naa)), bytes.begin() + token::kCreatorDesignator);
  token::Bytes::set(span, made.bytes);
  std::ranges::copy(made.id, bytes.begin() + token::kId);
  return bytes;
}

bool decode_token(std::span<const std::byte, kRodTokenSize> bytes, TokenFields& fields) {
  fields.type = token::Type::get(bytes);
  fields.length = token::Length::get(bytes);
  for (std::size_t i = 0; i < fields.naa.size(); ++i) {
    fields.naa[i] = std::to_integer<std::uint8_t>(bytes[token::kCreatorDesignator + i]);
  }
  std::ranges::copy(bytes.subspan<token::kId, std::tuple_size_v<RodTokenId>>(), fields.id.begin());
  return token::CreatorType::get(bytes) == kIdentificationDescriptor && token::CreatorCodeSet::get(bytes) == kBinary &&
         token::CreatorDesignatorType::get(bytes) == kNaa &&
         token::CreatorDesignatorLength::get(bytes) == fields.naa.size();
}

}  // namespace lunaria::scsi
