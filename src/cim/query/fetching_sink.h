#pragma once

// FetchingSink: stands in front of a sink that asks a query of instances, and holds each back until the instances that
// InstanceOf names for it are there.

#include <optional>

#include "cim/error.h"
#include "cim/instance.h"
#include "cim/instance_sink.h"
#include "cim/query/evaluator.h"
#include "cim/query/fetched_instances.h"
#include "cim/query/query.h"
#include "runtime/task.h"

namespace lunaria::cim::query {

/// For a query of one source, or a filter. Keeps one instance at most, while the producer waits. What it is given
/// outlives it; the surroundings lead to `fetched`.
class FetchingSink final : public InstanceSink {
 public:
  FetchingSink(const Query& query, const Surroundings& surroundings, FetchedInstances& fetched, InstanceSink& next)
      : query_(query), surroundings_(surroundings), fetched_(fetched), next_(next) {}

  Delivery deliver(Instance&& instance) override;
  runtime::Task<bool> ready() override;
  /// Why it wanted no more, where that was not the next one's doing.
  const std::optional<Error>& error() const { return error_; }

 private:
  bool lacks(const Instance& instance);

  const Query& query_;
  const Surroundings& surroundings_;
  FetchedInstances& fetched_;
  InstanceSink& next_;
  std::optional<Instance> held_;
  std::optional<Error> error_;
};

}  // namespace lunaria::cim::query
