#include "wbem/operation.h"

namespace lunaria::wbem {
namespace {

struct NameOf {
  std::string operator()(const GetClass&) const { return "GetClass"; }
  std::string operator()(const EnumerateClasses&) const { return "EnumerateClasses"; }
  std::string operator()(const EnumerateClassNames&) const { return "EnumerateClassNames"; }
  std::string operator()(const GetInstance&) const { return "GetInstance"; }
  std::string operator()(const EnumerateInstances&) const { return "EnumerateInstances"; }
  std::string operator()(const EnumerateInstanceNames&) const { return "EnumerateInstanceNames"; }
  std::string operator()(const CreateInstance&) const { return "CreateInstance"; }
  std::string operator()(const ModifyInstance&) const { return "ModifyInstance"; }
  std::string operator()(const DeleteInstance&) const { return "DeleteInstance"; }
  std::string operator()(const GetQualifier&) const { return "GetQualifier"; }
  std::string operator()(const EnumerateQualifiers&) const { return "EnumerateQualifiers"; }
  std::string operator()(const InvokeMethod& call) const { return call.method_name; }
  std::string operator()(const UnknownOperation& unknown) const { return unknown.name; }
};

}  // namespace

std::string operation_name(const Operation& operation) {
  return std::visit(NameOf{}, operation);
}

}  // namespace lunaria::wbem
