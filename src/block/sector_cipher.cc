#include "block/sector_cipher.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"
#include "wire/fields.h"

namespace lunaria::block {
namespace {

const unsigned char* octets(const void* bytes) {
  return static_cast<const unsigned char*>(bytes);
}
unsigned char* octets(void* bytes) {
  return static_cast<unsigned char*>(bytes);
}

constexpr std::size_t kTweakSize = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

}  // namespace

struct SectorCipher::Schedule {
  Schedule(const Secret& key, bool encrypts) : context(EVP_CIPHER_CTX_new()) {
    check(key.size() == kKeySize, "a key of a disk has its full length");
    check(context != nullptr && EVP_CipherInit_ex(context.get(), EVP_aes_256_xts(), nullptr,
                                                  octets(key.reveal().data()), nullptr, encrypts ? 1 : 0) == 1,
          "libcrypto has AES-256-XTS, and takes every key with two different halves");
  }
  void run(std::uint64_t sector, std::span<const std::byte> from, std::span<std::byte> to) const {
    std::array<std::byte, kTweakSize> tweak{};
    wire::LittleEndian<std::uint64_t, 0>::set(std::span(tweak), sector);  // IEEE 1619 5.1: little-endian
    int length = 0;
    check(EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, octets(tweak.data()), -1) == 1 &&
              EVP_CipherUpdate(context.get(), octets(to.data()), &length, octets(from.data()),
                               static_cast<int>(from.size())) == 1,
          "a keyed cipher takes every sector");
  }

  std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context;
};

SectorCipher::SectorCipher(const Secret& key)
    : encryption_(std::make_unique<Schedule>(key, true)), decryption_(std::make_unique<Schedule>(key, false)) {}
SectorCipher::SectorCipher(SectorCipher&& other) noexcept = default;
SectorCipher& SectorCipher::operator=(SectorCipher&& other) noexcept = default;
SectorCipher::~SectorCipher() = default;

void SectorCipher::encrypt(std::uint64_t sector, std::span<const std::byte> from, std::span<std::byte> to) noexcept {
  encryption_->run(sector, from, to);
}

void SectorCipher::decrypt(std::uint64_t sector, std::span<const std::byte> from, std::span<std::byte> to) noexcept {
  decryption_->run(sector, from, to);
}

}  // namespace lunaria::block
