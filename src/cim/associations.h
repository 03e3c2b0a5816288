#pragma once

// Following associations from an object (DSP0200 5.3.2.12 to 5.3.2.15): the association instances that point to it, the
// objects at their other ends, and the same for classes. Association classes are looked for in the namespace of the
// object; what they point to may live in any other.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "cim/enumeration_request.h"
#include "cim/enumerator.h"
#include "cim/error.h"
#include "cim/instance_sink.h"
#include "cim/operation_context.h"
#include "cim/provider.h"
#include "cim/provider_table.h"
#include "cim/repository.h"
#include "runtime/task.h"

namespace lunaria::cim {

/// One walk from one instance, for a request of a kind that follows associations. What it is given outlives it.
class AssociationWalk final {
 public:
  AssociationWalk(const Repository& repository, const ProviderTable& providers, const OperationContext& context,
                  const EnumerationRequest& request, InstanceSink& sink, EnumerationErrors* errors);

  /// INVALID_PARAMETER for an object that is no instance or of no class here, and for classes to filter by that are in
  /// no namespace at all. NOT_FOUND where the request says that the object must exist. An associated object that has
  /// gone meanwhile is left out; each is listed once as long as there are no more than limits::kDistinctObjectsMax.
  runtime::Task<Result<void, Error>> run();

 private:
  class TargetSink;

  bool lists_references() const;
  Result<void, Error> resolve_object();
  Result<void, Error> check_filter_class(std::string_view class_name) const;
  runtime::Task<Result<void, Error>> check_object_exists();
  bool may_connect(const Class& association) const;
  runtime::Task<Result<void, Error>> walk_class(const ClassPtr& association, Provider& provider, bool& is_gone);
  /// Whether the path is to be listed: it passes the filter and was not listed before.
  bool admits(const ObjectPath& target, const Class* cls);

  const Repository& repository_;
  const ProviderTable& providers_;
  const OperationContext& context_;
  const EnumerationRequest& request_;
  InstanceSink& sink_;
  EnumerationErrors* errors_;
  ClassPtr object_class_;
  ObjectPath object_;  // with typed keys
  std::unordered_set<std::string> listed_;
};

/// The association classes of the namespace that refer to a class, or to one above it (References on a class path).
std::vector<ClassPtr> referencing_classes(const Repository& repository, const NamespaceName& name_space,
                                          const Class& cls, const AssociationFilter& filter);
/// The classes that those associations refer to with their other references (Associators on a class path).
std::vector<ClassPtr> associated_classes(const Repository& repository, const NamespaceName& name_space,
                                         const Class& cls, const AssociationFilter& filter);

}  // namespace lunaria::cim
