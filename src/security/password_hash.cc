#include "security/password_hash.h"

#include <argon2.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/mman.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <vector>

#include "security/base64.h"

namespace lunaria::security {
namespace {

struct Parameters {
  std::uint32_t memory_kib = kArgonMemoryKib;
  std::uint32_t passes = kArgonPasses;
  std::uint32_t lanes = kArgonLanes;
};

struct StoredHash {
  Parameters parameters;
  std::vector<std::byte> salt;
  std::vector<std::byte> tag;
};

// The heap would keep 19 MiB after the first login; mapped pages go back to the system at once.
int map_memory(std::uint8_t** memory, std::size_t bytes) {
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    return ARGON2_MEMORY_ALLOCATION_ERROR;
  }
  *memory = static_cast<std::uint8_t*>(mapped);
  return ARGON2_OK;
}

void unmap_memory(std::uint8_t* memory, std::size_t bytes) {
  ::munmap(memory, bytes);
}

// libargon2 takes mutable pointers and writes to neither password nor salt without the CLEAR flags.
std::uint8_t* argon_input(std::string_view bytes) {
  return static_cast<std::uint8_t*>(static_cast<void*>(const_cast<char*>(bytes.data())));
}

bool derive(const Parameters& parameters, std::string_view password, std::span<const std::byte> salt,
            std::span<std::byte> tag) {
  std::vector<std::byte> salt_copy(salt.begin(), salt.end());
  argon2_context context{};
  context.out = static_cast<std::uint8_t*>(static_cast<void*>(tag.data()));
  context.outlen = static_cast<std::uint32_t>(tag.size());
  context.pwd = argon_input(password);
  context.pwdlen = static_cast<std::uint32_t>(password.size());
  context.salt = static_cast<std::uint8_t*>(static_cast<void*>(salt_copy.data()));
  context.saltlen = static_cast<std::uint32_t>(salt_copy.size());
  context.t_cost = parameters.passes;
  context.m_cost = parameters.memory_kib;
  context.lanes = parameters.lanes;
  context.threads = 1;
  context.version = ARGON2_VERSION_13;
  context.allocate_cbk = map_memory;
  context.free_cbk = unmap_memory;
  context.flags = ARGON2_DEFAULT_FLAGS;
  return argon2id_ctx(&context) == ARGON2_OK;
}

/// Cuts "prefix" off the front; false when it is not there.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

/// A decimal number without sign or leading zeros, 1..max.
std::optional<std::uint32_t> take_number(std::string_view& text, std::uint32_t max) {
  std::uint32_t value = 0;
  if (text.empty() || text.front() < '1' || text.front() > '9') {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > max) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<StoredHash> parse(std::string_view text) {
  StoredHash stored;
  if (!take(text, "$argon2id$v=19$m=")) {
    return std::nullopt;
  }
  const auto memory = take_number(text, kArgonMemoryKibMax);
  if (!memory || *memory < 8 || !take(text, ",t=")) {
    return std::nullopt;
  }
  const auto passes = take_number(text, kArgonPassesMax);
  if (!passes || !take(text, ",p=")) {
    return std::nullopt;
  }
  const auto lanes = take_number(text, kArgonLanesMax);
  if (!lanes || *memory < 8 * *lanes || !take(text, "$")) {
    return std::nullopt;
  }
  const std::size_t middle = text.find('$');
  if (middle == std::string_view::npos) {
    return std::nullopt;
  }
  auto salt = decode_base64_unpadded(text.substr(0, middle));
  auto tag = decode_base64_unpadded(text.substr(middle + 1));
  if (!salt || salt->size() < 8 || salt->size() > 64 || !tag || tag->size() < 16 || tag->size() > 64) {
    return std::nullopt;
  }
  stored.parameters = {.memory_kib = *memory, .passes = *passes, .lanes = *lanes};
  stored.salt = std::move(*salt);
  stored.tag = std::move(*tag);
  return stored;
}

}  // namespace

Result<std::string, PasswordError> hash_password(std::string_view password,
                                                 std::span<const std::byte, kArgonSaltBytes> salt) {
  if (password.empty()) {
    return fail(PasswordError::kEmpty);
  }
  if (password.size() > kPasswordBytesMax) {
    return fail(PasswordError::kTooLong);
  }
  std::array<std::byte, kArgonTagBytes> tag{};
  const Parameters parameters;
  if (!derive(parameters, password, salt, tag)) {
    return fail(PasswordError::kOutOfMemory);
  }
  return fmt::format("$argon2id$v=19$m={},t={},p={}${}${}", parameters.memory_kib, parameters.passes, parameters.lanes,
                     encode_base64_unpadded(salt), encode_base64_unpadded(tag));
}

PasswordVerdict verify_password(std::string_view stored_hash, std::string_view password) {
  const auto stored = parse(stored_hash);
  if (!stored) {
    verify_nobody(password);
    return PasswordVerdict::kUnreadable;
  }
  if (password.empty() || password.size() > kPasswordBytesMax) {
    verify_nobody(password);
    return PasswordVerdict::kMismatch;
  }
  std::vector<std::byte> tag(stored->tag.size());
  if (!derive(stored->parameters, password, stored->salt, tag)) {
    return PasswordVerdict::kOutOfMemory;
  }
  if (CRYPTO_memcmp(tag.data(), stored->tag.data(), tag.size()) != 0) {
    return PasswordVerdict::kMismatch;
  }
  const bool outdated = stored->parameters.memory_kib < kArgonMemoryKib || stored->parameters.passes < kArgonPasses ||
                        stored->tag.size() < kArgonTagBytes;
  return outdated ? PasswordVerdict::kMatchOutdated : PasswordVerdict::kMatch;
}

void verify_nobody(std::string_view password) {
  constexpr std::array<std::byte, kArgonSaltBytes> kSalt{};
  std::array<std::byte, kArgonTagBytes> tag{};
  // The outcome is of no interest: the time is.
  static_cast<void>(derive(Parameters{}, password.substr(0, kPasswordBytesMax), kSalt, tag));
}

}  // namespace lunaria::security
