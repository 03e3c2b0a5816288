#pragma once

// Query: a parsed query in one of the languages that clients send, ready to be asked of instances. What executes
// queries (the object manager, pulled enumerations, indication filters) uses this and QuerySink and nothing below them.

#include <cstddef>
#include <memory>
#include <optional>
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
/// Selecting: enumerate class_name() with its subclasses into a QuerySink, or, where there are several sources, each of
/// them into a Join. Filtering (FQL, indications): matches().
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
  /// The class after FROM, the first of a join; "" where there is none.
  std::string_view class_name() const {
    return statement_->sources.empty() ? std::string_view() : statement_->sources.front().class_name;
  }
  const std::string& text() const { return text_; }

  /// INVALID_QUERY when it does not fit the schema: see Sources::find(), for SELECTs.
  Result<void, Error> check(const Repository& repository, const NamespaceName& name_space) const;

  /// Whether the condition holds; true when there is none.
  bool matches(const Instance& instance, const Surroundings& surroundings) const;
  bool matches(const Class& cls, const Surroundings& surroundings) const;

  /// The properties of one source that condition, list and order read, for providers: absent when all are wanted.
  PropertyList needed_properties(std::size_t source = 0) const;
  /// The properties to show when the list is of plain properties: absent for `*`.
  PropertyList selected_properties() const;
  /// The source whose instances, with all or some of their properties, are the rows. nullopt where rows are made up
  /// (expressions, other names, aggregates, properties of several sources): instances of kResultClass.
  std::optional<std::size_t> kept_source() const;
  static constexpr std::string_view kResultClass = "CIM_QueryResult";

  /// One row of the result, from instances that match. `result_class`: of rows that are made up, where it is known.
  Instance project(Row row, const Surroundings& surroundings, const ClassPtr& result_class = nullptr) const;
  /// A value of a row that is made up, and its name.
  struct Column {
    std::string name;
    Value value;
  };
  /// The row; of a class of its own where it does not fit the given one.
  static Instance made_up(std::vector<Column> columns, const ClassPtr& result_class);

  /// The query that stands for a source; nullopt where that is a class.
  std::optional<Query> subquery(std::size_t source) const;

  /// What providers of one source can sort out before they make instances; null when there is nothing.
  ConditionsPtr conditions(std::size_t source = 0) const { return conditions_of(language_, *statement_, source); }

 private:
  Query(Language language, std::string text, std::shared_ptr<const Statement> statement);
  /// Of a list of one source's properties: whether it names this one for instances of the class, too.
  bool shows(std::string_view property, const Class& cls) const;
  void show_all(Row row, const SelectItem& item, std::vector<Column>& columns) const;

  Language language_;
  std::string text_;
  std::shared_ptr<const Statement> statement_;
};

}  // namespace lunaria::cim::query
