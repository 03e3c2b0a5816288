#pragma once

// Query: a parsed query in one of the languages that clients send, ready to be asked of instances. What executes
// queries (the object manager, pulled enumerations, indication filters) uses this and QuerySink and nothing below them.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/class.h"
#include "cim/error.h"
#include "cim/instance.h"
#include "cim/property_list.h"
#include "cim/query/conditions.h"
#include "cim/query/evaluator.h"
#include "cim/query/statement.h"
#include "cim/repository.h"

namespace lunaria::cim::query {

/// An immutable value, cheap to copy. All members are safe on any thread.
///
/// Selecting: enumerate class_name() with its subclasses into a QuerySink. Filtering (FQL, indications): matches().
/// ASSOCIATORS OF and REFERENCES OF carry no expressions: read statement().association and call the operation that it
/// stands for; kSchema asks matches(Class) of every class of the namespace.
class Query final {
 public:
  /// INVALID_QUERY, with the place and the text at fault in the message. Bounded in size and depth (limits.h).
  static Result<Query, Error> parse(Language language, std::string_view text);
  /// The same; QUERY_LANGUAGE_NOT_SUPPORTED for a language that nobody knows.
  static Result<Query, Error> parse(std::string_view language, std::string_view text);

  Language language() const { return language_; }
  StatementKind kind() const { return statement_->kind; }
  const Statement& statement() const { return *statement_; }
  /// The class after FROM; "" where there is none.
  const std::string& class_name() const { return statement_->class_name; }
  const std::string& text() const { return text_; }

  /// INVALID_QUERY when the class after FROM is not in the namespace, or a property that the query names without
  /// stepping into an embedded object is in neither that class nor one below it.
  Result<void, Error> check(const Repository& repository, const NamespaceName& name_space) const;

  /// Whether the condition holds; true when there is none.
  bool matches(const Instance& instance, const Surroundings& surroundings) const;
  bool matches(const Class& cls, const Surroundings& surroundings) const;

  /// The properties that condition, list and order read, for providers: absent when all are wanted.
  PropertyList needed_properties() const;
  /// The properties to show when the list is of plain properties: absent for `*`.
  PropertyList selected_properties() const;
  /// Whether rows are instances of the class itself, with all or some of its properties. Otherwise (expressions, other
  /// names, aggregates) they are made up: instances of kResultClass.
  bool keeps_class() const;
  static constexpr std::string_view kResultClass = "CIM_QueryResult";

  /// One row of the result, from an instance that matches.
  Instance project(const Instance& instance, const Surroundings& surroundings) const;

  /// What providers can sort out before they make instances; null when there is nothing.
  ConditionsPtr conditions() const { return conditions_of(language_, *statement_); }

 private:
  Query(Language language, std::string text, Statement statement);

  Language language_;
  std::string text_;
  std::shared_ptr<const Statement> statement_;
};

}  // namespace lunaria::cim::query
