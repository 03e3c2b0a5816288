// Every operation and every method that the shipped schema declares, for every role.

#include "daemon/authorization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "daemon/schema_loading.h"

namespace lunaria::daemon {
namespace {

using cim::OperationKind;
using cim::Role;

/// Whether `role` is let in.
bool may(Role role, OperationKind kind, std::string_view method = {}) {
  cim::OperationContext context;
  context.principal = "somebody";
  context.role = role;
  const cim::NamespaceName space("root/lunaria");
  return authorize(context, {kind, space, "T_Class", method}).has_value();
}

struct Row {
  OperationKind kind;
  Role least;
};
constexpr Row kRows[] = {
    {OperationKind::kGetClass, Role::kViewer},
    {OperationKind::kEnumerateClasses, Role::kViewer},
    {OperationKind::kEnumerateClassNames, Role::kViewer},
    {OperationKind::kGetInstance, Role::kViewer},
    {OperationKind::kEnumerateInstances, Role::kViewer},
    {OperationKind::kEnumerateInstanceNames, Role::kViewer},
    {OperationKind::kCreateInstance, Role::kOperator},
    {OperationKind::kModifyInstance, Role::kOperator},
    {OperationKind::kDeleteInstance, Role::kOperator},
    {OperationKind::kInvokeMethod, Role::kOperator},
    {OperationKind::kGetQualifier, Role::kViewer},
    {OperationKind::kEnumerateQualifiers, Role::kViewer},
    {OperationKind::kCreateClass, Role::kAdministrator},
    {OperationKind::kModifyClass, Role::kAdministrator},
    {OperationKind::kDeleteClass, Role::kAdministrator},
    {OperationKind::kSetQualifier, Role::kAdministrator},
    {OperationKind::kDeleteQualifier, Role::kAdministrator},
    {OperationKind::kAssociators, Role::kViewer},
    {OperationKind::kAssociatorNames, Role::kViewer},
    {OperationKind::kReferences, Role::kViewer},
    {OperationKind::kReferenceNames, Role::kViewer},
    {OperationKind::kExecQuery, Role::kViewer},
    {OperationKind::kGetProperty, Role::kViewer},
    {OperationKind::kSetProperty, Role::kOperator},
    {OperationKind::kPull, Role::kViewer},
};

TEST(Authorization, LetsEachRoleDoWhatItMayAndNoMore) {
  for (const Row& row : kRows) {
    for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdministrator}) {
      EXPECT_EQ(may(role, row.kind), role >= row.least) << cim::to_string(role) << ' ' << cim::operation_name(row.kind);
    }
  }
}

TEST(Authorization, HasARowForEveryOperation) {
  std::set<std::string_view> named;
  for (const Row& row : kRows) {
    named.insert(cim::operation_name(row.kind));
  }
  EXPECT_EQ(named.size(), static_cast<std::size_t>(OperationKind::kPull) + 1);
  EXPECT_FALSE(named.contains("unknown"));
}

// A method that comes new is closed to viewers unless it is added here: look first whether it changes anything.
TEST(Authorization, OpensToViewersTheMethodsThatOnlyTellSomething) {
  cim::Repository repository;
  ASSERT_TRUE(load_shipped_schema(repository));
  std::set<std::string> open;
  std::size_t count = 0;
  for (const cim::NamespaceName& space : repository.namespaces()) {
    for (const cim::ClassPtr& cls : repository.classes(space)) {
      for (const cim::MethodPtr& method : cls->methods()) {
        ++count;
        if (may(Role::kViewer, OperationKind::kInvokeMethod, method->name)) {
          open.insert(method->name);
        }
        EXPECT_TRUE(may(Role::kOperator, OperationKind::kInvokeMethod, method->name));
      }
    }
  }
  EXPECT_GT(count, 100U);
  EXPECT_THAT(open, testing::ElementsAre("CloseConformantInstances", "GetAsyncOperationProgress",
                                         "GetAvailableTargetElements", "GetDVMountPoints", "GetElementsBasedOnUsage",
                                         "GetError", "GetPeerSystems", "GetReplicationRelationshipInstances",
                                         "GetReplicationRelationships", "GetRollbackProgress", "GetServiceAccessPoints",
                                         "OpenConformantInstances", "PullConformantInstances"));
}

TEST(Authorization, DoesNotTakeAnotherSpellingForAMethodThatOnlyTells) {
  EXPECT_TRUE(may(Role::kViewer, OperationKind::kInvokeMethod, "GetSupportedSizes"));
  for (const char* name : {"", "get", "Forget", "SetGet", "RequestStateChange"}) {
    EXPECT_FALSE(may(Role::kViewer, OperationKind::kInvokeMethod, name)) << name;
  }
}

TEST(Authorization, SaysToViewersWhatToDo) {
  cim::OperationContext context;
  context.principal = "vera";
  const cim::NamespaceName space("root/lunaria");
  const auto refused = authorize(context, {OperationKind::kDeleteInstance, space, "T_Class", {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, cim::Status::kAccessDenied);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("operator role"));
}

}  // namespace
}  // namespace lunaria::daemon
