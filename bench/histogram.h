#pragma once

// Latencies in buckets whose width grows with their value: a few KiB, whatever the number of samples, and percentiles
// that are at most 1/32 off.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace lunaria::bench {

/// Counts nanoseconds. A plain value; one thread.
class Histogram {
 public:
  void add(std::uint64_t nanoseconds) {
    ++counts_[bucket_of(nanoseconds)];
    ++count_;
    sum_ += nanoseconds;
  }

  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts_[i] += other.counts_[i];
    }
    count_ += other.count_;
    sum_ += other.sum_;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double mean() const {
    return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
  }

  /// The largest value of the bucket that holds the sample at `share` (0 to 1) of all; 0 without samples.
  [[nodiscard]] std::uint64_t percentile(double share) const {
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > rank) {
        return upper_bound(i);
      }
    }
    return 0;
  }

 private:
  static constexpr unsigned kStepBits = 5;
  static constexpr std::size_t kSteps = std::size_t{1} << kStepBits;

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value < kSteps) {
      return value;
    }
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kStepBits - 1;
    return (shift + 1) * kSteps + ((value >> shift) & (kSteps - 1));
  }
  static constexpr std::uint64_t upper_bound(std::size_t bucket) {
    if (bucket < kSteps) {
      return bucket;
    }
    const std::size_t shift = bucket / kSteps - 1;
    return ((kSteps + bucket % kSteps + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - kStepBits + 1) * kSteps> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace lunaria::bench
