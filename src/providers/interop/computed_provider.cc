#include "providers/interop/computed_provider.h"

#include <algorithm>
#include <utility>

#include "providers/errors.h"
#include "providers/principals.h"

namespace lunaria::providers {

std::vector<cim::Instance> ComputedProvider::compute(const service::Server& server,
                                                     const cim::ProviderCall& call) const {
  std::vector<cim::Instance> instances = compute_({server, environment_.repository}, call);
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
  for (cim::Instance& instance : compute(*server, call)) {
    const bool go_on = co_await sink.put(std::move(instance));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> ComputedProvider::get_instance(cim::ProviderCall call,
                                                                                const cim::ObjectPath& path) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  auto instances = compute(*server, call);
  const auto found =
      std::ranges::find_if(instances, [&](const cim::Instance& each) { return each.path(call.name_space) == path; });
  if (found == instances.end()) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  co_return std::move(*found);
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
