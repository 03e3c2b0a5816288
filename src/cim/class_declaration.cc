#include "cim/class_declaration.h"

#include "cim/class.h"

namespace lunaria::cim {
namespace {

std::vector<WrittenQualifier> written(const QualifierSet& qualifiers) {
  std::vector<WrittenQualifier> list;
  for (const QualifierSet::Entry& entry : qualifiers.entries()) {
    if (!entry.is_propagated) {
      const Flavor& flavor = entry.qualifier->flavor;
      list.push_back({entry.qualifier->name, entry.qualifier->value,
                      WrittenFlavor{flavor.overridable, flavor.to_subclass, flavor.translatable}});
    }
  }
  return list;
}

template <class Element>
PropertyDeclaration declaration(const Element& element) {
  PropertyDeclaration declared;
  declared.name = element.name;
  declared.type = is_embedded(element.type) ? Type::kString : element.type;
  declared.is_array = element.is_array;
  declared.array_size = element.array_size;
  declared.object_class = element.type == Type::kReference ? element.object_class : std::string();
  declared.qualifiers = written(element.qualifiers);
  return declared;
}

}  // namespace

ClassDeclaration declaration_of(const Class& cls) {
  ClassDeclaration declared;
  declared.name = cls.name();
  declared.superclass = cls.superclass_name();
  declared.qualifiers = written(cls.qualifiers());
  for (const PropertyPtr& property : cls.properties()) {
    if (!cls.is_propagated(*property)) {
      declared.properties.push_back(declaration(*property));
      if (!property->default_value.is_null()) {
        declared.properties.back().default_value = property->default_value;
      }
    }
  }
  for (const MethodPtr& method : cls.methods()) {
    if (cls.is_propagated(*method)) {
      continue;
    }
    MethodDeclaration& of_method = declared.methods.emplace_back();
    of_method.name = method->name;
    of_method.return_type = is_embedded(method->return_type) ? Type::kString : method->return_type;
    of_method.qualifiers = written(method->qualifiers);
    for (const Parameter& parameter : method->parameters) {
      of_method.parameters.push_back(declaration(parameter));
    }
  }
  return declared;
}

}  // namespace lunaria::cim
