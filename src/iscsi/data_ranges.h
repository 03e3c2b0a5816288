#pragma once

// DataRanges: which parts of a command's data-out have arrived, when they may come in any order or be lost
// (ErrorRecoveryLevel above 0, DataPDUInOrder=No, DataSequenceInOrder=No; RFC 7143 13.17 to 13.20).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lunaria::iscsi {

/// Bytes from `begin` up to `end`.
struct DataRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// Disjoint ranges in ascending order, neighbours joined. Keeps its memory when cleared.
class DataRanges final {
 public:
  /// Pieces that do not touch each other; a peer that scatters its data more than this is not served.
  static constexpr std::size_t kRangesMax = 256;

  void clear() { ranges_.clear(); }
  /// False when there would be too many pieces.
  [[nodiscard]] bool add(DataRange added) {
    if (added.begin >= added.end) {
      return true;
    }
    auto first = std::ranges::lower_bound(ranges_, added.begin, {}, &DataRange::end);
    auto last = first;
    while (last != ranges_.end() && last->begin <= added.end) {
      added.begin = std::min(added.begin, last->begin);
      added.end = std::max(added.end, last->end);
      ++last;
    }
    if (first != last) {
      *first = added;
      ranges_.erase(first + 1, last);
      return true;
    }
    if (ranges_.size() == kRangesMax) {
      return false;
    }
    ranges_.insert(first, added);
    return true;
  }
  /// The first bytes at or after `from` and before `end` that are missing; empty when none are.
  DataRange first_gap(std::uint32_t from, std::uint32_t end) const {
    for (const DataRange& range : ranges_) {
      if (range.end <= from) {
        continue;
      }
      if (range.begin > from) {
        return {.begin = std::min(from, end), .end = std::min(range.begin, end)};
      }
      from = range.end;
    }
    return {.begin = std::min(from, end), .end = end};
  }
  /// How many bytes from the beginning on are all there.
  std::uint32_t prefix() const { return ranges_.empty() || ranges_.front().begin != 0 ? 0 : ranges_.front().end; }

 private:
  std::vector<DataRange> ranges_;
};

}  // namespace lunaria::iscsi
