#include "cim/stored_schema.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cim/limits.h"
#include "cim/mof/compiler.h"
#include "cim/mof/writer.h"

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

/// Parts of letters, digits, '_', '-' and '.', as object paths can carry them.
bool is_usable_namespace(const NamespaceName& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '/' || static_cast<unsigned char>(c) >= 0x80;
  };
  return !name.empty() && name.text().size() <= limits::kNameBytesMax && std::ranges::all_of(name.text(), fits);
}

bool can_have_instances(const Class& cls) {
  return !cls.is_abstract() && !cls.is_indication();
}

/// Whether instances of `before` are good instances of `after` as they are: nullopt, or why not.
std::optional<std::string> misfit(const Class& before, const Class& after) {
  for (const PropertyPtr& property : before.properties()) {
    const auto index = after.find_property(property->name);
    if (!index) {
      return "the property " + property->name + " would be gone";
    }
    const Property& now = after.property(*index);
    if (now.type != property->type || now.is_array != property->is_array || now.is_key != property->is_key ||
        (now.array_size != 0 && now.array_size != property->array_size)) {
      return "the property " + property->name + " would have another type, or be a key no more";
    }
  }
  for (const PropertyPtr& property : after.properties()) {
    const bool is_new = !before.find_property(property->name);
    if (is_new && (property->is_key || (property->is_required && property->default_value.is_null()))) {
      return "the new property " + property->name + " would need a value";
    }
  }
  if (!can_have_instances(after)) {
    return std::string("the class could have none any more");
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
    (void)repository.add_qualifier_type(name, *type);  // into an empty namespace: nothing can be there
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

runtime::Task<Result<void, Error>> StoredSchema::load() {
  const auto elements = co_await environment_.store.load_schema();
  if (!elements) {
    co_return fail(elements.error());
  }
  // One compilation for each run of elements of one namespace: classes may name each other.
  NamespaceName current;
  std::string text;
  for (const SchemaElement& element : *elements) {
    if (!(element.name_space == current)) {
      load_namespace(current, std::exchange(text, {}));
      current = element.name_space;
    }
    if (element.kind == SchemaElementKind::kNamespace) {
      add_namespace(element.name_space);
    } else if (element.kind == SchemaElementKind::kClass) {
      text += element.mof + '\n';
    } else {
      load_namespace(current, std::exchange(text, {}));
      SchemaChange replaced;  // a declaration of the namespace's own takes the place of the standard one
      replaced.name_space = element.name_space;
      replaced.removed_qualifier_type = element.name;
      environment_.repository.apply(replaced);
      text += element.mof + '\n';
    }
  }
  load_namespace(current, text);
  co_return Result<void, Error>();
}

void StoredSchema::load_namespace(const NamespaceName& name, const std::string& mof) {
  if (mof.empty()) {
    return;
  }
  mof::MemorySourceLoader loader;
  loader.add("catalogue", mof);
  mof::Compiler compiler(environment_.repository, loader, name);
  if (const auto compiled = compiler.compile("catalogue"); !compiled) {
    environment_.log.error("cim.schema.unreadable",
                           {{"namespace", name.text()}, {"reason", compiled.error().to_string()}});
  }
  for (const mof::Compiler::Added& added : compiler.added()) {
    if (added.cls) {
      made_[name].classes.insert(added.cls->name());
      serve(name, added.cls);
    } else {
      made_[name].qualifier_types.insert(added.qualifier_type->name);
    }
  }
}

runtime::Task<Result<void, Error>> StoredSchema::create_namespace(const OperationContext& /*context*/,
                                                                  const NamespaceName& name) {
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

runtime::Task<Result<void, Error>> StoredSchema::delete_namespace(const OperationContext& /*context*/,
                                                                  const NamespaceName& name) {
  const auto lock = co_await mutex_.acquire();
  Result<void, Error> outcome;
  const auto made = made_.find(name);
  if (!environment_.repository.has_namespace(name)) {
    outcome = fail(Error(Status::kNotFound, "no namespace " + name.text()));
  } else if (made == made_.end() || !made->second.is_namespace) {
    outcome = fail(shipped("namespace " + name.text()));
  } else {
    outcome = environment_.repository.can_remove_namespace(name);
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

/// Keeps the first class of a change, which is the one that was declared, and puts all of it into force.
runtime::Task<Result<void, Error>> StoredSchema::put_class(const NamespaceName& name_space, SchemaChange change) {
  const ClassPtr cls = change.classes.front();
  auto kept = co_await environment_.store.put_schema(
      {SchemaElementKind::kClass, name_space, cls->name(), class_text(name_space, *cls)});
  if (!kept) {
    co_return kept;
  }
  environment_.repository.apply(change);
  made_[name_space].classes.insert(cls->name());
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
  if (change) {
    outcome = co_await put_class(name_space, std::move(*change));
  } else {
    outcome = fail(change.error());
  }
  co_return outcome;
}

runtime::Task<Result<void, Error>> StoredSchema::check_instances(const NamespaceName& name_space,
                                                                 const SchemaChange& change) {
  for (const ClassPtr& after : change.classes) {
    const ClassPtr before = environment_.repository.find_class(name_space, after->name());
    const auto wrong = before ? misfit(*before, *after) : std::nullopt;
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
  co_return Result<void, Error>();
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
  Result<void, Error> outcome;
  if (!change) {
    outcome = fail(change.error());
  } else if (!made.contains(class_name)) {
    outcome = fail(shipped("class " + std::string(class_name)));
  } else {
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
  Result<void, Error> outcome;
  if (!change) {
    outcome = fail(change.error());
  } else if (!change->is_empty()) {
    outcome = co_await environment_.store.put_schema(
        {SchemaElementKind::kQualifierType, name_space, declaration.name, mof::to_mof(declaration)});
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
  const auto change = environment_.repository.plan_removed_qualifier_type(name_space, name);
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
    environment_.repository.apply(*change);
    made.erase(change->removed_qualifier_type);
  }
  co_return outcome;
}

}  // namespace lunaria::cim
