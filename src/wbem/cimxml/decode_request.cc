#include "wbem/cimxml/decode_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "wbem/cimxml/decode_value.h"
#include "wbem/cimxml/limits.h"
#include "wbem/cimxml/request_parameters.h"

namespace lunaria::wbem::cimxml {
namespace {

Parsed<Operation> parse_intrinsic(const XmlElement& call, std::string_view name, const cim::NamespaceName& name_space) {
  const Intrinsic* row = find_instance_operation(name);
  row = row != nullptr ? row : find_enumeration_operation(name);
  row = row != nullptr ? row : find_schema_operation(name);
  if (row == nullptr) {
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

bool is_version(std::string_view text, char major) {
  bool may_end = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    const bool is_dot = text[i] == '.' && (i == 1 || may_end);
    if (!is_digit && !is_dot) {
      return false;
    }
    may_end = is_digit;
  }
  return may_end && text[0] == major && text[1] == '.' && std::ranges::count(text, '.') <= 2;
}

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
    request.object = *path;
    operation = parse_extrinsic(**call, *name, *path);
  } else {
    auto name_space = decode_local_namespace(*(*call)->first_child);
    if (!name_space) {
      return fail(not_valid(name_space.error().message));
    }
    request.name_space = *std::move(name_space);
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
