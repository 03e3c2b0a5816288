#include "cim/query/fetched_instances.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lunaria::cim::query {

// The host is left out: an instance is here whichever of our addresses was used.
InstancePtr FetchedInstances::find(ObjectPath path) {
  path.set_host({});
  const auto known = known_.find(path);
  if (known != known_.end()) {
    return known->second;
  }
  if (known_.size() >= fetches_max_) {
    has_too_many_ = true;
    return nullptr;
  }
  known_.emplace(path, nullptr);
  lacking_.push_back(std::move(path));
  return nullptr;
}

bool FetchedInstances::lacks(const Query& query, std::span<const NodeIndex> conditions, Row row,
                             const Surroundings& surroundings) {
  const auto holds = [&](NodeIndex condition) {
    return Evaluator(query.language(), query.statement(), surroundings, row).is_true(condition);
  };
  (void)std::ranges::all_of(conditions, holds);
  return is_lacking();
}

bool FetchedInstances::lacks(const Query& query, Row row, const Surroundings& surroundings) {
  const Statement& statement = query.statement();
  const auto ask = [&](NodeIndex expression) {
    if (expression != kNoNode && statement.nodes[expression].fetches) {
      const bool is_aggregate = statement.nodes[expression].kind == NodeKind::kAggregate;
      (void)Evaluator(query.language(), statement, surroundings, row)
          .value(is_aggregate ? statement.nodes[expression].left : expression);
    }
  };
  if (Evaluator(query.language(), statement, surroundings, row).is_true(statement.condition)) {
    std::ranges::for_each(statement.items, ask, &SelectItem::expression);
    std::ranges::for_each(statement.order, ask, &SortItem::expression);
  }
  return is_lacking();
}

runtime::Task<Result<void, Error>> FetchedInstances::fetch() {
  if (has_too_many_) {
    co_return fail(Error(Status::kServerLimitsExceeded,
                         fmt::format("InstanceOf names more than {} instances; join their class", fetches_max_)));
  }
  const std::vector<ObjectPath> paths = std::exchange(lacking_, {});
  for (const ObjectPath& path : paths) {
    auto found = co_await fetcher_.fetch(path);
    if (!found) {
      co_return fail(found.error());
    }
    if (!kept_.add(2 * sizeof(ObjectPath) + (*found ? (*found)->held_bytes() : 0))) {
      co_return fail(Kept::error());
    }
    known_[path] = *std::move(found);
  }
  co_return Result<void, Error>();
}

}  // namespace lunaria::cim::query
