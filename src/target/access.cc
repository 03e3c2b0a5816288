#include "target/access.h"

#include <algorithm>
#include <utility>

namespace lunaria::target {
namespace {

using Address = iscsi::DiscoveredTarget::Address;

std::optional<ChapCredential> copy(const std::optional<ChapCredential>& credential) {
  if (!credential) {
    return std::nullopt;
  }
  return ChapCredential{credential->name, credential->secret.clone()};
}

std::unexpected<iscsi::LoginRefusal> refused(iscsi::LoginStatus status) {
  return fail(iscsi::LoginRefusal{status, {}});
}

bool is_offered_at(const TargetConfig& target, std::uint16_t tag) {
  return target.portal_groups.empty() || std::ranges::find(target.portal_groups, tag) != target.portal_groups.end();
}

/// The redirect of the portal group, else the one for all; null when there is none.
const Redirect* find_redirect(const TargetConfig& target, std::uint16_t tag) {
  const Redirect* general = nullptr;
  for (const Redirect& redirect : target.redirects) {
    if (redirect.portal_group_tag == tag) {
      return &redirect;
    }
    if (!redirect.portal_group_tag) {
      general = &redirect;
    }
  }
  return general;
}

Result<iscsi::LoginGrant, iscsi::LoginRefusal> authorize_discovery(const Published& published, std::uint16_t tag) {
  iscsi::LoginGrant grant;
  grant.portal_group_tag = tag;
  if (const PortalGroupConfig* group = published.find_portal_group(tag)) {
    if (!group->discovery) {
      return refused(iscsi::LoginStatus::kAuthorizationFailure);
    }
    grant.initiator_credential = copy(group->discovery_chap);
    grant.target_credential = copy(group->discovery_reverse_chap);
  }
  return grant;
}

/// nullopt: not to be shown to who came by `local`.
std::optional<IpEndpoint> shown_endpoint(const PortalConfig& portal, const IpEndpoint& local) {
  IpEndpoint endpoint = portal.endpoint;
  if (endpoint.address.is_any()) {
    if (endpoint.address.is_v4() != local.address.is_v4()) {
      return std::nullopt;
    }
    endpoint.address = local.address;
  }
  const bool is_for_few = endpoint.address.is_loopback() || endpoint.address.is_link_local();
  const bool came_likewise =
      endpoint.address.is_loopback() ? local.address.is_loopback() : endpoint.address == local.address;
  if (is_for_few && !came_likewise) {
    return std::nullopt;
  }
  endpoint.address = endpoint.address.without_scope();
  return endpoint;
}

/// Those of the group that was asked come first.
std::vector<Address> shown_addresses(const Published& published, const IpEndpoint& local, std::uint16_t asked_tag) {
  std::vector<Address> addresses;
  for (const bool is_asked : {true, false}) {
    for (const PortalConfig& portal : published.config().portals) {
      const std::optional<IpEndpoint> endpoint = portal.listen ? shown_endpoint(portal, local) : std::nullopt;
      if (endpoint && (portal.portal_group_tag == asked_tag) == is_asked) {
        addresses.push_back({*endpoint, portal.portal_group_tag});
      }
    }
  }
  return addresses;
}

}  // namespace

bool is_welcome(const Published& published, const Asker& asker) {
  const InitiatorConfig* initiator = published.find_initiator(asker.initiator_name);
  return initiator == nullptr || initiator->enabled;
}

bool may_use(const Published& published, const TargetConfig& target, const Asker& asker, std::uint16_t tag) {
  return is_offered_at(target, tag) && is_welcome(published, asker) && published.access_of(target).allows(asker);
}

Result<iscsi::LoginGrant, iscsi::LoginRefusal> authorize(const Published& published, const iscsi::LoginQuery& query,
                                                         const std::optional<MacAddress>& mac) {
  const std::optional<std::uint16_t> tag = published.portal_group_tag(query.local);
  if (!tag) {
    return refused(iscsi::LoginStatus::kServiceUnavailable);  // the portal was closed since the connection came
  }
  const Asker asker{query.initiator_name, query.peer.address, mac};
  if (query.session_type == iscsi::SessionType::kDiscovery) {
    return is_welcome(published, asker) ? authorize_discovery(published, *tag)
                                        : refused(iscsi::LoginStatus::kAuthorizationFailure);
  }
  const TargetConfig* target = published.find_target(query.target_name);
  if (target == nullptr || !target->enabled || !may_use(published, *target, asker, *tag)) {
    return refused(iscsi::LoginStatus::kNotFound);
  }
  // A connection that joins a session goes where the session is.
  if (const Redirect* redirect = query.tsih == 0 ? find_redirect(*target, *tag) : nullptr) {
    return fail(iscsi::LoginRefusal{
        redirect->permanent ? iscsi::LoginStatus::kTargetMovedPermanently : iscsi::LoginStatus::kTargetMovedTemporarily,
        redirect->address});
  }
  const InitiatorConfig* initiator = published.find_initiator(query.initiator_name);
  const bool has_own = initiator != nullptr && initiator->chap;
  const bool has_own_reverse = initiator != nullptr && initiator->reverse_chap;
  iscsi::LoginGrant grant;
  grant.portal_group_tag = *tag;
  grant.preferences = target->preferences;
  grant.target_alias = target->alias;
  grant.initiator_credential = copy(has_own ? initiator->chap : target->chap);
  grant.target_credential = copy(has_own_reverse ? initiator->reverse_chap : target->reverse_chap);
  return grant;
}

std::vector<iscsi::DiscoveredTarget> discover(const Published& published, const iscsi::SendTargetsQuery& query,
                                              const std::optional<MacAddress>& mac) {
  const Asker asker{query.initiator_name, query.peer.address, mac};
  if (!is_welcome(published, asker)) {
    return {};
  }
  const auto addresses = shown_addresses(published, query.local, published.portal_group_tag(query.local).value_or(0));
  const std::string asked_for = fold_iscsi_name(query.target_name);
  std::vector<iscsi::DiscoveredTarget> result;
  for (const TargetConfig& target : published.config().targets) {
    if (!target.enabled || (!asked_for.empty() && asked_for != fold_iscsi_name(target.name))) {
      continue;
    }
    iscsi::DiscoveredTarget shown{target.name, {}};
    std::ranges::copy_if(addresses, std::back_inserter(shown.addresses),
                         [&](const Address& address) { return is_offered_at(target, address.portal_group_tag); });
    if (!shown.addresses.empty() && published.access_of(target).allows(asker)) {
      result.push_back(std::move(shown));
    }
  }
  return result;
}

}  // namespace lunaria::target
