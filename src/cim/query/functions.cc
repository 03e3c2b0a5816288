// The functions of CQL (DSP0202 clause 8).

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cim/datetime.h"
#include "cim/name.h"
#include "cim/object_path.h"
#include "cim/query/comparison.h"
#include "cim/query/evaluator.h"
#include "cim/query/fetched_instances.h"
#include "cim/query/typed_path.h"

namespace lunaria::cim::query {
namespace {

/// ASCII letters; others have no other case here.
std::string upper_case(std::string text) {
  for (char& c : text) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  }
  return text;
}

Value to_moment(const Value& microseconds) {
  const auto count = microseconds.as_signed();
  if (!count) {
    return Value::null(Type::kDatetime);
  }
  return Value(
      DateTime::timestamp(std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(*count))));
}

Value to_interval(const Value& microseconds) {
  const auto count = microseconds.as_signed();
  return count && *count >= 0 ? Value(DateTime::interval(std::chrono::microseconds(*count)))
                              : Value::null(Type::kDatetime);
}

/// `is_interval` absent: of either kind.
Value to_microseconds(const Value& value, std::optional<bool> is_interval) {
  const auto datetime = value.as_datetime();
  if (!datetime || datetime->is_interval() != is_interval.value_or(datetime->is_interval())) {
    return Value::null(Type::kSint64);
  }
  const auto count =
      datetime->is_interval() ? datetime->length().count() : datetime->moment().time_since_epoch().count();
  return Value(std::int64_t{count});
}

Value parsed_datetime(const Value& text) {
  auto value = text.as_string() != nullptr ? text.converted_to(Type::kDatetime) : std::nullopt;
  return value ? std::move(*value) : Value::null(Type::kDatetime);
}

/// NULL for what is no such number.
Value parsed_number(const Value& text, Type type) {
  auto number = text.as_string() != nullptr ? Value::parse(type, *text.as_string())
                                            : Result<Value, ValueError>(fail(ValueError::kSyntax));
  return number ? *std::move(number) : Value::null(type);
}

/// Whether a path function takes a text for a path.
bool reads_texts(Function function) {
  return function != Function::kInstanceToReference;
}

/// The type that all of them have, or fit: integers among each other, with reals real64. nullopt where there is none;
/// absent values are of any.
std::optional<Type> common_type(const std::vector<Value>& values) {
  std::optional<Type> common;
  bool are_numbers = true;
  bool is_one = true;
  bool has_real = false;
  for (const Value& value : values) {
    if (value.is_absent()) {
      continue;
    }
    is_one = is_one && value.type() == common.value_or(value.type());
    are_numbers = are_numbers && is_numeric(value.type());
    has_real = has_real || is_real(value.type());
    common = value.type();
  }
  if (is_one || !are_numbers) {
    return is_one ? common : std::nullopt;
  }
  for (const Type type : {Type::kUint64, Type::kSint64}) {
    const auto fits = [type](const Value& value) { return value.is_null() || value.converted_to(type); };
    if (!has_real && std::ranges::all_of(values, fits)) {
      return type;
    }
  }
  return Type::kReal64;
}

Value text_or_null(std::string_view text) {
  return text.empty() ? Value::null(Type::kString) : Value(text);
}

}  // namespace

Value Evaluator::function(const Node& node) {
  switch (node.function) {
    case Function::kUpperCase:
    case Function::kLowerCase: {
      const Value text = argument(node);
      if (text.as_string() == nullptr || !spend(text.as_string()->size())) {
        return Value::null(Type::kString);
      }
      return Value(node.function == Function::kUpperCase ? upper_case(*text.as_string())
                                                         : fold_name(*text.as_string()));
    }
    case Function::kNumericToString: {
      const Value number = argument(node);
      return !number.is_null() && !number.is_array() && is_numeric(number.type()) ? Value(number.to_text())
                                                                                  : Value::null(Type::kString);
    }
    case Function::kReferenceToString: {
      const ObjectPathPtr reference = argument(node).as_reference();
      return reference ? Value(reference->to_string()) : Value::null(Type::kString);
    }
    case Function::kCurrentDateTime:
      return Value(DateTime::timestamp(surroundings_.wall_time));
    case Function::kDateTime:
      return parsed_datetime(argument(node));
    case Function::kMicrosecondsToTimestamp:
      return to_moment(argument(node));
    case Function::kMicrosecondsToInterval:
      return to_interval(argument(node));
    case Function::kTimestampToMicroseconds:
      return to_microseconds(argument(node), false);
    case Function::kIntervalToMicroseconds:
      return to_microseconds(argument(node), true);
    case Function::kDateTimeToMicroseconds:
      return to_microseconds(argument(node), std::nullopt);
    case Function::kStringToUint:
      return parsed_number(argument(node), Type::kUint64);
    case Function::kStringToSint:
      return parsed_number(argument(node), Type::kSint64);
    case Function::kStringToReal:
      return parsed_number(argument(node), Type::kReal64);
    case Function::kStringToNumeric:
      return number_of_text(argument(node).string_or_empty());
    case Function::kCreateArray:
      return created_array(node);
    case Function::kInstanceOf:
      return named_instance(node);
    case Function::kArrayLength: {
      const Value array = argument(node);
      return array.is_array() && !array.is_null() ? Value(static_cast<std::uint64_t>(array.elements().size()))
                                                  : Value::null(Type::kUint64);
    }
    default:
      return path_function(node);
  }
}

// An array of what its arguments are, NULLs among them; NULL where they have no type in common.
Value Evaluator::created_array(const Node& node) {
  std::vector<Value> elements;
  elements.reserve(node.arguments.size());
  bool has_array = false;
  for (const NodeIndex argument : node.arguments) {
    elements.push_back(value(argument));
    has_array = has_array || elements.back().is_array();
  }
  const auto type = has_array ? std::nullopt : common_type(elements);
  if (!type) {
    return Value::null(Type::kString, true);
  }
  for (Value& element : elements) {
    element = element.is_null() ? Value::null(*type) : element.converted_to(*type).value_or(Value::null(*type));
  }
  return Value::array(*type, std::move(elements));
}

// Of a reference or the text of a path, without namespace in that of the query.
Value Evaluator::named_instance(const Node& node) {
  const Value given = argument(node);
  const ObjectPathPtr reference = given.as_reference();
  const bool is_text = given.as_string() != nullptr && spend(given.as_string()->size());
  auto path = is_text ? typed_path(*given.as_string()).path : reference ? std::optional(*reference) : std::nullopt;
  if (!path || !path->is_instance() || surroundings_.instances == nullptr) {
    return Value::null(Type::kEmbeddedInstance);
  }
  if (path->name_space().empty()) {
    path->set_name_space(surroundings_.name_space);
  }
  InstancePtr instance = surroundings_.instances->find(*std::move(path));
  return instance ? Value(std::move(instance)) : Value::null(Type::kEmbeddedInstance);
}

// Of the instance itself or of another one of the row: its path is known. Of a reference or a text given as argument:
// parts of that path.
Value Evaluator::path_function(const Node& node) {
  ObjectPath path = path_of(0);
  std::string name_space_type = surroundings_.name_space_type;
  const Node* const lone = node.arguments.empty() ? nullptr : &statement_.nodes[node.arguments.front()];
  const bool is_name = lone != nullptr && lone->kind == NodeKind::kPath && lone->steps.size() == 1;
  if (const auto sure = is_name ? source_surely_named(*lone) : std::nullopt) {
    path = path_of(*sure);
  } else if (lone != nullptr) {
    const Value given = argument(node);
    const ObjectPathPtr reference = given.as_reference();
    const InstancePtr instance = given.as_instance();
    const TypedPath text =
        given.as_string() != nullptr && reads_texts(node.function) && spend(given.as_string()->size())
            ? typed_path(*given.as_string())
            : TypedPath{};
    name_space_type = text.name_space_type;
    if (reference && node.function != Function::kInstanceToReference) {
      path = *reference;
      if (path.name_space().empty()) {
        path.set_name_space(surroundings_.name_space);
      }
    } else if (text.path) {
      path = *text.path;
      if (path.name_space().empty()) {
        path.set_name_space(surroundings_.name_space);
      }
    } else if (instance) {
      path = path_of(*instance);
    } else if (const auto source = is_name ? source_named(lone->steps.front().name) : std::nullopt) {
      path = path_of(*source);
      name_space_type = surroundings_.name_space_type;
    } else {
      return Value::null(Type::kString);
    }
  }
  switch (node.function) {
    case Function::kHostPort:
      return Value(path.host());
    case Function::kNameSpaceType:
      return text_or_null(name_space_type);
    case Function::kClassName:
      return Value(path.class_name());
    case Function::kSchemaName:
      return Value(path.class_name().substr(0, path.class_name().find('_')));
    case Function::kNameSpaceName:
      return Value(path.name_space().text());
    case Function::kClassPath: {
      ObjectPath of_class(path.name_space(), path.class_name());
      of_class.set_host(path.host());
      return Value(of_class.to_string());
    }
    case Function::kModelPath:
      path.set_name_space({});
      path.set_host({});
      return Value(path.to_string());
    case Function::kInstanceToReference:
      return path.is_instance() ? Value(std::move(path)) : Value::null(Type::kReference);
    default:
      return Value(path.to_string());
  }
}

}  // namespace lunaria::cim::query
