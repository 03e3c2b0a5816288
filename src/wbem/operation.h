#pragma once

// The operations of DSP0200 5.3 and 5.4 as values: what a protocol's decoder makes of a request, and a client's encoder
// takes.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cim/class_declaration.h"
#include "cim/instance.h"
#include "cim/object_manager.h"
#include "cim/object_path.h"
#include "cim/open_enumerations.h"
#include "cim/operation_statistics.h"

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
struct CreateClass {
  cim::ClassDeclaration declaration;
};
struct ModifyClass {
  cim::ClassDeclaration declaration;
};
struct DeleteClass {
  std::string class_name;
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
struct GetProperty {
  cim::ObjectPath path;
  std::string property;
};
struct SetProperty {
  cim::ObjectPath path;
  std::string property;
  cim::Value value;  ///< strings, whatever the type of the property is, or references; NULL
};
/// Associators, AssociatorNames, References and ReferenceNames, of an instance or of a class.
struct FollowAssociations {
  enum class Kind : std::uint8_t { kAssociators, kAssociatorNames, kReferences, kReferenceNames };
  Kind kind = Kind::kAssociators;
  cim::ObjectPath object{};
  cim::AssociationFilter filter{};
  cim::PropertyList properties = std::nullopt;
  InstanceForm form{};
};
struct ExecQuery {
  cim::QueryText query;
};
struct GetQualifier {
  std::string name;
};
struct EnumerateQualifiers {};
struct SetQualifier {
  cim::QualifierType declaration;
};
struct DeleteQualifier {
  std::string name;
};
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
/// Every operation that begins a pulled enumeration; `request` says which, and how instances are written.
struct OpenEnumeration {
  cim::EnumerationRequest request;
  cim::OpenOptions options;
  bool wants_query_class = false;  ///< ReturnQueryResultClass
};
struct PullEnumeration {
  cim::PullContent content = cim::PullContent::kInstancesWithPath;
  std::string context;
  std::uint32_t object_count_max = 0;
};
struct CloseEnumeration {
  std::string context;
};
struct CountEnumeration {
  std::string context;
};
/// An operation that is well-formed but not served: answered with CIM_ERR_NOT_SUPPORTED.
struct UnknownOperation {
  std::string name;
};

using Operation = std::variant<GetClass, EnumerateClasses, EnumerateClassNames, CreateClass, ModifyClass, DeleteClass,
                               GetInstance, EnumerateInstances, EnumerateInstanceNames, CreateInstance, ModifyInstance,
                               DeleteInstance, GetProperty, SetProperty, FollowAssociations, ExecQuery, GetQualifier,
                               EnumerateQualifiers, SetQualifier, DeleteQualifier, InvokeMethod, OpenEnumeration,
                               PullEnumeration, CloseEnumeration, CountEnumeration, UnknownOperation>;

/// As what statistics count it; nullopt for one that is not served.
std::optional<cim::CountedOperation> counted_operation(const Operation& operation);
/// The operation's name as DSP0200 has it ("GetClass"); the method's name for InvokeMethod.
std::string operation_name(const Operation& operation);

}  // namespace lunaria::wbem
