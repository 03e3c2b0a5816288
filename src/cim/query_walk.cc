#include "cim/query_walk.h"

#include <memory>
#include <string>
#include <utility>

#include "cim/association_query.h"
#include "cim/instance_fetch.h"
#include "cim/object_path.h"
#include "cim/property_list.h"
#include "cim/query/fetching_sink.h"
#include "cim/query/join.h"
#include "cim/query/query_sink.h"
#include "cim/query/result_class.h"
#include "runtime/shard.h"

namespace lunaria::cim {
namespace {

using Kind = EnumerationRequest::Kind;
using query::Query;
using query::StatementKind;

/// Instances that InstanceOf fetches between two times that others go first.
constexpr std::size_t kFetchesAtOnce = 64;

/// Says where instances are that come from another namespace than that of the request.
class PlacingSink final : public InstanceSink {
 public:
  PlacingSink(InstanceSink& sink, const NamespaceName& place)
      : sink_(sink), place_(std::make_shared<const NamespaceName>(place)) {}

  Delivery deliver(Instance&& instance) override {
    if (instance.name_space() == nullptr) {  // else an association led on to a third namespace
      instance.set_name_space(place_);
    }
    return sink_.deliver(std::move(instance));
  }
  runtime::Task<bool> ready() override { return sink_.ready(); }

 private:
  InstanceSink& sink_;
  std::shared_ptr<const NamespaceName> place_;
};

/// Passes on the instances of classes that have a qualifier.
class QualifiedSink final : public InstanceSink {
 public:
  QualifiedSink(InstanceSink& sink, std::string_view qualifier) : sink_(sink), qualifier_(qualifier) {}

  Delivery deliver(Instance&& instance) override {
    const Qualifier* found = qualifier_.empty() ? nullptr : instance.cls()->qualifiers().find(qualifier_);
    return qualifier_.empty() || found != nullptr ? sink_.deliver(std::move(instance)) : Delivery::kGoOn;
  }
  runtime::Task<bool> ready() override { return sink_.ready(); }

 private:
  InstanceSink& sink_;
  std::string_view qualifier_;
};

/// Passes on what a filter holds for, showing only what the request asks for: the filter may read more.
class FilterSink final : public InstanceSink {
 public:
  FilterSink(InstanceSink& sink, const Query& filter, const query::Surroundings& surroundings,
             const EnumerationRequest& request, const Class* requested)
      : sink_(sink), filter_(filter), surroundings_(surroundings), request_(request), requested_(requested) {}

  Delivery deliver(Instance&& instance) override {
    if (!filter_.matches(instance, surroundings_)) {
      return Delivery::kGoOn;
    }
    if (last_ != instance.cls()) {
      last_ = instance.cls();
      const Class& requested = requested_ != nullptr ? *requested_ : *last_;
      const EnumerateInstancesOptions& options = request_.options;
      shown_ = select_properties(*last_, requested, options.properties, options.local_only, options.deep_inheritance);
    }
    instance.select(shown_);
    return sink_.deliver(std::move(instance));
  }
  runtime::Task<bool> ready() override { return sink_.ready(); }

 private:
  InstanceSink& sink_;
  const Query& filter_;
  const query::Surroundings& surroundings_;
  const EnumerationRequest& request_;
  const Class* requested_;  // null for associations
  ClassPtr last_;
  PropertySelectionPtr shown_;
};

/// What lists whole objects where only their names are wanted: a filter reads more than keys.
Kind kind_of_objects(Kind kind) {
  switch (kind) {
    case Kind::kInstanceNames:
      return Kind::kInstances;
    case Kind::kAssociatorNames:
      return Kind::kAssociators;
    case Kind::kReferenceNames:
      return Kind::kReferences;
    default:
      return kind;
  }
}

/// As DSP0207 names what a URI of this server begins with; "" for who comes over the local socket.
std::string_view name_space_type(const OperationContext& context) {
  return context.peer == Peer::kLocalSocket ? std::string_view() : context.transport;
}

Error unsupported(std::string_view what) {
  return Error(Status::kNotSupported, std::string(what) + " is not supported in queries");
}

}  // namespace

QueryWalk::QueryWalk(const Repository& repository, const ProviderTable& providers, const Enumerator& enumerator,
                     const OperationContext& context, const EnumerationRequest& request, InstanceSink& sink,
                     EnumerationErrors* errors, MemoryBudget& query_memory)
    : repository_(repository),
      enumerator_(enumerator),
      context_(context),
      request_(request),
      sink_(sink),
      errors_(errors),
      fetcher_(repository, providers, context),
      kept_(query_memory),
      fetched_(fetcher_, kept_),
      surroundings_{.name_space = request.name_space,
                    .host = context.host,
                    .name_space_type = std::string(name_space_type(context)),
                    .wall_time = context.wall_time,
                    .instances = &fetched_} {}

runtime::Task<Result<InstancePtr, Error>> QueryWalk::Fetcher::fetch(const ObjectPath& path) {
  if (context_.is_cancelled) {
    co_return fail(Error(Status::kFailed, "the client has gone"));
  }
  if (++count_ % kFetchesAtOnce == 0 && context_.shard != nullptr) {
    co_await runtime::yield_on(*context_.shard);
  }
  auto found = co_await fetch_instance(repository_, providers_, context_, path, std::nullopt);
  if (!found) {
    co_return fail(found.error());
  }
  if (!*found) {
    co_return nullptr;
  }
  (*found)->set_name_space(std::make_shared<const NamespaceName>(path.name_space()));
  co_return std::make_shared<const Instance>(**std::move(found));
}

runtime::Task<Result<void, Error>> QueryWalk::run_query() {
  const auto query = Query::parse(request_.query.language, request_.query.text);
  if (!query) {
    co_return fail(query.error());
  }
  switch (query->kind()) {
    case StatementKind::kSelect: {
      auto outcome = co_await select(*query, sink_);
      co_return outcome;
    }
    case StatementKind::kAssociatorsOf:
    case StatementKind::kReferencesOf: {
      auto outcome = co_await follow(*query);
      co_return outcome;
    }
    case StatementKind::kFilter:
      co_return fail(Error(Status::kInvalidQuery, "a condition alone selects nothing; write SELECT"));
    case StatementKind::kSchema:
      break;
  }
  co_return fail(unsupported("a result of classes"));
}

runtime::Task<Result<void, Error>> QueryWalk::select(const Query& query, InstanceSink& sink) {
  const auto sources = query::Sources::find(query.statement(), repository_, request_.name_space);
  if (!sources) {
    co_return fail(sources.error());
  }
  query::Surroundings surroundings = surroundings_;
  if (!query.statement().is_join()) {
    surroundings.name_space = sources->name_space(0);
  }
  ClassPtr made_up = query.kept_source() ? nullptr : query::result_class(query.statement(), *sources, repository_);
  query::QuerySink rows(query, surroundings, sink, kept_, std::move(made_up));
  query::FetchingSink fetching(query, surroundings, fetched_, rows);
  InstanceSink& receiver = query.statement().fetches_instances() ? static_cast<InstanceSink&>(fetching) : rows;
  const auto outcome =
      query.statement().is_join() ? co_await join(query, *sources, rows) : co_await list(query, *sources, 0, receiver);
  if (!outcome || fetching.error()) {
    co_return fail(outcome ? *fetching.error() : outcome.error());
  }
  auto finished = co_await rows.finish();
  co_return finished;
}

runtime::Task<Result<void, Error>> QueryWalk::join(const Query& query, const query::Sources& sources,
                                                   query::QuerySink& rows) {
  query::Join join(query, sources, surroundings_, kept_);
  for (std::size_t source = 0; source < query.statement().sources.size(); ++source) {
    auto outcome = co_await list(query, sources, source, join.rows_of(source));
    if (!outcome || join.has_nothing(source)) {
      co_return outcome;
    }
  }
  auto outcome = co_await join.combine(context_, rows);
  co_return outcome;
}

runtime::Task<Result<void, Error>> QueryWalk::list(const Query& query, const query::Sources& sources,
                                                   std::size_t source, InstanceSink& receiver) {
  if (const auto subquery = query.subquery(source)) {
    auto outcome = co_await select(*subquery, receiver);
    co_return outcome;
  }
  const NamespaceName& place = sources.name_space(source);
  EnumerationRequest extent{
      .kind = Kind::kInstances, .name_space = place, .class_name = query.statement().sources[source].class_name};
  extent.options.properties = query.needed_properties(source);
  extent.conditions = query.conditions(source);
  PlacingSink placing(receiver, place);
  InstanceSink& placed = place == request_.name_space ? receiver : static_cast<InstanceSink&>(placing);
  auto outcome = co_await enumerator_.produce(context_, extent, placed, errors_);
  co_return outcome;
}

runtime::Task<Result<void, Error>> QueryWalk::follow(const Query& query) {
  const query::AssociationClause& clause = query.statement().association;
  if (clause.schema_only || clause.class_definitions_only) {
    co_return fail(unsupported("a result of classes"));
  }
  const auto walk = association_request(query, repository_, request_.name_space);
  if (!walk) {
    co_return fail(walk.error());
  }
  PlacingSink placing(sink_, walk->name_space);
  InstanceSink& receiver = walk->name_space == request_.name_space ? sink_ : static_cast<InstanceSink&>(placing);
  QualifiedSink qualified(receiver, clause.required_qualifier);
  auto outcome = co_await enumerator_.produce(context_, *walk, qualified, errors_);
  co_return outcome;
}

runtime::Task<Result<void, Error>> QueryWalk::run_filtered() {
  const auto filter = Query::parse(request_.query.language, request_.query.text);
  if (!filter) {
    co_return fail(filter.error());
  }
  if (filter->kind() != StatementKind::kFilter) {
    co_return fail(Error(Status::kQueryLanguageNotSupported, "filters of enumerations are written in DMTF:FQL"));
  }
  EnumerationRequest whole = request_;
  whole.kind = kind_of_objects(request_.kind);
  whole.query = {};
  whole.conditions = filter->conditions();
  const PropertyList needed = filter->needed_properties();
  if (!needed || request_.is_names_only()) {
    whole.options.properties = needed;
  } else if (whole.options.properties) {
    whole.options.properties->insert(whole.options.properties->end(), needed->begin(), needed->end());
  }
  // What the answer leaves out may be what the filter looks at.
  whole.options.local_only = false;
  whole.options.deep_inheritance = true;
  const ClassPtr requested =
      request_.class_name.empty() ? nullptr : repository_.find_class(request_.name_space, request_.class_name);
  FilterSink filtering(sink_, *filter, surroundings_, request_, requested.get());
  query::FetchingSink fetching(*filter, surroundings_, fetched_, filtering);
  InstanceSink& receiver = filter->statement().fetches_instances() ? static_cast<InstanceSink&>(fetching) : filtering;
  auto outcome = co_await enumerator_.produce(context_, whole, receiver, errors_);
  if (outcome && fetching.error()) {
    co_return fail(*fetching.error());
  }
  co_return outcome;
}

Result<ClassPtr, Error> query_result_class(const Repository& repository, const NamespaceName& name_space,
                                           const QueryText& text) {
  const auto query = Query::parse(text.language, text.text);
  if (!query) {
    return fail(query.error());
  }
  const query::Statement* statement = query->kind() == StatementKind::kSelect ? &query->statement() : nullptr;
  ClassPtr cls;
  while (statement != nullptr) {
    const auto kept = query::kept_source(*statement);
    if (!kept) {
      const auto sources = query::Sources::find(*statement, repository, name_space);
      if (!sources) {
        return fail(sources.error());
      }
      cls = query::result_class(*statement, *sources, repository);
    }
    const query::Source* const source = kept ? &statement->sources[*kept] : nullptr;
    statement = source != nullptr ? source->subquery.get() : nullptr;
    if (source != nullptr && statement == nullptr) {
      cls = repository.find_class(source->name_space.empty() ? name_space : NamespaceName(source->name_space),
                                  source->class_name);
    }
  }
  if (!cls) {
    return fail(unsupported("the class of a result whose types are known only from its values"));
  }
  return cls;
}

}  // namespace lunaria::cim
