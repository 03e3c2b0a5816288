#include "cim/query/conditions.h"

#include <algorithm>

#include "cim/name.h"
#include "cim/query/comparison.h"

namespace lunaria::cim::query {
namespace {

Comparison mirrored(Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return Comparison::kGreater;
    case Comparison::kLessOrEqual:
      return Comparison::kGreaterOrEqual;
    case Comparison::kGreater:
      return Comparison::kLess;
    case Comparison::kGreaterOrEqual:
      return Comparison::kLessOrEqual;
    default:
      return comparison;
  }
}

std::optional<Value> literal_of(const Nodes& nodes, const Node& node) {
  if (node.kind == NodeKind::kLiteral) {
    return node.value;
  }
  if (node.kind == NodeKind::kNegate && nodes[node.left].kind == NodeKind::kLiteral) {
    return calculate(NodeKind::kSubtract, Value(std::uint64_t{0}), nodes[node.left].value);
  }
  return std::nullopt;
}

/// The property that a path names, with or without the source in front of it (in a join, with it); without literals
/// yet. nullopt for properties of other sources, system properties, elements of arrays and what lies within embedded
/// objects.
std::optional<Condition> property_of(const Statement& statement, std::size_t source, const Node& node) {
  const auto& steps = node.steps;
  const bool is_path = node.kind == NodeKind::kPath && !node.symbol && !steps.empty() && steps.size() <= 2;
  const auto is_plain = [](const PathStep& step) { return step.ranges.empty() && !step.is_all; };
  if (!is_path || !std::ranges::all_of(steps, is_plain) || steps.back().name.starts_with("__")) {
    return std::nullopt;
  }
  Condition condition;
  condition.property = steps.back().name;
  condition.scope = steps.back().scope;
  if (steps.size() == 2) {
    if (!steps.front().scope.empty() || statement.source_named(steps.front().name) != source) {
      return std::nullopt;
    }
    if (statement.may_be_hidden(steps.front().name)) {
      condition.source = steps.front().name;
    }
  } else if (statement.is_join()) {
    return std::nullopt;
  }
  return condition;
}

std::optional<Condition> comparison_of(const Statement& statement, std::size_t source, const Node& node) {
  if (node.kind != NodeKind::kCompare) {
    return std::nullopt;
  }
  const Node& left = statement.nodes[node.left];
  const Node& right = statement.nodes[node.right];
  const bool is_mirrored = right.kind == NodeKind::kPath;
  auto condition = property_of(statement, source, is_mirrored ? right : left);
  auto literal = literal_of(statement.nodes, is_mirrored ? left : right);
  if (!condition || !literal) {
    return std::nullopt;
  }
  condition->comparison = is_mirrored ? mirrored(node.comparison) : node.comparison;
  condition->literals.push_back(std::move(*literal));
  return condition;
}

/// A = 1 OR A = 2 OR ...
std::optional<Condition> alternatives_of(const Statement& statement, std::size_t source, const Node& node) {
  std::optional<Condition> all;
  for (const NodeIndex each : node.arguments) {
    auto one = comparison_of(statement, source, statement.nodes[each]);
    if (!one || one->comparison != Comparison::kEqual) {
      return std::nullopt;
    }
    if (!all) {
      all = std::move(one);
    } else if (name_equal(all->property, one->property) && name_equal(all->source, one->source) &&
               name_equal(all->scope, one->scope)) {
      all->literals.push_back(std::move(one->literals.front()));
    } else {
      return std::nullopt;
    }
  }
  return all;
}

/// Depth is bounded by the parser.
void collect(const Statement& statement, std::size_t source, const Node& node, std::vector<Condition>& found) {
  if (node.kind == NodeKind::kAnd) {
    for (const NodeIndex each : node.arguments) {
      collect(statement, source, statement.nodes[each], found);
    }
    return;
  }
  auto condition =
      node.kind == NodeKind::kOr ? alternatives_of(statement, source, node) : comparison_of(statement, source, node);
  if (condition) {
    found.push_back(std::move(*condition));
  }
}

bool holds(Language language, const Condition& condition, const Value& value) {
  return std::ranges::any_of(condition.literals, [&](const Value& literal) {
    return compare(language, condition.comparison, value, literal).value_or(false);
  });
}

bool has_letter(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return fold_case(c) >= 'a' && fold_case(c) <= 'z'; });
}

/// The one value of the property that compares as equal to the literal; nullopt when several do, or none.
std::optional<Value> only_equal(Language language, const Property& property, const Value& literal) {
  if (property.is_array || literal.is_null()) {
    return std::nullopt;
  }
  if (property.type == Type::kString && literal.as_string() != nullptr) {
    const bool has_spellings = language == Language::kWql && has_letter(*literal.as_string());
    return has_spellings ? std::nullopt : std::optional(literal);
  }
  if (property.type == Type::kBoolean && literal.as_bool()) {
    return literal;
  }
  // Not reals, which are equal to several large integers, and not datetimes, which are equal in every time zone.
  return is_integer(property.type) && is_integer(literal.type()) ? literal.converted_to(property.type) : std::nullopt;
}

}  // namespace

ConditionsPtr conditions_of(Language language, const Statement& statement, std::size_t source) {
  Conditions conditions{.language = language, .all = {}};
  if (statement.condition != kNoNode) {
    collect(statement, source, statement.nodes[statement.condition], conditions.all);
  }
  return conditions.all.empty() ? nullptr : std::make_shared<const Conditions>(std::move(conditions));
}

std::shared_ptr<const Prefilter> Prefilter::make(const ConditionsPtr& conditions, const ClassPtr& cls) {
  if (!conditions) {
    return nullptr;
  }
  auto prefilter = std::make_shared<const Prefilter>(conditions, cls);
  return prefilter->by_index_.empty() ? nullptr : std::move(prefilter);
}

// A class that has a property of the source's name means that property; one that lacks the property, or is not of the
// scope, has no match at all, which is for the query to find out: its provider may have something to say.
Prefilter::Prefilter(ConditionsPtr conditions, ClassPtr cls)
    : conditions_(std::move(conditions)), class_(std::move(cls)) {
  for (const Condition& condition : conditions_->all) {
    const auto index = class_->find_property(condition.property);
    const bool is_hidden = !condition.source.empty() && class_->find_property(condition.source);
    const bool is_outside = !condition.scope.empty() && !class_->is_a(condition.scope);
    if (index && !is_hidden && !is_outside) {
      by_index_.emplace_back(*index, &condition);
    }
  }
}

bool Prefilter::concerns(std::string_view property) const {
  const auto index = class_->find_property(property);
  return index && std::ranges::find(by_index_, *index, [](const auto& each) { return each.first; }) != by_index_.end();
}

bool Prefilter::admits(std::string_view property, const Value& value) const {
  const auto index = class_->find_property(property);
  return !index || admits(*index, value);
}

bool Prefilter::admits(std::size_t index, const Value& value) const {
  return std::ranges::all_of(by_index_, [&](const auto& each) {
    return each.first != index || holds(conditions_->language, *each.second, value);
  });
}

std::optional<Value> Prefilter::required_value(std::size_t index) const {
  for (const auto& [property, condition] : by_index_) {
    if (property != index || condition->comparison != Comparison::kEqual || condition->literals.size() != 1) {
      continue;
    }
    if (auto value = only_equal(conditions_->language, class_->property(index), condition->literals.front())) {
      return value;
    }
  }
  return std::nullopt;
}

std::optional<ObjectPath> Prefilter::path(const NamespaceName& name_space) const {
  std::vector<KeyBinding> keys;
  for (const std::uint16_t index : class_->key_indexes()) {
    auto value = required_value(index);
    if (!value) {
      return std::nullopt;
    }
    keys.push_back({class_->property(index).name, std::move(*value)});
  }
  return keys.empty() ? std::nullopt : std::optional(ObjectPath(name_space, class_->name(), std::move(keys)));
}

}  // namespace lunaria::cim::query
