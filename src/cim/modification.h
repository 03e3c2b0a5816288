#pragma once

// What CreateInstance and ModifyInstance do to an instance, worked out from the schema before a provider is asked
// (DSP0200 5.3.2.6, 5.3.2.7).

#include <cstddef>
#include <utility>
#include <vector>

#include "cim/error.h"
#include "cim/instance.h"
#include "cim/property_list.h"
#include "cim/repository.h"

namespace lunaria::cim {

/// The instance of `cls` to create: what the client gave, defaults for the rest. NO_SUCH_PROPERTY, TYPE_MISMATCH,
/// INVALID_PARAMETER (Required ones that are NULL).
Result<Instance, Error> complete_new_instance(const Repository& repository, const NamespaceName& name_space,
                                              const ClassPtr& cls, const Instance& given);

/// The changes that a ModifyInstance asks for.
class Modification final {
 public:
  /// Nothing is set in `changes` yet.
  explicit Modification(Instance changes) : changes_(std::move(changes)) {}

  const Instance& changes() const { return changes_; }
  bool is_empty() const { return is_empty_; }
  /// Whether the instance has to be read first: to compare read-only properties, or only to see whether it exists.
  bool needs_current() const { return is_empty_ || !read_only_.empty(); }
  /// NOT_SUPPORTED when a property that was listed explicitly, but cannot be written, would change.
  Result<void, Error> check_read_only(const Instance& current) const;

  void change(std::size_t index, Value value);
  void expect_unchanged(std::size_t index, Value value) { read_only_.emplace_back(index, std::move(value)); }

 private:
  Instance changes_;
  bool is_empty_ = true;
  std::vector<std::pair<std::size_t, Value>> read_only_;
};

/// Plans the modification of the instance at `path` (typed keys). With a list: each listed property is set to what
/// `given` has, or to its default when `given` lacks it. Without: each writable property that `given` carries,
/// read-only ones being ignored. Keys may be given when they are those of the path. NO_SUCH_PROPERTY, TYPE_MISMATCH,
/// INVALID_PARAMETER.
Result<Modification, Error> plan_modification(const Repository& repository, const ClassPtr& cls, const ObjectPath& path,
                                              const Instance& given, const PropertyList& properties);

}  // namespace lunaria::cim
