#pragma once

// __Namespace: the class by which older clients see, make and remove namespaces (DSP0200 version 1.0, Windows). Every
// namespace has it; its instances are the namespaces below.

#include <string_view>

#include "cim/provider.h"
#include "cim/repository.h"
#include "cim/schema_editor.h"

namespace lunaria::cim {

/// Control shard only; what it is given outlives it. Without an editor the namespaces stay as they are: NOT_SUPPORTED.
class NamespaceClassProvider final : public Provider {
 public:
  static constexpr std::string_view kClass = "__Namespace";
  /// For Repository::add_everywhere().
  static ClassPtr make_class();

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
