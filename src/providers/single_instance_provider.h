#pragma once

// SingleInstanceProvider: what is common to providers of classes that have one instance.

#include <string>
#include <utility>

#include "cim/provider.h"
#include "providers/errors.h"

namespace lunaria::providers {

class SingleInstanceProvider : public cim::Provider {
 public:
  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call,
                                                              cim::InstanceSink& sink) override {
    auto instance = co_await current(call);
    if (!instance) {
      co_return fail(instance.error());
    }
    (void)co_await sink.put(std::move(*instance));
    co_return Result<void, cim::Error>();
  }

  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override {
    auto instance = co_await current(call);
    if (instance && !(instance->path(call.name_space) == path)) {
      co_return fail(not_found("There is no " + path.to_string()));
    }
    co_return instance;
  }

 protected:
  /// The instance as it is now. The call outlives the task.
  virtual runtime::Task<Result<cim::Instance, cim::Error>> current(const cim::ProviderCall& call) = 0;
};

}  // namespace lunaria::providers
