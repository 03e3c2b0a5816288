#pragma once

// RepositoryProvider: serves classes that clients made, without code: their instances are kept in an ObjectStore, found
// by key in constant time, and streamed page by page.

#include <optional>
#include <string>
#include <string_view>

#include "cim/lifecycle.h"
#include "cim/object_store.h"
#include "cim/provider.h"
#include "cim/repository.h"

namespace lunaria::cim {

/// Serves any class whose set of instances is open in the store. All it is given outlives it.
class RepositoryProvider final : public Provider {
 public:
  /// `listener` may be null.
  RepositoryProvider(const Repository& repository, ObjectStore& store, LifecycleListener* listener)
      : repository_(repository), store_(store), listener_(listener) {}

  runtime::Task<Result<void, Error>> enumerate_instances(ProviderCall call, InstanceSink& sink) override;
  runtime::Task<Result<Instance, Error>> get_instance(ProviderCall call, const ObjectPath& path) override;
  /// Every key and every Required property must be given, nobody else having a value for them. INVALID_PARAMETER for
  /// values that the qualifiers MaxLen, MinLen, MaxValue, MinValue and OctetString do not allow.
  runtime::Task<Result<ObjectPath, Error>> create_instance(ProviderCall call, const Instance& instance) override;
  /// Concurrent changes of one instance are applied one after the other.
  runtime::Task<Result<void, Error>> modify_instance(ProviderCall call, const ObjectPath& path,
                                                     const Instance& changes) override;
  runtime::Task<Result<void, Error>> delete_instance(ProviderCall call, const ObjectPath& path) override;

  /// The key under which the store has the instance of a path.
  static std::string key_of(const ObjectPath& path);

 private:
  Result<Instance, Error> decode(const ProviderCall& call, std::string_view record) const;
  /// nullopt where the prefilter of the call does not admit it.
  Result<std::optional<Instance>, Error> decode_wanted(const ProviderCall& call, std::string_view record) const;

  const Repository& repository_;
  ObjectStore& store_;
  LifecycleListener* listener_;
};

/// Why the qualifiers of a property do not allow a value; nullopt when they do.
std::optional<std::string> wrong_by_bounds(const Property& property, const Value& value);
/// Whether the values of `instance` agree with the qualifiers that bound them: INVALID_PARAMETER.
Result<void, Error> check_value_bounds(const Instance& instance);

}  // namespace lunaria::cim
