#pragma once

// Turns a class as written into a resolved one: inheritance, overrides, qualifiers (DSP0004 5.1.2, 5.6). Used by the
// repository; holds no state between classes.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/class.h"
#include "cim/class_declaration.h"
#include "cim/error.h"
#include "cim/qualifier.h"

namespace lunaria::cim {

/// What the resolver asks about the namespace that the class is for. Interface; outlives the resolver.
class ResolverScope {
 public:
  virtual ~ResolverScope() = default;
  /// Null when it is not declared.
  virtual QualifierTypePtr qualifier_type(std::string_view name) const = 0;
  /// Null when it is not there.
  virtual ClassPtr find_class(std::string_view name) const = 0;
  /// The one shared object for a boolean qualifier of the declared flavour: schemas hold thousands of equal ones.
  virtual QualifierPtr shared_flag(const QualifierType& declaration, bool value) = 0;
};

/// One use resolves one class.
class ClassResolver final {
 public:
  /// `superclass` is null at the top.
  ClassResolver(ResolverScope& scope, const ClassDeclaration& declaration, ClassPtr superclass)
      : scope_(scope), declaration_(declaration), superclass_(std::move(superclass)) {}

  /// INVALID_PARAMETER (TYPE_MISMATCH for values) with a message that names class, element and reason.
  Result<Class, Error> resolve();
  /// What of the declaration resolve() found wrong.
  const DeclarationPart& part() const { return part_; }

 private:
  using Done = Result<void, Error>;

  Error error(std::string_view element, std::string_view reason, Status status = Status::kInvalidParameter) const;
  Done resolve_qualifiers(std::string_view element, const std::vector<WrittenQualifier>& written, Scope scope,
                          const QualifierSet* inherited, QualifierSet& resolved);
  Result<QualifierPtr, Error> make_qualifier(std::string_view element, const WrittenQualifier& written, Scope scope);
  Done check_qualifier_override(std::string_view element, const Qualifier& written, const QualifierSet& inherited);
  Done resolve_class_qualifiers();
  Done resolve_property(const PropertyDeclaration& declaration);
  QualifierTypePtr qualifier_type(std::string_view name) const;
  Done check_shape(std::string_view element, const PropertyDeclaration& declaration) const;
  Done check_array_type(const Property& property) const;
  Done check_key(const Property& property, const Property* overridden) const;
  Done resolve_method(const MethodDeclaration& declaration);
  Done resolve_parameter(const MethodDeclaration& method, std::size_t index, const Method* overridden,
                         Parameter& parameter);
  Done check_override(std::string_view element, std::string_view name, const QualifierSet& qualifiers,
                      bool has_inherited) const;
  Result<Value, Error> default_value(std::string_view element, const PropertyDeclaration& declaration, Type type) const;
  /// Whether `name` is `base` or below it, or not there yet: then Repository::check_overrides() looks again.
  bool is_same_or_below(std::string_view name, std::string_view base) const;
  /// The type with embedding taken from the qualifiers, and the class named there.
  Result<Type, Error> embedded_type(std::string_view element, Type type, const QualifierSet& qualifiers,
                                    std::string& object_class) const;
  void inherit();

  ResolverScope& scope_;
  const ClassDeclaration& declaration_;
  ClassPtr superclass_;
  Class::Parts parts_;
  DeclarationPart part_;  ///< that is being looked at
  bool is_association_ = false;
  bool superclass_has_keys_ = false;
};

}  // namespace lunaria::cim
