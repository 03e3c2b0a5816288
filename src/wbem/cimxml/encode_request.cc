#include <string>
#include <string_view>

#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/xml_text.h"

namespace lunaria::wbem::cimxml {
namespace {

void start_parameter(std::string& out, std::string_view name) {
  out += "<IPARAMVALUE";
  append_attribute(out, "NAME", name);
  out += '>';
}

void append_flag(std::string& out, std::string_view name, bool value) {
  start_parameter(out, name);
  out += value ? "<VALUE>TRUE</VALUE></IPARAMVALUE>" : "<VALUE>FALSE</VALUE></IPARAMVALUE>";
}

void append_class_name(std::string& out, std::string_view name, std::string_view parameter = "ClassName") {
  start_parameter(out, parameter);
  out += "<CLASSNAME";
  append_attribute(out, "NAME", name);
  out += "/></IPARAMVALUE>";
}

/// Where the parameter may be left out, and "" means that.
void append_any_class_name(std::string& out, std::string_view name, std::string_view parameter = "ClassName") {
  if (!name.empty()) {
    append_class_name(out, name, parameter);
  }
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
  start_parameter(out, name);
  out += "<VALUE>";
  append_escaped(out, value);
  out += "</VALUE></IPARAMVALUE>";
}

/// The same, left out when empty.
void append_any_text(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    append_text(out, name, value);
  }
}

void append_filter(std::string& out, const cim::AssociationFilter& filter) {
  append_any_class_name(out, filter.association_class, "AssocClass");
  append_any_class_name(out, filter.result_class, "ResultClass");
  append_any_text(out, "Role", filter.role);
  append_any_text(out, "ResultRole", filter.result_role);
}

void append_instance_path(std::string& out, const cim::ObjectPath& path, std::string_view parameter = "InstanceName") {
  start_parameter(out, parameter);
  append_object_name(out, path);
  out += "</IPARAMVALUE>";
}

void append_property_list(std::string& out, const cim::PropertyList& list) {
  if (!list) {
    return;
  }
  start_parameter(out, "PropertyList");
  out += "<VALUE.ARRAY>";
  for (const std::string& name : *list) {
    out += "<VALUE>";
    append_escaped(out, name);
    out += "</VALUE>";
  }
  out += "</VALUE.ARRAY></IPARAMVALUE>";
}

void append_form(std::string& out, const InstanceForm& form) {
  append_flag(out, "IncludeQualifiers", form.include_qualifiers);
  append_flag(out, "IncludeClassOrigin", form.include_class_origin);
}

void append_class_options(std::string& out, const cim::ClassOptions& options) {
  append_flag(out, "LocalOnly", options.local_only);
  append_flag(out, "IncludeQualifiers", options.include_qualifiers);
  append_flag(out, "IncludeClassOrigin", options.include_class_origin);
}

/// Appends the parameters of an intrinsic operation.
class ParameterEncoder final {
 public:
  explicit ParameterEncoder(std::string& out) : out_(out) {}

  void operator()(const GetClass& call) const {
    append_class_name(out_, call.class_name);
    append_class_options(out_, call.options);
    append_property_list(out_, call.options.properties);
  }
  void operator()(const EnumerateClasses& call) const {
    append_any_class_name(out_, call.class_name);
    append_flag(out_, "DeepInheritance", call.deep_inheritance);
    append_class_options(out_, call.options);
  }
  void operator()(const EnumerateClassNames& call) const {
    append_any_class_name(out_, call.class_name);
    append_flag(out_, "DeepInheritance", call.deep_inheritance);
  }
  void operator()(const GetInstance& call) const {
    append_instance_path(out_, call.path);
    append_flag(out_, "LocalOnly", call.options.local_only);
    append_form(out_, call.form);
    append_property_list(out_, call.options.properties);
  }
  void operator()(const EnumerateInstances& call) const {
    append_class_name(out_, call.class_name);
    append_flag(out_, "LocalOnly", call.options.local_only);
    append_flag(out_, "DeepInheritance", call.options.deep_inheritance);
    append_form(out_, call.form);
    append_property_list(out_, call.options.properties);
  }
  void operator()(const EnumerateInstanceNames& call) const { append_class_name(out_, call.class_name); }
  void operator()(const CreateInstance& call) const {
    start_parameter(out_, "NewInstance");
    append_instance(out_, call.instance, {});
    out_ += "</IPARAMVALUE>";
  }
  void operator()(const ModifyInstance& call) const {
    start_parameter(out_, "ModifiedInstance");
    out_ += "<VALUE.NAMEDINSTANCE>";
    append_object_name(out_, call.path);
    append_instance(out_, call.instance, {});
    out_ += "</VALUE.NAMEDINSTANCE></IPARAMVALUE>";
    append_property_list(out_, call.properties);
  }
  void operator()(const DeleteInstance& call) const { append_instance_path(out_, call.path); }
  void operator()(const GetQualifier& call) const { append_text(out_, "QualifierName", call.name); }
  void operator()(const EnumerateQualifiers& /*call*/) const {}
  void operator()(const SetQualifier& call) const {
    start_parameter(out_, "QualifierDeclaration");
    append_qualifier_type(out_, call.declaration);
    out_ += "</IPARAMVALUE>";
  }
  void operator()(const DeleteQualifier& call) const { append_text(out_, "QualifierName", call.name); }
  void operator()(const CreateClass& call) const {
    start_parameter(out_, "NewClass");
    append_class_declaration(out_, call.declaration);
    out_ += "</IPARAMVALUE>";
  }
  void operator()(const ModifyClass& call) const {
    start_parameter(out_, "ModifiedClass");
    append_class_declaration(out_, call.declaration);
    out_ += "</IPARAMVALUE>";
  }
  void operator()(const DeleteClass& call) const { append_class_name(out_, call.class_name); }
  void operator()(const GetProperty& call) const {
    append_instance_path(out_, call.path);
    append_text(out_, "PropertyName", call.property);
  }
  void operator()(const SetProperty& call) const {
    append_instance_path(out_, call.path);
    append_text(out_, "PropertyName", call.property);
    start_parameter(out_, "NewValue");
    append_value(out_, call.value);
    out_ += "</IPARAMVALUE>";
  }
  void operator()(const FollowAssociations& call) const {
    append_instance_path(out_, call.object, "ObjectName");
    append_filter(out_, call.filter);
    if (call.kind == FollowAssociations::Kind::kAssociators || call.kind == FollowAssociations::Kind::kReferences) {
      append_form(out_, call.form);
      append_property_list(out_, call.properties);
    }
  }
  void operator()(const ExecQuery& call) const {
    append_text(out_, "QueryLanguage", call.query.language);
    append_text(out_, "Query", call.query.text);
  }
  void operator()(const OpenEnumeration& call) const;
  void operator()(const PullEnumeration& call) const {
    append_text(out_, "EnumerationContext", call.context);
    append_text(out_, "MaxObjectCount", std::to_string(call.object_count_max));
  }
  void operator()(const CloseEnumeration& call) const { append_text(out_, "EnumerationContext", call.context); }
  void operator()(const CountEnumeration& call) const { append_text(out_, "EnumerationContext", call.context); }
  void operator()(const InvokeMethod& call) const {
    for (const MethodParameter& parameter : call.parameters) {
      if (parameter.is_typed) {
        append_parameter_value(out_, parameter.name, parameter.value);
        continue;
      }
      out_ += "<PARAMVALUE";
      append_attribute(out_, "NAME", parameter.name);
      out_ += '>';
      append_value(out_, parameter.value);
      out_ += "</PARAMVALUE>";
    }
  }
  void operator()(const UnknownOperation& /*call*/) const {}

 private:
  std::string& out_;
};

void ParameterEncoder::operator()(const OpenEnumeration& call) const {
  using Kind = cim::EnumerationRequest::Kind;
  const cim::EnumerationRequest& request = call.request;
  if (request.kind == Kind::kInstances || request.kind == Kind::kInstanceNames) {
    append_class_name(out_, request.class_name);
  } else if (request.kind != Kind::kQuery) {
    append_instance_path(out_, request.object);
    append_filter(out_, request.filter);
  } else if (call.wants_query_class) {
    append_flag(out_, "ReturnQueryResultClass", true);
  }
  if (request.kind == Kind::kInstances) {
    if (request.options.local_only) {
      append_flag(out_, "LocalOnly", true);  // only older versions of the standard have it
    }
    append_flag(out_, "DeepInheritance", request.options.deep_inheritance);
  }
  if (!request.is_names_only() && request.kind != Kind::kQuery) {
    if (request.include_qualifiers) {
      append_flag(out_, "IncludeQualifiers", true);
    }
    append_flag(out_, "IncludeClassOrigin", request.include_class_origin);
    append_property_list(out_, request.options.properties);
  }
  append_any_text(out_, "FilterQueryLanguage", request.query.language);
  append_any_text(out_, "FilterQuery", request.query.text);
  if (call.options.operation_timeout_s) {
    append_text(out_, "OperationTimeout", std::to_string(*call.options.operation_timeout_s));
  }
  append_flag(out_, "ContinueOnError", call.options.continue_on_error);
  append_text(out_, "MaxObjectCount", std::to_string(call.options.object_count_max));
}

}  // namespace

std::string encode_request(const Operation& operation, const cim::NamespaceName& name_space,
                           std::string_view message_id) {
  const auto* method = std::get_if<InvokeMethod>(&operation);
  std::string out = "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"><MESSAGE";
  append_attribute(out, "ID", message_id);
  out += " PROTOCOLVERSION=\"1.0\"><SIMPLEREQ><";
  out += method != nullptr ? "METHODCALL" : "IMETHODCALL";
  append_attribute(out, "NAME", operation_name(operation));
  out += '>';
  if (method != nullptr) {
    cim::ObjectPath local = method->path;
    local.set_host({});
    append_object_path(out, local);
  } else {
    append_local_namespace(out, name_space);
  }
  std::visit(ParameterEncoder(out), operation);
  out += method != nullptr ? "</METHODCALL>" : "</IMETHODCALL>";
  out += "</SIMPLEREQ></MESSAGE></CIM>\n";
  return out;
}

}  // namespace lunaria::wbem::cimxml
