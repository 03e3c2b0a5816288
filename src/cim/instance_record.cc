#include "cim/instance_record.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "cim/limits.h"
#include "cim/name.h"
#include "cim/object_path.h"

namespace lunaria::cim {
namespace {

constexpr std::uint8_t kVersion = 1;
// Of the byte in front of a value; the rest of it is the type.
constexpr std::uint8_t kTypeMask = 0x1F;
constexpr std::uint8_t kIsArray = 0x20;
constexpr std::uint8_t kIsNull = 0x40;

class Writer final {
 public:
  void byte(std::uint8_t value) { out_ += static_cast<char>(value); }
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<std::uint8_t>(value | 0x80U));
      value >>= 7;
    }
    byte(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view value) {
    number(value.size());
    out_ += value;
  }
  /// False for what has no such form.
  bool value(const Value& value) {
    const auto flags = static_cast<std::uint8_t>((value.is_array() ? kIsArray : 0) | (value.is_null() ? kIsNull : 0));
    byte(static_cast<std::uint8_t>(static_cast<std::uint8_t>(value.type()) | flags));
    if (value.is_null()) {
      return true;
    }
    if (!value.is_array()) {
      return scalar(value);
    }
    number(value.elements().size());
    for (const Value& element : value.elements()) {
      byte(element.is_null() ? kIsNull : 0);
      if (!element.is_null() && !scalar(element)) {
        return false;
      }
    }
    return true;
  }
  /// What the outermost instance does not hold reads as NULL anyway; an embedded one is kept as it was given.
  bool properties(const Instance& instance, bool is_embedded) {
    const auto is_left_out = [is_embedded](const Value& each) {
      return is_embedded ? each.is_absent() : each.is_null();
    };
    number(instance.values().size() - static_cast<std::size_t>(std::ranges::count_if(instance.values(), is_left_out)));
    for (std::size_t i = 0; i < instance.values().size(); ++i) {
      if (is_left_out(instance.value(i))) {
        continue;
      }
      text(instance.cls()->property(i).name);
      if (!value(instance.value(i))) {
        return false;
      }
    }
    return true;
  }
  std::string take() { return std::move(out_); }

 private:
  bool scalar(const Value& value) {
    if (is_signed(value.type())) {
      const std::int64_t signed_number = value.as_signed().value_or(0);
      number(static_cast<std::uint64_t>(signed_number) << 1 ^ static_cast<std::uint64_t>(signed_number >> 63));
      return true;
    }
    if (is_unsigned(value.type())) {
      number(value.as_unsigned().value_or(0));
      return true;
    }
    switch (value.type()) {
      case Type::kBoolean:
        byte(value.as_bool().value_or(false) ? 1 : 0);
        return true;
      case Type::kChar16:
        number(static_cast<std::uint64_t>(value.as_char16().value_or(Char16{})));
        return true;
      case Type::kReal32:
      case Type::kReal64:
        number(std::bit_cast<std::uint64_t>(value.as_real().value_or(0)));
        return true;
      case Type::kReference:
        return path(*value.as_reference());
      case Type::kEmbeddedInstance:
      case Type::kEmbeddedObject:
        if (value.as_instance() == nullptr) {
          return false;
        }
        text(value.as_instance()->class_name());
        return properties(*value.as_instance(), true);
      default:  // strings and datetimes
        text(value.to_text());
        return true;
    }
  }
  bool path(const ObjectPath& path) {
    text(path.host());
    text(path.name_space().text());
    text(path.class_name());
    byte(path.is_instance() ? 1 : 0);
    number(path.keys().size());
    for (const KeyBinding& key : path.keys()) {
      text(key.name);
      if (!value(key.value)) {
        return false;
      }
    }
    return true;
  }

  std::string out_;
};

/// Reads what Writer writes. After the first thing that is wrong, `is_good()` is false and everything reads as empty.
class Reader final {
 public:
  /// `prefilter` may be null.
  Reader(std::string_view bytes, const Repository& repository, const NamespaceName& name_space,
         const query::Prefilter* prefilter)
      : bytes_(bytes), repository_(repository), name_space_(name_space), prefilter_(prefilter) {}

  bool is_good() const { return is_good_; }
  bool at_end() const { return bytes_.empty(); }
  /// False after a property of the outermost instance that the prefilter does not admit: nothing more was read then.
  bool is_admitted() const { return is_admitted_; }

  std::uint8_t byte() {
    if (bytes_.empty()) {
      is_good_ = false;
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      value |= static_cast<std::uint64_t>(part & 0x7FU) << shift;
      if ((part & 0x80U) == 0) {
        return value;
      }
    }
    is_good_ = false;
    return 0;
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > bytes_.size()) {
      is_good_ = false;
      return {};
    }
    const std::string_view value = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(value.size());
    return value;
  }

  /// Properties are looked for where they were when the record was written, and elsewhere only if the class changed.
  /// Answers how many the instance has got.
  std::size_t properties(Instance& instance, std::size_t depth) {
    const Class& cls = *instance.cls();
    std::size_t expected = 0;
    std::size_t taken = 0;
    for (std::uint64_t count = number(); count > 0 && is_good_; --count) {
      const std::string_view name = text();
      Value read = value(depth);
      while (expected < cls.properties().size() && cls.property(expected).name != name) {
        ++expected;
      }
      std::optional<std::size_t> index = expected;
      if (expected == cls.properties().size()) {
        index = cls.find_property(name);
        expected = 0;
      }
      const bool fits = index && is_good_ && cls.property(*index).type == read.type() &&
                        cls.property(*index).is_array == read.is_array();
      if (!fits) {
        continue;
      }
      is_admitted_ = depth > 0 || prefilter_ == nullptr || prefilter_->admits(*index, read);
      if (!is_admitted_) {
        return taken;
      }
      instance.set(*index, std::move(read));
      ++taken;
    }
    return taken;
  }

 private:
  Value value(std::size_t depth) {
    const std::uint8_t head = byte();
    const auto type = static_cast<Type>(head & kTypeMask);
    if (type == Type::kNone || type > Type::kEmbeddedObject || depth > limits::kEmbeddingDepthMax) {
      is_good_ = false;
      return {};
    }
    const bool is_array = (head & kIsArray) != 0;
    if ((head & kIsNull) != 0) {
      return Value::null(type, is_array);
    }
    if (!is_array) {
      return scalar(type, depth);
    }
    std::vector<Value> elements;
    for (std::uint64_t count = number(); count > 0 && is_good_; --count) {
      Value element = (byte() & kIsNull) != 0 ? Value::null(type) : scalar(type, depth);
      if (is_good_) {
        elements.push_back(std::move(element));
      }
    }
    return is_good_ ? Value::array(type, std::move(elements)) : Value();
  }

  Value scalar(Type type, std::size_t depth) {
    if (is_signed(type)) {
      const std::uint64_t folded = number();
      is_good_ = is_good_ && fits(type, folded);
      return is_good_ ? Value::of_signed(type, static_cast<std::int64_t>(folded >> 1 ^ (0 - (folded & 1U)))) : Value();
    }
    if (is_unsigned(type)) {
      const std::uint64_t magnitude = number();
      is_good_ = is_good_ && fits(type, magnitude);
      return is_good_ ? Value::of_unsigned(type, magnitude) : Value();
    }
    switch (type) {
      case Type::kBoolean:
        return Value(byte() != 0);
      case Type::kChar16:
        return Value(static_cast<Char16>(number() & 0xFFFFU));
      case Type::kReal32:
        return Value(static_cast<float>(std::bit_cast<double>(number())));
      case Type::kReal64:
        return Value(std::bit_cast<double>(number()));
      case Type::kString:
        return Value(text());
      case Type::kReference:
        return reference(depth);
      case Type::kEmbeddedInstance:
      case Type::kEmbeddedObject:
        return embedded(type, depth);
      default: {
        const auto time = DateTime::parse(text());
        is_good_ = is_good_ && time.has_value();
        return time ? Value(*time) : Value();
      }
    }
  }

  static bool fits(Type type, std::uint64_t bits) {
    return integer_bits(type) == 64 || bits >> integer_bits(type) == 0;
  }

  Value reference(std::size_t depth) {
    const std::string_view host = text();
    const std::string_view name_space = text();
    const std::string_view class_name = text();
    const bool is_instance = byte() != 0;
    ObjectPath path{NamespaceName(name_space), std::string(class_name)};
    path.set_host(std::string(host));
    std::vector<KeyBinding> keys;
    for (std::uint64_t count = number(); count > 0 && is_good_; --count) {
      const std::string_view name = text();
      Value key = value(depth + 1);
      if (is_good_) {
        keys.push_back({std::string(name), std::move(key)});
      }
    }
    if (is_instance) {
      path.set_keys(std::move(keys));
    }
    return is_good_ ? Value(std::move(path)) : Value();
  }

  Value embedded(Type type, std::size_t depth) {
    const std::string_view class_name = text();
    const ClassPtr cls = repository_.find_class(name_space_, class_name);
    // Of a class that is gone nothing is left but its name.
    Instance instance = cls ? Instance(cls) : InstanceBuilder{std::string(class_name)}.build();
    properties(instance, depth + 1);
    return is_good_ ? Value(std::make_shared<const Instance>(std::move(instance)), type) : Value();
  }

  std::string_view bytes_;
  const Repository& repository_;
  const NamespaceName& name_space_;
  const query::Prefilter* prefilter_;
  bool is_good_ = true;
  bool is_admitted_ = true;
};

/// An instance has every property of its class (DSP0200 5.3.2.2), also those that the class got later. A Required one
/// is never NULL, and clients send back what they read: a class that got it with its default gave it to all.
void fill_in(Instance& instance) {
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    if (instance.value(i).is_absent()) {
      const Property& property = instance.cls()->property(i);
      instance.set(i, property.is_required && !property.default_value.is_null()
                          ? property.default_value
                          : Value::null(property.type, property.is_array));
    }
  }
}

Result<std::optional<Instance>, DamagedRecord> decode(std::string_view record, const ClassPtr& cls,
                                                      const Repository& repository, const NamespaceName& name_space,
                                                      const query::Prefilter* prefilter) {
  Reader reader(record, repository, name_space, prefilter);
  Instance instance(cls);
  if (reader.byte() != kVersion) {
    return fail(DamagedRecord{});
  }
  const std::size_t taken = reader.properties(instance, 0);
  if (!reader.is_admitted()) {
    return std::optional<Instance>();
  }
  if (!reader.is_good() || !reader.at_end()) {
    return fail(DamagedRecord{});
  }
  if (taken < instance.values().size()) {
    fill_in(instance);
  }
  return std::optional(std::move(instance));
}

}  // namespace

Result<std::string, Error> encode_instance(const Instance& instance) {
  Writer writer;
  writer.byte(kVersion);
  if (!writer.properties(instance, false)) {
    return fail(Error(Status::kNotSupported, "a class definition inside an instance cannot be kept"));
  }
  return writer.take();
}

std::optional<Instance> decode_instance(std::string_view record, const ClassPtr& cls, const Repository& repository,
                                        const NamespaceName& name_space) {
  auto decoded = decode(record, cls, repository, name_space, nullptr);
  return decoded ? std::move(*decoded) : std::nullopt;
}

Result<std::optional<Instance>, DamagedRecord> decode_admitted(std::string_view record, const ClassPtr& cls,
                                                               const Repository& repository,
                                                               const NamespaceName& name_space,
                                                               const query::Prefilter& prefilter) {
  return decode(record, cls, repository, name_space, &prefilter);
}

}  // namespace lunaria::cim
