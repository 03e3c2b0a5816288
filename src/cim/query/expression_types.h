#pragma once

// ExpressionTypes: what the schema says of the values of a query's expressions, before there is an instance.

#include <cstddef>
#include <optional>
#include <string>

#include "cim/limits.h"
#include "cim/query/expression.h"
#include "cim/query/sources.h"
#include "cim/query/statement.h"
#include "cim/repository.h"
#include "cim/type.h"

namespace lunaria::cim::query {

struct ExpressionType {
  Type type = Type::kString;
  bool is_array = false;
  std::string object_class{};  ///< of references and embedded instances; "" where any may come

  bool is(Type wanted) const { return !is_array && type == wanted; }
  friend bool operator==(const ExpressionType&, const ExpressionType&) = default;
};

/// For a SELECT, which outlives it. What it looks at in the schema is bounded for all that it is asked together.
class ExpressionTypes final {
 public:
  ExpressionTypes(const Statement& statement, const Sources& sources, const Repository& repository)
      : statement_(statement), sources_(sources), repository_(repository) {}

  using MaybeType = std::optional<ExpressionType>;
  /// Of what Evaluator answers; nullopt where that depends on values, and where finding out takes too long.
  MaybeType of(NodeIndex index) const;

 private:
  MaybeType of_path(NodeIndex index) const;
  MaybeType of_member(NodeIndex index) const;
  MaybeType of_aggregate(const Node& node) const;
  MaybeType of_created_array(const Node& node) const;
  MaybeType of_named_instance(const Node& node) const;
  MaybeType of_function(const Node& node) const;

  const Statement& statement_;
  const Sources& sources_;
  const Repository& repository_;
  mutable std::size_t lookups_left_ = limits::kQuerySchemaLookupsMax;
};

}  // namespace lunaria::cim::query
