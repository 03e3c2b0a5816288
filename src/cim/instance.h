#pragma once

// An instance: a pointer to its class and one value per property, in the order of the class.

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/class.h"
#include "cim/object_path.h"
#include "cim/property_list.h"
#include "cim/value.h"

namespace lunaria::cim {

/// A value (one allocation for all properties, plus what strings and arrays need). A property that was never set is
/// absent; one that was set to NULL is NULL.
class Instance final {
 public:
  /// All properties absent. `cls` is not null.
  explicit Instance(ClassPtr cls);
  /// All properties at the defaults of the class, those without one absent.
  static Instance with_defaults(ClassPtr cls);

  const ClassPtr& cls() const { return class_; }
  const std::string& class_name() const { return class_->name(); }
  /// By index as in Class::properties(); absent ones have Type::kNone.
  const Value& value(std::size_t index) const { return values_[index]; }
  const std::vector<Value>& values() const { return values_; }
  /// Null when the class has no such property or it is absent here.
  const Value* find(std::string_view property) const;

  /// The type, arrayness and index must be those of the class (a bug otherwise; NULL of any type will do). Setting
  /// with an absent value takes the property out.
  void set(std::size_t index, Value value);
  /// The same by name; false when the class has no such property.
  [[nodiscard]] bool set(std::string_view property, Value value);

  /// What the receiver asked for; all unless select() was called. Values outside may be there still: whoever writes
  /// the instance out skips them, the path needs its keys.
  bool is_selected(std::size_t index) const { return !selection_ || selection_->contains(index); }
  void select(PropertySelectionPtr selection) { selection_ = std::move(selection); }

  /// Where the instance is, if that is not the namespace of the operation that found it; null otherwise.
  const NamespaceName* name_space() const { return name_space_.get(); }
  void set_name_space(std::shared_ptr<const NamespaceName> name_space) { name_space_ = std::move(name_space); }

  /// Bytes of memory that its values take, about.
  std::size_t held_bytes() const;

  /// The instance path made of the keys that are here.
  ObjectPath path(const NamespaceName& name_space) const;

  /// Same class (by name) and the same values under the same names; selections and namespaces do not count.
  friend bool operator==(const Instance& left, const Instance& right);

 private:
  ClassPtr class_;
  std::vector<Value> values_;
  PropertySelectionPtr selection_;
  std::shared_ptr<const NamespaceName> name_space_;
};

/// Makes instances of classes whose definition is not at hand: a client or a codec reading INSTANCE elements. Each
/// property becomes a plain one of a class made up for it; the object manager rebinds such instances to the real class.
class InstanceBuilder final {
 public:
  explicit InstanceBuilder(std::string class_name);
  /// Adds a property; `value` may be NULL of its type, never absent. A name that was there already is replaced: false.
  bool add(std::string name, Value value, bool is_key = false, std::string object_class = {});
  /// Leaves the builder empty.
  Instance build();

 private:
  Class::Parts parts_;
  std::vector<Value> values_;
};

}  // namespace lunaria::cim
