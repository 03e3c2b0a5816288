// ObjectManager: the operations that change classes and qualifier declarations (DSP0200 5.3.2.4, 5.3.2.9, 5.3.2.10,
// 5.3.2.26, 5.3.2.27).

#include "cim/object_manager_change.h"

namespace lunaria::cim {
namespace {

/// What stands in for an editor that is not there.
runtime::Task<Result<void, Error>> refuse_change() {
  co_return fail(Error(Status::kNotSupported, "the schema of this object manager cannot be changed"));
}

}  // namespace

runtime::Task<Result<void, Error>> ObjectManager::create_class(const OperationContext& context,
                                                               const NamespaceName& name_space,
                                                               const ClassDeclaration& declaration) const {
  SchemaEditor* const editor = extensions_.schema_editor;
  return carry_out(context, {.request = {OperationKind::kCreateClass, name_space, declaration.name, {}}},
                   editor == nullptr ? refuse_change() : editor->create_class(context, name_space, declaration));
}

runtime::Task<Result<void, Error>> ObjectManager::modify_class(const OperationContext& context,
                                                               const NamespaceName& name_space,
                                                               const ClassDeclaration& declaration) const {
  SchemaEditor* const editor = extensions_.schema_editor;
  return carry_out(context, {.request = {OperationKind::kModifyClass, name_space, declaration.name, {}}},
                   editor == nullptr ? refuse_change() : editor->modify_class(context, name_space, declaration));
}

runtime::Task<Result<void, Error>> ObjectManager::delete_class(const OperationContext& context,
                                                               const NamespaceName& name_space,
                                                               std::string_view class_name) const {
  SchemaEditor* const editor = extensions_.schema_editor;
  return carry_out(context, {.request = {OperationKind::kDeleteClass, name_space, class_name, {}}},
                   editor == nullptr ? refuse_change() : editor->delete_class(context, name_space, class_name));
}

runtime::Task<Result<void, Error>> ObjectManager::set_qualifier(const OperationContext& context,
                                                                const NamespaceName& name_space,
                                                                const QualifierType& declaration) const {
  SchemaEditor* const editor = extensions_.schema_editor;
  return carry_out(context,
                   {.request = {OperationKind::kSetQualifier, name_space, {}, {}}, .element = declaration.name},
                   editor == nullptr ? refuse_change() : editor->set_qualifier_type(context, name_space, declaration));
}

runtime::Task<Result<void, Error>> ObjectManager::delete_qualifier(const OperationContext& context,
                                                                   const NamespaceName& name_space,
                                                                   std::string_view name) const {
  SchemaEditor* const editor = extensions_.schema_editor;
  return carry_out(context, {.request = {OperationKind::kDeleteQualifier, name_space, {}, {}}, .element = name},
                   editor == nullptr ? refuse_change() : editor->delete_qualifier_type(context, name_space, name));
}

}  // namespace lunaria::cim
