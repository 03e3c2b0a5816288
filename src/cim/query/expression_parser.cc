// The expressions of a query, from OR down to a name.

#include <algorithm>
#include <array>
#include <utility>

#include "cim/limits.h"
#include "cim/query/parser.h"

namespace lunaria::cim::query {
namespace {

struct NamedFunction {
  std::string_view name;
  Function function;
  std::size_t arguments_min;
  std::size_t arguments_max;
};
constexpr std::array<NamedFunction, 33> kFunctions = {{
    {"UpperCase", Function::kUpperCase, 1, 1},
    {"Upper", Function::kUpperCase, 1, 1},
    {"LowerCase", Function::kLowerCase, 1, 1},
    {"Lower", Function::kLowerCase, 1, 1},
    {"NumericToString", Function::kNumericToString, 1, 1},
    {"ReferenceToString", Function::kReferenceToString, 1, 1},
    {"CurrentDateTime", Function::kCurrentDateTime, 0, 0},
    {"DateTime", Function::kDateTime, 1, 1},
    {"MicrosecondsToTimestamp", Function::kMicrosecondsToTimestamp, 1, 1},
    {"MicrosecondsToInterval", Function::kMicrosecondsToInterval, 1, 1},
    {"TimestampToMicroseconds", Function::kTimestampToMicroseconds, 1, 1},
    {"IntervalToMicroseconds", Function::kIntervalToMicroseconds, 1, 1},
    {"HostPort", Function::kHostPort, 0, 1},
    {"ModelPath", Function::kModelPath, 0, 1},
    {"ClassPath", Function::kClassPath, 0, 1},
    {"ObjectPath", Function::kObjectPath, 0, 1},
    {"InstancePath", Function::kInstancePath, 0, 1},
    {"InstanceToReference", Function::kInstanceToReference, 0, 1},
    {"NameSpaceName", Function::kNameSpaceName, 0, 1},
    {"ClassName", Function::kClassName, 0, 1},
    {"ArrayLength", Function::kArrayLength, 1, 1},
    {"MicrosecondToTimestamp", Function::kMicrosecondsToTimestamp, 1, 1},  // drafts and servers differ in the plural
    {"MicrosecondToInterval", Function::kMicrosecondsToInterval, 1, 1},
    {"DateTimeToMicrosecond", Function::kDateTimeToMicroseconds, 1, 1},
    {"DateTimeToMicroseconds", Function::kDateTimeToMicroseconds, 1, 1},
    {"StringToUint", Function::kStringToUint, 1, 1},
    {"StringToSint", Function::kStringToSint, 1, 1},
    {"StringToReal", Function::kStringToReal, 1, 1},
    {"StringToNumeric", Function::kStringToNumeric, 1, 1},
    {"SchemaName", Function::kSchemaName, 0, 1},
    {"NameSpaceType", Function::kNameSpaceType, 0, 1},
    {"InstanceOf", Function::kInstanceOf, 1, 1},
    {"CreateArray", Function::kCreateArray, 1, limits::kQueryNodesMax},
}};

struct NamedAggregate {
  std::string_view name;
  Aggregate aggregate;
};
constexpr std::array<NamedAggregate, 6> kAggregates = {{{"COUNT", Aggregate::kCount},
                                                        {"MIN", Aggregate::kMin},
                                                        {"MAX", Aggregate::kMax},
                                                        {"SUM", Aggregate::kSum},
                                                        {"MEAN", Aggregate::kMean},
                                                        {"MEDIAN", Aggregate::kMedian}}};

std::optional<Comparison> comparison_of(const Token& token) {
  struct Sign {
    std::string_view text;
    Comparison comparison;
  };
  static constexpr std::array<Sign, 7> kSigns = {{{"=", Comparison::kEqual},
                                                  {"<>", Comparison::kNotEqual},
                                                  {"!=", Comparison::kNotEqual},
                                                  {"<", Comparison::kLess},
                                                  {"<=", Comparison::kLessOrEqual},
                                                  {">", Comparison::kGreater},
                                                  {">=", Comparison::kGreaterOrEqual}}};
  const auto* const found = std::ranges::find_if(kSigns, [&token](const Sign& sign) { return token.is(sign.text); });
  return found != kSigns.end() ? std::optional(found->comparison) : std::nullopt;
}

bool is_operator(const Token& token) {
  static constexpr std::array<std::string_view, 6> kWords = {"AND", "OR", "NOT", "IS", "ISA", "LIKE"};
  return std::ranges::any_of(kWords, [&token](std::string_view word) { return token.is_keyword(word); });
}

}  // namespace

NodeIndex Parser::add(Node node) {
  if (statement_.nodes.size() >= limits::kQueryNodesMax) {
    return refuse_node("the query has too many parts");
  }
  const auto deepen = [&](NodeIndex child) {
    if (child != kNoNode) {
      node.depth = std::max(node.depth, static_cast<std::uint16_t>(statement_.nodes[child].depth + 1));
      node.fetches = node.fetches || statement_.nodes[child].fetches;
    }
  };
  deepen(node.left);
  deepen(node.right);
  std::ranges::for_each(node.arguments, deepen);
  if (node.depth > limits::kQueryDepthMax) {
    return refuse_node("the query is nested too deeply");
  }
  statement_.nodes.push_back(std::move(node));
  return static_cast<NodeIndex>(statement_.nodes.size() - 1);
}

NodeIndex Parser::add_binary(NodeKind kind, NodeIndex left, NodeIndex right) {
  if (left == kNoNode || right == kNoNode) {
    return kNoNode;
  }
  Node node;
  node.kind = kind;
  node.left = left;
  node.right = right;
  return add(std::move(node));
}

NodeIndex Parser::add_negation(NodeIndex inner) {
  Node node;
  node.kind = NodeKind::kNot;
  node.left = inner;
  return inner == kNoNode ? kNoNode : add(std::move(node));
}

NodeIndex Parser::parse_or(std::size_t depth) {
  Node node;
  node.kind = NodeKind::kOr;
  do {
    node.arguments.push_back(parse_and(depth));
    if (node.arguments.back() == kNoNode) {
      return kNoNode;
    }
  } while (take_keyword("OR"));
  return node.arguments.size() == 1 ? node.arguments.front() : add(std::move(node));
}

NodeIndex Parser::parse_and(std::size_t depth) {
  Node node;
  node.kind = NodeKind::kAnd;
  do {
    node.arguments.push_back(parse_not(depth));
    if (node.arguments.back() == kNoNode) {
      return kNoNode;
    }
  } while (take_keyword("AND"));
  return node.arguments.size() == 1 ? node.arguments.front() : add(std::move(node));
}

NodeIndex Parser::parse_not(std::size_t depth) {
  bool is_negated = false;
  while (take_keyword("NOT")) {
    is_negated = !is_negated;
  }
  const NodeIndex inner = parse_predicate(depth);
  return is_negated ? add_negation(inner) : inner;
}

NodeIndex Parser::parse_predicate(std::size_t depth) {
  if (depth > limits::kQueryDepthMax) {
    return refuse_node("the query is nested too deeply");
  }
  if (token_.is_keyword("ANY") || token_.is_keyword("EVERY")) {
    const Token word = token_;
    advance();
    if (token_.kind == TokenKind::kName && !is_operator(token_)) {
      return parse_quantified(word.is_keyword("ANY"), depth);
    }
    const NodeIndex path = parse_path(word);  // a property of that name
    return path == kNoNode ? kNoNode : parse_comparison(path, depth);
  }
  const NodeIndex left = parse_sum(depth);
  return left == kNoNode ? kNoNode : parse_comparison(left, depth);
}

NodeIndex Parser::parse_comparison(NodeIndex left, std::size_t depth) {
  if (const auto comparison = comparison_of(token_)) {
    advance();
    if (token_.is_keyword("NULL") && (*comparison == Comparison::kEqual || *comparison == Comparison::kNotEqual)) {
      advance();  // WQL takes it for IS NULL
      Node node;
      node.kind = NodeKind::kIsNull;
      node.left = left;
      const NodeIndex is_null = add(std::move(node));
      return *comparison == Comparison::kEqual ? is_null : add_negation(is_null);
    }
    const NodeIndex compared = add_binary(NodeKind::kCompare, left, parse_sum(depth));
    if (compared != kNoNode) {
      statement_.nodes[compared].comparison = *comparison;
    }
    return compared;
  }
  if (take_keyword("IS")) {
    return parse_is(left);
  }
  if (take_keyword("ISA")) {
    return parse_isa(left);
  }
  if (take_keyword("LIKE")) {
    return parse_like(left);
  }
  if (take_keyword("NOT")) {
    return add_negation(expect_keyword("LIKE") ? parse_like(left) : kNoNode);
  }
  return left;
}

NodeIndex Parser::parse_is(NodeIndex left) {
  const bool is_negated = take_keyword("NOT");
  if (!expect_keyword("NULL")) {
    return kNoNode;
  }
  Node node;
  node.kind = NodeKind::kIsNull;
  node.left = left;
  const NodeIndex is_null = add(std::move(node));
  return is_negated ? add_negation(is_null) : is_null;
}

NodeIndex Parser::parse_isa(NodeIndex left) {
  Node node;
  node.kind = NodeKind::kIsa;
  node.left = left;
  return read_class_name(node.name) ? add(std::move(node)) : kNoNode;
}

NodeIndex Parser::parse_like(NodeIndex left) {
  if (token_.kind != TokenKind::kString) {
    return refuse_node("a pattern between quotes expected");
  }
  const std::string& text = *token_.value.as_string();
  auto pattern = language_ == Language::kWql ? Pattern::wildcards(text) : Pattern::regular_expression(text);
  if (!pattern) {
    return refuse_node("the pattern is wrong: " + pattern.error());
  }
  advance();
  Node node;
  node.kind = NodeKind::kLike;
  node.left = left;
  node.pattern = std::make_shared<const Pattern>(std::move(*pattern));
  return add(std::move(node));
}

// After the word: ANY Property[*] = 3, or ANY x IN Property SATISFIES (x = 3 OR x > 7).
NodeIndex Parser::parse_quantified(bool is_any, std::size_t depth) {
  const Token first = token_;
  advance();
  Node node;
  if (!take_keyword("IN")) {
    const NodeIndex array = parse_named(first, depth);
    const NodeIndex predicate = array == kNoNode ? kNoNode : parse_comparison(array, depth);
    if (predicate == kNoNode) {
      return kNoNode;
    }
    if (predicate == array) {
      return refuse_node("a comparison expected");
    }
    node.kind = is_any ? NodeKind::kAny : NodeKind::kEvery;
    node.left = predicate;
    return add(std::move(node));
  }
  node.kind = is_any ? NodeKind::kAnySatisfies : NodeKind::kEverySatisfies;
  node.name = first.text;
  const Token array = token_;
  if (array.kind != TokenKind::kName) {
    return refuse_node("the name of a property expected");
  }
  advance();
  node.left = parse_named(array, depth);
  if (node.left == kNoNode || !expect_keyword("SATISFIES") || !expect("(")) {
    return kNoNode;
  }
  node.right = parse_or(depth + 1);
  return node.right != kNoNode && expect(")") ? add(std::move(node)) : kNoNode;
}

NodeIndex Parser::parse_sum(std::size_t depth) {
  NodeIndex left = parse_product(depth);
  while (left != kNoNode) {
    const NodeKind kind = token_.is("+")    ? NodeKind::kAdd
                          : token_.is("-")  ? NodeKind::kSubtract
                          : token_.is("||") ? NodeKind::kConcatenate
                                            : NodeKind::kLiteral;
    if (kind == NodeKind::kLiteral) {
      break;
    }
    advance();
    left = add_binary(kind, left, parse_product(depth));
  }
  return left;
}

NodeIndex Parser::parse_product(std::size_t depth) {
  NodeIndex left = parse_operand(depth);
  while (left != kNoNode && (token_.is("*") || token_.is("/"))) {
    const NodeKind kind = token_.is("*") ? NodeKind::kMultiply : NodeKind::kDivide;
    advance();
    left = add_binary(kind, left, parse_operand(depth));
  }
  return left;
}

NodeIndex Parser::parse_operand(std::size_t depth) {
  if (depth > limits::kQueryDepthMax) {
    return refuse_node("the query is nested too deeply");
  }
  Node node;
  if (take("(")) {
    const NodeIndex inner = parse_or(depth + 1);
    return inner != kNoNode && expect(")") ? inner : kNoNode;
  }
  if (token_.is("-") || token_.is("+")) {
    node.kind = NodeKind::kNegate;
    const bool is_negative = token_.is("-");
    advance();
    node.left = parse_operand(depth + 1);
    return node.left == kNoNode || !is_negative ? node.left : add(std::move(node));
  }
  if (take("#")) {
    node.kind = NodeKind::kSymbol;
  } else if (token_.kind == TokenKind::kName) {
    const Token name = token_;
    advance();
    if (name.is_keyword("TRUE") || name.is_keyword("FALSE")) {
      node.value = Value(name.is_keyword("TRUE"));
      return add(std::move(node));
    }
    return parse_named(name, depth);
  }
  if (token_.kind != TokenKind::kString && (token_.kind != TokenKind::kNumber || node.kind == NodeKind::kSymbol)) {
    return refuse_node("a property or a value expected");
  }
  if (node.kind == NodeKind::kSymbol) {
    node.symbol = *token_.value.as_string();
  } else {
    node.value = token_.value;
  }
  advance();
  return add(std::move(node));
}

/// After the name of a function or of what a path begins with.
NodeIndex Parser::parse_named(const Token& name, std::size_t depth) {
  if (depth > limits::kQueryDepthMax) {
    return refuse_node("the query is nested too deeply");
  }
  return take("(") ? parse_member(parse_call(name, depth)) : parse_path(name);
}

/// What stands behind a function: CreateArray(1, 2)[0], InstanceOf(Reference).Name.
NodeIndex Parser::parse_member(NodeIndex called) {
  if (called == kNoNode || statement_.nodes[called].kind != NodeKind::kFunction) {
    return called;
  }
  Node node;
  node.kind = NodeKind::kMember;
  node.left = called;
  if (statement_.nodes[called].function == Function::kCreateArray && token_.is("[")) {
    return parse_indexes(node.steps.emplace_back()) ? add(std::move(node)) : kNoNode;
  }
  if (statement_.nodes[called].function == Function::kInstanceOf && token_.is(".")) {
    return parse_inner_steps(node) ? add(std::move(node)) : kNoNode;
  }
  return called;
}

/// After the parenthesis.
NodeIndex Parser::parse_call(const Token& called, std::size_t depth) {
  const std::string_view name = called.text;
  Node node;
  const auto* const aggregate =
      std::ranges::find_if(kAggregates, [name](const NamedAggregate& named) { return name_equal(named.name, name); });
  if (aggregate != kAggregates.end()) {
    if (!allows_aggregates_) {
      return refuse_node("aggregates stand in the list after SELECT only");
    }
    node.kind = NodeKind::kAggregate;
    node.aggregate = aggregate->aggregate;
    allows_aggregates_ = false;
    node.is_distinct = take_keyword("DISTINCT");
    if (node.aggregate != Aggregate::kCount || node.is_distinct || !take("*")) {
      node.left = parse_sum(depth + 1);
      if (node.left == kNoNode) {
        return kNoNode;
      }
    }
    allows_aggregates_ = true;
    return expect(")") ? add(std::move(node)) : kNoNode;
  }
  const auto* const function =
      std::ranges::find_if(kFunctions, [name](const NamedFunction& named) { return name_equal(named.name, name); });
  if (function == kFunctions.end()) {
    refuse_at(called, "there is no function " + std::string(name));
    return kNoNode;
  }
  node.kind = NodeKind::kFunction;
  node.function = function->function;
  node.fetches = node.function == Function::kInstanceOf;
  if (!token_.is(")")) {
    do {
      const NodeIndex argument = parse_sum(depth + 1);
      if (argument == kNoNode) {
        return kNoNode;
      }
      node.arguments.push_back(argument);
    } while (take(","));
  }
  if (node.arguments.size() < function->arguments_min || node.arguments.size() > function->arguments_max) {
    return refuse_node(std::string(function->name) + " has another number of arguments");
  }
  return expect(")") ? add(std::move(node)) : kNoNode;
}

/// `first` is its first name. Class.Property, Embedded.Class::Property[1].Inner, Property#'Value'.
NodeIndex Parser::parse_path(const Token& first) {
  Node node;
  node.kind = NodeKind::kPath;
  PathStep& step = node.steps.emplace_back();
  step.name = first.text;
  if (token_.is("::")) {
    step.scope = std::move(step.name);
    advance();
    if (!read_name(step.name, "the name of a property")) {
      return kNoNode;
    }
  }
  return parse_indexes(node.steps.back()) && parse_inner_steps(node) ? add(std::move(node)) : kNoNode;
}

bool Parser::parse_inner_steps(Node& node) {
  while (take(".")) {
    if (node.steps.size() >= limits::kQueryDepthMax) {
      return refuse("the path is too long");
    }
    PathStep& next = node.steps.emplace_back();
    if (take("*")) {
      if (node.kind == NodeKind::kMember) {
        return refuse("'.*' stands behind a class only");
      }
      if (!allows_aggregates_ && !token_.is_keyword("FROM") && !token_.is(",")) {
        return refuse("'*' stands in the list after SELECT only");
      }
      next.name = "*";
      break;
    }
    if (!parse_step_name(next) || !parse_indexes(next)) {
      return false;
    }
  }
  if (take("#")) {
    if (token_.kind != TokenKind::kString) {
      return refuse("a text of the qualifier Values expected after '#'");
    }
    node.symbol = *token_.value.as_string();
    advance();
  }
  return true;
}

bool Parser::parse_step_name(PathStep& step) {
  if (!read_name(step.name, "the name of a property")) {
    return false;
  }
  if (take("::")) {
    step.scope = std::move(step.name);
    return read_name(step.name, "the name of a property");
  }
  return true;
}

bool Parser::parse_index(std::uint64_t& index) {
  const auto number = token_.kind == TokenKind::kNumber ? token_.value.as_unsigned() : std::nullopt;
  if (!number) {
    return refuse("an index expected");
  }
  index = *number;
  advance();
  return true;
}

bool Parser::parse_indexes(PathStep& step) {
  if (!take("[")) {
    return true;
  }
  if (take("*")) {
    step.is_all = true;
    return expect("]");
  }
  do {
    IndexRange& range = step.ranges.emplace_back();
    step.is_single = step.ranges.size() == 1;
    if (!token_.is("..") && !parse_index(range.first)) {
      return false;
    }
    range.last = range.first;
    if (take("..")) {
      step.is_single = false;
      range.last = limits::kMofArrayElementsMax;
      if (!token_.is("]") && !token_.is(",") && !parse_index(range.last)) {
        return false;
      }
    }
    if (step.ranges.size() > limits::kQueryDepthMax) {
      return refuse("too many indexes");
    }
  } while (take(","));
  return expect("]");
}

}  // namespace lunaria::cim::query
