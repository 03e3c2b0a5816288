#include "cim/operation_context.h"

namespace lunaria::cim {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kAdministrator:
      return "administrator";
  }
  return "unknown";
}

std::string_view to_string(Authentication authentication) {
  switch (authentication) {
    case Authentication::kPassword:
      return "password";
    case Authentication::kPeerCredentials:
      return "peer-credentials";
    case Authentication::kClientCertificate:
      return "client-certificate";
    case Authentication::kKerberos:
      return "kerberos";
    case Authentication::kPam:
      return "pam";
    case Authentication::kInternal:
      return "internal";
  }
  return "unknown";
}

std::string_view operation_name(OperationKind kind) {
  switch (kind) {
    case OperationKind::kGetClass:
      return "GetClass";
    case OperationKind::kEnumerateClasses:
      return "EnumerateClasses";
    case OperationKind::kEnumerateClassNames:
      return "EnumerateClassNames";
    case OperationKind::kGetInstance:
      return "GetInstance";
    case OperationKind::kEnumerateInstances:
      return "EnumerateInstances";
    case OperationKind::kEnumerateInstanceNames:
      return "EnumerateInstanceNames";
    case OperationKind::kCreateInstance:
      return "CreateInstance";
    case OperationKind::kModifyInstance:
      return "ModifyInstance";
    case OperationKind::kDeleteInstance:
      return "DeleteInstance";
    case OperationKind::kInvokeMethod:
      return "InvokeMethod";
    case OperationKind::kGetQualifier:
      return "GetQualifier";
    case OperationKind::kEnumerateQualifiers:
      return "EnumerateQualifiers";
    case OperationKind::kCreateClass:
      return "CreateClass";
    case OperationKind::kModifyClass:
      return "ModifyClass";
    case OperationKind::kDeleteClass:
      return "DeleteClass";
    case OperationKind::kSetQualifier:
      return "SetQualifier";
    case OperationKind::kDeleteQualifier:
      return "DeleteQualifier";
    case OperationKind::kAssociators:
      return "Associators";
    case OperationKind::kAssociatorNames:
      return "AssociatorNames";
    case OperationKind::kReferences:
      return "References";
    case OperationKind::kReferenceNames:
      return "ReferenceNames";
    case OperationKind::kExecQuery:
      return "ExecQuery";
    case OperationKind::kGetProperty:
      return "GetProperty";
    case OperationKind::kSetProperty:
      return "SetProperty";
    case OperationKind::kPull:
      return "Pull";
  }
  return "unknown";
}

}  // namespace lunaria::cim
