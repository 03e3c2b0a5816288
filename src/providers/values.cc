#include "providers/values.h"

#include <algorithm>

#include "base/check.h"
#include "providers/errors.h"

namespace lunaria::providers {
namespace {

const cim::Value* given(const cim::ParameterValues& in, std::string_view name) {
  const cim::Value* value = in.find(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

cim::Error missing(std::string_view name) {
  return invalid_parameter(std::string(name) + " must be given");
}

std::string qualified(const cim::Instance& instance, std::string_view property) {
  return instance.class_name() + '.' + std::string(property);
}

}  // namespace

void set(cim::Instance& instance, std::string_view property, cim::Value value) {
  const bool is_there = instance.set(property, std::move(value));
  check(is_there, "property names come from the schema of the class");
}

void set_null(cim::Instance& instance, std::string_view property) {
  const auto index = instance.cls()->find_property(property);
  check(index.has_value(), "property names come from the schema of the class");
  const cim::Property& declared = instance.cls()->property(*index);
  instance.set(*index, cim::Value::null(declared.type, declared.is_array));
}

void set_time(cim::Instance& instance, std::string_view property, std::optional<runtime::WallTime> time) {
  if (time) {
    set(instance, property, cim::Value(cim::DateTime::timestamp(*time)));
  } else {
    set_null(instance, property);
  }
}

void set_text_or_null(cim::Instance& instance, std::string_view property, std::string_view text) {
  if (text.empty()) {
    set_null(instance, property);
  } else {
    set(instance, property, text);
  }
}

std::string text_value(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  return std::string(value != nullptr ? value->string_or_empty() : std::string_view());
}

std::optional<std::string> text_parameter(const cim::ParameterValues& in, std::string_view name) {
  const cim::Value* value = given(in, name);
  return value != nullptr ? std::optional(std::string(value->string_or_empty())) : std::nullopt;
}

std::optional<std::uint64_t> number_parameter(const cim::ParameterValues& in, std::string_view name) {
  const cim::Value* value = given(in, name);
  return value != nullptr ? value->as_unsigned() : std::nullopt;
}

std::optional<bool> flag_parameter(const cim::ParameterValues& in, std::string_view name) {
  const cim::Value* value = given(in, name);
  return value != nullptr ? value->as_bool() : std::nullopt;
}

Result<std::string, cim::Error> required_text(const cim::ParameterValues& in, std::string_view name) {
  std::optional<std::string> text = text_parameter(in, name);
  if (!text || text->empty()) {
    return fail(missing(name));
  }
  return std::move(*text);
}

Result<std::uint64_t, cim::Error> required_number(const cim::ParameterValues& in, std::string_view name) {
  const std::optional<std::uint64_t> number = number_parameter(in, name);
  if (!number) {
    return fail(missing(name));
  }
  return *number;
}

std::optional<std::string> changed_text(const cim::Instance& changes, std::string_view property) {
  const cim::Value* value = changes.find(property);
  return value != nullptr ? std::optional(std::string(value->string_or_empty())) : std::nullopt;
}

Result<std::optional<bool>, cim::Error> changed_flag(const cim::Instance& changes, std::string_view property) {
  const cim::Value* value = changes.find(property);
  if (value == nullptr) {
    return std::optional<bool>();
  }
  if (value->is_null()) {
    return fail(invalid_parameter(qualified(changes, property) + " must be true or false, not NULL"));
  }
  return value->as_bool();
}

Result<std::optional<std::uint64_t>, cim::Error> changed_number(const cim::Instance& changes, std::string_view property,
                                                                std::uint64_t max) {
  const cim::Value* value = changes.find(property);
  if (value == nullptr) {
    return std::optional<std::uint64_t>();
  }
  const std::optional<std::uint64_t> number = value->as_unsigned();
  if (!number || *number > max) {
    return fail(invalid_parameter(qualified(changes, property) + " must be a number up to " + std::to_string(max)));
  }
  return number;
}

Result<void, cim::Error> check_other_changes(const cim::Instance& changes, const cim::Instance& current,
                                             std::initializer_list<std::string_view> kept) {
  for (std::size_t i = 0; i < changes.values().size(); ++i) {
    const cim::Value& value = changes.value(i);
    const std::string& name = changes.cls()->property(i).name;
    if (value.is_absent() || std::ranges::find(kept, name) != kept.end()) {
      continue;
    }
    const cim::Value& now = current.value(i);
    const bool is_same = now.is_null() ? value.is_null() : now == value;
    if (!is_same) {
      return fail(not_supported(qualified(changes, name) + " cannot be changed here"));
    }
  }
  return {};
}

std::string_view text_key(const cim::ObjectPath& path, std::string_view name) {
  const cim::Value* value = path.key(name);
  return value != nullptr ? value->string_or_empty() : std::string_view();
}

std::uint64_t number_key(const cim::ObjectPath& path, std::string_view name) {
  const cim::Value* value = path.key(name);
  return value != nullptr ? value->as_unsigned().value_or(0) : 0;
}

}  // namespace lunaria::providers
