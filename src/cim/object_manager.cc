#include "cim/object_manager.h"

#include <utility>

#include "base/check.h"
#include "cim/input_check.h"
#include "cim/modification.h"
#include "cim/object_manager_change.h"
#include "cim/operation_meter.h"

namespace lunaria::cim {
namespace {

Error not_found(const ObjectPath& path) {
  return Error(Status::kNotFound, "no instance " + path.to_string());
}

}  // namespace

bool ClassOptions::shows(const Class& cls, const Property& property) const {
  return (!local_only || !cls.is_propagated(property)) && lists(properties, property.name);
}

bool ClassOptions::shows(const Class& cls, const Method& method) const {
  return !local_only || !cls.is_propagated(method);
}

bool ClassOptions::shows(const QualifierSet::Entry& entry, bool is_propagated) const {
  return include_qualifiers && (!local_only || !(entry.is_propagated || is_propagated));
}

ObjectManager::ObjectManager(const Repository& repository, const ProviderTable& providers, AdmissionControl& admission,
                             Authorizer authorizer, Extensions extensions)
    : repository_(repository),
      providers_(providers),
      admission_(admission),
      authorizer_(std::move(authorizer)),
      extensions_(extensions),
      enumerator_(repository, providers) {
  check(authorizer_ != nullptr, "the daemon says who may do what");
}

Result<AdmissionControl::Ticket, Error> ObjectManager::begin(const OperationContext& context,
                                                             const OperationRequest& request) const {
  auto ticket = admission_.enter(context, request);
  if (!ticket) {
    return ticket;
  }
  if (const auto allowed = authorizer_(context, request); !allowed) {
    if (is_read(request.kind)) {
      note_refusal(context, request, allowed.error());
    }
    return fail(allowed.error());
  }
  if (!repository_.has_namespace(request.name_space)) {
    return fail(Error(Status::kInvalidNamespace, "no namespace " + request.name_space.text()));
  }
  return ticket;
}

AuditRecord ObjectManager::describe(const OperationContext& context, const Change& change) {
  AuditRecord record = begin_record(context, change.request.kind);
  record.name_space = change.request.name_space.text();
  record.class_name = change.request.class_name;
  record.method = change.request.method_name;
  if (change.path != nullptr && change.path->is_instance()) {
    record.object = change.path->to_string();
  }
  if (!change.element.empty()) {
    record.elements.emplace_back(change.element);
  }
  if (change.instance != nullptr) {
    record.elements =
        changed_elements(*change.instance, change.properties != nullptr ? *change.properties : std::nullopt);
  }
  if (change.parameters != nullptr) {
    add_parameters(record, *change.parameters);
  }
  return record;
}

void ObjectManager::note_refusal(const OperationContext& context, const OperationRequest& request,
                                 const Error& error) const {
  if (extensions_.audit == nullptr || error.status != Status::kAccessDenied) {
    return;
  }
  AuditRecord record = describe(context, {.request = request});
  record.result = audit_result(&error);
  extensions_.audit->record(record);
}

Result<ClassPtr, Error> ObjectManager::find_class(const NamespaceName& name_space, std::string_view class_name) const {
  ClassPtr cls = repository_.find_class(name_space, class_name);
  if (!cls) {
    return fail(
        Error(Status::kInvalidClass, "no class " + std::string(class_name) + " in namespace " + name_space.text()));
  }
  return cls;
}

Result<ObjectManager::Target, Error> ObjectManager::find_target(const ObjectPath& path) const {
  auto cls = find_class(path.name_space(), path.class_name());
  if (!cls) {
    return fail(cls.error());
  }
  if (!path.is_instance()) {
    return fail(Error(Status::kInvalidParameter, "the path of an instance is needed, not of a class"));
  }
  auto typed = InputCheck(repository_, path.name_space()).instance_path(**cls, path);
  if (!typed) {
    return fail(typed.error());
  }
  Provider* const provider = providers_.find(path.name_space(), path.class_name());
  return Target{std::move(*cls), provider, std::move(*typed)};
}

Result<ClassPtr, Error> ObjectManager::get_class(const OperationContext& context, const NamespaceName& name_space,
                                                 std::string_view class_name) const {
  const auto ticket = begin(context, {OperationKind::kGetClass, name_space, class_name, {}});
  if (!ticket) {
    return fail(ticket.error());
  }
  auto cls = find_class(name_space, class_name);
  if (!cls) {
    return fail(Error(Status::kNotFound, cls.error().message));
  }
  return cls;
}

Result<std::vector<ClassPtr>, Error> ObjectManager::enumerate_classes(const OperationContext& context,
                                                                      const NamespaceName& name_space,
                                                                      std::string_view class_name,
                                                                      bool deep_inheritance) const {
  const auto ticket = begin(context, {OperationKind::kEnumerateClasses, name_space, class_name, {}});
  if (!ticket) {
    return fail(ticket.error());
  }
  return list_classes(name_space, class_name, deep_inheritance);
}

Result<std::vector<std::string>, Error> ObjectManager::enumerate_class_names(const OperationContext& context,
                                                                             const NamespaceName& name_space,
                                                                             std::string_view class_name,
                                                                             bool deep_inheritance) const {
  const auto ticket = begin(context, {OperationKind::kEnumerateClassNames, name_space, class_name, {}});
  if (!ticket) {
    return fail(ticket.error());
  }
  const auto classes = list_classes(name_space, class_name, deep_inheritance);
  if (!classes) {
    return fail(classes.error());
  }
  std::vector<std::string> names;
  names.reserve(classes->size());
  for (const ClassPtr& cls : *classes) {
    names.push_back(cls->name());
  }
  return names;
}

Result<std::vector<ClassPtr>, Error> ObjectManager::list_classes(const NamespaceName& name_space,
                                                                 std::string_view class_name,
                                                                 bool deep_inheritance) const {
  if (class_name.empty()) {
    return deep_inheritance ? repository_.classes(name_space) : repository_.subclasses(name_space, "");
  }
  if (const auto cls = find_class(name_space, class_name); !cls) {
    return fail(cls.error());
  }
  if (!deep_inheritance) {
    return repository_.subclasses(name_space, class_name);
  }
  std::vector<ClassPtr> classes = repository_.with_descendants(name_space, class_name);
  classes.erase(classes.begin());  // the class itself is not among its subclasses
  return classes;
}

Result<QualifierTypePtr, Error> ObjectManager::get_qualifier(const OperationContext& context,
                                                             const NamespaceName& name_space,
                                                             std::string_view name) const {
  const auto ticket = begin(context, {OperationKind::kGetQualifier, name_space, {}, {}});
  if (!ticket) {
    return fail(ticket.error());
  }
  auto type = repository_.find_qualifier_type(name_space, name);
  if (!type) {
    return fail(Error(Status::kNotFound, "no qualifier " + std::string(name)));
  }
  return type;
}

Result<std::vector<QualifierTypePtr>, Error> ObjectManager::enumerate_qualifiers(
    const OperationContext& context, const NamespaceName& name_space) const {
  const auto ticket = begin(context, {OperationKind::kEnumerateQualifiers, name_space, {}, {}});
  if (!ticket) {
    return fail(ticket.error());
  }
  return repository_.qualifier_types(name_space);
}

runtime::Task<Result<Instance, Error>> ObjectManager::get_instance(const OperationContext& context,
                                                                   const ObjectPath& path,
                                                                   const GetInstanceOptions& options) const {
  const auto ticket = begin(context, {OperationKind::kGetInstance, path.name_space(), path.class_name(), {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  const auto target = find_target(path);
  if (!target) {
    co_return fail(target.error());
  }
  if (target->provider == nullptr) {
    co_return fail(not_found(target->path));
  }
  const ProviderCall call{context, path.name_space(), target->cls,
                          select_properties(*target->cls, *target->cls, options.properties, options.local_only, true)};
  const ProviderTime timing(context);
  auto instance = co_await target->provider->get_instance(call, target->path);
  if (instance) {
    instance->select(call.properties);
  } else {
    note_refusal(context, {OperationKind::kGetInstance, path.name_space(), path.class_name(), {}}, instance.error());
  }
  co_return instance;
}

runtime::Task<Result<ObjectPath, Error>> ObjectManager::create_instance(const OperationContext& context,
                                                                        const NamespaceName& name_space,
                                                                        const Instance& instance) const {
  return carry_out(
      context,
      {.request = {OperationKind::kCreateInstance, name_space, instance.class_name(), {}}, .instance = &instance},
      create_admitted(context, name_space, instance));
}

runtime::Task<Result<ObjectPath, Error>> ObjectManager::create_admitted(const OperationContext& context,
                                                                        const NamespaceName& name_space,
                                                                        const Instance& instance) const {
  const auto cls = find_class(name_space, instance.class_name());
  if (!cls) {
    co_return fail(cls.error());
  }
  const auto complete = complete_new_instance(repository_, name_space, *cls, instance);
  if (!complete) {
    co_return fail(complete.error());
  }
  if ((*cls)->is_structure()) {
    co_return fail(Error(Status::kNotSupported,
                         (*cls)->name() + " is a structure: its instances are values of others and cannot be created"));
  }
  Provider* const provider = providers_.find(name_space, (*cls)->name());
  if (provider == nullptr) {  // an abstract class may have one that makes instances of a class below it
    co_return fail(Error(Status::kNotSupported, "instances of " + (*cls)->name() + " cannot be created"));
  }
  const ProviderCall call{context, name_space, *cls, nullptr};
  const ProviderTime timing(context);
  auto path = co_await provider->create_instance(call, *complete);
  if (path) {
    path->set_name_space(name_space);
    if (path->class_name().empty()) {
      path->set_class_name((*cls)->name());
    }
  }
  co_return path;
}

runtime::Task<Result<void, Error>> ObjectManager::modify_instance(const OperationContext& context,
                                                                  const ObjectPath& path, const Instance& instance,
                                                                  const PropertyList& properties) const {
  return carry_out(context,
                   {.request = {OperationKind::kModifyInstance, path.name_space(), path.class_name(), {}},
                    .path = &path,
                    .instance = &instance,
                    .properties = &properties},
                   modify_admitted(context, path, instance, properties));
}

runtime::Task<Result<void, Error>> ObjectManager::modify_admitted(const OperationContext& context,
                                                                  const ObjectPath& path, const Instance& instance,
                                                                  const PropertyList& properties) const {
  const auto target = find_target(path);
  if (!target) {
    co_return fail(target.error());
  }
  auto outcome = co_await modify_target(context, *target, instance, properties);
  co_return outcome;
}

runtime::Task<Result<void, Error>> ObjectManager::modify_target(const OperationContext& context, const Target& target,
                                                                const Instance& instance,
                                                                const PropertyList& properties) const {
  const auto modification = plan_modification(repository_, target.cls, target.path, instance, properties);
  if (!modification) {
    co_return fail(modification.error());
  }
  if (target.provider == nullptr) {
    co_return fail(not_found(target.path));
  }
  const ProviderCall call{context, target.path.name_space(), target.cls, nullptr};
  if (modification->needs_current()) {
    const ProviderTime timing(context);
    const auto current = co_await target.provider->get_instance(call, target.path);
    if (!current) {
      co_return fail(current.error());
    }
    if (auto allowed = modification->check_read_only(*current); !allowed) {
      co_return allowed;
    }
  }
  if (modification->is_empty()) {
    co_return Result<void, Error>();
  }
  const ProviderTime timing(context);
  auto outcome = co_await target.provider->modify_instance(call, target.path, modification->changes());
  co_return outcome;
}

runtime::Task<Result<void, Error>> ObjectManager::delete_instance(const OperationContext& context,
                                                                  const ObjectPath& path) const {
  return carry_out(
      context, {.request = {OperationKind::kDeleteInstance, path.name_space(), path.class_name(), {}}, .path = &path},
      delete_admitted(context, path));
}

runtime::Task<Result<void, Error>> ObjectManager::delete_admitted(const OperationContext& context,
                                                                  const ObjectPath& path) const {
  const auto target = find_target(path);
  if (!target) {
    co_return fail(target.error());
  }
  if (target->provider == nullptr) {
    co_return fail(not_found(target->path));
  }
  const ProviderCall call{context, path.name_space(), target->cls, nullptr};
  const ProviderTime timing(context);
  auto outcome = co_await target->provider->delete_instance(call, target->path);
  co_return outcome;
}

}  // namespace lunaria::cim
