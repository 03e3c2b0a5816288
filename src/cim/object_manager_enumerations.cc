// ObjectManager: the operations that enumerate, follow associations and pull (DSP0200 5.3.2.11 to .17, 5.4.2), and the
// deprecated ones on single properties.

#include <utility>

#include "cim/input_check.h"
#include "cim/object_manager_change.h"
#include "cim/operation_meter.h"

namespace lunaria::cim {
namespace {

OperationKind operation_kind(EnumerationRequest::Kind kind) {
  switch (kind) {
    case EnumerationRequest::Kind::kInstances:
      return OperationKind::kEnumerateInstances;
    case EnumerationRequest::Kind::kInstanceNames:
      return OperationKind::kEnumerateInstanceNames;
    case EnumerationRequest::Kind::kAssociators:
      return OperationKind::kAssociators;
    case EnumerationRequest::Kind::kAssociatorNames:
      return OperationKind::kAssociatorNames;
    case EnumerationRequest::Kind::kReferences:
      return OperationKind::kReferences;
    case EnumerationRequest::Kind::kReferenceNames:
      return OperationKind::kReferenceNames;
    case EnumerationRequest::Kind::kQuery:
      break;
  }
  return OperationKind::kExecQuery;
}

OperationRequest operation_request(const EnumerationRequest& request) {
  const std::string& class_name =
      request.object.class_name().empty() ? request.class_name : request.object.class_name();
  return {operation_kind(request.kind), request.name_space, class_name, {}};
}

Error no_pulls() {
  return Error(Status::kNotSupported, "this object manager has no pulled enumerations");
}

}  // namespace

runtime::Task<Result<void, Error>> ObjectManager::enumerate(const OperationContext& context,
                                                            const EnumerationRequest& request,
                                                            InstanceSink& sink) const {
  const auto ticket = begin(context, operation_request(request));
  if (!ticket) {
    co_return fail(ticket.error());
  }
  auto outcome = co_await enumerator_.produce(context, request, sink, nullptr);
  if (!outcome) {
    note_refusal(context, operation_request(request), outcome.error());
  }
  co_return outcome;
}

runtime::Task<Result<void, Error>> ObjectManager::enumerate_instances(const OperationContext& context,
                                                                      const NamespaceName& name_space,
                                                                      std::string_view class_name,
                                                                      const EnumerateInstancesOptions& options,
                                                                      InstanceSink& sink) const {
  const EnumerationRequest request{.kind = EnumerationRequest::Kind::kInstances,
                                   .name_space = name_space,
                                   .class_name = std::string(class_name),
                                   .options = options};
  auto outcome = co_await enumerate(context, request, sink);
  co_return outcome;
}

runtime::Task<Result<void, Error>> ObjectManager::enumerate_instance_names(const OperationContext& context,
                                                                           const NamespaceName& name_space,
                                                                           std::string_view class_name,
                                                                           InstanceSink& sink) const {
  const EnumerationRequest request{.kind = EnumerationRequest::Kind::kInstanceNames,
                                   .name_space = name_space,
                                   .class_name = std::string(class_name)};
  auto outcome = co_await enumerate(context, request, sink);
  co_return outcome;
}

// DSP0200 names no INVALID_CLASS for the association operations.
Result<ClassPtr, Error> ObjectManager::find_associated(const OperationContext& context, OperationKind kind,
                                                       const NamespaceName& name_space, std::string_view class_name,
                                                       const AssociationFilter& filter) const {
  const auto ticket = begin(context, {kind, name_space, class_name, {}});
  if (!ticket) {
    return fail(ticket.error());
  }
  for (const std::string& name : {filter.association_class, filter.result_class}) {
    if (!name.empty() && !repository_.find_class(name_space, name)) {
      return fail(Error(Status::kInvalidParameter, "no class " + name + " in namespace " + name_space.text()));
    }
  }
  auto cls = find_class(name_space, class_name);
  if (!cls) {
    return fail(Error(Status::kInvalidParameter, cls.error().message));
  }
  return cls;
}

Result<std::vector<ClassPtr>, Error> ObjectManager::class_references(const OperationContext& context,
                                                                     const NamespaceName& name_space,
                                                                     std::string_view class_name,
                                                                     const AssociationFilter& filter) const {
  const auto cls = find_associated(context, OperationKind::kReferences, name_space, class_name, filter);
  if (!cls) {
    return fail(cls.error());
  }
  return referencing_classes(repository_, name_space, **cls, filter);
}

Result<std::vector<ClassPtr>, Error> ObjectManager::class_associators(const OperationContext& context,
                                                                      const NamespaceName& name_space,
                                                                      std::string_view class_name,
                                                                      const AssociationFilter& filter) const {
  const auto cls = find_associated(context, OperationKind::kAssociators, name_space, class_name, filter);
  if (!cls) {
    return fail(cls.error());
  }
  return associated_classes(repository_, name_space, **cls, filter);
}

runtime::Task<Result<std::vector<PlacedClass>, Error>> ObjectManager::exec_class_query(const OperationContext& context,
                                                                                       const NamespaceName& name_space,
                                                                                       const QueryText& query) const {
  const auto ticket = begin(context, {OperationKind::kExecQuery, name_space, {}, {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  auto classes = co_await query_classes(repository_, enumerator_, context, name_space, query);
  co_return classes;
}

runtime::Task<Result<PullProgress, Error>> ObjectManager::open_enumeration(const OperationContext& context,
                                                                           const EnumerationRequest& request,
                                                                           const OpenOptions& options,
                                                                           InstanceSink& sink) const {
  const auto ticket = begin(context, operation_request(request));
  if (!ticket) {
    co_return fail(ticket.error());
  }
  if (extensions_.enumerations == nullptr) {
    co_return fail(no_pulls());
  }
  auto progress = co_await extensions_.enumerations->open(context, request, options, sink);
  if (!progress) {
    note_refusal(context, operation_request(request), progress.error());
  }
  co_return progress;
}

runtime::Task<Result<PullProgress, Error>> ObjectManager::pull(const OperationContext& context,
                                                               const NamespaceName& name_space, PullContent content,
                                                               std::string_view id, std::uint32_t object_count_max,
                                                               InstanceSink& sink) const {
  const auto ticket = begin(context, {OperationKind::kPull, name_space, {}, {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  if (extensions_.enumerations == nullptr) {
    co_return fail(no_pulls());
  }
  auto progress = co_await extensions_.enumerations->pull(context, name_space, content, id, object_count_max, sink);
  if (!progress) {
    note_refusal(context, {OperationKind::kPull, name_space, {}, {}}, progress.error());
  }
  co_return progress;
}

const EnumerationRequest* ObjectManager::opened_request(const OperationContext& context,
                                                        const NamespaceName& name_space, std::string_view id) const {
  return extensions_.enumerations == nullptr ? nullptr : extensions_.enumerations->request_of(context, name_space, id);
}

Result<void, Error> ObjectManager::close_enumeration(const OperationContext& context, const NamespaceName& name_space,
                                                     std::string_view id) const {
  const auto ticket = begin(context, {OperationKind::kPull, name_space, {}, {}});
  if (!ticket) {
    return fail(ticket.error());
  }
  if (extensions_.enumerations == nullptr) {
    return fail(no_pulls());
  }
  return extensions_.enumerations->close(context, name_space, id);
}

runtime::Task<Result<std::uint64_t, Error>> ObjectManager::count_enumeration(const OperationContext& context,
                                                                             const NamespaceName& name_space,
                                                                             std::string_view id) const {
  const auto ticket = begin(context, {OperationKind::kPull, name_space, {}, {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  if (extensions_.enumerations == nullptr) {
    co_return fail(no_pulls());
  }
  auto count = co_await extensions_.enumerations->count(context, name_space, id);
  co_return count;
}

runtime::Task<Result<Value, Error>> ObjectManager::get_property(const OperationContext& context, const ObjectPath& path,
                                                                std::string_view property) const {
  const auto ticket = begin(context, {OperationKind::kGetProperty, path.name_space(), path.class_name(), {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  const auto target = find_target(path);
  if (!target) {
    co_return fail(target.error());
  }
  const auto index = target->cls->find_property(property);
  if (!index) {
    co_return fail(Error(Status::kNoSuchProperty, target->cls->name() + " has no property " + std::string(property)));
  }
  if (target->provider == nullptr) {
    co_return fail(Error(Status::kNotFound, "no instance " + target->path.to_string()));
  }
  const ProviderCall call{
      context, path.name_space(), target->cls,
      select_properties(*target->cls, *target->cls, PropertyList(std::vector<std::string>{std::string(property)}),
                        false, true)};
  ProviderTime timing(context);
  auto instance = co_await target->provider->get_instance(call, target->path);
  timing.end();
  if (!instance) {
    note_refusal(context, {OperationKind::kGetProperty, path.name_space(), path.class_name(), {}}, instance.error());
    co_return fail(instance.error());
  }
  const Property& declared = target->cls->property(*index);
  const Value& value = instance->value(*index);
  co_return value.is_absent() ? Value::null(declared.type, declared.is_array) : value;
}

runtime::Task<Result<void, Error>> ObjectManager::set_property(const OperationContext& context, const ObjectPath& path,
                                                               std::string_view property, const Value& value) const {
  return carry_out(context,
                   {.request = {OperationKind::kSetProperty, path.name_space(), path.class_name(), {}},
                    .path = &path,
                    .element = property},
                   set_property_admitted(context, path, property, value));
}

runtime::Task<Result<void, Error>> ObjectManager::set_property_admitted(const OperationContext& context,
                                                                        const ObjectPath& path,
                                                                        std::string_view property,
                                                                        const Value& value) const {
  const auto target = find_target(path);
  if (!target) {
    co_return fail(target.error());
  }
  const auto index = target->cls->find_property(property);
  if (!index) {
    co_return fail(Error(Status::kNoSuchProperty, target->cls->name() + " has no property " + std::string(property)));
  }
  auto typed =
      InputCheck(repository_, path.name_space()).untyped_value(ExpectedType(target->cls->property(*index)), value);
  if (!typed) {
    co_return fail(typed.error());
  }
  Instance changed(target->cls);
  changed.set(*index, *std::move(typed));
  const PropertyList list(std::vector<std::string>{std::string(property)});
  auto outcome = co_await modify_target(context, *target, changed, list);
  co_return outcome;
}

}  // namespace lunaria::cim
