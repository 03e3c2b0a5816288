#pragma once

// Join: puts together the rows of a query over several classes (DSP0202, Simple Join and Complex Join).

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "cim/error.h"
#include "cim/instance.h"
#include "cim/instance_sink.h"
#include "cim/limits.h"
#include "cim/operation_context.h"
#include "cim/query/evaluator.h"
#include "cim/query/join_index.h"
#include "cim/query/kept.h"
#include "cim/query/query.h"
#include "cim/query/query_sink.h"
#include "cim/query/sources.h"
#include "runtime/task.h"

namespace lunaria::cim::query {

/// Put the instances of each source into rows_of(), then await combine(). Control shard only; what it is given outlives
/// it.
///
/// The condition is taken apart at its ANDs. Parts that read one source are asked of its instances as they come; the
/// others, and those that fetch instances (InstanceOf), as soon as a combination has the instances that they read.
/// Sources are gone through in the order of FROM, except that one which an equality ties to those before it comes next,
/// and is then looked up by hash.
class Join final {
 public:
  Join(const Query& query, const Sources& sources, const Surroundings& surroundings, Kept& kept,
       std::size_t combinations_max = limits::kQueryCombinationsMax);
  ~Join();

  /// Receives the instances of a source.
  InstanceSink& rows_of(std::size_t source);
  /// Whether a source that is filled already has nothing that could match: there is no combination then.
  bool has_nothing(std::size_t source) const;

  /// Passes every combination of which the condition holds to the sink. SERVER_LIMITS_EXCEEDED where there are
  /// more instances or combinations than there may be. Lets others on the shard go first from
  /// time to time; ends early, with what was found, when the operation is cancelled.
  runtime::Task<Result<void, Error>> combine(const OperationContext& context, QuerySink& sink);

 private:
  class Rows;
  /// A part of the condition, and what it reads.
  struct Part {
    NodeIndex expression = kNoNode;
    SourceSet reads = 0;
  };
  /// One source on the way to a whole combination.
  struct Level {
    std::size_t source = 0;
    std::vector<NodeIndex> conditions;  ///< to be asked once it has an instance
    bool fetches = false;               ///< one of them does (InstanceOf)
    NodeIndex own_side = kNoNode;       ///< of an equality that ties it to the levels before
    NodeIndex other_side = kNoNode;
    std::optional<JoinIndex> index;  ///< of own_side
    JoinCandidates candidates;       ///< of what the levels before have; without index all rows are
    std::size_t next = 0;
  };

  void take_apart(NodeIndex condition);
  void plan();
  bool tie(Level& level, SourceSet before) const;
  void enter(Level& level);
  bool step(Level& level);
  bool holds(const std::vector<NodeIndex>& conditions);
  bool fetches(NodeIndex expression) const { return query_.statement().nodes[expression].fetches; }
  /// What the conditions of a level lack, or, without one, the list and order of a whole combination.
  runtime::Task<Result<void, Error>> fetch_for(const Level* level);
  std::vector<Value> values_of(const Level& level) const;

  const Query& query_;
  const Sources& sources_;
  const Surroundings& surroundings_;
  Kept& kept_;
  std::size_t combinations_max_;
  bool fetches_instances_;
  std::vector<Part> parts_;
  std::vector<std::unique_ptr<Rows>> rows_;
  std::vector<Level> levels_;
  std::vector<const Instance*> row_;  // of the sources
};

}  // namespace lunaria::cim::query
