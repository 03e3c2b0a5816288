#include "cim/query/expression_types.h"

#include <algorithm>
#include <utility>

namespace lunaria::cim::query {
namespace {

using MaybeType = ExpressionTypes::MaybeType;

MaybeType of_calculation(NodeKind operation, const MaybeType& left, const MaybeType& right) {
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
  return are_numbers && has_real ? MaybeType(ExpressionType{Type::kReal64}) : std::nullopt;
}

}  // namespace

ExpressionTypes::MaybeType ExpressionTypes::of(NodeIndex index) const {
  const Node& node = statement_.nodes[index];
  switch (node.kind) {
    case NodeKind::kLiteral:
      return ExpressionType{node.value.type()};
    case NodeKind::kPath:
      return node.symbol ? std::nullopt : of_path(index);
    case NodeKind::kMember:
      return node.symbol ? std::nullopt : of_member(index);
    case NodeKind::kSymbol:
      return std::nullopt;
    case NodeKind::kNegate:
      return of_calculation(NodeKind::kSubtract, ExpressionType{Type::kUint64}, of(node.left));
    case NodeKind::kAdd:
    case NodeKind::kSubtract:
    case NodeKind::kMultiply:
    case NodeKind::kDivide:
      return of_calculation(node.kind, of(node.left), of(node.right));
    case NodeKind::kConcatenate:
      return ExpressionType{Type::kString};
    case NodeKind::kFunction:
      return of_function(node);
    case NodeKind::kAggregate:
      return of_aggregate(node);
    default:
      return ExpressionType{Type::kBoolean};
  }
}

ExpressionTypes::MaybeType ExpressionTypes::of_path(NodeIndex index) const {
  const auto properties = sources_.properties_of(index, repository_, lookups_left_);
  if (!properties) {
    return std::nullopt;
  }
  const auto type_of = [](const PropertyPtr& each) {
    return ExpressionType{each->type, each->is_array, each->object_class};
  };
  ExpressionType type = type_of(properties->front());
  if (!std::ranges::all_of(*properties, [&](const PropertyPtr& each) { return type_of(each) == type; })) {
    return std::nullopt;
  }
  type.is_array = type.is_array && !statement_.nodes[index].steps.back().is_single;
  return type;
}

ExpressionTypes::MaybeType ExpressionTypes::of_member(NodeIndex index) const {
  const Node& node = statement_.nodes[index];
  const PathStep& step = node.steps.front();
  if (!step.name.empty()) {
    return of_path(index);
  }
  MaybeType type = of(node.left);
  if (type && type->is_array && step.is_single) {
    type->is_array = false;
  }
  return type;
}

ExpressionTypes::MaybeType ExpressionTypes::of_aggregate(const Node& node) const {
  if (node.aggregate == Aggregate::kCount) {
    return ExpressionType{Type::kUint64};
  }
  const auto type = of(node.left);
  const bool keeps_type = node.aggregate == Aggregate::kMin || node.aggregate == Aggregate::kMax;
  return type && !type->is_array && (keeps_type || type->is(Type::kReal64)) ? type : std::nullopt;
}

// As Evaluator::created_array() chooses, where the types alone decide.
ExpressionTypes::MaybeType ExpressionTypes::of_created_array(const Node& node) const {
  MaybeType common;
  for (const NodeIndex argument : node.arguments) {
    const MaybeType type = of(argument);
    if (!type || type->is_array) {
      return std::nullopt;
    }
    if (!common || *common == *type) {
      common = type;
    } else if (is_numeric(common->type) && is_numeric(type->type) && (is_real(common->type) || is_real(type->type))) {
      common = ExpressionType{Type::kReal64};
    } else {
      return std::nullopt;
    }
  }
  common->is_array = true;
  return common;
}

// Of a text there may be an instance of any class.
ExpressionTypes::MaybeType ExpressionTypes::of_named_instance(const Node& node) const {
  const MaybeType named = of(node.arguments.front());
  const bool is_known = named && named->is(Type::kReference) && !named->object_class.empty();
  return is_known ? MaybeType(ExpressionType{Type::kEmbeddedInstance, false, named->object_class}) : std::nullopt;
}

ExpressionTypes::MaybeType ExpressionTypes::of_function(const Node& node) const {
  switch (node.function) {
    case Function::kCurrentDateTime:
    case Function::kDateTime:
    case Function::kMicrosecondsToTimestamp:
    case Function::kMicrosecondsToInterval:
      return ExpressionType{Type::kDatetime};
    case Function::kTimestampToMicroseconds:
    case Function::kIntervalToMicroseconds:
    case Function::kDateTimeToMicroseconds:
    case Function::kStringToSint:
      return ExpressionType{Type::kSint64};
    case Function::kStringToUint:
    case Function::kArrayLength:
      return ExpressionType{Type::kUint64};
    case Function::kStringToReal:
      return ExpressionType{Type::kReal64};
    case Function::kInstanceToReference:
      return ExpressionType{Type::kReference};
    case Function::kCreateArray:
      return of_created_array(node);
    case Function::kInstanceOf:
      return of_named_instance(node);
    case Function::kStringToNumeric:
      return std::nullopt;
    default:
      return ExpressionType{Type::kString};
  }
}

}  // namespace lunaria::cim::query
