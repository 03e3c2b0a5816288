#include "cim/query/result_class.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "cim/instance.h"
#include "cim/query/query.h"

namespace lunaria::cim::query {
namespace {

struct ColumnType {
  Type type = Type::kString;
  bool is_array = false;
  std::string object_class{};

  bool is(Type wanted) const { return !is_array && type == wanted; }
  friend bool operator==(const ColumnType&, const ColumnType&) = default;
};
using MaybeType = std::optional<ColumnType>;

/// What Evaluator answers for each kind of node.
class Types final {
 public:
  Types(const Statement& statement, const Sources& sources, const Repository& repository)
      : statement_(statement), sources_(sources), repository_(repository) {}

  MaybeType of(NodeIndex index) const {
    const Node& node = statement_.nodes[index];
    switch (node.kind) {
      case NodeKind::kLiteral:
        return ColumnType{node.value.type()};
      case NodeKind::kPath:
        return node.symbol ? std::nullopt : of_path(index);
      case NodeKind::kSymbol:
        return std::nullopt;
      case NodeKind::kNegate:
        return of_calculation(NodeKind::kSubtract, ColumnType{Type::kUint64}, of(node.left));
      case NodeKind::kAdd:
      case NodeKind::kSubtract:
      case NodeKind::kMultiply:
      case NodeKind::kDivide:
        return of_calculation(node.kind, of(node.left), of(node.right));
      case NodeKind::kConcatenate:
        return ColumnType{Type::kString};
      case NodeKind::kFunction:
        return of_function(node.function);
      case NodeKind::kAggregate:
        return of_aggregate(node);
      default:
        return ColumnType{Type::kBoolean};
    }
  }

 private:
  MaybeType of_path(NodeIndex index) const {
    const auto properties = sources_.properties_of(index, repository_);
    if (!properties) {
      return std::nullopt;
    }
    const auto type_of = [](const PropertyPtr& each) {
      return ColumnType{each->type, each->is_array, each->object_class};
    };
    ColumnType type = type_of(properties->front());
    if (!std::ranges::all_of(*properties, [&](const PropertyPtr& each) { return type_of(each) == type; })) {
      return std::nullopt;
    }
    type.is_array = type.is_array && !statement_.nodes[index].steps.back().is_single;
    return type;
  }

  static MaybeType of_calculation(NodeKind operation, const MaybeType& left, const MaybeType& right) {
    if (!left || !right || left->is_array || right->is_array) {
      return std::nullopt;
    }
    const bool is_sum = operation == NodeKind::kAdd || operation == NodeKind::kSubtract;
    const bool is_scaling = !is_sum && is_integer(right->type);
    if (left->is(Type::kDatetime) && ((is_sum && right->is(Type::kDatetime)) || is_scaling)) {
      return left;
    }
    if (operation == NodeKind::kMultiply && is_integer(left->type) && right->is(Type::kDatetime)) {
      return right;
    }
    const bool are_numbers = is_numeric(left->type) && is_numeric(right->type);
    const bool has_real = is_real(left->type) || is_real(right->type);
    return are_numbers && has_real ? MaybeType(ColumnType{Type::kReal64}) : std::nullopt;
  }

  MaybeType of_aggregate(const Node& node) const {
    if (node.aggregate == Aggregate::kCount) {
      return ColumnType{Type::kUint64};
    }
    const auto type = of(node.left);
    const bool keeps_type = node.aggregate == Aggregate::kMin || node.aggregate == Aggregate::kMax;
    return type && !type->is_array && (keeps_type || type->is(Type::kReal64)) ? type : std::nullopt;
  }

  static MaybeType of_function(Function function) {
    switch (function) {
      case Function::kCurrentDateTime:
      case Function::kDateTime:
      case Function::kMicrosecondsToTimestamp:
      case Function::kMicrosecondsToInterval:
        return ColumnType{Type::kDatetime};
      case Function::kTimestampToMicroseconds:
      case Function::kIntervalToMicroseconds:
      case Function::kDateTimeToMicroseconds:
      case Function::kStringToSint:
        return ColumnType{Type::kSint64};
      case Function::kStringToUint:
      case Function::kArrayLength:
        return ColumnType{Type::kUint64};
      case Function::kStringToReal:
        return ColumnType{Type::kReal64};
      case Function::kInstanceToReference:
        return ColumnType{Type::kReference};
      case Function::kStringToNumeric:
        return std::nullopt;
      default:
        return ColumnType{Type::kString};
    }
  }

  const Statement& statement_;
  const Sources& sources_;
  const Repository& repository_;
};

}  // namespace

ClassPtr result_class(const Statement& statement, const Sources& sources, const Repository& repository) {
  const Types types(statement, sources, repository);
  InstanceBuilder builder{std::string(Query::kResultClass)};
  for (const SelectItem& item : statement.items) {
    auto type = item.expression == kNoNode ? std::nullopt : types.of(item.expression);
    if (!type) {
      return nullptr;
    }
    builder.add(item.name, Value::null(type->type, type->is_array), false, std::move(type->object_class));
  }
  return builder.build().cls();
}

}  // namespace lunaria::cim::query
