#include "wbem/operation.h"

namespace lunaria::wbem {
namespace {

using Counted = cim::CountedOperation;

Counted opened(cim::EnumerationRequest::Kind kind) {
  using Kind = cim::EnumerationRequest::Kind;
  switch (kind) {
    case Kind::kInstances:
      return Counted::kOpenEnumerateInstances;
    case Kind::kInstanceNames:
      return Counted::kOpenEnumerateInstancePaths;
    case Kind::kAssociators:
      return Counted::kOpenAssociatorInstances;
    case Kind::kAssociatorNames:
      return Counted::kOpenAssociatorInstancePaths;
    case Kind::kReferences:
      return Counted::kOpenReferenceInstances;
    case Kind::kReferenceNames:
      return Counted::kOpenReferenceInstancePaths;
    case Kind::kQuery:
      break;
  }
  return Counted::kOpenQueryInstances;
}

Counted pulled(cim::PullContent content) {
  switch (content) {
    case cim::PullContent::kInstancesWithPath:
      return Counted::kPullInstancesWithPath;
    case cim::PullContent::kPaths:
      return Counted::kPullInstancePaths;
    case cim::PullContent::kInstances:
      break;
  }
  return Counted::kPullInstances;
}

Counted followed(FollowAssociations::Kind kind) {
  switch (kind) {
    case FollowAssociations::Kind::kAssociators:
      return Counted::kAssociators;
    case FollowAssociations::Kind::kAssociatorNames:
      return Counted::kAssociatorNames;
    case FollowAssociations::Kind::kReferences:
      return Counted::kReferences;
    case FollowAssociations::Kind::kReferenceNames:
      break;
  }
  return Counted::kReferenceNames;
}

struct CountedAs {
  std::optional<Counted> operator()(const GetClass&) const { return Counted::kGetClass; }
  std::optional<Counted> operator()(const EnumerateClasses&) const { return Counted::kEnumerateClasses; }
  std::optional<Counted> operator()(const EnumerateClassNames&) const { return Counted::kEnumerateClassNames; }
  std::optional<Counted> operator()(const CreateClass&) const { return Counted::kCreateClass; }
  std::optional<Counted> operator()(const ModifyClass&) const { return Counted::kModifyClass; }
  std::optional<Counted> operator()(const DeleteClass&) const { return Counted::kDeleteClass; }
  std::optional<Counted> operator()(const GetInstance&) const { return Counted::kGetInstance; }
  std::optional<Counted> operator()(const EnumerateInstances&) const { return Counted::kEnumerateInstances; }
  std::optional<Counted> operator()(const EnumerateInstanceNames&) const { return Counted::kEnumerateInstanceNames; }
  std::optional<Counted> operator()(const CreateInstance&) const { return Counted::kCreateInstance; }
  std::optional<Counted> operator()(const ModifyInstance&) const { return Counted::kModifyInstance; }
  std::optional<Counted> operator()(const DeleteInstance&) const { return Counted::kDeleteInstance; }
  std::optional<Counted> operator()(const GetProperty&) const { return Counted::kGetProperty; }
  std::optional<Counted> operator()(const SetProperty&) const { return Counted::kSetProperty; }
  std::optional<Counted> operator()(const ExecQuery&) const { return Counted::kExecQuery; }
  std::optional<Counted> operator()(const GetQualifier&) const { return Counted::kGetQualifier; }
  std::optional<Counted> operator()(const EnumerateQualifiers&) const { return Counted::kEnumerateQualifiers; }
  std::optional<Counted> operator()(const SetQualifier&) const { return Counted::kSetQualifier; }
  std::optional<Counted> operator()(const DeleteQualifier&) const { return Counted::kDeleteQualifier; }
  std::optional<Counted> operator()(const InvokeMethod&) const { return Counted::kInvokeMethod; }
  std::optional<Counted> operator()(const CloseEnumeration&) const { return Counted::kCloseEnumeration; }
  std::optional<Counted> operator()(const CountEnumeration&) const { return Counted::kEnumerationCount; }
  std::optional<Counted> operator()(const FollowAssociations& call) const { return followed(call.kind); }
  std::optional<Counted> operator()(const OpenEnumeration& call) const { return opened(call.request.kind); }
  std::optional<Counted> operator()(const PullEnumeration& call) const { return pulled(call.content); }
  std::optional<Counted> operator()(const UnknownOperation&) const { return std::nullopt; }
};

}  // namespace

std::optional<cim::CountedOperation> counted_operation(const Operation& operation) {
  return std::visit(CountedAs{}, operation);
}

std::string operation_name(const Operation& operation) {
  if (const auto* method = std::get_if<InvokeMethod>(&operation)) {
    return method->method_name;
  }
  if (const auto* unknown = std::get_if<UnknownOperation>(&operation)) {
    return unknown->name;
  }
  return std::string(cim::name_of(*counted_operation(operation)));
}

}  // namespace lunaria::wbem
