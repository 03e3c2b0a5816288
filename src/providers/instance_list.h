#pragma once

// Instances that a provider has made all at once.

#include <algorithm>
#include <utility>
#include <vector>

#include "cim/provider.h"
#include "providers/errors.h"

namespace lunaria::providers {

/// Puts them into the sink until it wants no more.
inline runtime::Task<Result<void, cim::Error>> put_all(std::vector<cim::Instance> instances, cim::InstanceSink& sink) {
  for (cim::Instance& instance : instances) {
    const bool go_on = co_await sink.put(std::move(instance));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, cim::Error>();
}

/// The one at `path`; NOT_FOUND when there is none.
inline Result<cim::Instance, cim::Error> pick(std::vector<cim::Instance> instances,
                                              const cim::NamespaceName& name_space, const cim::ObjectPath& path) {
  const auto found =
      std::ranges::find_if(instances, [&](const cim::Instance& each) { return each.path(name_space) == path; });
  if (found == instances.end()) {
    return fail(not_found("There is no " + path.to_string()));
  }
  return std::move(*found);
}

}  // namespace lunaria::providers
