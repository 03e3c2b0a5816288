#pragma once

// The class repository: qualifier declarations and resolved classes of every namespace. Filled at start, then read by
// every operation; changed only by explicit calls on the control shard.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cim/class.h"
#include "cim/class_declaration.h"
#include "cim/error.h"
#include "cim/name.h"
#include "cim/qualifier.h"
#include "cim/schema_change.h"

namespace lunaria::cim {

/// Lookups take constant time. Classes are handed out as shared, immutable pointers, so that a change leaves running
/// operations with the class that they began with.
class Repository final {
 public:
  Repository();
  ~Repository();
  Repository(Repository&&) noexcept;
  Repository& operator=(Repository&&) noexcept;

  /// ALREADY_EXISTS when it is there.
  Result<void, Error> add_namespace(const NamespaceName& name);
  bool has_namespace(const NamespaceName& name) const;
  /// In the order in which they were added.
  std::vector<NamespaceName> namespaces() const;

  /// ALREADY_EXISTS unless an equal one is there; INVALID_NAMESPACE.
  Result<void, Error> add_qualifier_type(const NamespaceName& name_space, QualifierType declaration);
  /// Resolves and adds a class. INVALID_NAMESPACE, ALREADY_EXISTS, INVALID_SUPERCLASS (not there), INVALID_PARAMETER
  /// for what DSP0004 forbids: an undeclared qualifier, one outside its scope or overridden against its flavour, an
  /// override that changes type or class, keys added below a class that has keys, two elements of one name.
  /// The message names class, element and reason; `wrong`, if not null, is set to the part at fault.
  Result<ClassPtr, Error> add_class(const NamespaceName& name_space, const ClassDeclaration& declaration,
                                    DeclarationPart* wrong = nullptr);
  /// What remove_namespace() would answer.
  Result<void, Error> can_remove_namespace(const NamespaceName& name) const;
  /// The namespace with its qualifier declarations goes. NOT_FOUND; NAMESPACE_NOT_EMPTY while it has classes or there
  /// are namespaces below it.
  Result<void, Error> remove_namespace(const NamespaceName& name);

  // Changes at run time: each is worked out and checked against what is there, and put into force by apply(). Answers
  // are those of DSP0200 5.3.2.

  /// A new class; answers as add_class().
  Result<SchemaChange, Error> plan_class(const NamespaceName& name_space, const ClassDeclaration& declaration) const;
  /// Another declaration for a class that is there, its subclasses being resolved anew. NOT_FOUND, INVALID_SUPERCLASS
  /// (another one than before), CLASS_HAS_CHILDREN when a subclass would not fit any more, INVALID_PARAMETER.
  /// `wrong` as with add_class().
  Result<SchemaChange, Error> plan_modified_class(const NamespaceName& name_space, const ClassDeclaration& declaration,
                                                  DeclarationPart* wrong = nullptr) const;
  /// NOT_FOUND, CLASS_HAS_CHILDREN.
  Result<SchemaChange, Error> plan_removed_class(const NamespaceName& name_space, std::string_view class_name) const;
  /// Empty when an equal declaration is there; NOT_SUPPORTED when classes use one that is there and differs.
  Result<SchemaChange, Error> plan_qualifier_type(const NamespaceName& name_space, QualifierType declaration) const;
  /// NOT_FOUND; FAILED while classes use it.
  Result<SchemaChange, Error> plan_removed_qualifier_type(const NamespaceName& name_space, std::string_view name) const;
  void apply(const SchemaChange& change);

  /// Adds a class of another namespace to this one as it is, with its superclasses: nothing is copied. No-op when it
  /// is there already.
  Result<void, Error> share_class(const NamespaceName& from, const NamespaceName& to, std::string_view class_name);

  /// A class that every namespace has, also those that come later. It is found by name and listed nowhere.
  void add_everywhere(const ClassPtr& cls);

  /// Looks at what add_class() could not, as classes may name others that come later: that an overriding reference or
  /// embedded instance is of the overridden class or one below it. INVALID_PARAMETER, `class_name` being set to the
  /// class at fault and `property`, if not null, to its property. Classes that are not there at all are no fault.
  Result<void, Error> check_overrides(const NamespaceName& name_space, std::string& class_name,
                                      std::string* property = nullptr) const;
  /// The classes that references, parameters and embedded instances name, but that are not there; sorted.
  std::vector<std::string> missing_classes(const NamespaceName& name_space) const;

  /// Null when there is no such namespace or class.
  ClassPtr find_class(const NamespaceName& name_space, std::string_view class_name) const;
  QualifierTypePtr find_qualifier_type(const NamespaceName& name_space, std::string_view name) const;
  /// In the order in which they were added, superclasses before subclasses.
  std::vector<ClassPtr> classes(const NamespaceName& name_space) const;
  std::vector<QualifierTypePtr> qualifier_types(const NamespaceName& name_space) const;
  /// Direct subclasses of a class, or the top classes for "".
  std::vector<ClassPtr> subclasses(const NamespaceName& name_space, std::string_view class_name) const;
  /// The class and all classes below it, superclasses first; empty when there is no such class.
  std::vector<ClassPtr> with_descendants(const NamespaceName& name_space, std::string_view class_name) const;

 private:
  Result<ClassPtr, Error> resolve_new(const NamespaceName& name_space, const ClassDeclaration& declaration,
                                      DeclarationPart* wrong) const;
  bool is_used(const NamespaceName& name_space, std::string_view qualifier) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lunaria::cim
