#pragma once

// Subscriptions: the filters, listener destinations and subscriptions of the indication service (DSP1054), kept in the
// object store and in memory, and brought into force in dispatcher and outbox with every change.

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "cim/indication/dispatcher.h"
#include "cim/indication/exporter.h"
#include "cim/indication/outbox.h"
#include "cim/object_store.h"
#include "cim/provider.h"
#include "cim/repository.h"
#include "cim/repository_provider.h"
#include "providers/indication/subscription_rights.h"
#include "runtime/alarm.h"
#include "runtime/async_mutex.h"
#include "runtime/gate.h"
#include "runtime/shard.h"

namespace lunaria::providers {

/// What a full server would hold: far more than management stations make.
inline constexpr std::size_t kStoredIndicationObjectsMax = 1024;

/// A filter that is always there.
struct StaticFilter {
  std::string_view name;
  std::string_view query;
  std::string_view description;
};
/// Over all shipped namespaces; together they are the one filter collection.
const std::array<StaticFilter, 4>& static_filters();
inline constexpr std::string_view kStaticCollectionId = "Lunaria:AllEvents";

/// Settings of CIM_IndicationService; defaults as MOF says.
struct DeliverySettings {
  cim::indication::RetryPolicy retry;
  std::uint16_t removal_action = 3;            ///< SubscriptionRemovalAction: disable
  std::uint32_t removal_interval = 2'592'000;  ///< SubscriptionRemovalTimeInterval: 30 days
};

/// Control shard only; what it is given outlives it. close() comes before the destructor.
class Subscriptions final {
 public:
  enum class Kind : std::uint8_t { kFilter, kDestination, kSubscription, kCollectionSubscription, kService };
  static constexpr std::size_t kKinds = 5;
  using Instances = std::map<std::string, cim::Instance>;  ///< by canonical path

  struct Parts {
    const cim::Repository& repository;
    cim::ObjectStore& store;
    cim::RepositoryProvider& stored;  ///< over the same store
    runtime::Shard& shard;
    cim::indication::Dispatcher& dispatcher;
    cim::indication::Outbox& outbox;
    const cim::indication::Exporter& exporter;
    Log& log;
  };
  explicit Subscriptions(Parts parts);

  /// Reads what is stored and brings it into force. `system_name`: SystemName of what clients make. `users`: as they
  /// are; user_changed() tells of every change.
  runtime::Task<Result<void, cim::Error>> open(std::string system_name, std::vector<service::User> users);
  runtime::Task<void> close();
  /// There are others than before: the server's own filters are over all of them.
  void namespaces_changed() { apply(); }
  /// What the user owns tells what its role may read now.
  void user_changed(const service::UserChanged& change);

  const Instances& all(Kind kind) const { return instances_[static_cast<std::size_t>(kind)]; }
  /// Null when there is none.
  const cim::Instance* find(Kind kind, const cim::ObjectPath& path) const;

  // Changes, one at a time, durable and in force when they return. `call` is of the class that `kind` stands for.

  /// Fills in what the server chooses, checks, stores. INVALID_PARAMETER, INVALID_QUERY, QUERY_LANGUAGE_NOT_SUPPORTED,
  /// ALREADY_EXISTS, SERVER_LIMITS_EXCEEDED.
  runtime::Task<Result<cim::ObjectPath, cim::Error>> create(Kind kind, cim::ProviderCall call, cim::Instance instance);
  runtime::Task<Result<void, cim::Error>> modify(Kind kind, cim::ProviderCall call, const cim::ObjectPath& path,
                                                 const cim::Instance& changes);
  /// FAILED while a subscription refers to it.
  runtime::Task<Result<void, cim::Error>> remove(Kind kind, cim::ProviderCall call, const cim::ObjectPath& path);

  /// Instances made of what is fixed.
  cim::Instance static_filter_instance(const StaticFilter& filter) const;
  cim::Instance collection_instance() const;
  /// CIM_IndicationService as it is now.
  cim::Instance service_instance() const;
  /// A subscription as it reads now: with the time that remains.
  cim::Instance shown(const cim::Instance& subscription) const;
  DeliverySettings settings() const;
  const std::string& system_name() const { return system_name_; }

 private:
  Instances& of(Kind kind) { return instances_[static_cast<std::size_t>(kind)]; }
  cim::ClassPtr class_of(Kind kind) const;
  Result<void, cim::Error> complete(Kind kind, cim::Instance& instance) const;
  Result<void, cim::Error> check(Kind kind, const cim::Instance& instance) const;
  Result<void, cim::Error> check_filter(const cim::Instance& filter) const;
  Result<void, cim::Error> complete_subscription(Kind kind, cim::Instance& subscription) const;
  /// Whether one of the server's own filters is there.
  bool has_static_filter(const cim::ObjectPath& path) const;
  std::string new_name() const;

  /// Dispatcher and outbox hear what is there now.
  void apply();
  /// Nothing when nobody who is there owns it or its destination.
  std::optional<cim::Role> reader_of(const cim::Instance& subscription, const cim::Instance& handler) const;
  void apply_subscription(Kind kind, const std::string& key, const cim::Instance& subscription,
                          const cim::Instance& handler, cim::Role reader);
  std::vector<cim::indication::ActiveFilter> filters_of(Kind kind, const cim::Instance& subscription) const;
  void on_failure(const std::string& destination, runtime::Duration failing_for);
  runtime::Task<void> give_up(Kind kind, cim::ObjectPath path, bool removes);
  /// With the lock.
  runtime::Task<Result<void, cim::Error>> remove_locked(Kind kind, cim::ProviderCall call, const cim::ObjectPath& path);
  runtime::Task<void> remove_transient(cim::ObjectPath handler);
  bool is_over(const cim::Instance& subscription) const;
  /// How long it is until a subscription is over; nothing when none ever is.
  std::optional<runtime::Duration> time_to_next_end() const;
  /// Removes subscriptions when they are over, until close().
  runtime::Task<void> remove_expired();

  Parts parts_;
  cim::NamespaceName interop_;
  std::string system_name_;
  std::array<Instances, kKinds> instances_;
  SubscriptionRights rights_;
  std::set<std::string> active_destinations_;
  std::set<std::string> active_subscriptions_;
  std::set<std::string> ending_;  ///< subscriptions that give_up() has in hand
  runtime::Alarm ends_;           ///< remove_expired() waits with it; rings when there may be another end
  runtime::AsyncMutex mutex_;     ///< held from the first look at what is there until the change is in force
  runtime::Gate gate_;
};

}  // namespace lunaria::providers
