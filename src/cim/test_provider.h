#pragma once

// TestProvider: a provider over a list in memory, for tests of this folder and of the protocols. Not part of the
// product.

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "cim/provider.h"

namespace lunaria::cim {

/// Serves any class that it is registered for. invoke_method answers 0 (of the method's type) and gives back each input
/// as the output of the same name; the last call is recorded.
class TestProvider final : public Provider {
 public:
  struct Invocation {
    ObjectPath path;
    std::string method;
    ParameterValues in;
  };

  void add(Instance instance) { instances_.push_back(std::move(instance)); }
  const std::vector<Instance>& instances() const { return instances_; }
  const std::vector<Invocation>& invocations() const { return invocations_; }
  /// How many instances an enumeration has put, in all.
  std::size_t put_count() const { return put_count_; }
  /// What reads and changes answer from now on; an error without message stands for none.
  void fail_with(Error error) { error_ = std::move(error); }

  runtime::Task<Result<void, Error>> enumerate_instances(ProviderCall call, InstanceSink& sink) override {
    for (const Instance& instance : instances_) {
      if (!name_equal(instance.class_name(), call.cls->name())) {
        continue;
      }
      ++put_count_;
      const bool go_on = co_await sink.put(instance);
      if (!go_on) {
        break;
      }
    }
    co_return outcome();
  }

  runtime::Task<Result<Instance, Error>> get_instance(ProviderCall call, const ObjectPath& path) override {
    const auto found = find(call, path);
    if (!error_.message.empty()) {
      co_return fail(error_);
    }
    if (found == instances_.end()) {
      co_return fail(not_found(path));
    }
    co_return *found;
  }

  runtime::Task<Result<ObjectPath, Error>> create_instance(ProviderCall call, const Instance& instance) override {
    ObjectPath path = instance.path(call.name_space);
    if (find(call, path) != instances_.end()) {
      co_return fail(Error(Status::kAlreadyExists, path.to_string()));
    }
    instances_.push_back(instance);
    co_return path;
  }

  runtime::Task<Result<void, Error>> modify_instance(ProviderCall call, const ObjectPath& path,
                                                     const Instance& changes) override {
    const auto found = find(call, path);
    if (found == instances_.end()) {
      co_return fail(not_found(path));
    }
    for (std::size_t i = 0; i < changes.values().size(); ++i) {
      if (!changes.value(i).is_absent()) {
        found->set(i, changes.value(i));
      }
    }
    co_return outcome();
  }

  runtime::Task<Result<void, Error>> delete_instance(ProviderCall call, const ObjectPath& path) override {
    const auto found = find(call, path);
    if (found == instances_.end()) {
      co_return fail(not_found(path));
    }
    instances_.erase(found);
    co_return outcome();
  }

  runtime::Task<Result<MethodResult, Error>> invoke_method(ProviderCall /*call*/, const ObjectPath& path,
                                                           const Method& method, const ParameterValues& in) override {
    invocations_.push_back({path, method.name, in});
    MethodResult result;
    result.return_value = Value(std::uint64_t{0}).converted_to(method.return_type).value_or(Value());
    for (const ParameterValues::Entry& entry : in.all()) {
      const auto index = method.find_parameter(entry.name);
      if (index && method.parameters[*index].is_out) {
        result.out.set(entry.name, entry.value);
      }
    }
    co_return result;
  }

 private:
  static Error not_found(const ObjectPath& path) { return Error(Status::kNotFound, path.to_string()); }
  Result<void, Error> outcome() const {
    return error_.message.empty() ? Result<void, Error>() : Result<void, Error>(fail(error_));
  }
  std::vector<Instance>::iterator find(const ProviderCall& call, const ObjectPath& path) {
    return std::ranges::find_if(instances_,
                                [&](const Instance& instance) { return instance.path(call.name_space) == path; });
  }

  std::vector<Instance> instances_;
  std::vector<Invocation> invocations_;
  std::size_t put_count_ = 0;
  Error error_;
};

}  // namespace lunaria::cim
