#pragma once

// QuerySink: stands between an enumeration and the receiver of a query's result. Rows pass through as they come; only
// ORDER BY, DISTINCT and aggregates keep some.

#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cim/instance_sink.h"
#include "cim/query/kept.h"
#include "cim/query/query.h"

namespace lunaria::cim::query {

/// Put every instance of the query's class into it (Join does it with the rows of several), then await finish(). Query,
/// surroundings and receiver outlive it.
class QuerySink final : public InstanceSink {
 public:
  /// `result_class`: see result_class(); may be null.
  QuerySink(const Query& query, const Surroundings& surroundings, InstanceSink& receiver, Kept& kept,
            ClassPtr result_class = nullptr);
  ~QuerySink() override;

  /// Of a query of one source: passes on the instance if it matches.
  Delivery deliver(Instance&& instance) override;
  /// Passes on a row of which the condition holds.
  Delivery take(Row row);
  runtime::Task<bool> ready() override;
  /// Sends what had to wait for the last instance. SERVER_LIMITS_EXCEEDED when that was too much.
  runtime::Task<Result<void, Error>> finish();

 private:
  struct Waiting {
    Instance instance;
    std::vector<Value> order;
    std::size_t number = 0;  ///< in the order of arrival, which decides between equals
  };
  class Accumulator;

  Delivery pass_on(Instance&& row);
  std::size_t bytes_of(const Instance& row) const;
  using Key = std::vector<Value>;
  /// What rows have in common that are equal.
  Key key_of(const Instance& row) const;
  bool is_new(const Instance& row);
  void accumulate(Row row);
  Instance aggregate_row() const;

  const Query& query_;
  const Surroundings& surroundings_;
  InstanceSink& receiver_;
  Kept& kept_;
  ClassPtr result_class_;
  bool has_aggregates_ = false;
  std::uint64_t passed_ = 0;
  std::vector<Waiting> rows_;
  std::vector<Accumulator> accumulators_;
  std::unordered_multimap<std::size_t, Key> seen_;
};

}  // namespace lunaria::cim::query
