#include "cim/repository_provider.h"

#include <utility>

#include "cim/instance_record.h"
#include "cim/object_path.h"

namespace lunaria::cim {
namespace {

/// How often a change is worked out anew because another one came first.
constexpr int kReplaceAttemptsMax = 64;

Error not_found(const ObjectPath& path) {
  return Error(Status::kNotFound, "no instance " + path.to_string());
}

InstanceSet set_of(const ProviderCall& call) {
  return {call.name_space, call.cls->name()};
}

}  // namespace

std::string RepositoryProvider::key_of(const ObjectPath& path) {
  return ObjectPath({}, "k", path.keys()).canonical();
}

Result<Instance, Error> RepositoryProvider::decode(const ProviderCall& call, std::string_view record) const {
  auto instance = decode_instance(record, call.cls, repository_, call.name_space);
  if (!instance) {
    return fail(Error(Status::kFailed, "a stored instance of " + call.cls->name() + " is damaged"));
  }
  return std::move(*instance);
}

runtime::Task<Result<void, Error>> RepositoryProvider::enumerate_instances(ProviderCall call, InstanceSink& sink) {
  std::string last;
  while (true) {
    const auto page = co_await store_.page(set_of(call), last);
    if (!page) {
      co_return fail(page.error());
    }
    for (const StoredInstance& stored : *page) {
      auto instance = decode(call, stored.record);
      if (!instance) {
        co_return fail(instance.error());
      }
      const bool go_on = co_await sink.put(std::move(*instance));
      if (!go_on || call.context.is_cancelled) {
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
  for (const std::uint16_t index : call.cls->key_indexes()) {
    if (instance.value(index).is_null()) {
      co_return fail(Error(Status::kInvalidParameter,
                           call.cls->name() + '.' + call.cls->property(index).name + ": a key needs a value"));
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
