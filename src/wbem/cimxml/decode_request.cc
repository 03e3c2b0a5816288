#include "wbem/cimxml/decode_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "wbem/cimxml/decode_value.h"
#include "wbem/cimxml/limits.h"

namespace lunaria::wbem::cimxml {
namespace {

using cim::Status;
using cim::Value;

MessageError not_valid(std::string message) {
  return {400, "request-not-valid", std::move(message)};
}

/// What goes wrong inside a request: either the document is not CIM-XML, or a value is wrong.
struct Failure {
  std::optional<MessageError> message;
  cim::Error error;
};

Failure from(const DecodeError& error) {
  if (error.kind == DecodeError::Kind::kInvalid) {
    return {not_valid(error.message), {}};
  }
  return {std::nullopt, cim::Error(Status::kInvalidParameter, error.message)};
}

Failure invalid_parameter(std::string message) {
  return {std::nullopt, cim::Error(Status::kInvalidParameter, std::move(message))};
}

/// The IPARAMVALUEs of an intrinsic call, looked up by name without regard to case. Every one must be taken.
class Parameters final {
 public:
  static constexpr std::size_t kCountMax = 16;

  /// Reads the elements behind the namespace path.
  Result<void, Failure> read(const XmlElement* first) {
    for (const XmlElement* element = first; element != nullptr; element = element->next_sibling) {
      if (!element->is("IPARAMVALUE")) {
        return fail(Failure{not_valid(unexpected(*element, "IMETHODCALL").message), {}});
      }
      const auto name = require_attribute(*element, "NAME");
      if (!name) {
        return fail(from(name.error()));
      }
      if (find(*name) != nullptr) {
        return fail(invalid_parameter(fmt::format("parameter {} is given twice", *name)));
      }
      if (count_ == kCountMax) {
        return fail(invalid_parameter("too many parameters"));
      }
      const auto content = only_child(*element);
      if (!content) {
        return fail(from(content.error()));
      }
      entries_[count_++] = {*name, *content, false};
    }
    return {};
  }

  /// The element inside the parameter; null when it was not given, or given as null.
  const XmlElement* take(std::string_view name) {
    Entry* entry = find(name);
    if (entry == nullptr) {
      return nullptr;
    }
    entry->taken = true;
    return entry->content;
  }

  /// The first parameter that nobody took: the operation has none of that name.
  std::optional<std::string_view> left_over() const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!entries_[i].taken) {
        return entries_[i].name;
      }
    }
    return std::nullopt;
  }

 private:
  struct Entry {
    std::string_view name;
    const XmlElement* content = nullptr;
    bool taken = false;
  };
  Entry* find(std::string_view name) {
    const auto found = std::find_if(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(count_),
                                    [name](const Entry& entry) { return cim::name_equal(entry.name, name); });
    return found == entries_.begin() + static_cast<std::ptrdiff_t>(count_) ? nullptr : &*found;
  }

  std::array<Entry, kCountMax> entries_{};
  std::size_t count_ = 0;
};

template <class T>
using Parsed = Result<T, Failure>;

Parsed<bool> take_flag(Parameters& parameters, std::string_view name, bool default_value) {
  const XmlElement* element = parameters.take(name);
  if (element == nullptr) {
    return default_value;
  }
  const auto value = decode_value(element, cim::Type::kBoolean, false);
  if (!value) {
    return fail(from(value.error()));
  }
  return value->as_bool().value_or(default_value);
}

Parsed<std::string> take_class_name(Parameters& parameters, bool is_required) {
  const XmlElement* element = parameters.take("ClassName");
  if (element == nullptr) {
    if (is_required) {
      return fail(invalid_parameter("the parameter ClassName is missing"));
    }
    return std::string();
  }
  const auto path = decode_object_path(*element);
  if (!path || path->is_instance()) {
    return fail(path ? invalid_parameter("ClassName takes a CLASSNAME") : from(path.error()));
  }
  return path->class_name();
}

Parsed<cim::ObjectPath> take_instance_name(Parameters& parameters, const cim::NamespaceName& name_space) {
  const XmlElement* element = parameters.take("InstanceName");
  if (element == nullptr) {
    return fail(invalid_parameter("the parameter InstanceName is missing"));
  }
  auto path = decode_object_path(*element);
  if (!path || !path->is_instance()) {
    return fail(path ? invalid_parameter("InstanceName takes an INSTANCENAME") : from(path.error()));
  }
  path->set_name_space(name_space);
  return *std::move(path);
}

Parsed<cim::PropertyList> take_property_list(Parameters& parameters) {
  const XmlElement* element = parameters.take("PropertyList");
  if (element == nullptr) {
    return cim::PropertyList();
  }
  const auto value = decode_value(element, cim::Type::kString, true);
  if (!value) {
    return fail(from(value.error()));
  }
  if (value->is_null()) {
    return cim::PropertyList();
  }
  if (value->elements().size() > limits::kPropertyListMax) {
    return fail(invalid_parameter(fmt::format("PropertyList takes at most {} names", limits::kPropertyListMax)));
  }
  std::vector<std::string> names;
  for (const Value& name : value->elements()) {
    names.emplace_back(name.string_or_empty());
  }
  return cim::PropertyList(std::move(names));
}

Parsed<cim::ClassOptions> take_class_options(Parameters& parameters, bool has_property_list) {
  const auto local_only = take_flag(parameters, "LocalOnly", true);
  const auto include_qualifiers = take_flag(parameters, "IncludeQualifiers", true);
  const auto include_origin = take_flag(parameters, "IncludeClassOrigin", false);
  if (!local_only || !include_qualifiers || !include_origin) {
    return fail(!local_only           ? local_only.error()
                : !include_qualifiers ? include_qualifiers.error()
                                      : include_origin.error());
  }
  cim::ClassOptions options{*local_only, *include_qualifiers, *include_origin, std::nullopt};
  if (has_property_list) {
    auto list = take_property_list(parameters);
    if (!list) {
      return fail(list.error());
    }
    options.properties = *std::move(list);
  }
  return options;
}

Parsed<InstanceForm> take_form(Parameters& parameters) {
  const auto include_qualifiers = take_flag(parameters, "IncludeQualifiers", false);
  const auto include_origin = take_flag(parameters, "IncludeClassOrigin", false);
  if (!include_qualifiers || !include_origin) {
    return fail(!include_qualifiers ? include_qualifiers.error() : include_origin.error());
  }
  return InstanceForm{*include_qualifiers, *include_origin};
}

Parsed<Operation> parse_get_class(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, true);
  if (!name) {
    return fail(name.error());
  }
  auto options = take_class_options(parameters, true);
  if (!options) {
    return fail(options.error());
  }
  return GetClass{*std::move(name), *std::move(options)};
}

Parsed<Operation> parse_enumerate_classes(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, false);
  if (!name) {
    return fail(name.error());
  }
  const auto deep = take_flag(parameters, "DeepInheritance", false);
  if (!deep) {
    return fail(deep.error());
  }
  auto options = take_class_options(parameters, false);
  if (!options) {
    return fail(options.error());
  }
  return EnumerateClasses{*std::move(name), *deep, *std::move(options)};
}

Parsed<Operation> parse_enumerate_class_names(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, false);
  if (!name) {
    return fail(name.error());
  }
  const auto deep = take_flag(parameters, "DeepInheritance", false);
  if (!deep) {
    return fail(deep.error());
  }
  return EnumerateClassNames{*std::move(name), *deep};
}

Parsed<Operation> parse_get_instance(Parameters& parameters, const cim::NamespaceName& name_space) {
  auto path = take_instance_name(parameters, name_space);
  if (!path) {
    return fail(path.error());
  }
  const auto local_only = take_flag(parameters, "LocalOnly", false);
  if (!local_only) {
    return fail(local_only.error());
  }
  const auto form = take_form(parameters);
  if (!form) {
    return fail(form.error());
  }
  auto list = take_property_list(parameters);
  if (!list) {
    return fail(list.error());
  }
  return GetInstance{*std::move(path), {*local_only, *std::move(list)}, *form};
}

Parsed<Operation> parse_enumerate_instances(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, true);
  if (!name) {
    return fail(name.error());
  }
  const auto local_only = take_flag(parameters, "LocalOnly", false);
  const auto deep = take_flag(parameters, "DeepInheritance", true);
  if (!local_only || !deep) {
    return fail(!local_only ? local_only.error() : deep.error());
  }
  const auto form = take_form(parameters);
  if (!form) {
    return fail(form.error());
  }
  auto list = take_property_list(parameters);
  if (!list) {
    return fail(list.error());
  }
  return EnumerateInstances{*std::move(name), {*local_only, *deep, *std::move(list)}, *form};
}

Parsed<Operation> parse_enumerate_instance_names(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, true);
  if (!name) {
    return fail(name.error());
  }
  return EnumerateInstanceNames{*std::move(name)};
}

Parsed<Operation> parse_create_instance(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  const XmlElement* element = parameters.take("NewInstance");
  if (element == nullptr) {
    return fail(invalid_parameter("the parameter NewInstance is missing"));
  }
  auto instance = decode_instance(*element);
  if (!instance) {
    return fail(from(instance.error()));
  }
  return CreateInstance{*std::move(instance)};
}

Parsed<Operation> parse_modify_instance(Parameters& parameters, const cim::NamespaceName& name_space) {
  const XmlElement* element = parameters.take("ModifiedInstance");
  if (element == nullptr) {
    return fail(invalid_parameter("the parameter ModifiedInstance is missing"));
  }
  if (!element->is("VALUE.NAMEDINSTANCE") || element->child_count() != 2) {
    return fail(from(unexpected(*element, "ModifiedInstance")));
  }
  auto path = decode_object_path(*element->first_child);
  if (!path) {
    return fail(from(path.error()));
  }
  path->set_name_space(name_space);
  auto instance = decode_instance(*element->first_child->next_sibling);
  if (!instance) {
    return fail(from(instance.error()));
  }
  const auto include_qualifiers = take_flag(parameters, "IncludeQualifiers", true);  // deprecated, without effect
  if (!include_qualifiers) {
    return fail(include_qualifiers.error());
  }
  auto list = take_property_list(parameters);
  if (!list) {
    return fail(list.error());
  }
  return ModifyInstance{*std::move(path), *std::move(instance), *std::move(list)};
}

Parsed<Operation> parse_delete_instance(Parameters& parameters, const cim::NamespaceName& name_space) {
  auto path = take_instance_name(parameters, name_space);
  if (!path) {
    return fail(path.error());
  }
  return DeleteInstance{*std::move(path)};
}

Parsed<Operation> parse_get_qualifier(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  const XmlElement* element = parameters.take("QualifierName");
  if (element == nullptr) {
    return fail(invalid_parameter("the parameter QualifierName is missing"));
  }
  const auto name = decode_value(element, cim::Type::kString, false);
  if (!name) {
    return fail(from(name.error()));
  }
  return GetQualifier{std::string(name->string_or_empty())};
}

Parsed<Operation> parse_enumerate_qualifiers(Parameters& /*parameters*/, const cim::NamespaceName& /*name_space*/) {
  return EnumerateQualifiers{};
}

struct IntrinsicRow {
  std::string_view name;
  Parsed<Operation> (*parse)(Parameters&, const cim::NamespaceName&);
};

constexpr std::array kIntrinsics{
    IntrinsicRow{"GetClass", parse_get_class},
    IntrinsicRow{"EnumerateClasses", parse_enumerate_classes},
    IntrinsicRow{"EnumerateClassNames", parse_enumerate_class_names},
    IntrinsicRow{"GetInstance", parse_get_instance},
    IntrinsicRow{"EnumerateInstances", parse_enumerate_instances},
    IntrinsicRow{"EnumerateInstanceNames", parse_enumerate_instance_names},
    IntrinsicRow{"CreateInstance", parse_create_instance},
    IntrinsicRow{"ModifyInstance", parse_modify_instance},
    IntrinsicRow{"DeleteInstance", parse_delete_instance},
    IntrinsicRow{"GetQualifier", parse_get_qualifier},
    IntrinsicRow{"EnumerateQualifiers", parse_enumerate_qualifiers},
};

Parsed<Operation> parse_intrinsic(const XmlElement& call, std::string_view name, const cim::NamespaceName& name_space) {
  const auto row = std::ranges::find_if(
      kIntrinsics, [name](const IntrinsicRow& candidate) { return cim::name_equal(candidate.name, name); });
  if (row == kIntrinsics.end()) {
    return UnknownOperation{std::string(name)};
  }
  Parameters parameters;
  if (const auto read = parameters.read(call.first_child->next_sibling); !read) {
    return fail(read.error());
  }
  auto operation = row->parse(parameters, name_space);
  if (operation) {
    if (const auto name_left = parameters.left_over()) {
      return fail(invalid_parameter(fmt::format("{} has no parameter {}", name, *name_left)));
    }
  }
  return operation;
}

Parsed<Operation> parse_extrinsic(const XmlElement& call, std::string_view name, const cim::ObjectPath& path) {
  InvokeMethod invoke{path, std::string(name), {}};
  for (const XmlElement* element = call.first_child->next_sibling; element != nullptr;
       element = element->next_sibling) {
    if (!element->is("PARAMVALUE")) {
      return fail(from(unexpected(*element, "METHODCALL")));
    }
    auto parameter = decode_parameter(*element);
    if (!parameter) {
      return fail(from(parameter.error()));
    }
    if (invoke.parameters.size() == limits::kMethodParametersMax) {
      return fail(invalid_parameter("too many parameters"));
    }
    const bool repeated = std::ranges::any_of(invoke.parameters, [&parameter](const MethodParameter& other) {
      return cim::name_equal(other.name, parameter->name);
    });
    if (repeated) {
      return fail(invalid_parameter(fmt::format("parameter {} is given twice", parameter->name)));
    }
    invoke.parameters.push_back({std::move(parameter->name), std::move(parameter->value), parameter->is_typed});
  }
  return invoke;
}

/// Versions: the major number decides (DSP0200 7.3).
bool is_version(std::string_view text, char major) {
  return text.size() >= 3 && text[0] == major && text[1] == '.' &&
         std::ranges::all_of(text.substr(2), [](char c) { return c >= '0' && c <= '9'; });
}

/// The MESSAGE's only request, after the checks of what stands around it.
Result<const XmlElement*, MessageError> find_call(const XmlElement& root, RequestMessage& request) {
  if (!root.is("CIM")) {
    return fail(not_valid("the document element is not CIM"));
  }
  if (!is_version(root.attribute("CIMVERSION").value_or(""), '2')) {
    return fail(MessageError{501, "unsupported-cim-version", "CIMVERSION must be 2.x"});
  }
  if (!is_version(root.attribute("DTDVERSION").value_or(""), '2')) {
    return fail(MessageError{501, "unsupported-dtd-version", "DTDVERSION must be 2.x"});
  }
  const XmlElement* message = root.first_child;
  if (message == nullptr || !message->is("MESSAGE") || message->next_sibling != nullptr) {
    return fail(not_valid("CIM takes one MESSAGE"));
  }
  const auto id = message->attribute("ID");
  const auto version = message->attribute("PROTOCOLVERSION");
  if (!id || !version) {
    return fail(not_valid("MESSAGE lacks ID or PROTOCOLVERSION"));
  }
  if (!is_version(*version, '1')) {
    return fail(MessageError{501, "unsupported-protocol-version", "PROTOCOLVERSION must be 1.x"});
  }
  request.message_id = std::string(*id);
  request.protocol_version = std::string(*version);
  const XmlElement* simple = message->first_child;
  if (simple != nullptr && simple->is("MULTIREQ")) {
    return fail(MessageError{501, "multiple-requests-unsupported", "send one request a message"});
  }
  if (simple == nullptr || !simple->is("SIMPLEREQ") || simple->next_sibling != nullptr) {
    return fail(not_valid("MESSAGE takes one SIMPLEREQ"));
  }
  const XmlElement* call = simple->first_child;
  while (call != nullptr && call->is("CORRELATOR")) {
    call = call->next_sibling;
  }
  if (call == nullptr || (!call->is("IMETHODCALL") && !call->is("METHODCALL")) || call->next_sibling != nullptr ||
      call->first_child == nullptr) {
    return fail(not_valid("SIMPLEREQ takes one IMETHODCALL or METHODCALL"));
  }
  return call;
}

}  // namespace

Result<RequestMessage, MessageError> decode_request(const XmlElement& root) {
  RequestMessage request;
  const auto call = find_call(root, request);
  if (!call) {
    return fail(call.error());
  }
  const auto name = (*call)->attribute("NAME");
  if (!name || name->empty()) {
    return fail(not_valid("the call has no NAME"));
  }
  request.method_name = std::string(*name);
  request.is_extrinsic = (*call)->is("METHODCALL");
  Parsed<Operation> operation = Operation(EnumerateQualifiers{});
  if (request.is_extrinsic) {
    auto path = decode_object_path(*(*call)->first_child);
    if (!path || path->name_space().empty()) {
      return fail(not_valid(path ? "METHODCALL takes a local path" : path.error().message));
    }
    path->set_host({});
    request.name_space = path->name_space();
    request.object_text = path->to_string();
    operation = parse_extrinsic(**call, *name, *path);
  } else {
    auto name_space = decode_local_namespace(*(*call)->first_child);
    if (!name_space) {
      return fail(not_valid(name_space.error().message));
    }
    request.name_space = *std::move(name_space);
    request.object_text = request.name_space.text();
    operation = parse_intrinsic(**call, *name, request.name_space);
  }
  if (operation) {
    request.operation = *std::move(operation);
  } else if (operation.error().message) {
    return fail(*operation.error().message);
  } else {
    request.operation = operation.error().error;
  }
  return request;
}

}  // namespace lunaria::wbem::cimxml
