#pragma once

// What a WHERE clause says of single properties, for those who list instances: an instance that breaks one of these
// conditions cannot match, whatever the rest of the clause says, and need not be made. The rest, and these conditions
// once more, is asked by whoever runs the query: a provider may look at none of this.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/class.h"
#include "cim/object_path.h"
#include "cim/query/expression.h"
#include "cim/query/statement.h"
#include "cim/value.h"

namespace lunaria::cim::query {

/// `property comparison literal`; with several literals (a chain of ORs) equality with one of them.
struct Condition {
  std::string property;
  std::string source;  ///< the class in front of it, where a property of that name would be meant instead; or ""
  std::string scope;   ///< of `Class::Property`; "" without
  Comparison comparison = Comparison::kEqual;
  std::vector<Value> literals;
};

/// The conditions that a WHERE clause joins with AND, as far as they have that form.
struct Conditions {
  Language language = Language::kCql;
  std::vector<Condition> all;
};
using ConditionsPtr = std::shared_ptr<const Conditions>;

/// Those on the instances of one class after FROM. Null when there are none.
ConditionsPtr conditions_of(Language language, const Statement& statement, std::size_t source);

/// The conditions on the instances of one class. Immutable; safe on any thread.
class Prefilter final {
 public:
  /// Null when none of them can be asked of the class. `conditions` may be null.
  static std::shared_ptr<const Prefilter> make(const ConditionsPtr& conditions, const ClassPtr& cls);
  /// For make().
  Prefilter(ConditionsPtr conditions, ClassPtr cls);

  /// Whether admits() may be false for a value of this property.
  bool concerns(std::string_view property) const;
  /// False only where no instance with this value in that property can match; `value` is of the property's type, NULL
  /// or absent.
  bool admits(std::string_view property, const Value& value) const;
  bool admits(std::size_t index, const Value& value) const;

  /// The value of the property's type that every match has, where the clause leaves one only: strings byte by byte.
  std::optional<Value> required_value(std::size_t index) const;
  /// The path that every match has, keys in class order; nullopt unless all keys have a required value, and for a class
  /// without keys.
  std::optional<ObjectPath> path(const NamespaceName& name_space) const;

 private:
  ConditionsPtr conditions_;
  ClassPtr class_;
  std::vector<std::pair<std::size_t, const Condition*>>
      by_index_;  ///< what can be asked of the class, as in the clause
};
using PrefilterPtr = std::shared_ptr<const Prefilter>;

}  // namespace lunaria::cim::query
