#pragma once

// The syntax tree of a query's expressions: nodes in one vector, which point to each other by index. A value: copied,
// moved and destroyed without recursion.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cim/query/pattern.h"
#include "cim/value.h"

namespace lunaria::cim::query {

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = 0xFFFFFFFF;

enum class NodeKind : std::uint8_t {
  kLiteral,         ///< value
  kPath,            ///< steps
  kMember,          ///< what the steps lead to from left, which is no path
  kSymbol,          ///< #'Text': symbol, a value of the property that it is compared with
  kNegate,          ///< -left
  kAdd,             ///< left + right, also of datetimes
  kSubtract,        ///< left - right
  kMultiply,        ///< left * right
  kDivide,          ///< left / right
  kConcatenate,     ///< left || right
  kCompare,         ///< left comparison right
  kAnd,             ///< all of arguments
  kOr,              ///< one of arguments
  kNot,             ///< NOT left
  kIsNull,          ///< left IS NULL
  kIsa,             ///< left ISA name; without left the instance itself
  kLike,            ///< left LIKE pattern
  kAny,             ///< ANY left, a predicate whose own left side is an array
  kEvery,           ///< EVERY left
  kAnySatisfies,    ///< ANY name IN left SATISFIES (right)
  kEverySatisfies,  ///< EVERY name IN left SATISFIES (right)
  kFunction,        ///< function(arguments)
  kAggregate,       ///< aggregate(left), of distinct values only with is_distinct; COUNT(*) without left
};

enum class Comparison : std::uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

enum class Function : std::uint8_t {
  kUpperCase,
  kLowerCase,
  kNumericToString,
  kReferenceToString,
  kCurrentDateTime,
  kDateTime,
  kMicrosecondsToTimestamp,
  kMicrosecondsToInterval,
  kTimestampToMicroseconds,
  kIntervalToMicroseconds,
  kHostPort,
  kModelPath,
  kClassPath,
  kObjectPath,
  kInstancePath,
  kInstanceToReference,
  kNameSpaceName,
  kClassName,
  kArrayLength,
  kDateTimeToMicroseconds,
  kStringToUint,
  kStringToSint,
  kStringToReal,
  kStringToNumeric,
  kSchemaName,
  kNameSpaceType,
  kCreateArray,
  kInstanceOf,
};

enum class Aggregate : std::uint8_t { kCount, kMin, kMax, kSum, kMean, kMedian };

/// Elements of an array: first to last, both counted from 0.
struct IndexRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// One name of a path, with what stands behind it.
struct PathStep {
  std::string name;                ///< "" of a kMember: elements of left itself
  std::string scope;               ///< of `Class::Name`; "" without
  std::vector<IndexRange> ranges;  ///< of `[1, 3..5]`
  bool is_single = false;          ///< exactly one index: the element itself, not an array of it
  bool is_all = false;             ///< `[*]`
};

struct Node {
  NodeKind kind = NodeKind::kLiteral;
  Comparison comparison = Comparison::kEqual;
  Function function = Function::kUpperCase;
  Aggregate aggregate = Aggregate::kCount;
  bool is_distinct = false;  ///< of kAggregate
  bool fetches = false;      ///< there is a kInstanceOf in it
  std::uint16_t depth = 0;   ///< nodes below it, at most limits::kQueryDepthMax
  NodeIndex left = kNoNode;
  NodeIndex right = kNoNode;
  std::vector<NodeIndex> arguments;
  Value value;
  std::vector<PathStep> steps;
  std::string name;                   ///< of ISA its class, of SATISFIES its variable
  std::optional<std::string> symbol;  ///< of a path with `#'Text'`, and of kSymbol
  std::shared_ptr<const Pattern> pattern;
};

using Nodes = std::vector<Node>;

}  // namespace lunaria::cim::query
