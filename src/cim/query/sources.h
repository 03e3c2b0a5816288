#pragma once

// Sources: the classes after FROM, found in the schema, and which of them an expression reads.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/class.h"
#include "cim/error.h"
#include "cim/name.h"
#include "cim/property.h"
#include "cim/query/statement.h"
#include "cim/repository.h"

namespace lunaria::cim::query {

/// One bit for each of Statement::sources.
using SourceSet = std::uint32_t;

/// For a SELECT, which outlives it.
class Sources final {
 public:
  /// INVALID_QUERY when a class after FROM, or of a subquery there, is not in its namespace, or when a property that
  /// the query names without stepping into an embedded object is in none of them nor below, or of none that its
  /// scope allows, or, in a join, in several; for a step into what is no embedded object; for a symbol that no property
  /// which it may stand beside knows; and for arguments that functions do not take.
  static Result<Sources, Error> find(const Statement& statement, const Repository& repository,
                                     const NamespaceName& name_space);

  /// Where the instances of one live.
  const NamespaceName& name_space(std::size_t source) const { return each_[source].name_space; }
  /// Those that the expression reads.
  SourceSet read_by(NodeIndex expression) const { return read_by_[expression]; }
  /// The properties, of whichever class the instance will be, that a path may end at; nullopt where the schema does not
  /// tell: in rows that are made up, in objects of any class; where the path leads through an array; and when no
  /// lookups are left, of which it takes what it needs.
  std::optional<std::vector<PropertyPtr>> properties_of(NodeIndex path, const Repository& repository,
                                                        std::size_t& lookups_left) const;

 private:
  struct Found {
    NamespaceName name_space{};
    std::vector<ClassPtr> classes{};  ///< the class and those below; none for rows that are made up
    std::optional<std::vector<std::string>> properties{};  ///< of the rows of a subquery; nullopt: whatever there is
    bool has_property(std::string_view name) const;
  };
  class PathProperties;
  explicit Sources(const Statement& statement) : statement_(&statement) {}

  static Result<Found, Error> find_one(const Source& source, const Repository& repository,
                                       const NamespaceName& name_space);
  static Result<Found, Error> find_rows(const Statement& subquery, const Repository& repository,
                                        const NamespaceName& name_space);
  Result<SourceSet, Error> read_by_path(NodeIndex path) const;
  Result<SourceSet, Error> read_by_property(const Node& path) const;
  Result<void, Error> check_property(std::size_t source, const PathStep& step) const;
  Result<void, Error> check_lone_aliases() const;
  Result<void, Error> check_paths(const Repository& repository) const;
  Result<void, Error> check_symbols(const Repository& repository) const;

  const Statement* statement_;
  std::vector<Found> each_;
  std::vector<SourceSet> read_by_;  // as Statement::nodes
};

/// The properties that the expressions read of the instances of one source.
std::vector<std::string> read_properties(const Statement& statement, std::size_t source);

/// The source whose instances are the rows of a SELECT, as Query::kept_source().
std::optional<std::size_t> kept_source(const Statement& statement);

/// The innermost ANY or EVERY ... IN that binds the name for the node; kNoNode when there is none.
NodeIndex binder_of(const Statement& statement, std::string_view name, NodeIndex node);

}  // namespace lunaria::cim::query
