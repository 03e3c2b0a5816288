#pragma once

// Whether instances that are stored agree with a change of their classes, of the classes of what is embedded in them,
// and of the bounds on their values. Pure functions over classes and instances; StoredSchema reads what they look at.

#include <optional>
#include <string>
#include <string_view>

#include "cim/class.h"
#include "cim/instance.h"
#include "cim/name.h"
#include "cim/repository.h"
#include "cim/schema_change.h"

namespace lunaria::cim {

bool can_have_instances(const Class& cls);
/// Whether instances of the class may hold others.
bool may_embed(const Class& cls);

/// Why instances of `before` are not instances of `after`, whatever they hold; nullopt when they are.
std::optional<std::string> misfit(const Class& before, const Class& after);
/// Whether some values that `before` allows may be refused by `after`: instances have to be looked at.
bool narrows(const Class& before, const Class& after);

/// A change as stored instances see it. All it is given outlives it.
class SchemaFit final {
 public:
  SchemaFit(const Repository& repository, const SchemaChange& change);

  /// Whether instances of `cls`, as it is now, may be at odds with the change.
  bool concerns(const Class& cls) const;
  /// Why `instance`, which is of a class as it is now, would not agree with it; nullopt when it does.
  std::optional<std::string> misfit(const Instance& instance) const;

 private:
  ClassPtr after(std::string_view class_name) const;
  std::optional<std::string> misfit(const Property& property, const Value& value) const;

  const Repository& repository_;
  const SchemaChange& change_;
  bool concerns_embedded_ = false;
};

}  // namespace lunaria::cim
