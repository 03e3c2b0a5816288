#pragma once

// The operations of DSP0200 5.3 as values: what a protocol's decoder makes of a request, and a client's encoder takes.

#include <optional>
#include <string>
#include <variant>

#include "cim/instance.h"
#include "cim/object_manager.h"
#include "cim/object_path.h"

namespace lunaria::wbem {

struct GetClass {
  std::string class_name;
  cim::ClassOptions options;
};
struct EnumerateClasses {
  std::string class_name;  ///< "" for the top
  bool deep_inheritance = false;
  cim::ClassOptions options;
};
struct EnumerateClassNames {
  std::string class_name;
  bool deep_inheritance = false;
};
/// How instances are written.
struct InstanceForm {
  bool include_qualifiers = false;
  bool include_class_origin = false;
};
struct GetInstance {
  cim::ObjectPath path;
  cim::GetInstanceOptions options;
  InstanceForm form;
};
struct EnumerateInstances {
  std::string class_name;
  cim::EnumerateInstancesOptions options;
  InstanceForm form;
};
struct EnumerateInstanceNames {
  std::string class_name;
};
struct CreateInstance {
  cim::Instance instance;
};
struct ModifyInstance {
  cim::ObjectPath path;
  cim::Instance instance;
  cim::PropertyList properties;
};
struct DeleteInstance {
  cim::ObjectPath path;
};
struct GetQualifier {
  std::string name;
};
struct EnumerateQualifiers {};
/// A parameter as it came: its type is known only when the request states it.
struct MethodParameter {
  std::string name;
  cim::Value value;
  bool is_typed = true;
};
struct InvokeMethod {
  cim::ObjectPath path;  ///< of an instance, or of a class
  std::string method_name;
  std::vector<MethodParameter> parameters;
};
/// An operation that is well-formed but not served: answered with CIM_ERR_NOT_SUPPORTED.
struct UnknownOperation {
  std::string name;
};

using Operation = std::variant<GetClass, EnumerateClasses, EnumerateClassNames, GetInstance, EnumerateInstances,
                               EnumerateInstanceNames, CreateInstance, ModifyInstance, DeleteInstance, GetQualifier,
                               EnumerateQualifiers, InvokeMethod, UnknownOperation>;

/// The operation's name as DSP0200 has it ("GetClass"); the method's name for InvokeMethod.
std::string operation_name(const Operation& operation);

}  // namespace lunaria::wbem
