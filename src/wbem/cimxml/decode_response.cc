#include "wbem/cimxml/decode_response.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "wbem/cimxml/decode_declaration.h"

namespace lunaria::wbem::cimxml {
namespace {

using Added = Result<void, DecodeError>;

/// A path and an instance.
Added add_named_instance(const XmlElement& name, const XmlElement& object, ResponseMessage& response) {
  auto path = decode_object_path(name);
  if (!path) {
    return fail(path.error());
  }
  auto instance = decode_instance(object, *path);
  if (!instance) {
    return fail(instance.error());
  }
  response.instances.push_back({*std::move(path), *std::move(instance)});
  return {};
}

Added add_class(const XmlElement& element, ResponseMessage& response) {
  auto cls = decode_class(element);
  if (!cls) {
    return fail(cls.error());
  }
  response.classes.push_back(*std::move(cls));
  return {};
}

Added add_instance(const XmlElement& element, ResponseMessage& response) {
  auto instance = decode_instance(element);
  if (!instance) {
    return fail(instance.error());
  }
  response.instances.push_back({std::nullopt, *std::move(instance)});
  return {};
}

/// VALUE.NAMEDINSTANCE and what other elements hold a path and an instance or a class.
Added add_pair(const XmlElement& element, ResponseMessage& response) {
  if (element.child_count() != 2) {
    return fail(unexpected(element, "an answer"));
  }
  const XmlElement& object = *element.first_child->next_sibling;
  if (!object.is("CLASS")) {
    return add_named_instance(*element.first_child, object, response);
  }
  if (const auto path = decode_object_path(*element.first_child); !path) {
    return fail(path.error());
  }
  return add_class(object, response);
}

/// What GetProperty and EnumerationCount return: a value without its type.
Added add_value(const XmlElement& element, ResponseMessage& response) {
  const bool is_reference = element.is("VALUE.REFERENCE") || element.is("VALUE.REFARRAY");
  auto value = decode_value(&element, is_reference ? cim::Type::kReference : cim::Type::kString,
                            element.name.ends_with("ARRAY"));
  if (!value) {
    return fail(value.error());
  }
  response.return_value = *std::move(value);
  return {};
}

Added add_qualifier(const XmlElement& element, ResponseMessage& response) {
  auto declaration = decode_qualifier_declaration(element);
  if (!declaration) {
    return fail(declaration.error());
  }
  response.qualifiers.push_back(*std::move(declaration));
  return {};
}

Added add_path(const XmlElement& element, ResponseMessage& response) {
  auto path = decode_object_path(element);
  if (!path) {
    return fail(path.error());
  }
  response.paths.push_back(*std::move(path));
  return {};
}

Added add_result(const XmlElement& element, ResponseMessage& response) {
  if (element.is("VALUE.NAMEDINSTANCE") || element.is("VALUE.INSTANCEWITHPATH") || element.is("VALUE.OBJECTWITHPATH") ||
      element.is("VALUE.OBJECTWITHLOCALPATH")) {
    return add_pair(element, response);
  }
  if (element.is("INSTANCE")) {
    return add_instance(element, response);
  }
  if (element.is("CLASS")) {
    return add_class(element, response);
  }
  if (element.is("QUALIFIER.DECLARATION")) {
    return add_qualifier(element, response);
  }
  if (element.is("OBJECTPATH") || element.is("VALUE.OBJECT")) {
    if (element.child_count() != 1) {
      return fail(unexpected(element, "an answer"));
    }
    return add_result(*element.first_child, response);
  }
  return element.name.starts_with("VALUE") ? add_value(element, response) : add_path(element, response);
}

Added add_part(const XmlElement& part, ResponseMessage& response) {
  if (part.is("ERROR")) {
    const std::string_view code = part.attribute("CODE").value_or("1");
    unsigned number = 1;
    std::from_chars(code.data(), code.data() + code.size(), number);
    response.error =
        cim::Error(static_cast<cim::Status>(number), std::string(part.attribute("DESCRIPTION").value_or("")));
    return {};
  }
  if (part.is("RETURNVALUE")) {
    auto value = decode_parameter(part);
    if (!value) {
      return fail(value.error());
    }
    response.return_value = std::move(value->value);
    return {};
  }
  if (part.is("PARAMVALUE")) {
    auto parameter = decode_parameter(part);
    if (!parameter) {
      return fail(parameter.error());
    }
    response.parameters.push_back(*std::move(parameter));
    return {};
  }
  if (!part.is("IRETURNVALUE")) {
    return fail(unexpected(part, "a response"));
  }
  for (const XmlElement* element = part.first_child; element != nullptr; element = element->next_sibling) {
    if (const auto added = add_result(*element, response); !added) {
      return added;
    }
  }
  return {};
}

}  // namespace

Result<ResponseMessage, std::string> decode_response(const XmlElement& root) {
  const XmlElement* element = root.is("CIM") ? root.child("MESSAGE") : nullptr;
  element = element == nullptr ? nullptr : element->child("SIMPLERSP");
  element = element == nullptr ? nullptr : element->first_child;
  if (element == nullptr || (!element->is("IMETHODRESPONSE") && !element->is("METHODRESPONSE"))) {
    return fail(std::string("the answer is no CIM-XML response"));
  }
  ResponseMessage response;
  for (const XmlElement* part = element->first_child; part != nullptr; part = part->next_sibling) {
    if (const auto added = add_part(*part, response); !added) {
      return fail(added.error().message);
    }
  }
  return response;
}

}  // namespace lunaria::wbem::cimxml
