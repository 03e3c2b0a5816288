#include "providers/interop/computed_provider.h"

#include <utility>

#include "providers/errors.h"
#include "providers/instance_list.h"
#include "providers/principals.h"

namespace lunaria::providers {

std::vector<cim::Instance> ComputedProvider::compute(const service::Server& server,
                                                     const cim::ProviderCall& call) const {
  std::vector<cim::Instance> instances = compute_({server, environment_.repository, environment_.authentication}, call);
  for (cim::Instance& instance : instances) {
    for (std::size_t i = 0; i < instance.values().size(); ++i) {
      const cim::Property& property = call.cls->property(i);
      if (instance.value(i).is_absent()) {
        instance.set(i, cim::Value::null(property.type, property.is_array));
      }
    }
  }
  return instances;
}

runtime::Task<Result<void, cim::Error>> ComputedProvider::enumerate_instances(cim::ProviderCall call,
                                                                              cim::InstanceSink& sink) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  auto done = co_await put_all(compute(*server, call), sink);
  co_return done;
}

runtime::Task<Result<cim::Instance, cim::Error>> ComputedProvider::get_instance(cim::ProviderCall call,
                                                                                const cim::ObjectPath& path) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  co_return pick(compute(*server, call), call.name_space, path);
}

MethodReply ComputedProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                            const cim::Method& method, const cim::ParameterValues& /*in*/) {
  if (!path.is_instance() || method.return_type != cim::Type::kUint32) {
    co_return fail(cim::Error(cim::Status::kMethodNotAvailable,
                              call.cls->name() + '.' + method.name + " is not provided, or is called on the class"));
  }
  const auto present = co_await get_instance(std::move(call), path);
  if (!present) {
    co_return fail(present.error());
  }
  co_return returning(std::uint32_t{1});
}

}  // namespace lunaria::providers
