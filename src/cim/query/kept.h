#pragma once

// Kept: what one query keeps of rows and values until its end (ORDER BY, DISTINCT, MEDIAN, joins), bounded in number
// and in bytes, and in bytes together with all other queries.

#include <cstddef>

#include "base/memory_budget.h"
#include "cim/error.h"
#include "cim/limits.h"

namespace lunaria::cim::query {

/// Lives as long as what is kept. What is kept once counts until then.
class Kept final {
 public:
  explicit Kept(MemoryBudget& budget, std::size_t rows_max = limits::kQueryRowsMax)
      : share_(budget), rows_max_(rows_max) {}

  /// Counts one more row or value, before it is kept. False when that is too much: then and from then on.
  [[nodiscard]] bool add(std::size_t bytes) {
    bytes_ += bytes;
    has_overflowed_ =
        has_overflowed_ || ++rows_ > rows_max_ || bytes_ > limits::kQueryKeptBytesMax || !share_.hold(bytes_);
    return !has_overflowed_;
  }
  bool has_overflowed() const { return has_overflowed_; }
  /// For a query that has overflowed.
  static Error error() {
    return Error(Status::kServerLimitsExceeded,
                 "the query has to keep too much for sorting, comparing or joining: ask for fewer instances or "
                 "properties, or try again when others have ended");
  }

 private:
  MemoryBudget::Share share_;
  std::size_t rows_max_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
  bool has_overflowed_ = false;
};

}  // namespace lunaria::cim::query
