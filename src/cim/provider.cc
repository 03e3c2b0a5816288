#include "cim/provider.h"

#include <algorithm>
#include <memory>

#include "cim/name.h"

namespace lunaria::cim {
namespace {

Error not_supported(const ProviderCall& call, std::string_view operation) {
  return Error(Status::kNotSupported, call.cls->name() + " does not support " + std::string(operation));
}

/// Passes on the association instances that point to an object.
class ReferencingSink final : public InstanceSink {
 public:
  ReferencingSink(const ObjectPath& object, std::string_view role, const NamespaceName& name_space, InstanceSink& sink)
      : object_(object), role_(role), name_space_(name_space), sink_(sink) {}

  Delivery deliver(Instance&& instance) override {
    return points_to_object(instance) ? sink_.deliver(std::move(instance)) : Delivery::kGoOn;
  }
  runtime::Task<bool> ready() override { return sink_.ready(); }

 private:
  bool points_to_object(const Instance& instance) const {
    for (std::size_t i = 0; i < instance.values().size(); ++i) {
      const auto reference = instance.value(i).as_reference();
      if (!reference || (!role_.empty() && !name_equal(role_, instance.cls()->property(i).name))) {
        continue;
      }
      ObjectPath target = *reference;
      if (target.name_space().empty()) {
        target.set_name_space(name_space_);
      }
      if (ObjectPath::equal_ignoring_host(target, object_)) {
        return true;
      }
    }
    return false;
  }

  const ObjectPath& object_;
  std::string_view role_;
  const NamespaceName& name_space_;
  InstanceSink& sink_;
};

}  // namespace

ParameterValues::Entry& ParameterValues::entry(std::string name) {
  const auto found = std::ranges::find_if(values_, [&name](const Entry& e) { return name_equal(e.name, name); });
  return found != values_.end() ? *found : values_.emplace_back(Entry{std::move(name), {}, false});
}

void ParameterValues::set(std::string name, Value value) {
  Entry& place = entry(std::move(name));
  place.value = std::move(value);
  place.is_untyped = false;
}

void ParameterValues::set_untyped(std::string name, Value text) {
  Entry& place = entry(std::move(name));
  place.value = std::move(text);
  place.is_untyped = true;
}

const Value* ParameterValues::find(std::string_view name) const {
  const auto found = std::ranges::find_if(values_, [name](const Entry& e) { return name_equal(e.name, name); });
  return found != values_.end() ? &found->value : nullptr;
}

runtime::Task<Result<void, Error>> Provider::enumerate_instances(ProviderCall call, InstanceSink& /*sink*/) {
  co_return fail(not_supported(call, "EnumerateInstances"));
}

runtime::Task<Result<void, Error>> Provider::enumerate_instance_names(ProviderCall call, InstanceSink& sink) {
  call.properties = std::make_shared<const PropertySelection>(PropertySelection::keys_of(*call.cls));
  auto outcome = co_await enumerate_instances(call, sink);
  co_return outcome;
}

runtime::Task<Result<Instance, Error>> Provider::get_instance(ProviderCall call, const ObjectPath& /*path*/) {
  co_return fail(not_supported(call, "GetInstance"));
}

runtime::Task<Result<ObjectPath, Error>> Provider::create_instance(ProviderCall call, const Instance& /*instance*/) {
  co_return fail(not_supported(call, "CreateInstance"));
}

runtime::Task<Result<void, Error>> Provider::modify_instance(ProviderCall call, const ObjectPath& /*path*/,
                                                             const Instance& /*changes*/) {
  co_return fail(not_supported(call, "ModifyInstance"));
}

runtime::Task<Result<void, Error>> Provider::delete_instance(ProviderCall call, const ObjectPath& /*path*/) {
  co_return fail(not_supported(call, "DeleteInstance"));
}

runtime::Task<Result<MethodResult, Error>> Provider::invoke_method(ProviderCall call, const ObjectPath& /*path*/,
                                                                   const Method& method,
                                                                   const ParameterValues& /*in*/) {
  co_return fail(Error(Status::kMethodNotAvailable, call.cls->name() + '.' + method.name + " is not provided"));
}

runtime::Task<Result<void, Error>> Provider::references(ProviderCall call, const ObjectPath& object,
                                                        std::string_view role, InstanceSink& sink) {
  ReferencingSink picked(object, role, call.name_space, sink);
  auto outcome = co_await enumerate_instances(call, picked);
  co_return outcome;
}

}  // namespace lunaria::cim
