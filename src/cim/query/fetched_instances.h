#pragma once

// FetchedInstances: the instances that InstanceOf names in one query (DSP0202). Evaluating never waits: what it lacks
// is noted, fetched, and then it is evaluated again.

#include <cstddef>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "cim/error.h"
#include "cim/limits.h"
#include "cim/object_path.h"
#include "cim/query/evaluator.h"
#include "cim/query/kept.h"
#include "cim/query/query.h"
#include "cim/value.h"
#include "runtime/task.h"

namespace lunaria::cim::query {

/// Interface: where they come from.
class InstanceFetcher {
 public:
  virtual ~InstanceFetcher() = default;
  /// The instance of a path with a namespace, saying where it is; null where there is none. Any error ends the query.
  /// The path outlives the task.
  virtual runtime::Task<Result<InstancePtr, Error>> fetch(const ObjectPath& path) = 0;
};

/// Lives as long as the query, on one shard. Each path is fetched once; there are at most limits::kQueryFetchesMax, and
/// their bytes count as kept. What it is given outlives it.
class FetchedInstances final {
 public:
  FetchedInstances(InstanceFetcher& fetcher, Kept& kept, std::size_t fetches_max = limits::kQueryFetchesMax)
      : fetcher_(fetcher), kept_(kept), fetches_max_(fetches_max) {}

  /// Null where there is no such instance, and where that is not known yet: then lacks() says so.
  InstancePtr find(ObjectPath path);

  /// Whether asking these conditions, up to the first that does not hold, takes instances that are not known yet, so
  /// that the answers mean nothing. Surroundings lead here.
  bool lacks(const Query& query, std::span<const NodeIndex> conditions, Row row, const Surroundings& surroundings);
  /// The same for the condition of a query and, where it holds, its list and order.
  bool lacks(const Query& query, Row row, const Surroundings& surroundings);
  /// Fetches what was lacking. What the fetcher fails with; SERVER_LIMITS_EXCEEDED when it is too much.
  runtime::Task<Result<void, Error>> fetch();

 private:
  bool is_lacking() const { return has_too_many_ || !lacking_.empty(); }

  InstanceFetcher& fetcher_;
  Kept& kept_;
  std::size_t fetches_max_;
  std::unordered_map<ObjectPath, InstancePtr, ObjectPathHash> known_;  // without hosts; null for what is not there
  std::vector<ObjectPath> lacking_;                                    // in known_, too
  bool has_too_many_ = false;
};

}  // namespace lunaria::cim::query
