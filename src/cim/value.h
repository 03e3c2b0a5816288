#pragma once

// One CIM value: a scalar or an array of one type, or NULL of that type (DSP0004 5.2, 7.13). A plain value: numbers,
// times and short strings live inside it; arrays, references and embedded objects are shared and immutable.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cim/datetime.h"
#include "cim/type.h"

namespace lunaria::cim {

class Class;
class Instance;
class ObjectPath;
using ClassPtr = std::shared_ptr<const Class>;
using InstancePtr = std::shared_ptr<const Instance>;
using ObjectPathPtr = std::shared_ptr<const ObjectPath>;

/// One UTF-16 code unit, the content of a char16.
enum class Char16 : std::uint16_t {};

/// Why a text is no value of a type.
enum class ValueError : std::uint8_t {
  kSyntax,   ///< not written as a value of the type is
  kRange,    ///< a number outside the type's range
  kNotText,  ///< the type has no text form (embedded objects)
};
std::string_view to_string(ValueError error);

/// See the head of this file. Copying costs at most one string copy or one reference count; moving is cheap.
class Value final {
 public:
  /// No value at all: what a property that an instance does not carry holds. Not NULL.
  Value() = default;
  /// NULL of a type.
  static Value null(Type type, bool is_array = false);

  // Scalars. Only the exact C++ type is taken, so that nobody makes a sint32 by accident.
  template <std::same_as<bool> Boolean>
  Value(Boolean value) : type_(Type::kBoolean), content_(static_cast<std::uint64_t>(value)) {}
  Value(std::uint8_t value) : type_(Type::kUint8), content_(std::uint64_t{value}) {}
  Value(std::uint16_t value) : type_(Type::kUint16), content_(std::uint64_t{value}) {}
  Value(std::uint32_t value) : type_(Type::kUint32), content_(std::uint64_t{value}) {}
  Value(std::uint64_t value) : type_(Type::kUint64), content_(value) {}
  Value(std::int8_t value) : type_(Type::kSint8), content_(std::int64_t{value}) {}
  Value(std::int16_t value) : type_(Type::kSint16), content_(std::int64_t{value}) {}
  Value(std::int32_t value) : type_(Type::kSint32), content_(std::int64_t{value}) {}
  Value(std::int64_t value) : type_(Type::kSint64), content_(value) {}
  Value(float value) : type_(Type::kReal32), content_(static_cast<double>(value)) {}
  Value(double value) : type_(Type::kReal64), content_(value) {}
  Value(Char16 value) : type_(Type::kChar16), content_(static_cast<std::uint64_t>(value)) {}
  Value(std::string value) : type_(Type::kString), content_(std::move(value)) {}
  Value(std::string_view value) : type_(Type::kString), content_(std::string(value)) {}
  Value(const char* value) : type_(Type::kString), content_(std::string(value)) {}
  Value(const DateTime& value) : type_(Type::kDatetime), content_(value) {}
  /// A reference; never a null pointer.
  Value(ObjectPathPtr value);
  Value(ObjectPath value);
  /// An embedded instance; `type` is kEmbeddedInstance, or kEmbeddedObject for a property declared so.
  Value(InstancePtr value, Type type = Type::kEmbeddedInstance);
  Value(Instance value);
  /// An embedded class definition: only a kEmbeddedObject can hold one.
  Value(ClassPtr value);

  /// An integer of `type`; the number must fit (a bug otherwise).
  static Value of_unsigned(Type type, std::uint64_t number);
  static Value of_signed(Type type, std::int64_t number);
  /// An array; every element is a scalar of `type` (a bug otherwise) and may be NULL.
  static Value array(Type type, std::vector<Value> elements);
  /// An array from a range of what scalars are made of: `Value::array_of(std::vector<std::uint16_t>{2, 3})`.
  template <class Range>
  static Value array_of(const Range& range) {
    std::vector<Value> elements;
    elements.reserve(std::size(range));
    for (const auto& element : range) {
      elements.emplace_back(element);
    }
    using Element = std::decay_t<decltype(*std::begin(range))>;
    return array(Value(Element{}).type(), std::move(elements));
  }

  /// Reads the text form of a scalar as CIM-XML has it (DSP0201 5.2.4): decimal or 0x hexadecimal integers in range,
  /// reals, "true"/"false" in any case, one UTF-16 code unit, 25-character datetimes, object paths.
  static Result<Value, ValueError> parse(Type type, std::string_view text);
  /// The text form of a scalar; "" for NULL, arrays and embedded objects.
  std::string to_text() const;
  /// Appends what to_text() returns, without a temporary for strings.
  void append_text(std::string& out) const;

  Type type() const { return type_; }
  bool is_array() const { return is_array_; }
  /// False for NULL and for every value.
  bool is_absent() const { return type_ == Type::kNone; }
  /// True for NULL and when absent.
  bool is_null() const { return std::holds_alternative<std::monostate>(content_); }
  explicit operator bool() const { return !is_null(); }

  // Each returns nothing when the value is NULL, an array, or of another family of types.
  std::optional<bool> as_bool() const;
  /// Any integer type, when the number is not negative.
  std::optional<std::uint64_t> as_unsigned() const;
  /// Any integer type, when the number fits.
  std::optional<std::int64_t> as_signed() const;
  /// Reals and integers.
  std::optional<double> as_real() const;
  std::optional<Char16> as_char16() const;
  std::optional<DateTime> as_datetime() const;
  const std::string* as_string() const { return std::get_if<std::string>(&content_); }
  /// The string, or "" when there is none.
  std::string_view string_or_empty() const;
  ObjectPathPtr as_reference() const;
  InstancePtr as_instance() const;
  ClassPtr as_class() const;
  /// Empty unless a non-NULL array.
  std::span<const Value> elements() const;

  /// The same value as another type of the same family, where it fits: integers among each other, integers to reals
  /// and char16, reals to reals of less range, strings to datetime, char16 or reference, embedded instance to embedded
  /// object, arrays element by element, NULL to anything of the same arrayness. nullopt otherwise.
  std::optional<Value> converted_to(Type type) const;
  /// Whether it is a number that converted_to() refuses for its size alone.
  bool is_out_of_range(Type type) const {
    return is_numeric(type_) && (is_real(type) || (is_integer(type) && is_integer(type_))) && !converted_to(type);
  }

  /// Same arrayness and content. Integers are equal by number whatever their width; strings by their bytes;
  /// references by ObjectPath ==. NULL equals NULL.
  friend bool operator==(const Value& left, const Value& right);
  /// Equal for equal values.
  std::size_t hash() const;
  /// Bytes of memory beside the value itself, about; what it shares with others is counted, too.
  std::size_t held_bytes() const;

 private:
  using Array = std::shared_ptr<const std::vector<Value>>;
  using Content = std::variant<std::monostate, std::uint64_t, std::int64_t, double, DateTime, std::string,
                               ObjectPathPtr, InstancePtr, ClassPtr, Array>;
  Value(Type type, bool is_array, Content content) : type_(type), is_array_(is_array), content_(std::move(content)) {}

  Type type_ = Type::kNone;
  bool is_array_ = false;
  Content content_;
};
static_assert(sizeof(Value) <= 48);

/// A value with the name of its property or parameter.
struct NamedValue {
  std::string name;
  Value value;
  friend bool operator==(const NamedValue&, const NamedValue&) = default;
};

}  // namespace lunaria::cim
