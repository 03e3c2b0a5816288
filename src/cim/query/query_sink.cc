#include "cim/query/query_sink.h"

#include <algorithm>
#include <utility>

#include "cim/query/comparison.h"

namespace lunaria::cim::query {

/// One aggregate of the list.
class QuerySink::Accumulator final {
 public:
  Accumulator(Aggregate aggregate, bool is_distinct, Kept& kept)
      : aggregate_(aggregate), is_distinct_(is_distinct), kept_(&kept) {}

  /// NULL does not count.
  void add(const Value& value) {
    if (value.is_null() || (is_distinct_ && !is_new(value))) {
      return;
    }
    ++count_;
    switch (aggregate_) {
      case Aggregate::kCount:
        break;
      case Aggregate::kMin:
      case Aggregate::kMax: {
        const int order = best_.is_absent() ? 0 : sort_order(value, best_);
        if (best_.is_absent() || (aggregate_ == Aggregate::kMin ? order < 0 : order > 0)) {
          best_ = value;
        }
        break;
      }
      case Aggregate::kSum:
      case Aggregate::kMean:
        best_ = best_.is_absent() ? value : calculate(NodeKind::kAdd, best_, value);
        break;
      case Aggregate::kMedian:
        if (kept_->add(sizeof(Value) + value.held_bytes())) {
          values_.push_back(value);
        }
        break;
    }
  }
  Value result() const {
    switch (aggregate_) {
      case Aggregate::kCount:
        return Value(count_);
      case Aggregate::kMean:
        return count_ == 0 ? Value::null(Type::kReal64) : calculate(NodeKind::kDivide, best_, Value(count_));
      case Aggregate::kMedian:
        return median();
      default:
        return best_.is_absent() ? Value::null(Type::kReal64) : best_;
    }
  }

 private:
  bool is_new(const Value& value) {
    const auto [begin, end] = seen_.equal_range(value.hash());
    if (std::any_of(begin, end, [&value](const auto& other) { return other.second == value; })) {
      return false;
    }
    if (kept_->add(sizeof(Value) + value.held_bytes())) {
      seen_.emplace(value.hash(), value);
    }
    return true;
  }
  Value median() const {
    if (values_.empty()) {
      return Value::null(Type::kReal64);
    }
    std::vector<Value> sorted = values_;
    std::ranges::sort(sorted, [](const Value& a, const Value& b) { return sort_order(a, b) < 0; });
    const std::size_t middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
               ? sorted[middle]
               : calculate(NodeKind::kDivide, calculate(NodeKind::kAdd, sorted[middle - 1], sorted[middle]),
                           Value(std::uint64_t{2}));
  }

  Aggregate aggregate_;
  bool is_distinct_;
  Kept* kept_;
  std::uint64_t count_ = 0;
  Value best_;
  std::vector<Value> values_;
  std::unordered_multimap<std::size_t, Value> seen_;  // with is_distinct_
};

QuerySink::QuerySink(const Query& query, const Surroundings& surroundings, InstanceSink& receiver, Kept& kept,
                     ClassPtr result_class)
    : query_(query),
      surroundings_(surroundings),
      receiver_(receiver),
      kept_(kept),
      result_class_(std::move(result_class)) {
  const Statement& statement = query.statement();
  for (const SelectItem& item : statement.items) {
    if (item.expression != kNoNode && statement.nodes[item.expression].kind == NodeKind::kAggregate) {
      has_aggregates_ = true;
      const Node& node = statement.nodes[item.expression];
      accumulators_.emplace_back(node.aggregate, node.is_distinct, kept_);
    }
  }
}

QuerySink::~QuerySink() = default;

runtime::Task<bool> QuerySink::ready() {
  const bool go_on = co_await receiver_.ready();
  co_return go_on;
}

InstanceSink::Delivery QuerySink::deliver(Instance&& instance) {
  if (!query_.matches(instance, surroundings_)) {
    return Delivery::kGoOn;
  }
  const Instance* const only = &instance;
  return take(Row(&only, 1));
}

InstanceSink::Delivery QuerySink::take(Row row) {
  const Statement& statement = query_.statement();
  if (has_aggregates_) {
    accumulate(row);
    return kept_.has_overflowed() ? Delivery::kGone : Delivery::kGoOn;
  }
  if (statement.order.empty()) {
    return pass_on(query_.project(row, surroundings_, result_class_));
  }
  Waiting waiting{query_.project(row, surroundings_, result_class_), {}, rows_.size()};
  std::size_t bytes = bytes_of(waiting.instance);
  Evaluator evaluator(query_.language(), statement, surroundings_, row);
  for (const SortItem& item : statement.order) {
    waiting.order.push_back(evaluator.value(item.expression));
    bytes += sizeof(Value) + waiting.order.back().held_bytes();
  }
  if (!kept_.add(bytes)) {
    return Delivery::kGone;
  }
  rows_.push_back(std::move(waiting));
  return Delivery::kGoOn;
}

InstanceSink::Delivery QuerySink::pass_on(Instance&& row) {
  const auto& first = query_.statement().first;
  if (first && passed_ >= *first) {
    return Delivery::kGone;
  }
  if (query_.statement().is_distinct && !is_new(row)) {
    return kept_.has_overflowed() ? Delivery::kGone : Delivery::kGoOn;
  }
  ++passed_;
  const Delivery delivery = receiver_.deliver(std::move(row));
  return first && passed_ >= *first ? Delivery::kGone : delivery;
}

// The values of the list; only `*` shows what else an instance is.
QuerySink::Key QuerySink::key_of(const Instance& row) const {
  const Statement& statement = query_.statement();
  const auto& items = statement.items;
  const auto kept = query_.kept_source();
  Key key;
  if (std::ranges::any_of(items, [](const SelectItem& item) { return item.expression == kNoNode; })) {
    key.emplace_back(row.class_name());
    for (std::size_t i = 0; i < row.values().size(); ++i) {
      if (!kept) {
        key.emplace_back(row.cls()->property(i).name);
      }
      key.push_back(row.is_selected(i) ? row.value(i) : Value());
    }
    return key;
  }
  std::vector<const Instance*> instances(statement.sources.size());
  instances[kept.value_or(0)] = &row;
  Evaluator evaluator(query_.language(), statement, surroundings_, Row(instances));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value* const column = kept ? nullptr : row.find(items[i].name);
    Value value = kept ? evaluator.value(items[i].expression) : column != nullptr ? *column : Value();
    key.push_back(value.is_null() ? Value::null(Type::kString) : std::move(value));
  }
  return key;
}

bool QuerySink::is_new(const Instance& row) {
  Key key = key_of(row);
  std::size_t hash = 0;
  std::size_t bytes = sizeof(Key);
  for (const Value& value : key) {
    hash = hash * 31 + value.hash();
    bytes += sizeof(Value) + value.held_bytes();
  }
  const auto [begin, end] = seen_.equal_range(hash);
  if (std::any_of(begin, end, [&key](const auto& other) { return other.second == key; }) || !kept_.add(bytes)) {
    return false;
  }
  seen_.emplace(hash, std::move(key));
  return true;
}

// Rows that are made up have a class each, where none is known.
std::size_t QuerySink::bytes_of(const Instance& row) const {
  const std::size_t of_class =
      query_.kept_source() || row.cls() == result_class_ ? 0 : row.values().size() * sizeof(Property);
  return sizeof(Waiting) + row.held_bytes() + of_class;
}

void QuerySink::accumulate(Row row) {
  const Statement& statement = query_.statement();
  Evaluator evaluator(query_.language(), statement, surroundings_, row);
  for (std::size_t i = 0; i < accumulators_.size(); ++i) {
    const Node& node = statement.nodes[statement.items[i].expression];
    accumulators_[i].add(node.left == kNoNode ? Value(true) : evaluator.value(node.left));
  }
}

Instance QuerySink::aggregate_row() const {
  std::vector<Query::Column> columns;
  for (std::size_t i = 0; i < accumulators_.size(); ++i) {
    columns.push_back({query_.statement().items[i].name, accumulators_[i].result()});
  }
  return Query::made_up(std::move(columns), result_class_);
}

runtime::Task<Result<void, Error>> QuerySink::finish() {
  if (kept_.has_overflowed()) {
    co_return fail(Kept::error());
  }
  if (has_aggregates_) {
    const bool go_on = co_await receiver_.put(aggregate_row());
    (void)go_on;  // the only row
    co_return Result<void, Error>();
  }
  const auto& order = query_.statement().order;
  std::ranges::sort(rows_, [&order](const Waiting& left, const Waiting& right) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      const int compared = sort_order(left.order[i], right.order[i]);
      if (compared != 0) {
        return order[i].is_descending ? compared > 0 : compared < 0;
      }
    }
    return left.number < right.number;
  });
  for (Waiting& waiting : rows_) {
    Delivery delivery = pass_on(std::move(waiting.instance));
    if (delivery == Delivery::kWait) {
      const bool go_on = co_await receiver_.ready();
      delivery = go_on ? Delivery::kGoOn : Delivery::kGone;
    }
    if (delivery == Delivery::kGone) {
      break;
    }
  }
  co_return Result<void, Error>();
}

}  // namespace lunaria::cim::query
