#pragma once

// ProviderTable: which provider serves which class.

#include <string_view>
#include <unordered_map>

#include "cim/name.h"

namespace lunaria::cim {

class Provider;

/// Filled at start by the daemon, and with classes that are made at run time; providers are not owned. Control shard.
class ProviderTable final {
 public:
  /// For exactly this class; subclasses are registered on their own. A second provider for a class is a bug.
  void add(const NamespaceName& name_space, std::string_view class_name, Provider& provider);
  /// For a class of Repository::add_everywhere().
  void add_everywhere(std::string_view class_name, Provider& provider);
  /// Nobody serves the class from now on; no-op when nobody did. Calls inside go on.
  void remove(const NamespaceName& name_space, std::string_view class_name);
  /// Null when nobody serves it.
  Provider* find(const NamespaceName& name_space, std::string_view class_name) const;

 private:
  std::unordered_map<NamespaceName, NameMap<Provider*>, NamespaceHash> providers_;
  NameMap<Provider*> everywhere_;
};

}  // namespace lunaria::cim
