#include "cim/class_resolver.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "cim/limits.h"
#include "cim/name.h"
#include "cim/schema_value.h"

namespace lunaria::cim {
namespace {

template <class Elements>
auto find_by_name(Elements& elements, std::string_view name) {
  return std::ranges::find_if(elements, [name](const auto& element) { return name_equal(element->name, name); });
}

bool is_usable_name(std::string_view name) {
  return is_valid_name(name) && name.size() <= limits::kNameBytesMax;
}

bool has_restricted(const QualifierSet& qualifiers) {
  return std::ranges::any_of(qualifiers.entries(), [](const auto& e) { return !e.qualifier->flavor.to_subclass; });
}

QualifierSet without_restricted(const QualifierSet& qualifiers) {
  QualifierSet kept;
  for (const QualifierSet::Entry& entry : qualifiers.entries()) {
    if (entry.qualifier->flavor.to_subclass) {
      kept.add(entry.qualifier, entry.is_propagated);
    }
  }
  return kept;
}

Scope class_scope(const std::vector<WrittenQualifier>& qualifiers, const Class* superclass) {
  const auto is_written = [&qualifiers](std::string_view name) {
    return std::ranges::any_of(qualifiers, [name](const WrittenQualifier& qualifier) {
      return name_equal(qualifier.name, name) && qualifier.value.as_bool().value_or(true);
    });
  };
  if (is_written("Association") || (superclass != nullptr && superclass->is_association())) {
    return Scope::kAssociation;
  }
  if (is_written("Indication") || (superclass != nullptr && superclass->is_indication())) {
    return Scope::kIndication;
  }
  return Scope::kClass;
}

/// The default of a declaration is for elements that do not have the qualifier at all.
Value value_by_name_only(const QualifierType& type) {
  if (type.is_array) {
    return Value::array(type.type, {});
  }
  return type.type == Type::kBoolean ? Value(true) : Value::null(type.type);
}

}  // namespace

Error ClassResolver::error(std::string_view element, std::string_view reason, Status status) const {
  std::string message = declaration_.name;
  if (!element.empty()) {
    message += '.';
    message += element;
  }
  message += ": ";
  message += reason;
  return Error(status, std::move(message));
}

Result<Class, Error> ClassResolver::resolve() {
  parts_.name = declaration_.name;
  if (!is_usable_name(parts_.name)) {
    return fail(error("", "not a valid class name"));
  }
  if (superclass_) {
    parts_.superclass = superclass_->name();
    parts_.superclass_ptr = superclass_;
    superclass_has_keys_ = !superclass_->key_indexes().empty();
    if (superclass_->qualifiers().is_set("Terminal")) {
      return fail(
          error("", superclass_->name() + " is Terminal: there are no classes below it", Status::kInvalidSuperclass));
    }
    inherit();
  }
  if (auto done = resolve_class_qualifiers(); !done) {
    return fail(done.error());
  }
  NameSet seen;
  for (std::size_t i = 0; i < declaration_.properties.size(); ++i) {
    const PropertyDeclaration& property = declaration_.properties[i];
    part_ = {.property = i};
    if (!seen.insert(property.name).second) {
      return fail(error(property.name, "two properties of this name"));
    }
    if (auto done = resolve_property(property); !done) {
      return fail(done.error());
    }
  }
  seen.clear();
  for (std::size_t i = 0; i < declaration_.methods.size(); ++i) {
    const MethodDeclaration& method = declaration_.methods[i];
    part_ = {.method = i};
    if (!seen.insert(method.name).second) {
      return fail(error(method.name, "two methods of this name"));
    }
    if (auto done = resolve_method(method); !done) {
      return fail(done.error());
    }
  }
  part_ = {};
  const auto references = std::ranges::count_if(
      parts_.properties, [](const PropertyPtr& property) { return property->type == Type::kReference; });
  if (is_association_ && references < 2) {
    return fail(error("", "an association has two references or more"));
  }
  if (parts_.properties.size() > limits::kClassElementsMax || parts_.methods.size() > limits::kClassElementsMax) {
    return fail(error("", "too many properties or methods"));
  }
  parts_.properties.shrink_to_fit();
  parts_.methods.shrink_to_fit();
  return Class(std::move(parts_));
}

void ClassResolver::inherit() {
  parts_.properties = superclass_->properties();
  for (PropertyPtr& property : parts_.properties) {
    if (has_restricted(property->qualifiers)) {
      auto copy = std::make_shared<Property>(*property);
      copy->qualifiers = without_restricted(property->qualifiers);
      property = std::move(copy);
    }
  }
  parts_.methods = superclass_->methods();
  for (MethodPtr& method : parts_.methods) {
    const bool in_parameters =
        std::ranges::any_of(method->parameters, [](const Parameter& p) { return has_restricted(p.qualifiers); });
    if (in_parameters || has_restricted(method->qualifiers)) {
      auto copy = std::make_shared<Method>(*method);
      copy->qualifiers = without_restricted(method->qualifiers);
      for (Parameter& parameter : copy->parameters) {
        parameter.qualifiers = without_restricted(parameter.qualifiers);
      }
      method = std::move(copy);
    }
  }
}

ClassResolver::Done ClassResolver::resolve_class_qualifiers() {
  const Scope scope = class_scope(declaration_.qualifiers, superclass_.get());
  const QualifierSet* inherited = superclass_ ? &superclass_->qualifiers() : nullptr;
  if (auto done = resolve_qualifiers("", declaration_.qualifiers, scope, inherited, parts_.qualifiers); !done) {
    return done;
  }
  if (parts_.qualifiers.is_set("Terminal") && parts_.qualifiers.is_set("Abstract")) {
    return fail(error("", "Terminal and Abstract: there would be neither instances nor classes below it"));
  }
  is_association_ = parts_.qualifiers.is_set("Association");
  if (is_association_ && superclass_ && !superclass_->is_association()) {
    return fail(error("", "an association below " + superclass_->name() + ", which is none"));
  }
  return {};
}

/// The declaration of a qualifier, or of the one that this is a translation of: Description_fr, Description_pt_BR
/// (DSP0004 5.6.1.5, flavor Translatable).
QualifierTypePtr ClassResolver::qualifier_type(std::string_view name) const {
  auto type = scope_.qualifier_type(name);
  for (auto end = name.rfind('_'); !type && end != std::string_view::npos && end > 0; end = name.rfind('_', end - 1)) {
    type = scope_.qualifier_type(name.substr(0, end));
    if (type && !type->flavor.translatable) {
      type = nullptr;
    }
  }
  return type;
}

Result<QualifierPtr, Error> ClassResolver::make_qualifier(std::string_view element, const WrittenQualifier& written,
                                                          Scope scope) {
  const auto type = qualifier_type(written.name);
  if (!type) {
    return fail(error(element, "qualifier " + written.name + " is not declared"));
  }
  if (!has_scope(type->scope, scope)) {
    return fail(error(element, "qualifier " + type->name + " is not allowed here by its scope"));
  }
  Value value = written.value;
  if (value.is_absent()) {
    value = value_by_name_only(*type);
  } else if (value.is_null()) {  // neither MOF nor CIM-XML says whether a NULL is an array
    value = Value::null(type->type, type->is_array);
  }
  auto converted = value.converted_to(type->type);
  if (!converted || converted->is_array() != type->is_array) {
    return fail(
        error(element, "the value of qualifier " + type->name + " is not of its declared type", Status::kTypeMismatch));
  }
  if (const auto wrong = wrong_in_schema(*converted)) {
    return fail(error(element, "the value of qualifier " + type->name + ": " + *wrong));
  }
  Flavor flavor = type->flavor;
  flavor.overridable = written.flavor.overridable.value_or(flavor.overridable);
  flavor.to_subclass = written.flavor.to_subclass.value_or(flavor.to_subclass);
  flavor.translatable = flavor.translatable || written.flavor.translatable.value_or(false);  // MOF cannot take it away
  if (const auto flag = converted->as_bool(); flag && flavor == type->flavor) {
    return scope_.shared_flag(*type, *flag);
  }
  const bool is_translation = !name_equal(type->name, written.name);
  return std::make_shared<const Qualifier>(
      Qualifier{is_translation ? written.name : type->name, std::move(*converted), flavor});
}

ClassResolver::Done ClassResolver::check_qualifier_override(std::string_view element, const Qualifier& written,
                                                            const QualifierSet& inherited) {
  const Qualifier* above = inherited.find(written.name);
  if (above == nullptr || !above->flavor.to_subclass || above->flavor.overridable || above->value == written.value) {
    return {};
  }
  return fail(error(element, "qualifier " + written.name + " must not be changed (DisableOverride)"));
}

ClassResolver::Done ClassResolver::resolve_qualifiers(std::string_view element,
                                                      const std::vector<WrittenQualifier>& written, Scope scope,
                                                      const QualifierSet* inherited, QualifierSet& resolved) {
  for (std::size_t i = 0; i < written.size(); ++i) {
    const WrittenQualifier& one = written[i];
    part_.qualifier = i;
    auto qualifier = make_qualifier(element, one, scope);
    if (!qualifier) {
      return fail(qualifier.error());
    }
    if (resolved.find((*qualifier)->name) != nullptr) {
      return fail(error(element, "qualifier " + one.name + " is given twice"));
    }
    if (inherited != nullptr) {
      if (auto done = check_qualifier_override(element, **qualifier, *inherited); !done) {
        return done;
      }
    }
    resolved.add(std::move(*qualifier));
  }
  part_.qualifier = std::nullopt;
  if (inherited != nullptr) {
    for (const QualifierSet::Entry& entry : inherited->entries()) {
      if (entry.qualifier->flavor.to_subclass && resolved.find(entry.qualifier->name) == nullptr) {
        resolved.add(entry.qualifier, true);
      }
    }
  }
  return {};
}

bool ClassResolver::is_same_or_below(std::string_view name, std::string_view base) const {
  if (name_equal(name, base)) {
    return true;
  }
  if (name_equal(name, declaration_.name)) {
    return superclass_ && superclass_->is_a(base);
  }
  const ClassPtr cls = scope_.find_class(name);
  return !cls || cls->is_a(base);
}

Result<Type, Error> ClassResolver::embedded_type(std::string_view element, Type type, const QualifierSet& qualifiers,
                                                 std::string& object_class) const {
  const Qualifier* instance = qualifiers.find("EmbeddedInstance");
  const bool is_object = qualifiers.is_set("EmbeddedObject");
  const bool is_instance = instance != nullptr && !instance->value.is_null();
  if (!is_instance && !is_object) {
    return type;
  }
  if (type != Type::kString || (is_instance && is_object)) {
    return fail(error(element, "EmbeddedInstance and EmbeddedObject are for strings, one of them only"));
  }
  if (is_object) {
    return Type::kEmbeddedObject;
  }
  object_class = instance->value.string_or_empty();
  if (!is_valid_name(object_class)) {
    return fail(error(element, "EmbeddedInstance does not name a class"));
  }
  return Type::kEmbeddedInstance;
}

ClassResolver::Done ClassResolver::check_override(std::string_view element, std::string_view name,
                                                  const QualifierSet& qualifiers, bool has_inherited) const {
  const auto entry = std::ranges::find_if(qualifiers.entries(), [](const auto& e) {
    return !e.is_propagated && name_equal(e.qualifier->name, "Override");
  });
  const bool overrides = entry != qualifiers.entries().end();
  if (has_inherited != overrides) {
    return fail(error(element, has_inherited ? "declared again without the Override qualifier"
                                             : "Override, but the superclass has no such element"));
  }
  if (!overrides) {
    return {};
  }
  std::string_view target = entry->qualifier->value.string_or_empty();
  if (const auto dot = target.rfind('.'); dot != std::string_view::npos) {
    target.remove_prefix(dot + 1);
  }
  if (!target.empty() && !name_equal(target, name)) {
    return fail(error(element, "Override names another element"));
  }
  return {};
}

Result<Value, Error> ClassResolver::default_value(std::string_view element, const PropertyDeclaration& declaration,
                                                  Type type) const {
  if (declaration.default_value.is_null()) {
    return Value::null(type, declaration.is_array);
  }
  auto value = declaration.default_value.converted_to(type);
  if (!value && declaration.default_value.is_out_of_range(type)) {
    return fail(error(element, "the default value is out of the range of " + std::string(type_name(type)),
                      Status::kTypeMismatch));
  }
  if (!value || value->is_array() != declaration.is_array) {
    return fail(error(element, "the default value is not of the property's type", Status::kTypeMismatch));
  }
  if (const auto wrong = wrong_in_schema(*value)) {
    return fail(error(element, "the default value: " + *wrong));
  }
  if (declaration.array_size != 0 && value->elements().size() > declaration.array_size) {
    return fail(error(element, "the default value has more elements than the array", Status::kTypeMismatch));
  }
  return std::move(*value);
}

ClassResolver::Done ClassResolver::check_key(const Property& property, const Property* overridden) const {
  if (!property.is_key) {
    return {};
  }
  if (property.is_array || is_embedded(property.type)) {
    return fail(error(property.name, "a key is neither an array nor an embedded object"));
  }
  if (superclass_has_keys_ && (overridden == nullptr || !overridden->is_key)) {
    return fail(error(property.name, "a key below " + superclass_->name() + ", which has its keys already"));
  }
  return {};
}

/// Bag, Ordered or Indexed, of an array (DSP0004 5.6.3.3).
ClassResolver::Done ClassResolver::check_array_type(const Property& property) const {
  const Qualifier* const kind = property.qualifiers.find("ArrayType");
  if (kind == nullptr || kind->value.is_null()) {
    return {};
  }
  const std::string_view name = kind->value.string_or_empty();
  if (!name_equal(name, "Bag") && !name_equal(name, "Ordered") && !name_equal(name, "Indexed")) {
    return fail(error(property.name, "ArrayType is Bag, Ordered or Indexed"));
  }
  return property.is_array ? Done() : Done(fail(error(property.name, "ArrayType, but this is no array")));
}

/// What CIM-XML can say of an element and MOF cannot.
ClassResolver::Done ClassResolver::check_shape(std::string_view element, const PropertyDeclaration& declaration) const {
  if (declaration.type == Type::kReference && !is_usable_name(declaration.object_class)) {
    return fail(error(element, "the reference does not name a class"));
  }
  if (declaration.array_size != 0 && !declaration.is_array) {
    return fail(error(element, "the size of an array, but this is no array"));
  }
  const auto wrong = wrong_array_size(declaration.array_size);
  return wrong ? Done(fail(error(element, "the size of the array: " + *wrong))) : Done();
}

ClassResolver::Done ClassResolver::resolve_property(const PropertyDeclaration& declaration) {
  const std::string& name = declaration.name;
  if (!is_usable_name(name)) {
    return fail(error(name, "not a valid property name"));
  }
  const auto inherited = find_by_name(parts_.properties, name);
  const PropertyPtr overridden = inherited != parts_.properties.end() ? *inherited : nullptr;
  const bool is_reference = declaration.type == Type::kReference;
  if (is_reference && (!is_association_ || declaration.is_array)) {
    return fail(
        error(name, is_association_ ? "a reference must not be an array" : "a reference outside an association"));
  }
  if (auto done = check_shape(name, declaration); !done) {
    return done;
  }
  Property property;
  property.name = overridden ? overridden->name : name;
  property.is_array = declaration.is_array;
  property.array_size = declaration.array_size;
  property.object_class = declaration.object_class;
  property.class_origin = overridden ? overridden->class_origin : declaration_.name;
  property.declared_in = declaration_.name;
  if (auto done = resolve_qualifiers(name, declaration.qualifiers, is_reference ? Scope::kReference : Scope::kProperty,
                                     overridden ? &overridden->qualifiers : nullptr, property.qualifiers);
      !done) {
    return done;
  }
  if (auto done = check_override(name, name, property.qualifiers, overridden != nullptr); !done) {
    return done;
  }
  const auto type = embedded_type(name, declaration.type, property.qualifiers, property.object_class);
  if (!type) {
    return fail(type.error());
  }
  property.type = *type;
  if (overridden &&
      (type_name(property.type) != type_name(overridden->type) || property.is_array != overridden->is_array ||
       (!overridden->object_class.empty() && !is_same_or_below(property.object_class, overridden->object_class)))) {
    return fail(error(name, "does not have the type that " + overridden->declared_in + " gives it"));
  }
  auto value = default_value(name, declaration, property.type);
  if (!value) {
    return fail(value.error());
  }
  property.default_value = std::move(*value);
  if (overridden && property.default_value.is_null() && property.type == overridden->type) {
    property.default_value = overridden->default_value;
  }
  if (auto done = check_array_type(property); !done) {
    return done;
  }
  property.is_key = property.qualifiers.is_set("Key");
  const Qualifier* read = property.qualifiers.find("Read");
  property.is_readable = read == nullptr || read->value.as_bool().value_or(true);
  property.is_writable = property.qualifiers.is_set("Write");
  property.is_required = property.qualifiers.is_set("Required");
  if (auto done = check_key(property, overridden.get()); !done) {
    return done;
  }
  auto shared = std::make_shared<const Property>(std::move(property));
  if (overridden) {
    *inherited = std::move(shared);
  } else {
    parts_.properties.push_back(std::move(shared));
  }
  return {};
}

ClassResolver::Done ClassResolver::resolve_parameter(const MethodDeclaration& method, std::size_t index,
                                                     const Method* overridden, Parameter& parameter) {
  const PropertyDeclaration& declaration = method.parameters[index];
  const std::string element = method.name + '(' + declaration.name + ')';
  if (!is_usable_name(declaration.name)) {
    return fail(error(element, "not a valid parameter name"));
  }
  const Parameter* above = overridden != nullptr ? &overridden->parameters[index] : nullptr;
  if (auto done = check_shape(element, declaration); !done) {
    return done;
  }
  parameter.name = declaration.name;
  parameter.is_array = declaration.is_array;
  parameter.array_size = declaration.array_size;
  parameter.object_class = declaration.object_class;
  if (auto done = resolve_qualifiers(element, declaration.qualifiers, Scope::kParameter,
                                     above != nullptr ? &above->qualifiers : nullptr, parameter.qualifiers);
      !done) {
    return done;
  }
  const auto type = embedded_type(element, declaration.type, parameter.qualifiers, parameter.object_class);
  if (!type) {
    return fail(type.error());
  }
  parameter.type = *type;
  const Qualifier* in = parameter.qualifiers.find("In");
  parameter.is_in = in == nullptr || in->value.as_bool().value_or(true);
  parameter.is_out = parameter.qualifiers.is_set("Out");
  parameter.is_required = parameter.qualifiers.is_set("Required");
  if (above != nullptr && (!name_equal(above->name, parameter.name) || above->is_array != parameter.is_array ||
                           type_name(above->type) != type_name(parameter.type))) {
    return fail(error(element, "differs from the method that it overrides"));
  }
  return {};
}

ClassResolver::Done ClassResolver::resolve_method(const MethodDeclaration& declaration) {
  const std::string& name = declaration.name;
  if (!is_usable_name(name)) {
    return fail(error(name, "not a valid method name"));
  }
  const auto inherited = find_by_name(parts_.methods, name);
  const MethodPtr overridden = inherited != parts_.methods.end() ? *inherited : nullptr;
  Method method;
  method.name = overridden ? overridden->name : name;
  method.class_origin = overridden ? overridden->class_origin : declaration_.name;
  method.declared_in = declaration_.name;
  if (auto done = resolve_qualifiers(name, declaration.qualifiers, Scope::kMethod,
                                     overridden ? &overridden->qualifiers : nullptr, method.qualifiers);
      !done) {
    return done;
  }
  if (auto done = check_override(name, name, method.qualifiers, overridden != nullptr); !done) {
    return done;
  }
  if (declaration.return_type == Type::kReference) {
    return fail(error(name, "a method does not return a reference"));
  }
  const auto type = embedded_type(name, declaration.return_type, method.qualifiers, method.return_class);
  if (!type) {
    return fail(type.error());
  }
  method.return_type = *type;
  if (overridden && (type_name(*type) != type_name(overridden->return_type) ||
                     declaration.parameters.size() != overridden->parameters.size())) {
    return fail(error(name, "differs from the method that it overrides"));
  }
  method.parameters.resize(declaration.parameters.size());
  NameSet seen;
  for (std::size_t i = 0; i < method.parameters.size(); ++i) {
    part_.parameter = i;
    if (auto done = resolve_parameter(declaration, i, overridden.get(), method.parameters[i]); !done) {
      return done;
    }
    if (!seen.insert(method.parameters[i].name).second) {
      return fail(error(name, "two parameters named " + method.parameters[i].name));
    }
  }
  part_.parameter = std::nullopt;
  method.is_static = method.qualifiers.is_set("Static");
  auto shared = std::make_shared<const Method>(std::move(method));
  if (overridden) {
    *inherited = std::move(shared);
  } else {
    parts_.methods.push_back(std::move(shared));
  }
  return {};
}

}  // namespace lunaria::cim
