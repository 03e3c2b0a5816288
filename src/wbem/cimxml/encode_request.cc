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

void append_class_name(std::string& out, std::string_view name) {
  start_parameter(out, "ClassName");
  out += "<CLASSNAME";
  append_attribute(out, "NAME", name);
  out += "/></IPARAMVALUE>";
}

/// Where the parameter may be left out, and "" means that.
void append_top_class_name(std::string& out, std::string_view name) {
  if (!name.empty()) {
    append_class_name(out, name);
  }
}

void append_instance_path(std::string& out, const cim::ObjectPath& path) {
  start_parameter(out, "InstanceName");
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
    append_top_class_name(out_, call.class_name);
    append_flag(out_, "DeepInheritance", call.deep_inheritance);
    append_class_options(out_, call.options);
  }
  void operator()(const EnumerateClassNames& call) const {
    append_top_class_name(out_, call.class_name);
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
  void operator()(const GetQualifier& call) const {
    start_parameter(out_, "QualifierName");
    out_ += "<VALUE>";
    append_escaped(out_, call.name);
    out_ += "</VALUE></IPARAMVALUE>";
  }
  void operator()(const EnumerateQualifiers& /*call*/) const {}
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
