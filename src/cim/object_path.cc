#include "cim/object_path.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace lunaria::cim {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  out += '"';
}

/// A moment as it is written wherever it was read.
DateTime in_utc(const DateTime& datetime) {
  return datetime.is_interval() || !datetime.is_precise() ? datetime : DateTime::timestamp(datetime.moment());
}

void append_key_value(std::string& out, const Value& value, bool is_canonical) {
  switch (value.type()) {
    case Type::kDatetime:
      append_quoted(out, is_canonical && !value.is_null() ? in_utc(*value.as_datetime()).to_string() : value.to_text());
      return;
    case Type::kString:
      append_quoted(out, value.to_text());
      return;
    case Type::kReference:
      if (const auto path = value.as_reference()) {
        append_quoted(out, is_canonical ? path->canonical() : path->to_string());
      } else {
        out += "\"\"";
      }
      return;
    case Type::kChar16:
      out += '\'';
      if (const auto unit = value.as_char16(); unit == static_cast<Char16>('\'') || unit == static_cast<Char16>('\\')) {
        out += '\\';
      }
      value.append_text(out);
      out += '\'';
      return;
    default:
      value.append_text(out);
  }
}

void append_keys(std::string& out, const std::vector<KeyBinding>& keys, bool is_canonical) {
  if (keys.empty()) {
    out += "=@";
    return;
  }
  char separator = '.';
  for (const KeyBinding& key : keys) {
    out += separator;
    out += is_canonical ? fold_name(key.name) : key.name;
    out += '=';
    append_key_value(out, key.value, is_canonical);
    separator = ',';
  }
}

/// Reads key bindings: `A="x",B=2`. Consumes what it reads from `rest`.
class KeyReader final {
 public:
  explicit KeyReader(std::string_view rest) : rest_(rest) {}

  std::optional<std::vector<KeyBinding>> read() {
    std::vector<KeyBinding> keys;
    do {
      auto key = read_key();
      if (!key || std::ranges::any_of(keys, [&key](const KeyBinding& k) { return name_equal(k.name, key->name); })) {
        return std::nullopt;
      }
      keys.push_back(std::move(*key));
    } while (take(','));
    return rest_.empty() ? std::optional(std::move(keys)) : std::nullopt;
  }

 private:
  bool take(char c) {
    const bool there = rest_.starts_with(c);
    rest_.remove_prefix(there ? 1 : 0);
    return there;
  }

  std::optional<KeyBinding> read_key() {
    const auto equals = rest_.find('=');
    if (equals == std::string_view::npos || !is_valid_name(rest_.substr(0, equals))) {
      return std::nullopt;
    }
    std::string name(rest_.substr(0, equals));
    rest_.remove_prefix(equals + 1);
    auto value = read_value();
    return value ? std::optional(KeyBinding{std::move(name), std::move(*value)}) : std::nullopt;
  }

  std::optional<Value> read_value() {
    if (take('"')) {
      auto text = read_quoted('"');
      return text ? std::optional(Value(std::move(*text))) : std::nullopt;
    }
    if (take('\'')) {
      const auto text = read_quoted('\'');
      auto unit = Value::parse(Type::kChar16, text.value_or(""));
      return unit ? std::optional(std::move(*unit)) : std::nullopt;
    }
    const std::string_view token = rest_.substr(0, rest_.find(','));
    rest_.remove_prefix(token.size());
    for (const Type type : {Type::kBoolean, Type::kUint64, Type::kSint64}) {
      if (auto value = Value::parse(type, token)) {
        return std::move(*value);
      }
    }
    // An integer beyond 64 bits is no key; without this it would become a real that is nearly the same.
    const bool is_real = token.find_first_of(".eENn") != std::string_view::npos;
    auto value = Value::parse(Type::kReal64, token);
    return is_real && value ? std::optional(std::move(*value)) : std::nullopt;
  }

  std::optional<std::string> read_quoted(char quote) {
    std::string text;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == quote) {
        return text;
      }
      if (c == '\\') {
        if (rest_.empty()) {
          return std::nullopt;
        }
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      text += c;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

/// Takes "//host/", "scheme://host/" or "\\host\" off the front. False when the host is empty or not ended.
bool take_host(std::string_view& text, std::string& host) {
  const auto authority = text.find("//");
  const bool has_scheme = authority != std::string_view::npos && authority >= 2 && text[authority - 1] == ':' &&
                          text.substr(0, authority - 1).find_first_of("/\\:\"=") == std::string_view::npos;
  if (!has_scheme && authority != 0 && !text.starts_with("\\\\")) {
    return true;
  }
  text.remove_prefix(has_scheme ? authority + 2 : 2);
  const auto end = text.find_first_of("/\\");
  if (end == 0 || end == std::string_view::npos) {
    return false;
  }
  host = text.substr(0, end);
  text.remove_prefix(end + 1);
  return host.find_first_of("\"=") == std::string::npos;
}

}  // namespace

ObjectPath::ObjectPath(NamespaceName name_space, std::string class_name)
    : name_space_(std::move(name_space)), class_name_(std::move(class_name)) {}

ObjectPath::ObjectPath(NamespaceName name_space, std::string class_name, std::vector<KeyBinding> keys)
    : name_space_(std::move(name_space)),
      class_name_(std::move(class_name)),
      keys_(std::move(keys)),
      is_instance_(true) {}

std::optional<ObjectPath> ObjectPath::parse(std::string_view text) {
  ObjectPath path;
  if (!take_host(text, path.host_)) {
    return std::nullopt;
  }
  const auto stop = text.find_first_of(":.=\"");
  if (stop != std::string_view::npos && text[stop] == ':') {
    path.name_space_ = NamespaceName(text.substr(0, stop));
    if (path.name_space_.empty()) {
      return std::nullopt;
    }
    text.remove_prefix(stop + 1);
  } else if (!path.host_.empty()) {
    return std::nullopt;  // a host alone names no place
  }
  const auto class_end = std::min(text.find_first_of(".="), text.size());
  path.class_name_ = text.substr(0, class_end);
  text.remove_prefix(class_end);
  if (!is_valid_name(path.class_name_)) {
    return std::nullopt;
  }
  if (text.empty()) {
    return path;
  }
  if (text == "=@") {
    path.set_keys({});
    return path;
  }
  if (!text.starts_with('.')) {
    return std::nullopt;
  }
  auto keys = KeyReader(text.substr(1)).read();
  if (!keys) {
    return std::nullopt;
  }
  path.set_keys(std::move(*keys));
  return path;
}

const Value* ObjectPath::key(std::string_view name) const {
  const auto found = std::ranges::find_if(keys_, [name](const KeyBinding& key) { return name_equal(key.name, name); });
  return found != keys_.end() ? &found->value : nullptr;
}

void ObjectPath::set_keys(std::vector<KeyBinding> keys) {
  keys_ = std::move(keys);
  is_instance_ = true;
}

std::string ObjectPath::to_string() const {
  std::string text;
  if (!host_.empty() && !name_space_.empty()) {
    text += "//" + host_ + '/';
  }
  if (!name_space_.empty()) {
    text += name_space_.text() + ':';
  }
  text += class_name_;
  if (is_instance_) {
    append_keys(text, keys_, false);
  }
  return text;
}

std::string ObjectPath::canonical() const {
  std::string text = name_space_.empty() ? std::string() : fold_name(name_space_.text()) + ':';
  text += fold_name(class_name_);
  if (is_instance_) {
    std::vector<KeyBinding> sorted = keys_;
    std::ranges::sort(sorted, NameLess(), &KeyBinding::name);
    append_keys(text, sorted, true);
  }
  return text;
}

bool operator==(const ObjectPath& left, const ObjectPath& right) {
  return name_equal(left.host_, right.host_) && ObjectPath::equal_ignoring_host(left, right);
}

bool ObjectPath::equal_ignoring_host(const ObjectPath& left, const ObjectPath& right) {
  if (left.is_instance_ != right.is_instance_ || left.keys_.size() != right.keys_.size() ||
      !name_equal(left.class_name_, right.class_name_) || !(left.name_space_ == right.name_space_)) {
    return false;
  }
  const auto is_same = [](const Value& a, const Value& b) {
    const auto first = a.as_reference();
    const auto second = b.as_reference();
    return first && second ? equal_ignoring_host(*first, *second) : a == b;
  };
  return std::ranges::all_of(left.keys_, [&](const KeyBinding& key) {
    const Value* other = right.key(key.name);
    return other != nullptr && is_same(key.value, *other);
  });
}

std::size_t ObjectPath::hash() const {
  std::size_t sum = name_hash(class_name_) + std::size_t{31} * name_hash(name_space_.text());
  for (const KeyBinding& key : keys_) {  // a sum: the order of keys does not matter
    sum += (key.value.hash() ^ name_hash(key.name)) * 0x9E3779B97F4A7C15U;
  }
  return sum;
}

}  // namespace lunaria::cim
