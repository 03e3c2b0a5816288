#include "cim/repository_provider.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cim/instance_record.h"
#include "cim/object_path.h"
#include "cim/query/conditions.h"

namespace lunaria::cim {
namespace {

/// How often a change is worked out anew because another one came first.
constexpr int kReplaceAttemptsMax = 64;

Error not_found(const ObjectPath& path) {
  return Error(Status::kNotFound, "no instance " + path.to_string());
}

Error damaged(const ProviderCall& call) {
  return Error(Status::kFailed, "a stored instance of " + call.cls->name() + " is damaged");
}

InstanceSet set_of(const ProviderCall& call) {
  return {call.name_space, call.cls->name()};
}

/// What the keys under which the store has the wanted instances begin with: "" for no instance in particular. It ends
/// between two keys of the class, so that no instance has it for its whole key.
std::string wanted_prefix(const ProviderCall& call) {
  if (!call.prefilter) {
    return {};
  }
  std::vector<std::uint16_t> indexes(call.cls->key_indexes().begin(), call.cls->key_indexes().end());
  std::ranges::sort(indexes, NameLess(),
                    [&call](std::uint16_t index) { return std::string_view(call.cls->property(index).name); });
  std::vector<KeyBinding> leading;
  for (std::size_t i = 0; i + 1 < indexes.size(); ++i) {
    auto value = call.prefilter->required_value(indexes[i]);
    if (!value) {
      break;
    }
    leading.push_back({call.cls->property(indexes[i]).name, std::move(*value)});
  }
  return leading.empty() ? std::string() : RepositoryProvider::key_of(ObjectPath({}, {}, std::move(leading))) + ',';
}

}  // namespace

std::string RepositoryProvider::key_of(const ObjectPath& path) {
  return ObjectPath({}, "k", path.keys()).canonical();
}

Result<Instance, Error> RepositoryProvider::decode(const ProviderCall& call, std::string_view record) const {
  auto instance = decode_instance(record, call.cls, repository_, call.name_space);
  if (!instance) {
    return fail(damaged(call));
  }
  return std::move(*instance);
}

Result<std::optional<Instance>, Error> RepositoryProvider::decode_wanted(const ProviderCall& call,
                                                                         std::string_view record) const {
  if (call.prefilter) {
    auto wanted = decode_admitted(record, call.cls, repository_, call.name_space, *call.prefilter);
    return wanted ? Result<std::optional<Instance>, Error>(std::move(*wanted)) : fail(damaged(call));
  }
  auto instance = decode(call, record);
  return instance ? Result<std::optional<Instance>, Error>(std::move(*instance)) : fail(instance.error());
}

runtime::Task<Result<void, Error>> RepositoryProvider::enumerate_instances(ProviderCall call, InstanceSink& sink) {
  const std::string prefix = wanted_prefix(call);
  std::string last = prefix;
  while (true) {
    const auto page = co_await store_.page(set_of(call), last);
    if (!page) {
      co_return fail(page.error());
    }
    for (const StoredInstance& stored : *page) {
      if (!stored.key.starts_with(prefix)) {
        co_return Result<void, Error>();
      }
      auto instance = decode_wanted(call, stored.record);
      if (!instance) {
        co_return fail(instance.error());
      }
      bool go_on = !call.context.is_cancelled;
      if (*instance) {
        go_on = co_await sink.put(std::move(**instance)) && go_on;
      }
      if (!go_on) {
        co_return Result<void, Error>();
      }
    }
    if (page->empty()) {
      co_return Result<void, Error>();
    }
    last = page->back().key;
  }
}

runtime::Task<Result<Instance, Error>> RepositoryProvider::get_instance(ProviderCall call, const ObjectPath& path) {
  const auto record = co_await store_.find(set_of(call), key_of(path));
  if (!record) {
    co_return fail(record.error());
  }
  if (!*record) {
    co_return fail(not_found(path));
  }
  co_return decode(call, **record);
}

runtime::Task<Result<ObjectPath, Error>> RepositoryProvider::create_instance(ProviderCall call,
                                                                             const Instance& instance) {
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    const Property& property = call.cls->property(i);
    if (instance.value(i).is_null() && (property.is_key || property.is_required)) {
      co_return fail(Error(Status::kInvalidParameter,
                           call.cls->name() + '.' + property.name +
                               (property.is_key ? ": a key needs a value" : ": a Required property needs a value")));
    }
  }
  if (const auto allowed = check_value_bounds(instance); !allowed) {
    co_return fail(allowed.error());
  }
  auto record = encode_instance(instance);
  if (!record) {
    co_return fail(record.error());
  }
  const ObjectPath path = instance.path(call.name_space);
  const auto inserted = co_await store_.insert(set_of(call), {key_of(path), std::move(*record)});
  if (!inserted) {
    const bool exists = inserted.error().status == Status::kAlreadyExists;
    co_return fail(exists ? Error(Status::kAlreadyExists, path.to_string() + " is there already") : inserted.error());
  }
  if (listener_ != nullptr) {
    listener_->on_created(call.name_space, instance);
  }
  co_return path;
}

runtime::Task<Result<void, Error>> RepositoryProvider::modify_instance(ProviderCall call, const ObjectPath& path,
                                                                       const Instance& changes) {
  if (const auto allowed = check_value_bounds(changes); !allowed) {
    co_return fail(allowed.error());
  }
  const std::string key = key_of(path);
  for (int attempt = 0; attempt < kReplaceAttemptsMax; ++attempt) {
    const auto old = co_await store_.find(set_of(call), key);
    if (!old || !*old) {
      co_return fail(old ? not_found(path) : old.error());
    }
    const auto previous = decode(call, **old);
    if (!previous) {
      co_return fail(previous.error());
    }
    Instance changed = *previous;
    for (std::size_t i = 0; i < changes.values().size(); ++i) {
      if (!changes.value(i).is_absent()) {
        changed.set(i, changes.value(i));
      }
    }
    auto record = encode_instance(changed);
    if (!record) {
      co_return fail(record.error());
    }
    const auto replaced = co_await store_.replace(set_of(call), {key, std::move(*record)}, **old);
    if (!replaced) {
      co_return fail(replaced.error());
    }
    if (*replaced) {
      if (listener_ != nullptr) {
        listener_->on_modified(call.name_space, *previous, changed);
      }
      co_return Result<void, Error>();
    }
  }
  co_return fail(Error(Status::kFailed, path.to_string() + " is being changed by too many others"));
}

runtime::Task<Result<void, Error>> RepositoryProvider::delete_instance(ProviderCall call, const ObjectPath& path) {
  const std::string key = key_of(path);
  const auto record = co_await store_.find(set_of(call), key);
  if (!record || !*record) {
    co_return fail(record ? not_found(path) : record.error());
  }
  const auto erased = co_await store_.erase(set_of(call), key);
  if (!erased || !*erased) {
    co_return fail(erased ? not_found(path) : erased.error());
  }
  if (listener_ != nullptr) {
    if (const auto gone = decode(call, **record)) {
      listener_->on_deleted(call.name_space, *gone);
    }
  }
  co_return Result<void, Error>();
}

}  // namespace lunaria::cim
