#include "cim/query/join.h"

#include <algorithm>
#include <utility>

#include "cim/query/fetched_instances.h"
#include "runtime/shard.h"

namespace lunaria::cim::query {
namespace {

/// Combinations between two times that others go first.
constexpr std::size_t kCombinationsAtOnce = 1024;

constexpr SourceSet only(std::size_t source) {
  return SourceSet{1} << source;
}

}  // namespace

/// The instances of one source that may be part of a combination.
class Join::Rows final : public InstanceSink {
 public:
  Rows(Join& join, std::size_t source) : join_(join), source_(source) {
    for (const Part& part : join.parts_) {
      if (part.reads == only(source) && !join.fetches(part.expression)) {
        conditions_.push_back(part.expression);
      }
    }
  }

  Delivery deliver(Instance&& instance) override {
    join_.row_[source_] = &instance;
    const bool may_match = join_.holds(conditions_);
    join_.row_[source_] = nullptr;
    if (!may_match) {
      return Delivery::kGoOn;
    }
    if (!join_.kept_.add(sizeof(Instance) + instance.held_bytes())) {
      return Delivery::kGone;
    }
    instances_.push_back(std::move(instance));
    return Delivery::kGoOn;
  }

  const std::vector<Instance>& instances() const { return instances_; }

 private:
  Join& join_;
  std::size_t source_;
  std::vector<NodeIndex> conditions_;
  std::vector<Instance> instances_;
};

Join::Join(const Query& query, const Sources& sources, const Surroundings& surroundings, Kept& kept,
           std::size_t combinations_max)
    : query_(query),
      sources_(sources),
      surroundings_(surroundings),
      kept_(kept),
      combinations_max_(combinations_max),
      fetches_instances_(query.statement().fetches_instances()),
      row_(query.statement().sources.size()) {
  if (query.statement().condition != kNoNode) {
    take_apart(query.statement().condition);
  }
  for (std::size_t source = 0; source < row_.size(); ++source) {
    rows_.push_back(std::make_unique<Rows>(*this, source));
  }
}

Join::~Join() = default;

InstanceSink& Join::rows_of(std::size_t source) {
  return *rows_[source];
}

bool Join::has_nothing(std::size_t source) const {
  return rows_[source]->instances().empty();
}

// Its depth is bounded by the parser.
void Join::take_apart(NodeIndex condition) {
  const Node& node = query_.statement().nodes[condition];
  if (node.kind == NodeKind::kAnd) {
    std::ranges::for_each(node.arguments, [this](NodeIndex part) { take_apart(part); });
    return;
  }
  const SourceSet reads = sources_.read_by(condition);
  parts_.push_back({condition, reads == 0 ? only(0) : reads});
}

void Join::plan() {
  std::vector<std::size_t> left;
  for (std::size_t source = 0; source < row_.size(); ++source) {
    left.push_back(source);
  }
  SourceSet before = 0;
  while (!left.empty()) {
    Level level;
    auto next = std::ranges::find_if(left, [&](std::size_t source) {
      level.source = source;
      return tie(level, before);
    });
    next = next != left.end() ? next : left.begin();
    level.source = *next;
    left.erase(next);
    const SourceSet with = before | only(level.source);
    for (const Part& part : parts_) {
      const bool is_complete = (part.reads & ~with) == 0 && (part.reads & ~before) != 0;
      if (is_complete && (part.reads != only(level.source) || fetches(part.expression))) {
        level.conditions.push_back(part.expression);
        level.fetches = level.fetches || fetches(part.expression);
      }
    }
    if (level.own_side != kNoNode) {
      level.index.emplace(values_of(level));
    }
    before = with;
    levels_.push_back(std::move(level));
  }
}

/// Whether an equality has the level's source alone on one side, and sources before it alone on the other.
bool Join::tie(Level& level, SourceSet before) const {
  for (const Part& part : parts_) {
    const Node& node = query_.statement().nodes[part.expression];
    if (node.kind != NodeKind::kCompare || node.comparison != Comparison::kEqual || node.fetches) {
      continue;
    }
    for (const auto& [own, other] : {std::pair(node.left, node.right), std::pair(node.right, node.left)}) {
      const SourceSet others = sources_.read_by(other);
      const bool has_symbol = query_.statement().nodes[own].kind == NodeKind::kSymbol ||
                              query_.statement().nodes[other].kind == NodeKind::kSymbol;
      if (!has_symbol && sources_.read_by(own) == only(level.source) && others != 0 && (others & ~before) == 0) {
        level.own_side = own;
        level.other_side = other;
        return true;
      }
    }
  }
  return false;
}

std::vector<Value> Join::values_of(const Level& level) const {
  std::vector<const Instance*> row(row_.size());
  std::vector<Value> values;
  for (const Instance& instance : rows_[level.source]->instances()) {
    row[level.source] = &instance;
    values.push_back(Evaluator(query_.language(), query_.statement(), surroundings_, Row(row)).value(level.own_side));
  }
  return values;
}

bool Join::holds(const std::vector<NodeIndex>& conditions) {
  return std::ranges::all_of(conditions, [this](NodeIndex condition) {
    return Evaluator(query_.language(), query_.statement(), surroundings_, Row(row_)).is_true(condition);
  });
}

void Join::enter(Level& level) {
  level.next = 0;
  if (level.index) {
    Evaluator evaluator(query_.language(), query_.statement(), surroundings_, Row(row_));
    level.candidates = level.index->find(evaluator.value(level.other_side));
  }
}

/// To the next instance; false, and none, after the last one.
bool Join::step(Level& level) {
  const auto& instances = rows_[level.source]->instances();
  const auto& [likely, others] = level.candidates;
  const std::size_t count = level.index ? likely.size() + others.size() : instances.size();
  if (level.next == count) {
    row_[level.source] = nullptr;
    return false;
  }
  const std::size_t at = level.next++;
  row_[level.source] = &instances[!level.index ? at : at < likely.size() ? likely[at] : others[at - likely.size()]];
  return true;
}

runtime::Task<Result<void, Error>> Join::fetch_for(const Level* level) {
  FetchedInstances* const instances = surroundings_.instances;
  while (instances != nullptr && (level != nullptr ? instances->lacks(query_, level->conditions, row_, surroundings_)
                                                   : instances->lacks(query_, row_, surroundings_))) {
    auto fetched = co_await instances->fetch();
    if (!fetched) {
      co_return fetched;
    }
  }
  co_return Result<void, Error>();
}

runtime::Task<Result<void, Error>> Join::combine(const OperationContext& context, QuerySink& sink) {
  if (kept_.has_overflowed()) {
    co_return fail(Kept::error());
  }
  plan();
  std::size_t looked_at = 0;
  std::size_t depth = 0;
  enter(levels_.front());
  while (!context.is_cancelled) {
    if (!step(levels_[depth])) {
      if (depth == 0) {
        break;
      }
      --depth;
      continue;
    }
    if (++looked_at > combinations_max_) {
      co_return fail(Error(Status::kServerLimitsExceeded,
                           "the query looks at too many combinations; tie its classes together, as in A.X = B.Y"));
    }
    if (looked_at % kCombinationsAtOnce == 0 && context.shard != nullptr) {
      co_await runtime::yield_on(*context.shard);
    }
    if (levels_[depth].fetches) {
      const auto fetched = co_await fetch_for(&levels_[depth]);
      if (!fetched) {
        co_return fail(fetched.error());
      }
    }
    if (!holds(levels_[depth].conditions)) {
      continue;
    }
    if (depth + 1 < levels_.size()) {
      enter(levels_[++depth]);
      continue;
    }
    if (fetches_instances_) {
      const auto fetched = co_await fetch_for(nullptr);
      if (!fetched) {
        co_return fail(fetched.error());
      }
    }
    InstanceSink::Delivery delivery = sink.take(row_);
    if (delivery == InstanceSink::Delivery::kWait) {
      const bool go_on = co_await sink.ready();
      delivery = go_on ? InstanceSink::Delivery::kGoOn : InstanceSink::Delivery::kGone;
    }
    if (delivery == InstanceSink::Delivery::kGone) {
      break;
    }
  }
  co_return Result<void, Error>();
}

}  // namespace lunaria::cim::query
