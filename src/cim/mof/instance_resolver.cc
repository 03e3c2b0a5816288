#include "cim/mof/instance_resolver.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "cim/input_check.h"
#include "cim/limits.h"
#include "cim/mof/one_declaration.h"
#include "cim/repository_provider.h"
#include "cim/schema_value.h"

namespace lunaria::cim::mof {
namespace {

std::unexpected<InstanceError> wrong(const Location& location, std::string_view text, std::string message) {
  return fail(InstanceError{location, std::string(text), std::move(message)});
}

}  // namespace

InstanceResolver::InstanceResolver(const Repository& repository, const std::vector<InstanceDeclaration>& declarations,
                                   const std::vector<NamespaceName>& name_spaces, const FailedClasses& failed_classes)
    : repository_(repository),
      declarations_(declarations),
      name_spaces_(name_spaces),
      failed_classes_(failed_classes),
      slots_(declarations.size()) {}

// An error without a message is the consequence of one that was told. A key that is wrong is found by every instance
// that refers to its own.
void InstanceResolver::report(const InstanceError& error) {
  const auto is_same = [&error](const InstanceError& told) {
    return told.location == error.location && told.message == error.message;
  };
  if (!error.message.empty() && std::ranges::none_of(errors_, is_same)) {
    errors_.push_back(error);
  }
}

std::vector<std::optional<Instance>> InstanceResolver::resolve(bool is_checked) {
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    const InstanceDeclaration& declaration = declarations_[i];
    if (!declaration.alias.empty() && !aliases_.emplace(declaration.alias, i).second) {
      report({declaration.location, '$' + declaration.alias, "two instances have this alias"});
    }
  }
  std::vector<std::optional<Instance>> instances;
  instances.reserve(slots_.size());
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    if (slots_[i].state == State::kNew) {
      if (const auto done = resolve_slot(i, declarations_[i].location, 0); !done) {
        report(done.error());
      }
    }
  }
  if (is_checked) {
    check_instances();
  }
  take_out_structures();
  for (Slot& slot : slots_) {
    instances.push_back(std::move(slot.instance));
  }
  return instances;
}

Result<void, InstanceError> InstanceResolver::resolve_slot(std::size_t index, const Location& used_at,
                                                           std::size_t depth) {
  Slot& slot = slots_[index];
  if (slot.state == State::kDone) {
    return {};
  }
  if (slot.state == State::kFailed) {
    return wrong(used_at, {}, {});
  }
  const InstanceDeclaration& declaration = declarations_[index];
  if (slot.state == State::kOpen || depth > limits::kEmbeddingDepthMax) {
    return wrong(used_at, '$' + declaration.alias, "the alias leads back to itself, or too far");
  }
  slot.state = State::kOpen;
  auto instance = resolve_declaration(declaration, name_spaces_[index], depth);
  slot.state = instance ? State::kDone : State::kFailed;
  if (!instance) {
    report(instance.error());
    return wrong(used_at, {}, {});
  }
  slot.instance = std::move(*instance);
  return {};
}

Result<ObjectPath, InstanceError> InstanceResolver::path_of(std::size_t index, const Location& used_at,
                                                            std::size_t depth) {
  Slot& slot = slots_[index];
  if (slot.path_state == State::kDone) {
    return *slot.path;
  }
  const InstanceDeclaration& declaration = declarations_[index];
  if (slot.path_state == State::kOpen || depth > limits::kEmbeddingDepthMax) {
    return wrong(used_at, '$' + declaration.alias, "the alias leads back to itself, or too far");
  }
  slot.path_state = State::kOpen;
  auto path = path_from_keys(declaration, name_spaces_[index], depth);
  slot.path_state = path ? State::kDone : State::kNew;
  if (path) {
    slot.path = *path;
  }
  return path;
}

/// Wrong without a message where resolve_declaration() will say what is wrong.
Result<ObjectPath, InstanceError> InstanceResolver::path_from_keys(const InstanceDeclaration& declaration,
                                                                   const NamespaceName& name_space, std::size_t depth) {
  const ClassPtr cls = repository_.find_class(name_space, declaration.class_name);
  if (!check_class(declaration, name_space, cls)) {
    return wrong(declaration.location, {}, {});
  }
  Instance keys = Instance::with_defaults(cls);
  for (const WrittenProperty& written : declaration.properties) {
    const auto index = cls->find_property(written.name);
    if (!index || !cls->property(*index).is_key) {
      continue;
    }
    auto value = resolve_value(cls->property(*index), written, name_space, depth);
    if (!value) {
      return fail(value.error());
    }
    keys.set(*index, std::move(*value));
  }
  return keys.path(name_space);
}

Result<void, InstanceError> InstanceResolver::check_class(const InstanceDeclaration& declaration,
                                                          const NamespaceName& name_space, const ClassPtr& cls) const {
  const auto failed = failed_classes_.find(name_space);
  if (failed != failed_classes_.end() && failed->second.contains(declaration.class_name)) {
    return wrong(declaration.location, {}, {});
  }
  if (!cls) {
    return wrong(declaration.location, declaration.class_name, "no such class in " + name_space.text());
  }
  return !cls->is_abstract()
             ? Result<void, InstanceError>()
             : wrong(declaration.location, declaration.class_name, "an abstract class has no instances");
}

/// What the provider of most classes will look at, too: here it is told with its place, and before anything is made.
void InstanceResolver::check_instances() {
  std::unordered_set<std::string> paths;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    std::optional<Instance>& instance = slots_[i].instance;
    if (!instance) {
      continue;
    }
    const InstanceDeclaration& declaration = declarations_[i];
    const auto refuse = [&](std::string message) {
      report({declaration.location, declaration.class_name, std::move(message)});
      instance.reset();
    };
    const auto bounds = check_value_bounds(*instance);
    const bool is_structure = instance->cls()->is_structure();
    if (!is_structure && instance->cls()->is_indication()) {
      refuse("an indication class has no instances that are kept");
    } else if (!bounds) {
      refuse(bounds.error().message);
    } else if (!is_structure && !instance->cls()->key_indexes().empty() &&
               !paths.insert(instance->path(name_spaces_[i]).canonical()).second) {
      refuse("the same instance was declared before");
    }
  }
}

/// What others have taken as their value by now is nothing to be made.
void InstanceResolver::take_out_structures() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    std::optional<Instance>& instance = slots_[i].instance;
    if (!instance || !instance->cls()->is_structure()) {
      continue;
    }
    const InstanceDeclaration& declaration = declarations_[i];
    if (declaration.alias.empty()) {
      report({declaration.location, declaration.class_name,
              "instances of a structure are values of others: this one has no alias to use it by"});
    }
    instance.reset();
  }
}

Result<Instance, InstanceError> InstanceResolver::resolve_declaration(const InstanceDeclaration& declaration,
                                                                      const NamespaceName& name_space,
                                                                      std::size_t depth) {
  const ClassPtr cls = repository_.find_class(name_space, declaration.class_name);
  if (const auto usable = check_class(declaration, name_space, cls); !usable) {
    return fail(usable.error());
  }
  Instance instance = Instance::with_defaults(cls);
  NameSet seen;
  std::optional<InstanceError> wrong_property;
  for (const WrittenProperty& written : declaration.properties) {
    const auto index = cls->find_property(written.name);
    Result<Value, InstanceError> value =
        !index || !seen.insert(written.name).second
            ? Result<Value, InstanceError>(
                  wrong(written.location, written.name,
                        index ? "the property is given twice" : cls->name() + " has no such property"))
            : resolve_value(cls->property(*index), written, name_space, depth);
    if (value) {
      instance.set(*index, std::move(*value));
      continue;
    }
    if (wrong_property) {
      report(*wrong_property);
    }
    wrong_property = value.error();
  }
  if (wrong_property) {
    return fail(std::move(*wrong_property));
  }
  for (const std::uint16_t index : cls->key_indexes()) {
    if (instance.value(index).is_null()) {
      return wrong(declaration.location, declaration.class_name,
                   "the key " + cls->property(index).name + " has no value");
    }
  }
  return instance;
}

Result<Value, InstanceError> InstanceResolver::resolve_value(const Property& property, const WrittenProperty& written,
                                                             const NamespaceName& name_space, std::size_t depth) {
  const WrittenValue& given = written.value;
  if (!given.aliases.empty()) {
    std::vector<Value> values;
    for (const std::string& alias : given.aliases) {
      auto value = resolve_alias(property, alias, given.location, depth);
      if (!value) {
        return value;
      }
      values.push_back(std::move(*value));
    }
    if (given.is_alias_array != property.is_array) {
      return wrong(given.location, written.name, property.is_array ? "an array is expected" : "no array is expected");
    }
    return given.is_alias_array ? Value::array(property.type, std::move(values)) : std::move(values.front());
  }
  if (given.value.is_null()) {
    return Value::null(property.type, property.is_array);
  }
  if (is_embedded(property.type)) {
    return resolve_embedded(property, given.value, given.location, name_space, depth);
  }
  const auto converted = given.value.converted_to(property.type);
  if (!converted) {
    return wrong(given.location, written.name,
                 (given.value.is_out_of_range(property.type) ? "the value is out of the range of "
                                                             : "the value is not of type ") +
                     std::string(type_name(property.type)));
  }
  if (const auto unsayable = wrong_in_schema(*converted)) {
    return wrong(given.location, written.name, *unsayable);
  }
  auto checked = InputCheck(repository_, name_space).value(ExpectedType(property), *converted);
  if (!checked) {
    return wrong(given.location, written.name, checked.error().message);
  }
  return std::move(*checked);
}

Result<Value, InstanceError> InstanceResolver::resolve_alias(const Property& property, const std::string& alias,
                                                             const Location& location, std::size_t depth) {
  const auto found = aliases_.find(alias);
  if (found == aliases_.end()) {
    return wrong(location, '$' + alias, "no instance has this alias");
  }
  if (property.type != Type::kReference && !is_embedded(property.type)) {
    return wrong(location, '$' + alias, property.name + " is neither a reference nor an embedded instance");
  }
  const std::size_t target = found->second;
  const ClassPtr cls = repository_.find_class(name_spaces_[target], declarations_[target].class_name);
  if (cls && !property.object_class.empty() && !cls->is_a(property.object_class)) {
    return wrong(location, '$' + alias, "a " + cls->name() + ", not a " + property.object_class);
  }
  if (property.type == Type::kReference && cls && cls->is_structure()) {
    return wrong(location, '$' + alias, cls->name() + " is a structure: nothing refers to its instances");
  }
  if (property.type == Type::kReference) {
    auto path = path_of(target, location, depth + 1);
    return path ? Result<Value, InstanceError>(Value(std::move(*path))) : fail(path.error());
  }
  if (auto done = resolve_slot(target, location, depth + 1); !done) {
    return fail(done.error());
  }
  return Value(std::make_shared<const Instance>(*slots_[target].instance), property.type);
}

Result<Value, InstanceError> InstanceResolver::resolve_embedded(const Property& property, const Value& text,
                                                                const Location& location,
                                                                const NamespaceName& name_space, std::size_t depth) {
  if (text.is_array() != property.is_array || text.type() != Type::kString || depth >= limits::kEmbeddingDepthMax) {
    return wrong(location, property.name, "the value is not the text of an instance, or nested too deeply");
  }
  if (text.is_array()) {
    Property element = property;
    element.is_array = false;
    std::vector<Value> values;
    for (const Value& one : text.elements()) {
      auto value = one.is_null() ? Result<Value, InstanceError>(Value::null(property.type))
                                 : resolve_embedded(element, one, location, name_space, depth);
      if (!value) {
        return value;
      }
      values.push_back(std::move(*value));
    }
    return Value::array(property.type, std::move(values));
  }
  return embedded_value(property, *text.as_string(), location, name_space, depth);
}

Result<Value, InstanceError> InstanceResolver::embedded_value(const Property& property, const std::string& text,
                                                              const Location& location, const NamespaceName& name_space,
                                                              std::size_t depth) {
  const auto read = read_one_declaration(text, location.file);
  if (!read || read->qualifier_type) {
    const bool has_line = !read && read.error().line != 0;
    return wrong(location, property.name,
                 has_line
                     ? "line " + std::to_string(read.error().line) + " of the embedded text: " + read.error().message
                     : "an embedded value is the text of one instance or class");
  }
  if (read->cls) {
    if (property.type != Type::kEmbeddedObject) {
      return wrong(location, property.name, "only an EmbeddedObject may hold a class");
    }
    const auto change = repository_.plan_class(name_space, *read->cls);
    return change ? Result<Value, InstanceError>(Value(change->classes.front()))
                  : Result<Value, InstanceError>(wrong(location, property.name, change.error().message));
  }
  auto instance = resolve_declaration(*read->instance, name_space, depth + 1);
  if (!instance) {
    return wrong(location, property.name, instance.error().text + ": " + instance.error().message);
  }
  if (!property.object_class.empty() && !instance->cls()->is_a(property.object_class)) {
    return wrong(location, property.name, "a " + instance->class_name() + ", not a " + property.object_class);
  }
  return Value(std::make_shared<const Instance>(std::move(*instance)), property.type);
}

}  // namespace lunaria::cim::mof
