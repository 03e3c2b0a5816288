#include "providers/indication/indication_providers.h"

#include <utility>
#include <variant>

#include "cim/name.h"
#include "providers/errors.h"
#include "providers/indication/collection_provider.h"
#include "providers/indication/service_provider.h"
#include "providers/indication/stored_provider.h"
#include "providers/interop/identity.h"
#include "schema/names.h"
#include "security/principal.h"

namespace lunaria::providers {

struct IndicationProviders::Providers {
  explicit Providers(Subscriptions& subscriptions)
      : filter(subscriptions, Subscriptions::Kind::kFilter),
        destination(subscriptions, Subscriptions::Kind::kDestination),
        subscription(subscriptions, Subscriptions::Kind::kSubscription),
        collection_subscription(subscriptions, Subscriptions::Kind::kCollectionSubscription),
        collection(subscriptions),
        members(subscriptions, &collection_members),
        owned(subscriptions, &owned_collections),
        affected(subscriptions, &affected_elements),
        service(subscriptions) {}

  StoredIndicationProvider filter;
  StoredIndicationProvider destination;
  StoredIndicationProvider subscription;
  StoredIndicationProvider collection_subscription;
  FilterCollectionProvider collection;
  IndicationLinksProvider members;
  IndicationLinksProvider owned;
  IndicationLinksProvider affected;
  IndicationServiceProvider service;
};

IndicationProviders::IndicationProviders(service::Service& service, Subscriptions::Parts parts)
    : service_(service),
      subscriptions_(parts),
      source_(service, parts.repository, parts.shard.clock(), parts.dispatcher),
      namespaces_(parts.repository, source_.server(), subscriptions_, parts.dispatcher),
      providers_(std::make_unique<Providers>(subscriptions_)) {}

IndicationProviders::~IndicationProviders() = default;

void IndicationProviders::add_to(cim::ProviderTable& table) {
  const cim::NamespaceName interop("root/interop");
  table.add(interop, schema::cim_indication_filter::kClass, providers_->filter);
  table.add(interop, schema::cim_listener_destination_cimxml::kClass, providers_->destination);
  table.add(interop, schema::cim_indication_subscription::kClass, providers_->subscription);
  table.add(interop, schema::cim_filter_collection_subscription::kClass, providers_->collection_subscription);
  table.add(interop, schema::cim_filter_collection::kClass, providers_->collection);
  table.add(interop, schema::cim_member_of_collection::kClass, providers_->members);
  table.add(interop, schema::cim_owning_collection_element::kClass, providers_->owned);
  table.add(interop, schema::cim_service_affects_element::kClass, providers_->affected);
  table.add(interop, schema::cim_indication_service::kClass, providers_->service);
}

runtime::Task<Result<void, cim::Error>> IndicationProviders::open() {
  const auto server = co_await service_.server(security::internal_principal());
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  auto users = co_await service_.list_users(security::internal_principal());
  if (!users) {
    co_return fail(to_cim(users.error()));
  }
  users_ = service_.subscribe([this](const service::Event& event) {
    if (const auto* changed = std::get_if<service::UserChanged>(&event)) {
      subscriptions_.user_changed(*changed);
    }
  });
  auto opened = co_await subscriptions_.open(system_name(*server), *std::move(users));
  const auto portals = co_await service_.list_portals(security::internal_principal());
  // Last of all: nothing happens to disks between this look and the beginning of listening.
  const auto disks = co_await service_.list_disks(security::internal_principal());
  source_.start(*server, disks ? *disks : std::vector<service::Disk>(),
                portals ? *portals : std::vector<service::Portal>());
  if (opened && (!disks || !portals)) {
    co_return fail(to_cim(disks ? portals.error() : disks.error()));
  }
  co_return opened;
}

runtime::Task<void> IndicationProviders::close() {
  users_ = {};
  co_await source_.close();
  co_await subscriptions_.close();
}

}  // namespace lunaria::providers
