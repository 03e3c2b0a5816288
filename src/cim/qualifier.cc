#include "cim/qualifier.h"

#include <algorithm>

#include "cim/name.h"

namespace lunaria::cim {

const Qualifier* QualifierSet::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(entries_, [name](const Entry& entry) { return name_equal(entry.qualifier->name, name); });
  return found != entries_.end() ? found->qualifier.get() : nullptr;
}

bool QualifierSet::is_set(std::string_view name) const {
  const Qualifier* qualifier = find(name);
  return qualifier != nullptr && qualifier->value.as_bool().value_or(false);
}

}  // namespace lunaria::cim
