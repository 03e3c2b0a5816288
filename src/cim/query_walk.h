#pragma once

// QueryWalk: carries out what a query means as enumerations: SELECT over the extents of its classes, ASSOCIATORS OF and
// REFERENCES OF over associations, and the filters of pulled enumerations over whatever they filter.

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/memory_budget.h"
#include "cim/enumeration_request.h"
#include "cim/enumerator.h"
#include "cim/error.h"
#include "cim/instance_sink.h"
#include "cim/operation_context.h"
#include "cim/provider_table.h"
#include "cim/query/fetched_instances.h"
#include "cim/query/kept.h"
#include "cim/query/query.h"
#include "cim/query/query_sink.h"
#include "cim/query/sources.h"
#include "cim/repository.h"
#include "runtime/task.h"

namespace lunaria::cim {

/// Lives for one enumeration; what it is given outlives it.
class QueryWalk final {
 public:
  QueryWalk(const Repository& repository, const ProviderTable& providers, const Enumerator& enumerator,
            const OperationContext& context, const EnumerationRequest& request, InstanceSink& sink,
            EnumerationErrors* errors, MemoryBudget& query_memory);

  /// For a request of kind kQuery. QUERY_LANGUAGE_NOT_SUPPORTED, INVALID_QUERY; NOT_SUPPORTED where the results are
  /// classes (see asks_for_classes()).
  runtime::Task<Result<void, Error>> run_query();
  /// For a request of another kind with a FilterQuery, which must be DMTF:FQL: the objects for which it holds.
  runtime::Task<Result<void, Error>> run_filtered();

 private:
  /// Fetches what InstanceOf names, as the one who asks.
  class Fetcher final : public query::InstanceFetcher {
   public:
    Fetcher(const Repository& repository, const ProviderTable& providers, const OperationContext& context)
        : repository_(repository), providers_(providers), context_(context) {}
    runtime::Task<Result<InstancePtr, Error>> fetch(const ObjectPath& path) override;

   private:
    const Repository& repository_;
    const ProviderTable& providers_;
    const OperationContext& context_;
    std::size_t count_ = 0;
  };

  runtime::Task<Result<void, Error>> select(const query::Query& query, InstanceSink& sink);
  runtime::Task<Result<void, Error>> join(const query::Query& query, const query::Sources& sources,
                                          query::QuerySink& rows);
  runtime::Task<Result<void, Error>> list(const query::Query& query, const query::Sources& sources, std::size_t source,
                                          InstanceSink& receiver);
  runtime::Task<Result<void, Error>> follow(const query::Query& query);

  const Repository& repository_;
  const Enumerator& enumerator_;
  const OperationContext& context_;
  const EnumerationRequest& request_;
  InstanceSink& sink_;
  EnumerationErrors* errors_;
  Fetcher fetcher_;
  query::Kept kept_;
  query::FetchedInstances fetched_;
  query::Surroundings surroundings_;
};

/// The class of the instances that a SELECT answers (QueryResultClass of OpenQueryInstances): that after FROM, or,
/// where they are made up, query::result_class(). NOT_SUPPORTED where the types of expressions are not known
/// beforehand.
Result<ClassPtr, Error> query_result_class(const Repository& repository, const NamespaceName& name_space,
                                           const QueryText& text);

}  // namespace lunaria::cim
