#include "iscsi/chap.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <string>

namespace lunaria::iscsi {

namespace {

const EVP_MD* digest_of(ChapAlgorithm algorithm) {
  switch (algorithm) {
    case ChapAlgorithm::kMd5:
      return EVP_md5();
    case ChapAlgorithm::kSha1:
      return EVP_sha1();
    case ChapAlgorithm::kSha256:
      return EVP_sha256();
    case ChapAlgorithm::kSha3With256Bits:
      return EVP_sha3_256();
  }
  return nullptr;
}

bool equal_in_constant_time(std::span<const std::byte> left, std::span<const std::byte> right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool same_name(std::string_view left, std::string_view right) {
  return equal_in_constant_time(std::as_bytes(std::span(left)), std::as_bytes(std::span(right)));
}

}  // namespace

std::optional<ChapAlgorithm> chap_algorithm(std::uint32_t number) {
  if (number < 5 || number > 8) {
    return std::nullopt;
  }
  return static_cast<ChapAlgorithm>(number);
}

std::size_t chap_digest_size(ChapAlgorithm algorithm) {
  switch (algorithm) {
    case ChapAlgorithm::kMd5:
      return 16;
    case ChapAlgorithm::kSha1:
      return 20;
    case ChapAlgorithm::kSha256:
    case ChapAlgorithm::kSha3With256Bits:
      return 32;
  }
  return 0;
}

std::optional<std::vector<std::byte>> chap_response(ChapAlgorithm algorithm, std::uint8_t identifier,
                                                    std::string_view secret, std::span<const std::byte> challenge) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::vector<std::byte> response(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (context == nullptr || EVP_DigestInit_ex(context.get(), digest_of(algorithm), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), &identifier, 1) != 1 ||
      EVP_DigestUpdate(context.get(), secret.data(), secret.size()) != 1 ||
      EVP_DigestUpdate(context.get(), challenge.data(), challenge.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(response.data()), &size) != 1) {
    return std::nullopt;
  }
  response.resize(size);
  return response;
}

Result<void, ChapError> ChapAuthenticator::step(std::span<const TextKey> keys, TextBuilder& answer) {
  Result<void, ChapError> outcome = fail(ChapError::kOutOfSequence);
  switch (state_) {
    case State::kExpectAlgorithm:
      outcome = choose(keys, answer);
      break;
    case State::kExpectResponse:
      outcome = verify(keys, answer);
      break;
    case State::kDone:
    case State::kFailed:
      break;
  }
  if (!outcome) {
    state_ = State::kFailed;
  }
  return outcome;
}

Result<void, ChapError> ChapAuthenticator::choose(std::span<const TextKey> keys, TextBuilder& answer) {
  if (keys.size() != 1 || keys[0].name != "CHAP_A") {
    return fail(ChapError::kOutOfSequence);
  }
  std::optional<ChapAlgorithm> chosen;
  for (const std::string_view entry : split_list(keys[0].value)) {
    const auto number = parse_number(entry);
    if (!number) {
      return fail(ChapError::kMalformed);
    }
    chosen = chap_algorithm(*number);
    if (chosen) {
      break;
    }
  }
  if (!chosen) {
    return fail(ChapError::kNoCommonAlgorithm);
  }
  algorithm_ = *chosen;
  random_.fill(challenge_);
  std::byte identifier{};
  random_.fill(std::span(&identifier, 1));
  identifier_ = std::to_integer<std::uint8_t>(identifier);
  answer.add_number("CHAP_A", static_cast<std::uint32_t>(algorithm_));
  answer.add_number("CHAP_I", identifier_);
  // As long as the digest: what initiators of every age take, and no shorter than what it protects.
  answer.add("CHAP_C", format_binary(std::span(challenge_).first(chap_digest_size(algorithm_))));
  state_ = State::kExpectResponse;
  return {};
}

Result<ChapAuthenticator::Response, ChapError> ChapAuthenticator::read_response(std::span<const TextKey> keys) {
  Response response;
  bool named = false;
  for (const TextKey& key : keys) {
    if (key.name == "CHAP_N") {
      response.name = key.value;
      named = true;
    } else if (key.name == "CHAP_R") {
      auto proof = parse_binary(key.value, kChapChallengeSizeMax);
      if (!proof) {
        return fail(ChapError::kMalformed);
      }
      response.proof = std::move(*proof);
    } else if (key.name == "CHAP_I") {
      const auto identifier = parse_number(key.value);
      if (!identifier || *identifier > 255) {
        return fail(ChapError::kMalformed);
      }
      response.identifier = static_cast<std::uint8_t>(*identifier);
    } else if (key.name == "CHAP_C") {
      auto challenge = parse_binary(key.value, kChapChallengeSizeMax);
      if (!challenge) {
        return fail(ChapError::kMalformed);
      }
      response.challenge = std::move(*challenge);
    } else {
      return fail(ChapError::kOutOfSequence);
    }
  }
  if (!named || response.proof.empty() || response.identifier.has_value() != !response.challenge.empty()) {
    return fail(ChapError::kOutOfSequence);
  }
  return response;
}

Result<void, ChapError> ChapAuthenticator::verify(std::span<const TextKey> keys, TextBuilder& answer) {
  const auto response = read_response(keys);
  if (!response) {
    return fail(response.error());
  }
  const auto challenge = std::span<const std::byte>(challenge_).first(chap_digest_size(algorithm_));
  const auto expected = chap_response(algorithm_, identifier_, initiator_.secret.reveal(), challenge);
  if (!expected) {
    return fail(ChapError::kUnavailable);
  }
  // Both are compared before either decides, so that time does not tell a wrong name from a wrong secret.
  const bool proven = equal_in_constant_time(response->proof, *expected);
  const bool known = same_name(response->name, initiator_.name);
  if (!proven || !known) {
    return fail(ChapError::kWrongCredential);
  }
  if (response->identifier) {
    const auto proved = prove(*response, answer);
    if (!proved) {
      return proved;
    }
  }
  state_ = State::kDone;
  return {};
}

Result<void, ChapError> ChapAuthenticator::prove(const Response& response, TextBuilder& answer) {
  if (target_ == nullptr) {
    return fail(ChapError::kMutualRefused);
  }
  const auto ours = std::span<const std::byte>(challenge_).first(chap_digest_size(algorithm_));
  if (equal_in_constant_time(response.challenge, ours) || target_->secret == initiator_.secret) {
    return fail(ChapError::kReflection);
  }
  const auto proof = chap_response(algorithm_, *response.identifier, target_->secret.reveal(), response.challenge);
  if (!proof) {
    return fail(ChapError::kUnavailable);
  }
  answer.add("CHAP_N", target_->name);
  answer.add("CHAP_R", format_binary(*proof));
  mutual_ = true;
  return {};
}

}  // namespace lunaria::iscsi
