#include "cim/enumerator.h"

#include <memory>
#include <string>
#include <utility>

#include "cim/associations.h"
#include "cim/operation_meter.h"
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
    const ProviderCall call{context, request.name_space, cls, selection_for(request, *cls, *requested)};
    SelectingSink selecting(context, sink, call.properties);
    ProviderTime timing(context);
    auto running = request.kind == Kind::kInstanceNames ? provider->enumerate_instance_names(call, selecting)
                                                        : provider->enumerate_instances(call, selecting);
    const auto outcome = co_await std::move(running);
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
    QueryWalk walk(repository_, *this, context, request, sink, errors);
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
  QueryWalk walk(repository_, *this, context, request, sink, errors);
  auto outcome = co_await walk.run_query();
  co_return outcome;
}

}  // namespace lunaria::cim
