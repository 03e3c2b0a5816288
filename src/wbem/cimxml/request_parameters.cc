#include "wbem/cimxml/request_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "wbem/cimxml/limits.h"

namespace lunaria::wbem::cimxml {

using cim::Status;
using cim::Value;

MessageError not_valid(std::string message) {
  return {400, "request-not-valid", std::move(message)};
}

RequestFailure from(const DecodeError& error) {
  if (error.kind == DecodeError::Kind::kInvalid) {
    return {not_valid(error.message), {}};
  }
  return {std::nullopt, cim::Error(Status::kInvalidParameter, error.message)};
}

RequestFailure invalid_parameter(std::string message) {
  return {std::nullopt, cim::Error(Status::kInvalidParameter, std::move(message))};
}

Parsed<void> Parameters::read(const XmlElement* first) {
  for (const XmlElement* element = first; element != nullptr; element = element->next_sibling) {
    if (!element->is("IPARAMVALUE")) {
      return fail(RequestFailure{not_valid(unexpected(*element, "IMETHODCALL").message), {}});
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

const XmlElement* Parameters::take(std::string_view name) {
  Entry* entry = find(name);
  if (entry == nullptr) {
    return nullptr;
  }
  entry->taken = true;
  return entry->content;
}

std::optional<std::string_view> Parameters::left_over() const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (!entries_[i].taken) {
      return entries_[i].name;
    }
  }
  return std::nullopt;
}

Parameters::Entry* Parameters::find(std::string_view name) {
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(count_);
  const auto found =
      std::find_if(entries_.begin(), end, [name](const Entry& entry) { return cim::name_equal(entry.name, name); });
  return found == end ? nullptr : &*found;
}

Parsed<const XmlElement*> take_one_of(Parameters& parameters, std::string_view name,
                                      std::initializer_list<std::string_view> kinds) {
  const XmlElement* element = parameters.take(name);
  if (element == nullptr || is_null(*element)) {
    return nullptr;
  }
  if (std::ranges::find(kinds, element->name) != kinds.end()) {
    return element;
  }
  constexpr std::string_view kContents[] = {
      "VALUE",     "VALUE.ARRAY", "VALUE.REFERENCE",       "VALUE.REFARRAY", "INSTANCENAME",
      "CLASSNAME", "CLASS",       "QUALIFIER.DECLARATION", "INSTANCE",       "VALUE.NAMEDINSTANCE"};
  if (std::ranges::find(kContents, element->name) == std::ranges::end(kContents)) {
    return fail(RequestFailure{not_valid(unexpected(*element, "IPARAMVALUE").message), {}});
  }
  return fail(invalid_parameter(fmt::format("{} takes {}, not {}", name, fmt::join(kinds, " or "), element->name)));
}

Parsed<const XmlElement*> require(Parameters& parameters, std::string_view name,
                                  std::initializer_list<std::string_view> kinds) {
  auto element = take_one_of(parameters, name, kinds);
  if (element && *element == nullptr) {
    return fail(invalid_parameter(fmt::format("the parameter {} is missing", name)));
  }
  return element;
}

Parsed<bool> take_flag(Parameters& parameters, std::string_view name, bool default_value) {
  const auto element = take_one_of(parameters, name, {"VALUE"});
  if (!element) {
    return fail(element.error());
  }
  if (*element == nullptr) {
    return default_value;
  }
  const auto value = decode_value(*element, cim::Type::kBoolean, false);
  if (!value) {
    return fail(from(value.error()));
  }
  return value->as_bool().value_or(default_value);
}

Parsed<std::optional<std::uint32_t>> take_number(Parameters& parameters, std::string_view name) {
  const auto element = take_one_of(parameters, name, {"VALUE"});
  if (!element) {
    return fail(element.error());
  }
  if (*element == nullptr) {
    return std::optional<std::uint32_t>();
  }
  const auto value = decode_value(*element, cim::Type::kUint32, false);
  if (!value) {
    return fail(from(value.error()));
  }
  const auto number = value->as_unsigned();
  return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

Parsed<std::string> take_text(Parameters& parameters, std::string_view name) {
  const auto element = take_one_of(parameters, name, {"VALUE"});
  if (!element) {
    return fail(element.error());
  }
  if (*element == nullptr) {
    return std::string();
  }
  const auto value = decode_value(*element, cim::Type::kString, false);
  if (!value) {
    return fail(from(value.error()));
  }
  return std::string(value->string_or_empty());
}

Parsed<std::string> require_text(Parameters& parameters, std::string_view name) {
  auto text = take_text(parameters, name);
  if (text && text->empty()) {
    return fail(invalid_parameter(fmt::format("the parameter {} is missing", name)));
  }
  return text;
}

Parsed<std::string> take_class_name(Parameters& parameters, std::string_view name, bool is_required) {
  const auto element = take_one_of(parameters, name, {"CLASSNAME"});
  if (!element) {
    return fail(element.error());
  }
  if (*element == nullptr) {
    if (is_required) {
      return fail(invalid_parameter(fmt::format("the parameter {} is missing", name)));
    }
    return std::string();
  }
  const auto path = decode_object_path(**element);
  if (!path) {
    return fail(from(path.error()));
  }
  return path->class_name();
}

Parsed<cim::ObjectPath> take_path(Parameters& parameters, std::string_view name, const cim::NamespaceName& name_space) {
  // Full and local paths are no content of IPARAMVALUE, but clients write them.
  const auto element =
      name == "ObjectName"
          ? require(parameters, name,
                    {"INSTANCENAME", "CLASSNAME", "INSTANCEPATH", "CLASSPATH", "LOCALINSTANCEPATH", "LOCALCLASSPATH"})
          : require(parameters, name, {"INSTANCENAME", "INSTANCEPATH", "LOCALINSTANCEPATH"});
  if (!element) {
    return fail(element.error());
  }
  auto path = decode_object_path(**element);
  if (!path) {
    return fail(from(path.error()));
  }
  path->set_name_space(name_space);
  path->set_host({});
  return *std::move(path);
}

Parsed<cim::PropertyList> take_property_list(Parameters& parameters) {
  const auto element = take_one_of(parameters, "PropertyList", {"VALUE.ARRAY"});
  if (!element) {
    return fail(element.error());
  }
  if (*element == nullptr) {
    return cim::PropertyList();
  }
  const auto value = decode_value(*element, cim::Type::kString, true);
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

Parsed<InstanceForm> take_form(Parameters& parameters) {
  const auto include_qualifiers = take_flag(parameters, "IncludeQualifiers", false);
  const auto include_origin = take_flag(parameters, "IncludeClassOrigin", false);
  if (!include_qualifiers || !include_origin) {
    return fail(!include_qualifiers ? include_qualifiers.error() : include_origin.error());
  }
  return InstanceForm{*include_qualifiers, *include_origin};
}

}  // namespace lunaria::wbem::cimxml
