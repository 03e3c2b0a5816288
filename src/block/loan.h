#pragma once

// Loan: bytes of a volume, read where the volume keeps them, so that nothing is copied. Loans: what one volume has
// lent.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lunaria::block {

class Loans;

/// What a reader has borrowed. `bytes()` are what the range held when it was lent, for as long as the reader keeps the
/// loan: before the volume changes them, or goes, it has them copied to the place that the reader has set aside.
/// For the volume's shard; the copy's place outlives the loan.
class Loan final {
 public:
  Loan() = default;
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan() { give_back(); }

  /// Empty when nothing is borrowed. Elsewhere after take_copy(), which any change of the volume may call.
  std::span<const std::byte> bytes() const { return bytes_; }
  /// They lie in the volume, not in the copy.
  bool is_lent() const { return loans_ != nullptr; }
  /// Copies them, and returns them to the volume.
  void take_copy() noexcept;
  /// Ends the loan; bytes() is empty then.
  void give_back() noexcept;

 private:
  friend class Loans;

  Loans* loans_ = nullptr;
  std::span<const std::byte> bytes_;
  std::byte* copy_ = nullptr;  ///< its place
  Loan* next_ = nullptr;
  Loan* previous_ = nullptr;
};

/// Finds the loans that a change concerns without looking at the others. Allocates nothing.
class Loans final {
 public:
  /// Bytes of one loan.
  static constexpr std::uint64_t kLengthMax = std::uint64_t{1} << 20;

  /// Of a volume that keeps its bytes there.
  explicit Loans(std::span<const std::byte> memory) : memory_(memory) {}
  Loans(const Loans&) = delete;
  Loans& operator=(const Loans&) = delete;
  /// Nothing is lent any more.
  ~Loans();

  /// Lends the `copy.size()` bytes at `offset`, 1 to kLengthMax. `loan` holds nothing.
  void lend(std::uint64_t offset, std::span<std::byte> copy, Loan& loan) noexcept;
  /// `length` bytes at `offset` are about to change.
  void recall(std::uint64_t offset, std::uint64_t length) noexcept;

 private:
  friend class Loan;
  /// Loans by where they begin: each in the bucket of its granule, so that what overlaps a range begins in one of the
  /// range's granules or in the one before.
  static constexpr std::uint64_t kGranule = kLengthMax;
  static constexpr std::size_t kBuckets = 256;

  std::uint64_t offset_of(const Loan& loan) const {
    return static_cast<std::uint64_t>(loan.bytes_.data() - memory_.data());
  }
  Loan*& bucket_of(const Loan& loan) { return buckets_[offset_of(loan) / kGranule % kBuckets]; }
  void remove(Loan& loan) noexcept;

  std::span<const std::byte> memory_;
  std::size_t count_ = 0;
  std::array<Loan*, kBuckets> buckets_{};
};

}  // namespace lunaria::block
