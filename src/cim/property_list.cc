#include "cim/property_list.h"

#include <algorithm>

#include "cim/name.h"

namespace lunaria::cim {

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

}  // namespace lunaria::cim
