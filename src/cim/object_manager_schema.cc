// ObjectManager: the operations that change classes and qualifier declarations (DSP0200 5.3.2.4, 5.3.2.9, 5.3.2.10,
// 5.3.2.26, 5.3.2.27).

#include "cim/object_manager.h"

namespace lunaria::cim {
namespace {

Error fixed_schema() {
  return Error(Status::kNotSupported, "the schema of this object manager cannot be changed");
}

}  // namespace

runtime::Task<Result<void, Error>> ObjectManager::create_class(const OperationContext& context,
                                                               const NamespaceName& name_space,
                                                               const ClassDeclaration& declaration) const {
  const auto ticket = begin(context, {OperationKind::kCreateClass, name_space, declaration.name, {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  if (extensions_.schema_editor == nullptr) {
    co_return fail(fixed_schema());
  }
  auto outcome = co_await extensions_.schema_editor->create_class(context, name_space, declaration);
  co_return outcome;
}

runtime::Task<Result<void, Error>> ObjectManager::modify_class(const OperationContext& context,
                                                               const NamespaceName& name_space,
                                                               const ClassDeclaration& declaration) const {
  const auto ticket = begin(context, {OperationKind::kModifyClass, name_space, declaration.name, {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  if (extensions_.schema_editor == nullptr) {
    co_return fail(fixed_schema());
  }
  auto outcome = co_await extensions_.schema_editor->modify_class(context, name_space, declaration);
  co_return outcome;
}

runtime::Task<Result<void, Error>> ObjectManager::delete_class(const OperationContext& context,
                                                               const NamespaceName& name_space,
                                                               std::string_view class_name) const {
  const auto ticket = begin(context, {OperationKind::kDeleteClass, name_space, class_name, {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  if (extensions_.schema_editor == nullptr) {
    co_return fail(fixed_schema());
  }
  auto outcome = co_await extensions_.schema_editor->delete_class(context, name_space, class_name);
  co_return outcome;
}

runtime::Task<Result<void, Error>> ObjectManager::set_qualifier(const OperationContext& context,
                                                                const NamespaceName& name_space,
                                                                const QualifierType& declaration) const {
  const auto ticket = begin(context, {OperationKind::kSetQualifier, name_space, {}, {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  if (extensions_.schema_editor == nullptr) {
    co_return fail(fixed_schema());
  }
  auto outcome = co_await extensions_.schema_editor->set_qualifier_type(context, name_space, declaration);
  co_return outcome;
}

runtime::Task<Result<void, Error>> ObjectManager::delete_qualifier(const OperationContext& context,
                                                                   const NamespaceName& name_space,
                                                                   std::string_view name) const {
  const auto ticket = begin(context, {OperationKind::kDeleteQualifier, name_space, {}, {}});
  if (!ticket) {
    co_return fail(ticket.error());
  }
  if (extensions_.schema_editor == nullptr) {
    co_return fail(fixed_schema());
  }
  auto outcome = co_await extensions_.schema_editor->delete_qualifier_type(context, name_space, name);
  co_return outcome;
}

}  // namespace lunaria::cim
