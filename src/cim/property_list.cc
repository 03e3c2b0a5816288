#include "cim/property_list.h"

#include <algorithm>

#include "cim/name.h"

namespace lunaria::cim {
namespace {

/// Whether `property` of `cls` is declared in `base` or between the two.
bool is_local_to(const Class& cls, const Class& base, const Property& property) {
  for (const Class* above = &cls; above != nullptr; above = above->superclass().get()) {
    if (name_equal(property.declared_in, above->name())) {
      return true;
    }
    if (name_equal(above->name(), base.name())) {
      return false;
    }
  }
  return false;
}

}  // namespace

bool lists(const PropertyList& list, std::string_view name) {
  return !list || std::ranges::any_of(*list, [name](const std::string& listed) { return name_equal(listed, name); });
}

PropertySelection::PropertySelection(const Class& cls, const PropertyList& list) {
  if (!list) {
    return;
  }
  wanted_.emplace(cls.properties().size(), false);
  for (const std::string& name : *list) {
    if (const auto index = cls.find_property(name)) {
      (*wanted_)[*index] = true;
    }
  }
}

PropertySelection PropertySelection::keys_of(const Class& cls) {
  PropertySelection selection;
  selection.wanted_.emplace(cls.properties().size(), false);
  for (const std::uint16_t index : cls.key_indexes()) {
    (*selection.wanted_)[index] = true;
  }
  return selection;
}

void PropertySelection::remove(const Class& cls, std::size_t index) {
  if (!wanted_) {
    wanted_.emplace(cls.properties().size(), true);
  }
  (*wanted_)[index] = false;
}

PropertySelectionPtr select_properties(const Class& cls, const Class& requested, const PropertyList& list,
                                       bool local_only, bool deep_inheritance) {
  PropertySelection selection(cls, list);
  const std::size_t base_count = requested.properties().size();
  for (std::size_t i = 0; i < cls.properties().size(); ++i) {
    const bool is_hidden_below = !deep_inheritance && i >= base_count;
    const Class& shown_as = deep_inheritance ? cls : requested;
    const bool is_hidden_above =
        local_only && i < shown_as.properties().size() && !is_local_to(shown_as, requested, shown_as.property(i));
    if (is_hidden_below || is_hidden_above) {
      selection.remove(cls, i);
    }
  }
  return selection.all() ? nullptr : std::make_shared<const PropertySelection>(std::move(selection));
}

}  // namespace lunaria::cim
