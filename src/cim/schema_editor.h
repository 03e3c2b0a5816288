#pragma once

// SchemaEditor: the one way in which namespaces, classes and qualifier declarations change at run time. Whoever
// implements it checks a change against what is there (subclasses, instances, shipped schema), makes it durable, and
// then puts it into the Repository and the ProviderTable that the object manager reads.

#include <string_view>

#include "cim/class_declaration.h"
#include "cim/error.h"
#include "cim/name.h"
#include "cim/operation_context.h"
#include "cim/qualifier.h"
#include "runtime/task.h"

namespace lunaria::cim {

/// Hears of namespaces that come and go. Interface; control shard only. Called after the change is durable and in
/// force; must not block.
class NamespaceListener {
 public:
  virtual ~NamespaceListener() = default;
  virtual void on_namespace_created(const NamespaceName& name) = 0;
  virtual void on_namespace_deleted(const NamespaceName& name) = 0;
};

/// Interface; control shard only. Parameters given by reference outlive the call. Whoever implements it checks who may
/// change namespaces, which come as instances of several classes; for all else the object manager has checked that the
/// caller may do it, and that the namespace is there. Each answer but success leaves everything as it was; after
/// success the change survives a loss of power.
class SchemaEditor {
 public:
  virtual ~SchemaEditor() = default;

  /// ACCESS_DENIED to all but administrators; ALREADY_EXISTS; INVALID_PARAMETER for what no namespace may be called.
  virtual runtime::Task<Result<void, Error>> create_namespace(const OperationContext& context,
                                                              const NamespaceName& name) = 0;
  /// ACCESS_DENIED likewise; NOT_FOUND; NAMESPACE_NOT_EMPTY while it has classes, instances or namespaces below;
  /// NOT_SUPPORTED for those that the product ships.
  virtual runtime::Task<Result<void, Error>> delete_namespace(const OperationContext& context,
                                                              const NamespaceName& name) = 0;

  /// DSP0200 5.3.2.9: ALREADY_EXISTS, INVALID_SUPERCLASS, INVALID_PARAMETER.
  virtual runtime::Task<Result<void, Error>> create_class(const OperationContext& context,
                                                          const NamespaceName& name_space,
                                                          const ClassDeclaration& declaration) = 0;
  /// DSP0200 5.3.2.10: NOT_FOUND, INVALID_SUPERCLASS, CLASS_HAS_CHILDREN, CLASS_HAS_INSTANCES when the change does not
  /// agree with them, INVALID_PARAMETER.
  virtual runtime::Task<Result<void, Error>> modify_class(const OperationContext& context,
                                                          const NamespaceName& name_space,
                                                          const ClassDeclaration& declaration) = 0;
  /// DSP0200 5.3.2.4: NOT_FOUND, CLASS_HAS_CHILDREN, CLASS_HAS_INSTANCES; NOT_SUPPORTED for shipped classes.
  virtual runtime::Task<Result<void, Error>> delete_class(const OperationContext& context,
                                                          const NamespaceName& name_space,
                                                          std::string_view class_name) = 0;

  /// DSP0200 5.3.2.26: adds or replaces a declaration; NOT_SUPPORTED when classes use the one that it replaces.
  virtual runtime::Task<Result<void, Error>> set_qualifier_type(const OperationContext& context,
                                                                const NamespaceName& name_space,
                                                                const QualifierType& declaration) = 0;
  /// DSP0200 5.3.2.27: NOT_FOUND; FAILED while classes use it; NOT_SUPPORTED for shipped ones.
  virtual runtime::Task<Result<void, Error>> delete_qualifier_type(const OperationContext& context,
                                                                   const NamespaceName& name_space,
                                                                   std::string_view name) = 0;
};

}  // namespace lunaria::cim
