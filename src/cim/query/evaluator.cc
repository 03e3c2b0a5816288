#include "cim/query/evaluator.h"

#include <algorithm>
#include <optional>

#include "cim/limits.h"
#include "cim/object_path.h"
#include "cim/query/comparison.h"

namespace lunaria::cim::query {
namespace {

Value truth(std::optional<bool> flag) {
  return flag ? Value(*flag) : Value::null(Type::kBoolean);
}

/// Windows' names for what CIM_InstIndication calls otherwise, so that filters made for either match.
std::string_view standard_name(std::string_view name, const Class& cls) {
  return name_equal(name, "TargetInstance") && cls.is_a("CIM_InstIndication") ? "SourceInstance" : name;
}

}  // namespace

bool Evaluator::spend(std::size_t steps) {
  steps_ = std::min(steps_ + steps, limits::kQueryStepsMax + 1);
  return steps_ <= limits::kQueryStepsMax;
}

bool Evaluator::is_true(NodeIndex condition) {
  const bool holds = condition == kNoNode || value(condition).as_bool().value_or(false);
  return holds && steps_ <= limits::kQueryStepsMax;
}

Value Evaluator::value(NodeIndex expression) {
  return operand(expression).value;
}

Evaluator::Operand Evaluator::operand(NodeIndex index) {
  const Node& node = statement_.nodes[index];
  if (!spend(1)) {
    return {};
  }
  switch (node.kind) {
    case NodeKind::kLiteral:
      return {node.value};
    case NodeKind::kPath:
    case NodeKind::kMember:
      return path(node);
    case NodeKind::kSymbol:
    case NodeKind::kAggregate:
      return {};
    case NodeKind::kNegate:
      return {calculate(NodeKind::kSubtract, Value(std::uint64_t{0}), value(node.left))};
    case NodeKind::kAdd:
    case NodeKind::kSubtract:
    case NodeKind::kMultiply:
    case NodeKind::kDivide:
      return {calculate(node.kind, value(node.left), value(node.right))};
    case NodeKind::kConcatenate: {
      const Value left = value(node.left);
      const Value right = value(node.right);
      const bool are_texts = left.as_string() != nullptr && right.as_string() != nullptr &&
                             spend(left.as_string()->size() + right.as_string()->size());
      return {are_texts ? Value(*left.as_string() + *right.as_string()) : Value::null(Type::kString)};
    }
    case NodeKind::kAnd:
    case NodeKind::kOr:
      return {chain(node)};
    case NodeKind::kNot: {
      const auto flag = value(node.left).as_bool();
      return {truth(flag ? std::optional(!*flag) : std::nullopt)};
    }
    case NodeKind::kIsa:
      return {isa(node)};
    case NodeKind::kCompare:
    case NodeKind::kIsNull:
    case NodeKind::kLike:
      return {predicate(node, operand(node.left))};
    case NodeKind::kAny:
    case NodeKind::kEvery:
      return {quantified(node)};
    case NodeKind::kAnySatisfies:
    case NodeKind::kEverySatisfies:
      return {satisfied(node)};
    case NodeKind::kFunction:
      return {function(node)};
  }
  return {};
}

// AND is false with one false, OR true with one true, whatever is unknown beside it.
Value Evaluator::chain(const Node& node) {
  const bool decides = node.kind == NodeKind::kOr;
  bool is_unknown = false;
  for (const NodeIndex each : node.arguments) {
    const auto flag = value(each).as_bool();
    if (flag == decides) {
      return Value(decides);
    }
    is_unknown = is_unknown || !flag;
  }
  return is_unknown ? Value::null(Type::kBoolean) : Value(!decides);
}

Value Evaluator::predicate(const Node& node, const Operand& left) {
  switch (node.kind) {
    case NodeKind::kCompare:
      return compared(node, left);
    case NodeKind::kIsNull:
      return Value(left.value.is_null());
    default:
      return like(node, left.value);
  }
}

Value Evaluator::compared(const Node& node, const Operand& left) {
  const Node& right_node = statement_.nodes[node.right];
  const Node& left_node = statement_.nodes[node.left];
  const Operand right = operand(node.right);
  if (right_node.kind == NodeKind::kSymbol) {
    return truth(
        compare(language_, node.comparison, left.value, symbol_value(left.property, right_node.symbol.value_or(""))));
  }
  if (left_node.kind == NodeKind::kSymbol) {
    return truth(
        compare(language_, node.comparison, symbol_value(right.property, left_node.symbol.value_or("")), right.value));
  }
  const std::string* text = left.value.as_string();
  if (text != nullptr && !spend(text->size() / 8)) {
    return {};
  }
  return truth(compare(language_, node.comparison, left.value, right.value));
}

Value Evaluator::like(const Node& node, const Value& text) {
  const std::string* string = text.as_string();
  if (string == nullptr || !spend(string->size() * node.pattern->size())) {
    return Value::null(Type::kBoolean);
  }
  return Value(node.pattern->matches(*string));
}

Value Evaluator::isa(const Node& node) {
  const Node& left = statement_.nodes[node.left];
  if (left.kind == NodeKind::kPath && left.steps.size() == 1) {
    const std::string& name = left.steps.front().name;
    const bool is_this = name_equal(name, "__THIS") || name_equal(name, "__CLASS");
    const auto source = is_this                           ? std::optional(std::size_t{0})
                        : variable_named(name) == nullptr ? source_named(name)
                                                          : std::nullopt;
    if (const Class* cls = source ? class_of(*source) : nullptr) {
      return Value(cls->is_a(node.name));
    }
  }
  const Value object = value(node.left);
  if (const InstancePtr instance = object.as_instance()) {
    return Value(instance->cls()->is_a(node.name));
  }
  if (const ClassPtr cls = object.as_class()) {
    return Value(cls->is_a(node.name));
  }
  if (const ObjectPathPtr reference = object.as_reference()) {
    return Value(name_equal(reference->class_name(), node.name));
  }
  return Value::null(Type::kBoolean);
}

Value Evaluator::quantified(const Node& node) {
  const Node& inner = statement_.nodes[node.left];
  const Operand array = operand(inner.left);
  if (array.value.is_null()) {
    return Value::null(Type::kBoolean);
  }
  const bool is_any = node.kind == NodeKind::kAny;
  if (!array.value.is_array()) {
    return predicate(inner, array);
  }
  bool is_unknown = false;
  for (const Value& element : array.value.elements()) {
    if (!spend(1)) {
      return {};
    }
    const auto flag = predicate(inner, {element, array.property}).as_bool();
    if (flag == is_any) {
      return Value(is_any);
    }
    is_unknown = is_unknown || !flag;
  }
  return is_unknown ? Value::null(Type::kBoolean) : Value(!is_any);
}

Value Evaluator::satisfied(const Node& node) {
  const Operand array = operand(node.left);
  if (!array.value.is_array() || array.value.is_null()) {
    return Value::null(Type::kBoolean);
  }
  const bool is_any = node.kind == NodeKind::kAnySatisfies;
  bool is_unknown = false;
  for (const Value& element : array.value.elements()) {
    if (!spend(1)) {
      return {};
    }
    variables_.emplace_back(node.name, Operand{element, array.property});
    const auto flag = value(node.right).as_bool();
    variables_.pop_back();
    if (flag == is_any) {
      return Value(is_any);
    }
    is_unknown = is_unknown || !flag;
  }
  return is_unknown ? Value::null(Type::kBoolean) : Value(!is_any);
}

const Instance* Evaluator::instance_of(std::size_t source) const {
  return source < row_.size() ? row_[source] : nullptr;
}

const Class* Evaluator::class_of(std::size_t source) const {
  const Instance* const instance = instance_of(source);
  return instance != nullptr ? instance->cls().get() : class_;
}

std::optional<std::size_t> Evaluator::source_named(std::string_view name) const {
  if (const auto named = statement_.source_named(name)) {
    return named;
  }
  const Class* const cls = statement_.is_join() ? nullptr : class_of(0);
  return cls != nullptr && cls->is_a(name) ? std::optional(std::size_t{0}) : std::nullopt;
}

std::optional<std::size_t> Evaluator::source_surely_named(const Node& path) const {
  const std::string& name = path.steps.front().name;
  const bool is_sure = variable_named(name) == nullptr && !statement_.may_be_hidden(name);
  return is_sure ? statement_.source_named(name) : std::nullopt;
}

const Evaluator::Operand* Evaluator::variable_named(std::string_view name) const {
  const auto variable = std::find_if(variables_.rbegin(), variables_.rend(),
                                     [name](const auto& each) { return name_equal(each.first, name); });
  return variable != variables_.rend() ? &variable->second : nullptr;
}

std::size_t Evaluator::source_with(std::string_view property) const {
  const auto has_property = [property](const Instance* each) { return each && each->cls()->find_property(property); };
  const auto found = std::ranges::find_if(row_, has_property);
  return found != row_.end() ? static_cast<std::size_t>(found - row_.begin()) : 0;
}

Evaluator::Operand Evaluator::path(const Node& node) {
  std::size_t position = 0;
  Operand current = node.kind == NodeKind::kMember ? operand(node.left) : first_step(node, position);
  for (; position < node.steps.size(); ++position) {
    if (!spend(1)) {
      return {};
    }
    current = next_step(current, node.steps[position]);
  }
  if (node.symbol) {
    current.value = symbol_value(current.property, *node.symbol);
  }
  return current;
}

// A variable of SATISFIES, the class or its alias in front of a property, a property, or one that WQL makes up.
Evaluator::Operand Evaluator::first_step(const Node& node, std::size_t& position) {
  const PathStep& first = node.steps.front();
  position = 1;
  if (const Operand* const variable = variable_named(first.name)) {
    return {select_elements(variable->value, first), variable->property};
  }
  std::optional<std::size_t> source;
  const bool is_hidden =
      statement_.may_be_hidden(first.name) && class_of(0) != nullptr && class_of(0)->find_property(first.name);
  if (node.steps.size() > 1 && !is_hidden) {
    source = source_named(first.name);
    position = source ? 2 : 1;
  }
  const PathStep& step = node.steps[position - 1];
  if (!source) {
    source = statement_.is_join() ? source_with(step.name) : 0;
  }
  if (step.name.starts_with("__")) {
    return {system_property(*source, step.name)};
  }
  if (const Instance* const instance = instance_of(*source)) {
    return property_of(*instance, step);
  }
  const auto index = class_ != nullptr ? class_->find_property(step.name) : std::nullopt;
  return index ? Operand{class_->property(*index).default_value, &class_->property(*index)} : Operand{};
}

Evaluator::Operand Evaluator::property_of(const Instance& instance, const PathStep& step) {
  if (!step.scope.empty() && !instance.cls()->is_a(step.scope)) {
    return {};
  }
  const auto index = instance.cls()->find_property(standard_name(step.name, *instance.cls()));
  if (!index) {
    return {};
  }
  return {select_elements(instance.value(*index), step), &instance.cls()->property(*index)};
}

Evaluator::Operand Evaluator::next_step(const Operand& base, const PathStep& step) {
  if (step.name.empty()) {
    return {select_elements(base.value, step), base.property};
  }
  if (const InstancePtr instance = base.value.as_instance()) {
    const bool is_class_name = name_equal(step.name, "__CLASS");
    Operand result = is_class_name ? Operand{Value(instance->class_name())} : property_of(*instance, step);
    return result;  // the class may be the embedded instance's own: it lives as long as the instance does
  }
  if (!base.value.is_array() || !is_embedded(base.value.type())) {
    return {};
  }
  std::vector<Value> values;
  const Property* property = nullptr;
  Type type = Type::kNone;
  for (const Value& element : base.value.elements()) {
    const InstancePtr instance = element.as_instance();
    if (!instance || !spend(1)) {
      continue;
    }
    Operand one = property_of(*instance, step);
    if (one.value.is_absent() || one.value.is_array() || (type != Type::kNone && one.value.type() != type)) {
      continue;
    }
    type = one.value.type();
    property = one.property;
    values.push_back(std::move(one.value));
  }
  return type == Type::kNone ? Operand{} : Operand{Value::array(type, std::move(values)), property};
}

Value Evaluator::select_elements(Value array, const PathStep& step) {
  if (step.ranges.empty()) {
    return array;
  }
  const auto elements = array.elements();
  if (step.is_single) {
    const std::uint64_t index = step.ranges.front().first;
    return index < elements.size() ? elements[index] : Value::null(array.type());
  }
  std::vector<Value> selected;
  for (const IndexRange& range : step.ranges) {
    for (std::uint64_t i = range.first; i <= range.last && i < elements.size() && spend(1); ++i) {
      selected.push_back(elements[i]);
    }
  }
  return Value::array(array.type(), std::move(selected));
}

Value Evaluator::symbol_value(const Property* property, const std::string& text) const {
  const Qualifier* const names = property != nullptr ? property->qualifiers.find("Values") : nullptr;
  const Qualifier* const map = property != nullptr ? property->qualifiers.find("ValueMap") : nullptr;
  if (names == nullptr) {
    return Value::null(Type::kString);
  }
  const auto elements = names->value.elements();
  const auto found =
      std::ranges::find_if(elements, [&text](const Value& each) { return each.string_or_empty() == text; });
  if (found == elements.end()) {
    return Value::null(property->type);
  }
  const auto index = static_cast<std::size_t>(found - elements.begin());
  if (map == nullptr) {
    return Value(static_cast<std::uint64_t>(index));
  }
  const auto keys = map->value.elements();
  auto value = index < keys.size() ? Value::parse(property->type, keys[index].string_or_empty())
                                   : Result<Value, ValueError>(fail(ValueError::kSyntax));
  return value ? std::move(*value) : Value::null(property->type);
}

Value Evaluator::system_property(std::size_t source, std::string_view name) const {
  const Class* const cls = class_of(source);
  const Instance* const instance = instance_of(source);
  if (cls == nullptr) {
    return {};
  }
  if (name_equal(name, "__CLASS") || name_equal(name, "__THIS")) {
    return Value(cls->name());
  }
  if (name_equal(name, "__SUPERCLASS")) {
    return cls->superclass_name().empty() ? Value::null(Type::kString) : Value(cls->superclass_name());
  }
  if (name_equal(name, "__NAMESPACE")) {
    return Value(path_of(source).name_space().text());
  }
  if (name_equal(name, "__SERVER")) {
    return Value(surroundings_.host);
  }
  if (name_equal(name, "__GENUS")) {
    return Value(std::int32_t{instance != nullptr ? 2 : 1});
  }
  if (name_equal(name, "__PROPERTY_COUNT")) {
    return Value(static_cast<std::int32_t>(cls->properties().size()));
  }
  if (name_equal(name, "__DYNASTY") || name_equal(name, "__DERIVATION")) {
    std::vector<std::string> names;
    const Class* top = cls;
    for (; top->superclass() != nullptr; top = top->superclass().get()) {
      names.push_back(top->superclass()->name());
    }
    return name_equal(name, "__DYNASTY") ? Value(top->name())
           : names.empty()               ? Value::array(Type::kString, {})
                                         : Value::array_of(names);
  }
  if ((name_equal(name, "__PATH") || name_equal(name, "__RELPATH")) && instance != nullptr) {
    const bool is_relative = name_equal(name, "__RELPATH");
    return Value((is_relative ? instance->path({}) : path_of(source)).to_string());
  }
  return {};
}

ObjectPath Evaluator::path_of(std::size_t source) const {
  const Instance* const instance = instance_of(source);
  const Class* const cls = class_of(source);
  ObjectPath path;
  if (instance != nullptr) {
    path = path_of(*instance);
  } else if (cls != nullptr) {
    path = ObjectPath(surroundings_.name_space, cls->name());
  }
  path.set_host(surroundings_.host);
  return path;
}

ObjectPath Evaluator::path_of(const Instance& instance) const {
  return instance.path(instance.name_space() != nullptr ? *instance.name_space() : surroundings_.name_space);
}

}  // namespace lunaria::cim::query
