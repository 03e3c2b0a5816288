#include "wbem/operation.h"

namespace lunaria::wbem {
namespace {

std::string open_name(cim::EnumerationRequest::Kind kind) {
  using Kind = cim::EnumerationRequest::Kind;
  switch (kind) {
    case Kind::kInstances:
      return "OpenEnumerateInstances";
    case Kind::kInstanceNames:
      return "OpenEnumerateInstancePaths";
    case Kind::kAssociators:
      return "OpenAssociatorInstances";
    case Kind::kAssociatorNames:
      return "OpenAssociatorInstancePaths";
    case Kind::kReferences:
      return "OpenReferenceInstances";
    case Kind::kReferenceNames:
      return "OpenReferenceInstancePaths";
    case Kind::kQuery:
      break;
  }
  return "OpenQueryInstances";
}

std::string pull_name(cim::PullContent content) {
  switch (content) {
    case cim::PullContent::kInstancesWithPath:
      return "PullInstancesWithPath";
    case cim::PullContent::kPaths:
      return "PullInstancePaths";
    case cim::PullContent::kInstances:
      break;
  }
  return "PullInstances";
}

std::string association_name(FollowAssociations::Kind kind) {
  switch (kind) {
    case FollowAssociations::Kind::kAssociators:
      return "Associators";
    case FollowAssociations::Kind::kAssociatorNames:
      return "AssociatorNames";
    case FollowAssociations::Kind::kReferences:
      return "References";
    case FollowAssociations::Kind::kReferenceNames:
      break;
  }
  return "ReferenceNames";
}

struct NameOf {
  std::string operator()(const GetClass&) const { return "GetClass"; }
  std::string operator()(const EnumerateClasses&) const { return "EnumerateClasses"; }
  std::string operator()(const EnumerateClassNames&) const { return "EnumerateClassNames"; }
  std::string operator()(const CreateClass&) const { return "CreateClass"; }
  std::string operator()(const ModifyClass&) const { return "ModifyClass"; }
  std::string operator()(const DeleteClass&) const { return "DeleteClass"; }
  std::string operator()(const GetInstance&) const { return "GetInstance"; }
  std::string operator()(const EnumerateInstances&) const { return "EnumerateInstances"; }
  std::string operator()(const EnumerateInstanceNames&) const { return "EnumerateInstanceNames"; }
  std::string operator()(const CreateInstance&) const { return "CreateInstance"; }
  std::string operator()(const ModifyInstance&) const { return "ModifyInstance"; }
  std::string operator()(const DeleteInstance&) const { return "DeleteInstance"; }
  std::string operator()(const GetProperty&) const { return "GetProperty"; }
  std::string operator()(const SetProperty&) const { return "SetProperty"; }
  std::string operator()(const FollowAssociations& call) const { return association_name(call.kind); }
  std::string operator()(const ExecQuery&) const { return "ExecQuery"; }
  std::string operator()(const GetQualifier&) const { return "GetQualifier"; }
  std::string operator()(const EnumerateQualifiers&) const { return "EnumerateQualifiers"; }
  std::string operator()(const SetQualifier&) const { return "SetQualifier"; }
  std::string operator()(const DeleteQualifier&) const { return "DeleteQualifier"; }
  std::string operator()(const InvokeMethod& call) const { return call.method_name; }
  std::string operator()(const OpenEnumeration& call) const { return open_name(call.request.kind); }
  std::string operator()(const PullEnumeration& call) const { return pull_name(call.content); }
  std::string operator()(const CloseEnumeration&) const { return "CloseEnumeration"; }
  std::string operator()(const CountEnumeration&) const { return "EnumerationCount"; }
  std::string operator()(const UnknownOperation& unknown) const { return unknown.name; }
};

}  // namespace

std::string operation_name(const Operation& operation) {
  return std::visit(NameOf{}, operation);
}

}  // namespace lunaria::wbem
