#include "target/access.h"

#include <algorithm>

namespace lunaria::target {
namespace {

ChapCredential copy(const ChapCredential& credential) {
  return {credential.name, credential.secret.clone()};
}

std::uint16_t portal_group_tag(const Published& published, const IpEndpoint& local) {
  for (const PortalConfig& portal : published.config().portals) {
    if (portal.endpoint.port == local.port &&
        (portal.endpoint.address == local.address || portal.endpoint.address.is_any())) {
      return portal.portal_group_tag;
    }
  }
  return 1;
}

std::vector<iscsi::DiscoveredTarget::Address> addresses(const Published& published, const IpEndpoint& local) {
  std::vector<iscsi::DiscoveredTarget::Address> result;
  for (const PortalConfig& portal : published.config().portals) {
    if (!portal.listen) {
      continue;
    }
    IpEndpoint endpoint = portal.endpoint;
    if (endpoint.address.is_any()) {
      if (endpoint.address.is_v4() != local.address.is_v4()) {
        continue;
      }
      endpoint.address = local.address;
    }
    result.push_back({endpoint, portal.portal_group_tag});
  }
  return result;
}

}  // namespace

bool is_allowed(const TargetConfig& target, std::string_view initiator_name, const IpAddress& peer) {
  return std::ranges::any_of(target.access, [&](const AccessRule& rule) {
    if (const auto* name = std::get_if<InitiatorName>(&rule)) {
      return name->value == "*" || fold_iscsi_name(name->value) == initiator_name;
    }
    return std::get<IpPrefix>(rule).contains(peer);
  });
}

Result<iscsi::LoginGrant, iscsi::LoginRefusal> authorize(const Published& published, const iscsi::LoginQuery& query) {
  iscsi::LoginGrant grant;
  grant.portal_group_tag = portal_group_tag(published, query.local);
  if (query.session_type == iscsi::SessionType::kDiscovery) {
    if (published.config().discovery_chap) {
      grant.initiator_credential = copy(*published.config().discovery_chap);
    }
    return grant;
  }
  const TargetConfig* target = published.find_target(query.target_name);
  if (target == nullptr || !target->enabled || !is_allowed(*target, query.initiator_name, query.peer.address)) {
    return fail(iscsi::LoginRefusal{iscsi::LoginStatus::kNotFound, {}});
  }
  grant.preferences = target->preferences;
  grant.target_alias = target->alias;
  if (target->chap) {
    grant.initiator_credential = copy(*target->chap);
  }
  if (target->reverse_chap) {
    grant.target_credential = copy(*target->reverse_chap);
  }
  return grant;
}

std::vector<iscsi::DiscoveredTarget> discover(const Published& published, const iscsi::SendTargetsQuery& query) {
  std::vector<iscsi::DiscoveredTarget> result;
  const auto portals = addresses(published, query.local);
  for (const TargetConfig& target : published.config().targets) {
    const bool is_asked_for =
        query.target_name.empty() || fold_iscsi_name(query.target_name) == fold_iscsi_name(target.name);
    if (is_asked_for && target.enabled && is_allowed(target, query.initiator_name, query.peer.address)) {
      result.push_back({target.name, portals});
    }
  }
  return result;
}

}  // namespace lunaria::target
