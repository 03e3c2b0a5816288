#include "block/encrypted_volume.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "runtime/submit.h"

namespace lunaria::block {
namespace {

/// Goes through the parts of a request's memory, sector by sector.
class Walk final {
 public:
  explicit Walk(std::span<const iovec> parts) : parts_(parts) {}

  /// The next `size` bytes when they lie in one part; otherwise nothing, and copy() gets them.
  std::span<std::byte> next_whole(std::size_t size) {
    skip_ended();
    const std::span<std::byte> rest = here();
    if (rest.size() < size) {
      return {};
    }
    at_ += size;
    return rest.first(size);
  }
  /// Calls `use(part, position)` for each piece of the next `size` bytes.
  template <class Use>
  void copy(std::size_t size, Use use) {
    for (std::size_t done = 0; done < size;) {
      skip_ended();
      const std::span<std::byte> rest = here();
      const std::size_t step = std::min(rest.size(), size - done);
      use(rest.first(step), done);
      at_ += step;
      done += step;
    }
  }

 private:
  std::span<std::byte> here() const {
    const iovec& part = parts_.front();
    return std::span(static_cast<std::byte*>(part.iov_base), part.iov_len).subspan(at_);
  }
  void skip_ended() {
    while (at_ == parts_.front().iov_len) {
      parts_ = parts_.subspan(1);
      at_ = 0;
    }
  }

  std::span<const iovec> parts_;
  std::size_t at_ = 0;
};

constexpr std::size_t kSectorSizeMax = 4096;
using Sector = std::array<std::byte, kSectorSizeMax>;

bool is_zero(std::span<const std::byte> sector) {
  return std::ranges::all_of(sector, [](std::byte byte) { return byte == std::byte{}; });
}

// What holds nothing stays zeros.
void decrypt_sector(SectorCipher& cipher, std::uint64_t number, std::span<std::byte> sector) {
  if (!is_zero(sector)) {
    cipher.decrypt(number, sector, sector);
  }
}

void decrypt_all(SectorCipher& cipher, const Request& request, std::size_t sector_size) {
  Walk walk(request.memory);
  const std::uint64_t first = request.offset / sector_size;
  for (std::uint64_t done = 0; done < request.length / sector_size; ++done) {
    if (const std::span<std::byte> whole = walk.next_whole(sector_size); !whole.empty()) {
      decrypt_sector(cipher, first + done, whole);
      continue;
    }
    Sector memory;
    const std::span<std::byte> sector = std::span(memory).first(sector_size);
    Walk pieces = walk;
    pieces.copy(sector_size, [&](std::span<std::byte> piece, std::size_t at) {
      std::ranges::copy(piece, sector.subspan(at).begin());
    });
    decrypt_sector(cipher, first + done, sector);
    walk.copy(sector_size, [&](std::span<std::byte> piece, std::size_t at) {
      std::ranges::copy(sector.subspan(at, piece.size()), piece.begin());
    });
  }
}

void encrypt_some(SectorCipher& cipher, Walk& walk, std::uint64_t first, std::span<std::byte> to,
                  std::size_t sector_size) {
  for (std::size_t done = 0; done < to.size(); done += sector_size) {
    const std::span<std::byte> sector = to.subspan(done, sector_size);
    std::span<const std::byte> from = walk.next_whole(sector_size);
    if (from.empty()) {
      walk.copy(sector_size, [&](std::span<std::byte> piece, std::size_t at) {
        std::ranges::copy(piece, sector.subspan(at).begin());
      });
      from = sector;
    }
    cipher.encrypt(first + done / sector_size, from, sector);
  }
}

}  // namespace

EncryptedVolume::EncryptedVolume(std::unique_ptr<Volume> below, std::unique_ptr<KeyStore> key_store)
    : below_(std::move(below)), sector_size_(below_->geometry().logical_block_size), key_store_(std::move(key_store)) {
  check(sector_size_ <= kSectorSizeMax, "a sector has 512 or 4096 bytes");
}

EncryptedVolume::~EncryptedVolume() {
  gate_.close();
}

Features EncryptedVolume::features() const {
  Features features = below_->features();
  features.crypto_erase = !features.read_only;
  features.unmapped_reads_zeros = false;
  return features;
}

// What moves no data needs no key.
bool EncryptedVolume::submit(Request& request) noexcept {
  switch (request.operation) {
    case IoOperation::kFlush:
    case IoOperation::kUnmap:
    case IoOperation::kWriteZeroes:
    case IoOperation::kSpace:
    case IoOperation::kAllocationStatus:
      return below_->submit(request);
    case IoOperation::kRead:
    case IoOperation::kWrite:
    case IoOperation::kWriteAtomic:
    case IoOperation::kCryptoErase:
      break;
  }
  Request* const outer = std::exchange(starting_, &request);
  const bool outer_has_ended = std::exchange(has_ended_, false);
  check(runtime::spawn(gate_, serve(request)), "no request comes to a volume that goes");
  starting_ = outer;
  return std::exchange(has_ended_, outer_has_ended);
}

runtime::Task<void> EncryptedVolume::serve(Request& request) {
  if (cipher_ || request.operation == IoOperation::kCryptoErase) [[likely]] {
    request.status = co_await serve_with_key(request);
  } else {
    const std::optional<Secret> key = co_await key_store_->present_key();
    if (!cipher_ && key) {  // another request may have got it meanwhile, or a newer one
      cipher_.emplace(*key);
    } else if (!cipher_) {
      failure_ = "the key that the disk is encrypted with cannot be had";
    }
    request.status = cipher_ ? co_await serve_with_key(request) : IoStatus::kFailed;
  }
  if (starting_ == &request) {
    has_ended_ = true;
  } else {
    request.complete();
  }
}

runtime::Task<IoStatus> EncryptedVolume::serve_with_key(Request& request) {
  switch (request.operation) {
    case IoOperation::kRead:
      co_return co_await read(request);
    case IoOperation::kCryptoErase:
      co_return co_await erase();
    default:
      co_return co_await write(request);
  }
}

runtime::Task<IoStatus> EncryptedVolume::read(Request& request) {
  Request below;
  below.operation = IoOperation::kRead;
  below.offset = request.offset;
  below.length = request.length;
  below.memory = request.memory;
  co_await runtime::submit(*below_, below);
  if (below.status == IoStatus::kOk) {
    decrypt_all(*cipher_, request, sector_size_);
  }
  co_return below.status;
}

// An atomic write goes down as one; any other in pieces, as it may be torn anyway.
runtime::Task<IoStatus> EncryptedVolume::write(Request& request) {
  Bounce* bounce = take_bounce(request.operation == IoOperation::kWriteAtomic);
  while (bounce == nullptr) {
    co_await given_back_.wait();
    bounce = take_bounce(request.operation == IoOperation::kWriteAtomic);
  }
  Walk walk(request.memory);
  IoStatus status = IoStatus::kOk;
  for (std::uint64_t done = 0; done < request.length && status == IoStatus::kOk;) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(bounce->size, request.length - done));
    const std::span<std::byte> memory = bounce->memory().first(step);
    encrypt_some(*cipher_, walk, (request.offset + done) / sector_size_, memory, sector_size_);
    const iovec part{memory.data(), memory.size()};
    Request below;
    below.operation = request.operation;
    below.durable = request.durable;
    below.offset = request.offset + done;
    below.length = step;
    below.memory = std::span(&part, 1);
    co_await runtime::submit(*below_, below);
    status = below.status;
    done += step;
  }
  give_back(*bounce);
  co_return status;
}

runtime::Task<IoStatus> EncryptedVolume::erase() {
  const KeyStore::Replacement replacement = co_await key_store_->replace_key();
  if (replacement.key) {
    cipher_.emplace(*replacement.key);
  }
  co_return replacement.old_is_gone ? IoStatus::kOk : IoStatus::kMediumWriteError;
}

std::span<std::byte> EncryptedVolume::Bounce::memory() const {
  return {pages[0].bytes.data(), size};
}

EncryptedVolume::Bounce* EncryptedVolume::take_bounce(bool atomic) {
  const auto found = std::ranges::find(bounces_, false, &Bounce::taken);
  Bounce* const bounce = atomic ? &atomic_bounce_ : found == bounces_.end() ? nullptr : &*found;
  if (bounce == nullptr || bounce->taken) {
    return nullptr;
  }
  if (bounce->size == 0) {
    bounce->size = atomic ? below_->features().atomic_length_max : kBounceSize;
    bounce->pages = std::make_unique_for_overwrite<Page[]>(bounce->size / sizeof(Page));
  }
  bounce->taken = true;
  return bounce;
}

void EncryptedVolume::give_back(Bounce& bounce) {
  bounce.taken = false;
  given_back_.pulse();
}

}  // namespace lunaria::block
