#pragma once

// Which properties a request wants: the PropertyList of DSP0200 5.3, and the same resolved against one class.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/class.h"

namespace lunaria::cim {

/// As it came in the request: absent means all, empty means none. Names that the class lacks are ignored.
using PropertyList = std::optional<std::vector<std::string>>;

/// Whether the list asks for the property.
bool lists(const PropertyList& list, std::string_view name);

/// The properties of one class that are wanted, by index: what providers look at to skip work, and what a protocol
/// writes. Immutable, shared by all instances of an answer.
class PropertySelection final {
 public:
  /// All properties of whatever class.
  PropertySelection() = default;
  /// Those of `cls` that the list names.
  PropertySelection(const Class& cls, const PropertyList& list);
  /// The keys alone.
  static PropertySelection keys_of(const Class& cls);

  bool all() const { return !wanted_; }
  /// `index` as in Class::properties().
  bool contains(std::size_t index) const { return !wanted_ || (index < wanted_->size() && (*wanted_)[index]); }
  /// Drops one property of `cls`, the class that this was made for.
  void remove(const Class& cls, std::size_t index);

 private:
  std::optional<std::vector<bool>> wanted_;
};
using PropertySelectionPtr = std::shared_ptr<const PropertySelection>;

/// What an answer for `requested` shows of an instance of `cls`, a class at or below it (DSP0200 5.3.2.11); null for
/// everything.
PropertySelectionPtr select_properties(const Class& cls, const Class& requested, const PropertyList& list,
                                       bool local_only, bool deep_inheritance);

}  // namespace lunaria::cim
