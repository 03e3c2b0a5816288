#include "cim/stored_schema.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cim/instance_record.h"
#include "cim/limits.h"
#include "cim/mof/one_declaration.h"
#include "cim/mof/writer.h"
#include "cim/object_path.h"
#include "cim/repository_provider.h"
#include "cim/schema_fit.h"
#include "cim/schema_value.h"

namespace lunaria::cim {
namespace {

/// Where new namespaces get the qualifier declarations of the standards from.
const NamespaceName& standard_namespace() {
  static const NamespaceName kInterop("root/interop");
  return kInterop;
}

Error shipped(std::string_view what) {
  return Error(Status::kNotSupported, std::string(what) + " belongs to the shipped schema, which cannot be changed");
}

/// They are made and removed as instances, of which operators may change others.
Result<void, Error> may_change_namespaces(const OperationContext& context) {
  if (context.role < Role::kAdministrator) {
    return fail(Error(Status::kAccessDenied, "only administrators make and remove namespaces"));
  }
  return {};
}

/// Parts of letters, digits, '_', '-' and '.', as object paths can carry them.
bool is_usable_namespace(const NamespaceName& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '/' || static_cast<unsigned char>(c) >= 0x80;
  };
  return !name.empty() && name.text().size() <= limits::kNameBytesMax && std::ranges::all_of(name.text(), fits);
}

Result<mof::OneDeclaration, Error> read_text(std::string_view text) {
  auto read = mof::read_one_declaration(text);
  if (!read) {
    return fail(Error(Status::kInvalidParameter,
                      read.error().message + ", in line " + std::to_string(read.error().line) + " of its MOF"));
  }
  return std::move(*read);
}

Error not_kept(std::string_view name, std::string_view reason) {
  return Error(Status::kInvalidParameter, std::string(name) + " cannot be kept as MOF: " + std::string(reason));
}

/// A default that no instance could have. Those kept by versions that did not look are read all the same.
std::optional<std::string> wrong_default(const Class& cls) {
  for (const PropertyPtr& property : cls.properties()) {
    const bool is_own = name_equal(property->declared_in, cls.name());
    if (const auto wrong = is_own ? wrong_by_bounds(*property, property->default_value) : std::nullopt) {
      return property->name + ": the default value is " + *wrong;
    }
  }
  return std::nullopt;
}

}  // namespace

void StoredSchema::add_namespace(const NamespaceName& name) {
  Repository& repository = environment_.repository;
  if (!repository.add_namespace(name)) {
    return;
  }
  made_[name].is_namespace = true;
  for (const QualifierTypePtr& type : repository.qualifier_types(standard_namespace())) {
    if (standard_qualifier_type(type->name)) {
      (void)repository.add_qualifier_type(name, *type);  // into an empty namespace: nothing can be there
    }
  }
}

void StoredSchema::serve(const NamespaceName& name_space, const ClassPtr& cls) {
  ProviderTable& providers = environment_.providers;
  Provider* const now = providers.find(name_space, cls->name());
  if (can_have_instances(*cls) && now == nullptr) {
    providers.add(name_space, cls->name(), environment_.instances);
  } else if (!can_have_instances(*cls) && now == &environment_.instances) {
    providers.remove(name_space, cls->name());
  }
}

// Element by element, so that one that is not readable takes no other with it. Namespaces come first, then qualifiers:
// an element that is changed keeps its place, though it may now use what was made after it.
runtime::Task<Result<void, Error>> StoredSchema::load() {
  const auto elements = co_await environment_.store.load_schema();
  if (!elements) {
    co_return fail(elements.error());
  }
  for (const SchemaElement& element : *elements) {
    if (element.kind == SchemaElementKind::kNamespace) {
      add_namespace(element.name_space);
    }
  }
  for (const SchemaElement& element : *elements) {
    if (element.kind == SchemaElementKind::kQualifierType) {
      load_qualifier_type(element);
    }
  }
  for (const SchemaElement& element : *elements) {
    if (element.kind == SchemaElementKind::kClass) {
      load_class(element);
    }
  }
  for (const auto& [name, made] : made_) {
    std::string class_name;
    if (const auto checked = environment_.repository.check_overrides(name, class_name); !checked) {
      tell_unreadable(name, class_name, checked.error().message);
    }
  }
  co_return Result<void, Error>();
}

void StoredSchema::tell_unreadable(const NamespaceName& name_space, std::string_view name, std::string_view reason) {
  environment_.log.error("cim.schema.unreadable",
                         {{"namespace", name_space.text()}, {"element", name}, {"reason", reason}});
}

void StoredSchema::load_qualifier_type(const SchemaElement& element) {
  const auto change = read_qualifier_type(element.name_space, element.mof);
  if (!change) {
    tell_unreadable(element.name_space, element.name, change.error().message);
    return;
  }
  environment_.repository.apply(*change);
  made_[element.name_space].qualifier_types.insert(element.name);
}

void StoredSchema::load_class(const SchemaElement& element) {
  const auto read = read_text(element.mof);
  const auto added = !read        ? Result<ClassPtr, Error>(fail(read.error()))
                     : !read->cls ? Result<ClassPtr, Error>(fail(Error(Status::kFailed, "not a class")))
                                  : environment_.repository.add_class(element.name_space, *read->cls);
  Made& made = made_[element.name_space];
  if (!added) {
    tell_unreadable(element.name_space, element.name, added.error().message);
    made.unreadable_classes.insert(element.name);
    return;
  }
  made.classes.insert((*added)->name());
  serve(element.name_space, *added);
}

runtime::Task<Result<void, Error>> StoredSchema::create_namespace(const OperationContext& context,
                                                                  const NamespaceName& name) {
  if (auto allowed = may_change_namespaces(context); !allowed) {
    co_return allowed;
  }
  const auto lock = co_await mutex_.acquire();
  Result<void, Error> outcome;
  if (environment_.repository.has_namespace(name)) {
    outcome = fail(Error(Status::kAlreadyExists, "namespace " + name.text() + " is there already"));
  } else if (!is_usable_namespace(name)) {
    outcome = fail(Error(Status::kInvalidParameter, "'" + name.text() + "' is no name for a namespace"));
  } else {
    outcome = co_await environment_.store.put_schema({SchemaElementKind::kNamespace, name, {}, {}});
  }
  if (outcome) {
    add_namespace(name);
    if (listener_ != nullptr) {
      listener_->on_namespace_created(name);
    }
  }
  co_return outcome;
}

runtime::Task<Result<void, Error>> StoredSchema::delete_namespace(const OperationContext& context,
                                                                  const NamespaceName& name) {
  if (auto allowed = may_change_namespaces(context); !allowed) {
    co_return allowed;
  }
  const auto lock = co_await mutex_.acquire();
  Result<void, Error> outcome;
  const auto made = made_.find(name);
  if (!environment_.repository.has_namespace(name)) {
    outcome = fail(Error(Status::kNotFound, "no namespace " + name.text()));
  } else if (made == made_.end() || !made->second.is_namespace) {
    outcome = fail(shipped("namespace " + name.text()));
  } else if (!made->second.unreadable_classes.empty()) {
    outcome = fail(Error(Status::kNamespaceNotEmpty, name.text() + " still has the class " +
                                                         *made->second.unreadable_classes.begin() +
                                                         ", which could not be read at the start"));
  } else {
    outcome = environment_.repository.can_remove_namespace(name);
  }
  while (outcome && !made->second.qualifier_types.empty()) {  // else they would be in the next namespace of that name
    const std::string qualifier = *made->second.qualifier_types.begin();
    outcome = co_await environment_.store.remove_schema(SchemaElementKind::kQualifierType, name, qualifier);
    if (outcome) {
      made->second.qualifier_types.erase(qualifier);
    }
  }
  if (outcome) {
    outcome = co_await environment_.store.remove_schema(SchemaElementKind::kNamespace, name, {});
  }
  if (outcome) {
    outcome = environment_.repository.remove_namespace(name);
    made_.erase(name);
    if (outcome && listener_ != nullptr) {
      listener_->on_namespace_deleted(name);
    }
  }
  co_return outcome;
}

std::string StoredSchema::class_text(const NamespaceName& name_space, const Class& cls) const {
  return mof::to_mof(cls, {.local_only = true, .declaration_of = [&](std::string_view name) {
                             return environment_.repository.find_qualifier_type(name_space, name);
                           }});
}

// What is kept is read at the next start. Whatever would be read as something else, or not at all, is refused now.
Result<void, Error> StoredSchema::check_text(const NamespaceName& name_space, const Class& cls,
                                             const std::string& text) const {
  const Repository& repository = environment_.repository;
  const auto read = read_text(text);
  if (!read || !read->cls) {
    return fail(not_kept(cls.name(), read ? "it would not be a class" : read.error().message));
  }
  const auto again = repository.find_class(name_space, cls.name())
                         ? repository.plan_modified_class(name_space, *read->cls)
                         : repository.plan_class(name_space, *read->cls);
  if (!again) {
    return fail(not_kept(cls.name(), again.error().message));
  }
  const bool is_same = declaration_of(*again->classes.front()) == declaration_of(cls);
  return is_same ? Result<void, Error>() : fail(not_kept(cls.name(), "it would be read as another class"));
}

/// The shipped declaration, with which every namespace begins; null when there is none.
QualifierTypePtr StoredSchema::standard_qualifier_type(std::string_view name) const {
  const auto made = made_.find(standard_namespace());
  const bool is_made = made != made_.end() && made->second.qualifier_types.contains(name);
  return is_made ? nullptr : environment_.repository.find_qualifier_type(standard_namespace(), name);
}

Result<SchemaChange, Error> StoredSchema::read_qualifier_type(const NamespaceName& name_space,
                                                              const std::string& text) const {
  auto read = read_text(text);
  if (!read || !read->qualifier_type) {
    return fail(read ? Error(Status::kInvalidParameter, "it would not be a qualifier declaration") : read.error());
  }
  return environment_.repository.plan_qualifier_type(name_space, *std::move(read->qualifier_type));
}

/// Keeps the first class of a change, which is the one that was declared, and puts all of it into force.
runtime::Task<Result<void, Error>> StoredSchema::put_class(const NamespaceName& name_space, SchemaChange change) {
  const ClassPtr cls = change.classes.front();
  if (const auto wrong = wrong_default(*cls)) {
    co_return fail(Error(Status::kInvalidParameter, cls->name() + '.' + *wrong));
  }
  std::string text = class_text(name_space, *cls);
  auto kept = check_text(name_space, *cls, text);
  if (kept) {
    kept =
        co_await environment_.store.put_schema({SchemaElementKind::kClass, name_space, cls->name(), std::move(text)});
  }
  if (!kept) {
    co_return kept;
  }
  environment_.repository.apply(change);
  made_[name_space].classes.insert(cls->name());
  made_[name_space].unreadable_classes.erase(cls->name());
  for (const ClassPtr& each : change.classes) {
    if (made_[name_space].classes.contains(each->name())) {
      serve(name_space, each);
    }
  }
  co_return Result<void, Error>();
}

runtime::Task<Result<void, Error>> StoredSchema::create_class(const OperationContext& /*context*/,
                                                              const NamespaceName& name_space,
                                                              const ClassDeclaration& declaration) {
  const auto lock = co_await mutex_.acquire();
  auto change = environment_.repository.plan_class(name_space, declaration);
  Result<void, Error> outcome;
  if (!change) {
    outcome = fail(change.error());
  } else if (is_reserved_class_name(declaration.name)) {
    outcome = fail(Error(Status::kInvalidParameter,
                         declaration.name + ": names that begin with two underscores belong to the object manager"));
  } else {
    outcome = co_await put_class(name_space, std::move(*change));
  }
  co_return outcome;
}

runtime::Task<Result<void, Error>> StoredSchema::check_instances(const NamespaceName& name_space,
                                                                 const SchemaChange& change) {
  for (const ClassPtr& after : change.classes) {
    const ClassPtr before = environment_.repository.find_class(name_space, after->name());
    auto wrong = before ? misfit(*before, *after) : std::nullopt;
    if (before && after->is_structure() && !before->is_structure()) {  // no misfit where it is embedded
      wrong = "the class could have none any more";
    }
    if (!wrong || !can_have_instances(*before)) {
      continue;
    }
    const auto has_some = co_await environment_.store.has_instances({name_space, after->name()});
    if (!has_some) {
      co_return fail(has_some.error());
    }
    if (*has_some) {
      co_return fail(Error(Status::kClassHasInstances, after->name() + " has instances, and " + *wrong));
    }
  }
  const SchemaFit fit(environment_.repository, change);
  for (const ClassPtr& cls : environment_.repository.classes(name_space)) {
    if (environment_.providers.find(name_space, cls->name()) != &environment_.instances || !fit.concerns(*cls)) {
      continue;
    }
    auto fits = co_await check_stored(name_space, cls, fit);
    if (!fits) {
      co_return fits;
    }
  }
  co_return Result<void, Error>();
}

/// Reads every instance of one class.
runtime::Task<Result<void, Error>> StoredSchema::check_stored(const NamespaceName& name_space, const ClassPtr& cls,
                                                              const SchemaFit& fit) {
  std::string last;
  while (true) {
    const auto page = co_await environment_.store.page({name_space, cls->name()}, last);
    if (!page) {
      co_return fail(page.error());
    }
    if (page->empty()) {
      co_return Result<void, Error>();
    }
    for (const StoredInstance& stored : *page) {
      const auto instance = decode_instance(stored.record, cls, environment_.repository, name_space);
      const auto wrong = instance ? fit.misfit(*instance) : std::nullopt;  // a damaged record is damaged anyway
      if (wrong) {
        co_return fail(
            Error(Status::kClassHasInstances, instance->path(name_space).to_string() + " is there: " + *wrong));
      }
    }
    last = page->back().key;
  }
}

runtime::Task<Result<void, Error>> StoredSchema::modify_class(const OperationContext& /*context*/,
                                                              const NamespaceName& name_space,
                                                              const ClassDeclaration& declaration) {
  const auto lock = co_await mutex_.acquire();
  auto change = environment_.repository.plan_modified_class(name_space, declaration);
  Result<void, Error> outcome;
  if (!change) {
    outcome = fail(change.error());
  } else if (!made_[name_space].classes.contains(declaration.name)) {
    outcome = fail(shipped("class " + declaration.name));
  } else {
    outcome = co_await check_instances(name_space, *change);
  }
  if (outcome) {
    outcome = co_await put_class(name_space, std::move(*change));
  }
  co_return outcome;
}

runtime::Task<Result<void, Error>> StoredSchema::delete_class(const OperationContext& /*context*/,
                                                              const NamespaceName& name_space,
                                                              std::string_view class_name) {
  const auto lock = co_await mutex_.acquire();
  const auto change = environment_.repository.plan_removed_class(name_space, class_name);
  NameSet& made = made_[name_space].classes;
  NameSet& unreadable = made_[name_space].unreadable_classes;
  Result<void, Error> outcome;
  if (const auto stored = unreadable.find(class_name); !change && stored != unreadable.end()) {
    outcome = co_await environment_.store.remove_schema(SchemaElementKind::kClass, name_space, *stored);
    if (outcome) {
      unreadable.erase(std::string(class_name));
    }
    co_return outcome;
  }
  if (!change) {
    outcome = fail(change.error());
  } else if (!made.contains(class_name)) {
    outcome = fail(shipped("class " + std::string(class_name)));
  } else {
    outcome = co_await check_instances(name_space, *change);
  }
  if (outcome) {
    outcome = co_await environment_.store.remove_schema(SchemaElementKind::kClass, name_space, change->removed_class);
  }
  if (outcome) {
    environment_.repository.apply(*change);
    environment_.providers.remove(name_space, change->removed_class);
    made.erase(change->removed_class);
  }
  co_return outcome;
}

runtime::Task<Result<void, Error>> StoredSchema::set_qualifier_type(const OperationContext& /*context*/,
                                                                    const NamespaceName& name_space,
                                                                    const QualifierType& declaration) {
  const auto lock = co_await mutex_.acquire();
  const auto change = environment_.repository.plan_qualifier_type(name_space, declaration);
  const QualifierTypePtr standard = standard_qualifier_type(declaration.name);
  std::string text = mof::to_mof(declaration);
  const auto again = change ? read_qualifier_type(name_space, text) : change;
  Result<void, Error> outcome;
  if (!change) {
    outcome = fail(change.error());
  } else if (standard && (standard->type != declaration.type || standard->is_array != declaration.is_array)) {
    outcome = fail(Error(Status::kInvalidParameter, "qualifier " + standard->name + " is of type " +
                                                        std::string(type_name(standard->type)) +
                                                        (standard->is_array ? "[] everywhere" : " everywhere")));
  } else if (standard && name_space == standard_namespace() && !change->is_empty()) {
    outcome = fail(shipped("qualifier " + standard->name));
  } else if (!again) {
    outcome = fail(not_kept("qualifier " + declaration.name, again.error().message));
  } else if (!change->is_empty()) {
    if (!again->qualifier_type || !(*again->qualifier_type == *change->qualifier_type)) {
      outcome = fail(not_kept("qualifier " + declaration.name, "it would be read as another declaration"));
    } else {
      outcome = co_await environment_.store.put_schema(
          {SchemaElementKind::kQualifierType, name_space, declaration.name, std::move(text)});
    }
    if (outcome) {
      environment_.repository.apply(*change);
      made_[name_space].qualifier_types.insert(declaration.name);
    }
  }
  co_return outcome;
}

runtime::Task<Result<void, Error>> StoredSchema::delete_qualifier_type(const OperationContext& /*context*/,
                                                                       const NamespaceName& name_space,
                                                                       std::string_view name) {
  const auto lock = co_await mutex_.acquire();
  auto change = environment_.repository.plan_removed_qualifier_type(name_space, name);
  NameSet& made = made_[name_space].qualifier_types;
  Result<void, Error> outcome;
  if (!change) {
    outcome = fail(change.error());
  } else if (!made.contains(name)) {
    outcome = fail(shipped("qualifier " + std::string(name)));
  } else {
    outcome = co_await environment_.store.remove_schema(SchemaElementKind::kQualifierType, name_space,
                                                        change->removed_qualifier_type);
  }
  if (outcome) {
    change->qualifier_type = standard_qualifier_type(name);  // which the namespace had before, and has after a restart
    environment_.repository.apply(*change);
    made.erase(change->removed_qualifier_type);
  }
  co_return outcome;
}

}  // namespace lunaria::cim
