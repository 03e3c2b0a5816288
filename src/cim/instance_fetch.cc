#include "cim/instance_fetch.h"

#include <utility>

#include "cim/input_check.h"
#include "cim/operation_meter.h"

namespace lunaria::cim {

runtime::Task<Result<std::optional<Instance>, Error>> fetch_instance(const Repository& repository,
                                                                     const ProviderTable& providers,
                                                                     const OperationContext& context,
                                                                     const ObjectPath& path,
                                                                     const PropertyList& properties) {
  const ClassPtr cls = repository.find_class(path.name_space(), path.class_name());
  Provider* const provider = cls ? providers.find(path.name_space(), cls->name()) : nullptr;
  if (provider == nullptr || !path.is_instance()) {
    co_return std::nullopt;
  }
  const auto typed = InputCheck(repository, path.name_space()).instance_path(*cls, path);
  if (!typed) {
    co_return std::nullopt;
  }
  const ProviderCall call{context, typed->name_space(), cls, select_properties(*cls, *cls, properties, false, true)};
  ProviderTime timing(context);
  auto instance = co_await provider->get_instance(call, *typed);
  timing.end();
  if (!instance) {
    if (instance.error().status == Status::kNotFound) {
      co_return std::nullopt;
    }
    co_return fail(instance.error());
  }
  instance->select(call.properties);
  co_return std::optional(*std::move(instance));
}

}  // namespace lunaria::cim
