#pragma once

// JoinIndex: finds the rows of one source whose value may equal a given one, so that an equality that ties two sources
// together need not be asked of every pair.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "cim/value.h"

namespace lunaria::cim::query {

/// Rows to look at, by number. More than those that are equal: whoever asks compares once more.
struct JoinCandidates {
  std::span<const std::uint32_t> likely;  ///< equal, but for collisions
  std::span<const std::uint32_t> others;  ///< what cannot be found by a hash: values of another kind
};

/// For one expression over the rows of a source, in CQL.
class JoinIndex final {
 public:
  /// `values[i]` is that of row i; NULL equals nothing.
  explicit JoinIndex(std::vector<Value> values);

  /// Every row whose value compares as equal (comparison.h). Valid until the next call.
  JoinCandidates find(const Value& probe);

 private:
  /// Values that equal each other only within a kind, and have equal hashes then.
  enum class Kind : std::uint8_t { kNumber, kBoolean, kText, kReference, kOther };
  struct Table {
    std::unordered_map<std::size_t, std::vector<std::uint32_t>> by_hash;
    std::vector<std::uint32_t> others;
  };
  static Kind kind_of(const Value& value);
  static std::size_t hash_of(const Value& value, Kind kind);
  const Table& table(Kind kind);

  std::vector<Value> values_;
  bool has_references_only_ = true;
  std::array<std::optional<Table>, 5> tables_;  // by kind, made when first asked for
};

}  // namespace lunaria::cim::query
