#pragma once

// Names of CIM objects (DSP0004 8.2): where an object lives (host, namespace) and which it is (class, keys).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/name.h"
#include "cim/value.h"

namespace lunaria::cim {

/// One key of an instance. A key read from text whose type nobody stated is the widest of its family (uint64, sint64,
/// real64, string); the object manager turns it into the type of the class's key.
struct KeyBinding {
  std::string name;
  Value value;
  friend bool operator==(const KeyBinding& left, const KeyBinding& right) {
    return name_equal(left.name, right.name) && left.value == right.value;
  }
};

/// The path of a class or of an instance. A value.
class ObjectPath final {
 public:
  ObjectPath() = default;
  /// A class path.
  ObjectPath(NamespaceName name_space, std::string class_name);
  /// An instance path. No keys at all name the one instance of a class without keys.
  ObjectPath(NamespaceName name_space, std::string class_name, std::vector<KeyBinding> keys);

  /// Reads "host" "/" namespace ":" class "." keys, each part before the class being optional:
  /// `root/wmi:WT_Disk.WTD=1`, `//host/root/interop:CIM_X.A="a\"b",R="root/x:CIM_Y.B=2"`, `CIM_X=@` (an instance
  /// without keys), also with '\' between namespace parts. nullopt when it is none of these.
  static std::optional<ObjectPath> parse(std::string_view text);

  const std::string& host() const { return host_; }
  const NamespaceName& name_space() const { return name_space_; }
  const std::string& class_name() const { return class_name_; }
  bool is_instance() const { return is_instance_; }
  const std::vector<KeyBinding>& keys() const { return keys_; }
  /// The key's value, or null.
  const Value* key(std::string_view name) const;

  void set_host(std::string host) { host_ = std::move(host); }
  void set_name_space(NamespaceName name_space) { name_space_ = std::move(name_space); }
  void set_class_name(std::string class_name) { class_name_ = std::move(class_name); }
  /// Makes it an instance path; replaces all keys.
  void set_keys(std::vector<KeyBinding> keys);

  /// The untyped form, keys in the order they have here; parse() reads it back.
  std::string to_string() const;
  /// The same for every equal path (names in lower case, keys ordered by name, no host): for maps and for comparing
  /// text.
  std::string canonical() const;

  /// Same object: host, namespace, class and key names without regard to case, keys in any order, key values by type
  /// family (1 is not "1"), references by this same rule (DSP0200 5.3.1, DSP0004 8.2.4).
  friend bool operator==(const ObjectPath& left, const ObjectPath& right);
  /// The same, whatever host the two name: an instance is here whichever of our addresses was used.
  static bool equal_ignoring_host(const ObjectPath& left, const ObjectPath& right);
  /// Equal for paths that are equal_ignoring_host.
  std::size_t hash() const;

 private:
  std::string host_;
  NamespaceName name_space_;
  std::string class_name_;
  std::vector<KeyBinding> keys_;
  bool is_instance_ = false;
};

struct ObjectPathHash {
  std::size_t operator()(const ObjectPath& path) const { return path.hash(); }
};

}  // namespace lunaria::cim
