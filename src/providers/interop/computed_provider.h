#pragma once

// ComputedProvider: serves classes whose instances follow from who the server is, and never change while it runs.

#include <vector>

#include "cim/provider.h"
#include "providers/environment.h"
#include "providers/methods.h"

namespace lunaria::providers {

/// What instances are computed from.
struct ComputedFacts {
  const service::Server& server;
  const cim::Repository& repository;
  AuthenticationMechanisms authentication;
};

/// All instances of `call.cls` in `call.name_space`.
using ComputedInstances = std::vector<cim::Instance> (*)(const ComputedFacts& facts, const cim::ProviderCall& call);

class ComputedProvider final : public cim::Provider {
 public:
  ComputedProvider(Environment environment, ComputedInstances compute) : environment_(environment), compute_(compute) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// What such classes declare is not offered: 1 from methods that answer a code, METHOD_NOT_AVAILABLE from others.
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  /// All of them, properties without a value being NULL.
  std::vector<cim::Instance> compute(const service::Server& server, const cim::ProviderCall& call) const;

  Environment environment_;
  ComputedInstances compute_;
};

}  // namespace lunaria::providers
