// ObjectManager: extrinsic methods (DSP0200 5.3.3), and who hears of them.

#include <utility>

#include "cim/input_check.h"
#include "cim/object_manager_change.h"
#include "cim/operation_meter.h"

namespace lunaria::cim {
namespace {

Error not_found(const ObjectPath& path) {
  return Error(Status::kNotFound, "no instance " + path.to_string());
}

/// The server looks at something itself, within an operation of somebody else.
OperationContext own_context(const OperationContext& context) {
  OperationContext own = context;
  own.principal = "lunariad";
  own.role = Role::kAdministrator;
  own.authentication = Authentication::kInternal;
  own.is_cancelled = false;
  return own;
}

}  // namespace

runtime::Task<Result<MethodResult, Error>> ObjectManager::invoke_method(const OperationContext& context,
                                                                        const ObjectPath& path,
                                                                        std::string_view method_name,
                                                                        const ParameterValues& parameters) const {
  return carry_out(context,
                   {.request = {OperationKind::kInvokeMethod, path.name_space(), path.class_name(), method_name},
                    .path = &path,
                    .parameters = &parameters},
                   invoke_admitted(context, path, method_name, parameters));
}

runtime::Task<Result<MethodResult, Error>> ObjectManager::invoke_admitted(const OperationContext& context,
                                                                          const ObjectPath& path,
                                                                          std::string_view method_name,
                                                                          const ParameterValues& parameters) const {
  const auto cls = find_class(path.name_space(), path.class_name());
  if (!cls) {
    co_return fail(Error(Status::kNotFound, cls.error().message));  // DSP0200 5.3.3 has no INVALID_CLASS
  }
  const MethodPtr method = (*cls)->find_method(method_name);
  if (!method) {
    co_return fail(Error(Status::kMethodNotFound, (*cls)->name() + " has no method " + std::string(method_name)));
  }
  const InputCheck check_input(repository_, path.name_space());
  Result<ObjectPath, Error> target = ObjectPath(path.name_space(), (*cls)->name());
  if (path.is_instance()) {
    target = check_input.instance_path(**cls, path);
  }
  if (!target) {
    co_return fail(target.error());
  }
  const auto in = check_input.parameters(*method, parameters);
  if (!in) {
    co_return fail(in.error());
  }
  Provider* const provider = providers_.find(path.name_space(), (*cls)->name());
  if (provider == nullptr) {
    co_return fail(path.is_instance()
                       ? not_found(*target)
                       : Error(Status::kMethodNotAvailable, (*cls)->name() + '.' + method->name + " is not provided"));
  }
  const ProviderCall call{context, path.name_space(), *cls, nullptr};
  const ProviderTime timing(context);
  if (extensions_.methods != nullptr && extensions_.methods->hears_method_calls() && path.is_instance()) {
    auto told = co_await invoke_told(call, *provider, *target, *method, *in);
    co_return told;
  }
  auto result = co_await provider->invoke_method(call, *target, *method, *in);
  co_return result;
}

runtime::Task<Result<MethodResult, Error>> ObjectManager::invoke_told(ProviderCall call, Provider& provider,
                                                                      const ObjectPath& path, const Method& method,
                                                                      const ParameterValues& in) const {
  // Read on the server's own behalf: the listener decides who may hear of it, and that is not up to the caller.
  const OperationContext own = own_context(call.context);
  const ProviderCall look{own, call.name_space, call.cls, nullptr};
  const auto before = co_await provider.get_instance(look, path);
  if (before) {
    extensions_.methods->on_method_called({call.name_space, method, in}, *before);
  }
  auto outcome = co_await provider.invoke_method(call, path, method, in);
  if (before && extensions_.methods->hears_method_calls()) {
    const auto after = co_await provider.get_instance(look, path);
    extensions_.methods->on_method_ended({call.name_space, method, in}, after ? *after : *before, outcome);
  }
  co_return outcome;
}

}  // namespace lunaria::cim
