#include "cim/enumerator.h"

#include <memory>
#include <string>
#include <utility>

#include "cim/associations.h"
#include "cim/operation_meter.h"
#include "cim/query/conditions.h"
#include "cim/query_walk.h"
#include "cim/selecting_sink.h"

namespace lunaria::cim {
namespace {

using Kind = EnumerationRequest::Kind;

PropertySelectionPtr selection_for(const EnumerationRequest& request, const Class& cls, const Class& requested) {
  if (request.kind == Kind::kInstanceNames) {
    return std::make_shared<const PropertySelection>(PropertySelection::keys_of(cls));
  }
  const EnumerateInstancesOptions& options = request.options;
  return select_properties(cls, requested, options.properties, options.local_only, options.deep_inheritance);
}

/// Where a query says which instance it wants. False when that cannot be said, or the provider knows the instance under
/// other keys or does not want to tell: then they have to be enumerated.
runtime::Task<bool> look_up(Provider& provider, const ProviderCall& call, InstanceSink& sink) {
  const auto path = call.prefilter ? call.prefilter->path(call.name_space) : std::nullopt;
  if (!path) {
    co_return false;
  }
  auto found = co_await provider.get_instance(call, *path);
  if (!found) {
    co_return found.error().status == Status::kNotFound;
  }
  if (!(found->path(call.name_space) == *path)) {
    co_return false;
  }
  (void)co_await sink.put(std::move(*found));
  co_return true;
}

/// Everything that the provider has, or what the call lets it sort out.
runtime::Task<Result<void, Error>> list(Provider& provider, const ProviderCall& call, Kind kind, InstanceSink& sink) {
  const bool is_done = co_await look_up(provider, call, sink);
  if (is_done) {
    co_return Result<void, Error>();
  }
  auto running = kind == Kind::kInstanceNames ? provider.enumerate_instance_names(call, sink)
                                              : provider.enumerate_instances(call, sink);
  auto outcome = co_await std::move(running);
  co_return outcome;
}

}  // namespace

runtime::Task<Result<void, Error>> Enumerator::produce_instances(const OperationContext& context,
                                                                 const EnumerationRequest& request, InstanceSink& sink,
                                                                 EnumerationErrors* errors) const {
  const ClassPtr requested = repository_.find_class(request.name_space, request.class_name);
  if (!requested) {
    co_return fail(
        Error(Status::kInvalidClass, "no class " + request.class_name + " in namespace " + request.name_space.text()));
  }
  for (const ClassPtr& cls : repository_.with_descendants(request.name_space, request.class_name)) {
    Provider* const provider = providers_.find(request.name_space, cls->name());
    if (provider == nullptr) {
      continue;
    }
    const ProviderCall call{context, request.name_space, cls, selection_for(request, *cls, *requested),
                            query::Prefilter::make(request.conditions, cls)};
    SelectingSink selecting(context, sink, call.properties);
    ProviderTime timing(context);
    const auto outcome = co_await list(*provider, call, request.kind, selecting);
    timing.end();
    if (!outcome && (cls == requested || outcome.error().status != Status::kNotSupported)) {
      if (errors == nullptr) {
        co_return fail(outcome.error());
      }
      const bool go_on = co_await errors->failed(outcome.error());
      if (!go_on) {
        co_return Result<void, Error>();
      }
    }
    if (selecting.is_gone() || context.is_cancelled) {
      co_return Result<void, Error>();
    }
  }
  co_return Result<void, Error>();
}

runtime::Task<Result<void, Error>> Enumerator::produce(const OperationContext& context,
                                                       const EnumerationRequest& request, InstanceSink& sink,
                                                       EnumerationErrors* errors) const {
  if (!repository_.has_namespace(request.name_space)) {
    co_return fail(Error(Status::kInvalidNamespace, "no namespace " + request.name_space.text()));
  }
  if (request.kind != Kind::kQuery && !(request.query.text.empty() && request.query.language.empty())) {
    QueryWalk walk(repository_, providers_, *this, context, request, sink, errors, query_memory_);
    auto outcome = co_await walk.run_filtered();
    co_return outcome;
  }
  switch (request.kind) {
    case Kind::kInstances:
    case Kind::kInstanceNames: {
      auto outcome = co_await produce_instances(context, request, sink, errors);
      co_return outcome;
    }
    case Kind::kAssociators:
    case Kind::kAssociatorNames:
    case Kind::kReferences:
    case Kind::kReferenceNames: {
      AssociationWalk walk(repository_, providers_, context, request, sink, errors);
      auto outcome = co_await walk.run();
      co_return outcome;
    }
    case Kind::kQuery:
      break;
  }
  QueryWalk walk(repository_, providers_, *this, context, request, sink, errors, query_memory_);
  auto outcome = co_await walk.run_query();
  co_return outcome;
}

}  // namespace lunaria::cim
