#pragma once

// __Namespace: the class by which older clients see, make and remove namespaces (DSP0200 version 1.0, Windows). Every
// namespace has it; its instances are the namespaces below.

#include <optional>
#include <string_view>
#include <vector>

#include "cim/provider.h"
#include "cim/repository.h"
#include "cim/schema_editor.h"

namespace lunaria::cim {

/// Where a namespace stands among others, of which it may be one.
struct NamespacePlace {
  std::optional<NamespaceName> outer;  ///< the nearest above it
  std::vector<NamespaceName> inner;    ///< those below it, but for those that are below one of these
};
NamespacePlace place_among(const std::vector<NamespaceName>& all, const NamespaceName& name);

/// Control shard only; what it is given outlives it. Without an editor the namespaces stay as they are: NOT_SUPPORTED.
class NamespaceClassProvider final : public Provider {
 public:
  static constexpr std::string_view kClass = "__Namespace";
  /// For Repository::add_everywhere().
  static ClassPtr make_class();
  /// The instance in `outer` that stands for `inner`, which is below it.
  static Instance make_instance(const ClassPtr& cls, const NamespaceName& outer, const NamespaceName& inner);

  NamespaceClassProvider(const Repository& repository, SchemaEditor* schema_editor)
      : repository_(repository), schema_editor_(schema_editor) {}

  /// Those directly below: `root` has "cimv2/storage" where there is no root/cimv2.
  runtime::Task<Result<void, Error>> enumerate_instances(ProviderCall call, InstanceSink& sink) override;
  runtime::Task<Result<Instance, Error>> get_instance(ProviderCall call, const ObjectPath& path) override;
  runtime::Task<Result<ObjectPath, Error>> create_instance(ProviderCall call, const Instance& instance) override;
  runtime::Task<Result<void, Error>> delete_instance(ProviderCall call, const ObjectPath& path) override;

 private:
  const Repository& repository_;
  SchemaEditor* schema_editor_;
};

}  // namespace lunaria::cim
