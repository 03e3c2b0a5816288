#include "cim/provider_table.h"

#include <string>

#include "base/check.h"

namespace lunaria::cim {

void ProviderTable::add(const NamespaceName& name_space, std::string_view class_name, Provider& provider) {
  const bool is_new = providers_[name_space].emplace(std::string(class_name), &provider).second;
  check(is_new, "a class has one provider");
}

void ProviderTable::add_everywhere(std::string_view class_name, Provider& provider) {
  everywhere_.insert_or_assign(std::string(class_name), &provider);
}

void ProviderTable::remove(const NamespaceName& name_space, std::string_view class_name) {
  const auto space = providers_.find(name_space);
  if (space == providers_.end()) {
    return;
  }
  if (const auto found = space->second.find(class_name); found != space->second.end()) {
    space->second.erase(found);
  }
}

Provider* ProviderTable::find(const NamespaceName& name_space, std::string_view class_name) const {
  if (const auto space = providers_.find(name_space); space != providers_.end()) {
    if (const auto found = space->second.find(class_name); found != space->second.end()) {
      return found->second;
    }
  }
  const auto found = everywhere_.find(class_name);
  return found != everywhere_.end() ? found->second : nullptr;
}

}  // namespace lunaria::cim
