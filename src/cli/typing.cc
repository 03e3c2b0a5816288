#include "cli/typing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace lunaria::cli {
namespace {

struct Assignment {
  std::string name;
  std::vector<std::string> texts;
};

Outcome<std::vector<Assignment>> assignments_of(std::span<const std::string> words) {
  std::vector<Assignment> assignments;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(usage(fmt::format("'{}' is not NAME=VALUE", word)));
    }
    const std::string name = word.substr(0, equals);
    auto found =
        std::ranges::find_if(assignments, [&name](const Assignment& each) { return cim::name_equal(each.name, name); });
    if (found == assignments.end()) {
      found = assignments.insert(assignments.end(), {name, {}});
    }
    found->texts.push_back(word.substr(equals + 1));
  }
  return assignments;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// The elements of "{a, b}"; commas within double quotes do not separate.
std::vector<std::string> split_elements(std::string_view text) {
  std::vector<std::string> elements;
  std::string element;
  bool is_quoted = false;
  for (const char c : text) {
    is_quoted = is_quoted != (c == '"');
    if (c == ',' && !is_quoted) {
      elements.emplace_back(trimmed(element));
      element.clear();
    } else {
      element += c;
    }
  }
  if (!trimmed(element).empty() || !elements.empty()) {
    elements.emplace_back(trimmed(element));
  }
  return elements;
}

/// The number that the ValueMap qualifier gives a name of the Values qualifier; a ValueMap is not needed where Values
/// counts from 0.
std::optional<std::string> mapped(const cim::QualifierSet& qualifiers, std::string_view name) {
  const cim::Qualifier* values = qualifiers.find("Values");
  if (values == nullptr) {
    return std::nullopt;
  }
  const cim::Qualifier* map = qualifiers.find("ValueMap");
  const auto names = values->value.elements();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!cim::name_equal(names[i].string_or_empty(), name)) {
      continue;
    }
    if (map == nullptr) {
      return std::to_string(i);
    }
    const auto numbers = map->value.elements();
    return i < numbers.size() ? std::optional(numbers[i].to_text()) : std::nullopt;
  }
  return std::nullopt;
}

Outcome<cim::Value> typed_scalar(const TypedElement& element, std::string_view text) {
  if (text == "NULL") {
    return cim::Value::null(element.type);
  }
  if (cim::is_embedded(element.type)) {
    return fail(usage(fmt::format("{} is an embedded object, which cannot be written as text", element.name)));
  }
  const bool is_quoted = text.size() >= 2 && text.starts_with('"') && text.ends_with('"');
  if (element.type == cim::Type::kString && is_quoted) {
    return cim::Value(text.substr(1, text.size() - 2));
  }
  auto value = cim::Value::parse(element.type, text);
  if (!value && cim::is_integer(element.type)) {
    if (const auto number = mapped(element.qualifiers, text)) {
      value = cim::Value::parse(element.type, *number);
    }
  }
  if (!value) {
    return fail(usage(fmt::format("{}: '{}' is no {} ({})", element.name, text, cim::type_name(element.type),
                                  cim::to_string(value.error())),
                      "`lunaria cim get-class` shows the types."));
  }
  return *std::move(value);
}

}  // namespace

Outcome<cim::Value> typed_value(const TypedElement& element, const std::vector<std::string>& texts) {
  if (!element.is_array) {
    if (texts.size() != 1) {
      return fail(usage(fmt::format("{} is no array, but was given {} times", element.name, texts.size())));
    }
    return typed_scalar(element, texts.front());
  }
  std::vector<std::string> parts = texts;
  if (texts.size() == 1) {
    const std::string_view only = texts.front();
    if (only == "NULL") {
      return cim::Value::null(element.type, true);
    }
    if (only.starts_with('{') && only.ends_with('}')) {
      parts = split_elements(only.substr(1, only.size() - 2));
    }
  }
  std::vector<cim::Value> elements;
  for (const std::string& part : parts) {
    auto value = typed_scalar(element, part);
    if (!value) {
      return value;
    }
    elements.push_back(*std::move(value));
  }
  return cim::Value::array(element.type, std::move(elements));
}

Outcome<Properties> typed_properties(const cim::Class& cls, std::span<const std::string> words) {
  const auto assignments = assignments_of(words);
  if (!assignments) {
    return fail(assignments.error());
  }
  Properties properties;
  for (const Assignment& each : *assignments) {
    const auto index = cls.find_property(each.name);
    if (!index) {
      return fail(usage(fmt::format("{} has no property {}", cls.name(), each.name),
                        fmt::format("`lunaria cim get-class {}` shows what it has.", cls.name())));
    }
    const cim::Property& property = cls.property(*index);
    auto value = typed_value({property.name, property.type, property.is_array, property.qualifiers}, each.texts);
    if (!value) {
      return fail(value.error());
    }
    properties.push_back({property.name, *std::move(value)});
  }
  return properties;
}

Outcome<Properties> typed_parameters(const cim::Method& method, std::span<const std::string> words) {
  const auto assignments = assignments_of(words);
  if (!assignments) {
    return fail(assignments.error());
  }
  Properties parameters;
  for (const Assignment& each : *assignments) {
    const auto index = method.find_parameter(each.name);
    if (!index) {
      return fail(usage(fmt::format("{} has no parameter {}", method.name, each.name),
                        "`lunaria cim get-class` shows the methods of a class."));
    }
    const cim::Parameter& parameter = method.parameters[*index];
    auto value = typed_value({parameter.name, parameter.type, parameter.is_array, parameter.qualifiers}, each.texts);
    if (!value) {
      return fail(value.error());
    }
    parameters.push_back({parameter.name, *std::move(value)});
  }
  return parameters;
}

}  // namespace lunaria::cli
