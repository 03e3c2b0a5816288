#pragma once

// What a query asks for, as parsed: the statement around the expressions. Plain values.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/name.h"
#include "cim/query/expression.h"

namespace lunaria::cim::query {

/// DMTF:CQL is DSP0202; DMTF:FQL (DSP0212) is a condition alone, for pulled enumerations; WQL is what Windows speaks.
enum class Language : std::uint8_t { kCql, kFql, kWql };

/// By the names that clients send, whatever their case: "DMTF:CQL", "CIM:CQL", "CQL", "DMTF:FQL", "WQL".
std::optional<Language> language_from_name(std::string_view name);
/// The name to tell clients.
std::string_view language_name(Language language);

enum class StatementKind : std::uint8_t {
  kSelect,         ///< instances of a class
  kSchema,         ///< WQL: SELECT * FROM meta_class, classes of the namespace
  kAssociatorsOf,  ///< WQL: ASSOCIATORS OF {path}
  kReferencesOf,   ///< WQL: REFERENCES OF {path}
  kFilter,         ///< FQL: a condition on whatever is being enumerated
};

struct Statement;

/// A class after FROM, or a query in parentheses whose rows are taken for instances.
struct Source {
  std::string class_name;                     ///< "" for a subquery
  std::shared_ptr<const Statement> subquery;  ///< null for a class
  std::string alias;                          ///< "" without
  std::string name_space;                     ///< "" for that of the request

  /// By which the rest of the query calls it.
  const std::string& name() const { return alias.empty() ? class_name : alias; }
};

struct SelectItem {
  NodeIndex expression = kNoNode;  ///< kNoNode: all properties
  std::string source;              ///< of `Class.*`; "" for those of every class after FROM
  std::string name;                ///< the alias, or the last name of the path
  bool is_named = false;           ///< by AS
  std::size_t position = 0;        ///< in the text, of the name after AS or of the expression
};

struct SortItem {
  NodeIndex expression = kNoNode;
  bool is_descending = false;
};

/// The options of ASSOCIATORS OF and REFERENCES OF; "" where there is none.
struct AssociationClause {
  std::string path;  ///< text of an object path; with SchemaOnly of a class
  std::string association_class;
  std::string result_class;
  std::string role;
  std::string result_role;
  std::string required_qualifier;
  std::string required_association_qualifier;
  bool class_definitions_only = false;
  bool keys_only = false;
  bool schema_only = false;
};

struct Statement {
  StatementKind kind = StatementKind::kSelect;
  std::vector<Source> sources;  ///< FROM: several for a join, none for kFilter and associations
  bool is_distinct = false;
  std::optional<std::uint64_t> first;
  std::vector<SelectItem> items;
  std::vector<SortItem> order;
  NodeIndex condition = kNoNode;
  std::optional<std::chrono::duration<double>> within;  ///< WQL: how often a client wants to be told
  AssociationClause association;
  Nodes nodes;

  bool is_join() const { return sources.size() > 1; }
  /// Whether it is answered with the help of other instances than those of its sources (InstanceOf).
  bool fetches_instances() const {
    return std::ranges::any_of(nodes, [](const Node& node) { return node.fetches; });
  }
  /// Which of them a name in front of a property means: by its alias, or by the name of its class.
  std::optional<std::size_t> source_named(std::string_view name) const {
    for (const auto& member : {&Source::alias, &Source::class_name}) {
      for (std::size_t i = 0; i < sources.size(); ++i) {
        if (!name.empty() && name_equal(sources[i].*member, name)) {
          return i;
        }
      }
    }
    return std::nullopt;
  }
  /// Whether a property of that name may be meant where source_named() finds a source: what a client chose to call a
  /// class is not hidden by the names that the schema happens to have.
  bool may_be_hidden(std::string_view name) const {
    return !is_join() && (sources.empty() || !name_equal(sources.front().alias, name));
  }
};

}  // namespace lunaria::cim::query
