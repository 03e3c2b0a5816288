#pragma once

// Evaluates the expressions of a query over one instance, one of each class of a join, or, for schema queries, one
// class. Three-valued: NULL is unknown, and only what is true counts.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/instance.h"
#include "cim/name.h"
#include "cim/object_path.h"
#include "cim/query/statement.h"
#include "runtime/clock.h"

namespace lunaria::cim::query {

class FetchedInstances;

/// What a query may ask about beside the instance.
struct Surroundings {
  NamespaceName name_space{};     ///< where instances live that do not say where
  std::string host{};             ///< of this server, as paths show it
  std::string name_space_type{};  ///< by which the client calls it (DSP0207): "https"; "" where no URI leads here
  runtime::WallTime wall_time{};  ///< what CurrentDateTime() answers
  FetchedInstances* instances{};  ///< what InstanceOf() answers from; null where it is NULL
};

/// What a query looks at together: an instance of each of Statement::sources. While a join is being put together some
/// are null still, and no expression that reads them is evaluated.
using Row = std::span<const Instance* const>;

/// For one row; what it is given outlives it.
class Evaluator final {
 public:
  Evaluator(Language language, const Statement& statement, const Surroundings& surroundings, Row row)
      : language_(language), statement_(statement), surroundings_(surroundings), row_(row) {}
  Evaluator(Language language, const Statement& statement, const Surroundings& surroundings, const Instance& instance)
      : language_(language), statement_(statement), surroundings_(surroundings), instance_(&instance) {}
  Evaluator(Language language, const Statement& statement, const Surroundings& surroundings, const Class& cls)
      : language_(language), statement_(statement), surroundings_(surroundings), class_(&cls) {}
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// Whether the condition is true. False, too, when working it out takes more than limits::kQueryStepsMax steps.
  bool is_true(NodeIndex condition);
  /// The value of an expression; NULL or absent when it has none.
  Value value(NodeIndex expression);

 private:
  /// A value, and the property that it was read from, which says what `#'Text'` stands for.
  struct Operand {
    Value value;
    const Property* property = nullptr;
  };
  Operand operand(NodeIndex index);
  Operand path(const Node& node);
  Operand first_step(const Node& node, std::size_t& position);
  Operand next_step(const Operand& base, const PathStep& step);
  Operand property_of(const Instance& instance, const PathStep& step);
  Value select_elements(Value array, const PathStep& step);
  Value system_property(std::size_t source, std::string_view name) const;
  Value symbol_value(const Property* property, const std::string& text) const;
  /// Null for a class, and where a join has none yet.
  const Instance* instance_of(std::size_t source) const;
  const Class* class_of(std::size_t source) const;
  ObjectPath path_of(std::size_t source) const;
  /// Where the instance does not say where it is, in the namespace of the query.
  ObjectPath path_of(const Instance& instance) const;
  /// Whether `name` stands for the whole instance, and of which source.
  std::optional<std::size_t> source_named(std::string_view name) const;
  /// As far as no property may be meant: no variable, and none that hides the class.
  std::optional<std::size_t> source_surely_named(const Node& path) const;
  /// Of SATISFIES, the innermost; null when there is none of that name.
  const Operand* variable_named(std::string_view name) const;
  /// The one that has a property, in a join.
  std::size_t source_with(std::string_view property) const;

  Value chain(const Node& node);
  Value compared(const Node& node, const Operand& left);
  Value like(const Node& node, const Value& text);
  Value isa(const Node& node);
  Value quantified(const Node& node);
  Value satisfied(const Node& node);
  Value predicate(const Node& node, const Operand& left);
  Value function(const Node& node);
  Value created_array(const Node& node);
  Value named_instance(const Node& node);
  Value path_function(const Node& node);
  Value argument(const Node& node) { return value(node.arguments.front()); }
  /// False when the budget is used up.
  bool spend(std::size_t steps);

  Language language_;
  const Statement& statement_;
  const Surroundings& surroundings_;
  const Instance* instance_ = nullptr;
  const Class* class_ = nullptr;
  Row row_{&instance_, 1};
  std::vector<std::pair<std::string_view, Operand>> variables_;
  std::size_t steps_ = 0;
};

}  // namespace lunaria::cim::query
