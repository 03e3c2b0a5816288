#pragma once

// EncryptedVolume: a layer that keeps what is below encrypted with AES-256-XTS, one sector a logical block. There is no
// header: every block is where it would be without encryption, and the key is kept elsewhere.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/secret.h"
#include "block/sector_cipher.h"
#include "block/volume.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/task.h"

namespace lunaria::block {

/// Keeps the key of one volume. Called on the volume's home shard, and comes back there.
class KeyStore {
 public:
  struct Replacement {
    std::optional<Secret> key;  ///< in force from now on, durably; none: the old one still is
    bool old_is_gone = false;   ///< nothing that anybody can read holds the old key any more
  };
  virtual ~KeyStore() = default;
  /// The key in force; none when it cannot be had.
  virtual runtime::Task<std::optional<Secret>> present_key() = 0;
  /// Makes a new key in place of the present one.
  virtual runtime::Task<Replacement> replace_key() = 0;
};

/// Owns the volume below and lives on its home shard. Asks for the key when it first needs it, not before: while a
/// volume waits to take the place of another one, that one may still have the key replaced.
///
/// Space that was never written, or was freed, is zeros below and reads as zeros: no block of ciphertext is all zeros
/// but with a probability of 2^-4096. So thin disks stay thin, and who has the file sees which blocks are in use.
class EncryptedVolume final : public Volume {
 public:
  EncryptedVolume(std::unique_ptr<Volume> below, std::unique_ptr<KeyStore> key_store);
  EncryptedVolume(const EncryptedVolume&) = delete;
  EncryptedVolume& operator=(const EncryptedVolume&) = delete;
  ~EncryptedVolume() override;

  Geometry geometry() const override { return below_->geometry(); }
  Features features() const override;
  bool submit(Request& request) noexcept override;
  std::optional<std::string> failure() const override { return failure_ ? failure_ : below_->failure(); }

 private:
  struct alignas(4096) Page {
    std::array<std::byte, 4096> bytes;
  };
  /// What is written is encrypted into one of these: the caller's memory is only read from. Made on first use.
  struct Bounce {
    std::unique_ptr<Page[]> pages;
    std::size_t size = 0;  ///< bytes
    bool taken = false;
    std::span<std::byte> memory() const;
  };
  static constexpr std::size_t kBounceSize = std::size_t{128} << 10;
  static constexpr std::size_t kBounceCount = 4;

  runtime::Task<void> serve(Request& request);
  runtime::Task<IoStatus> serve_with_key(Request& request);
  runtime::Task<IoStatus> read(Request& request);
  runtime::Task<IoStatus> write(Request& request);
  runtime::Task<IoStatus> erase();
  Bounce* take_bounce(bool atomic);
  void give_back(Bounce& bounce);

  std::unique_ptr<Volume> below_;
  std::uint32_t sector_size_;
  std::optional<SectorCipher> cipher_;
  std::optional<std::string> failure_;
  std::unique_ptr<KeyStore> key_store_;
  std::array<Bounce, kBounceCount> bounces_;
  Bounce atomic_bounce_;  ///< holds a whole kWriteAtomic
  runtime::Event given_back_;
  Request* starting_ = nullptr;  ///< the request that submit() has just begun
  bool has_ended_ = false;       ///< and that it ended within submit()
  runtime::Gate gate_;
};

}  // namespace lunaria::block
