// What is exposed to whom, from the rows, as the data plane wants it.

#include <algorithm>
#include <span>

#include "service/chap_rules.h"
#include "service/core.h"
#include "service/names.h"
#include "service/rate_limit_rules.h"

namespace lunaria::service {
namespace {

using catalogue::ChapDirection;

/// TargetAlias is at most 255 bytes (RFC 7143 13.7), and whole characters.
std::string alias_of(const std::string& description) {
  std::size_t size = std::min<std::size_t>(description.size(), 255);
  while (size < description.size() && size > 0 && (static_cast<unsigned char>(description[size]) & 0xc0U) == 0x80U) {
    --size;
  }
  return description.substr(0, size);
}

/// The credential of one direction; nullopt when it is off. `is_readable` turns false when the secret does not open.
std::optional<target::ChapCredential> credential(const Core& core, const std::string& owner, ChapDirection direction,
                                                 const catalogue::ChapColumns& columns, bool& is_readable) {
  if (!columns.enabled) {
    return std::nullopt;
  }
  std::optional<Secret> secret = core.open_secret(columns.sealed_secret, chap_place(owner, direction));
  if (!secret) {
    is_readable = false;
    return std::nullopt;
  }
  return target::ChapCredential{columns.user_name, std::move(*secret)};
}

/// nullopt for what the schema allows and nothing here ever wrote.
std::optional<target::AccessRule> access_rule(const Core& core, const catalogue::AccessRuleRow& row) {
  switch (static_cast<AccessMethod>(row.method)) {
    case AccessMethod::kIqn:
      return target::InitiatorName{row.value};
    case AccessMethod::kDnsName: {
      const KnownHost* host = core.host_names.find(row.value);
      return target::HostName{row.value, host == nullptr ? std::vector<IpAddress>() : host->addresses};
    }
    case AccessMethod::kMac:
      return MacAddress::parse(row.value);
    case AccessMethod::kIpv4:
    case AccessMethod::kIpv6:
      return IpPrefix::parse(row.value);
  }
  return std::nullopt;
}

target::LunMapping lun_mapping(const Core& core, const catalogue::MappingRow& row) {
  target::LunMapping mapping{row.lun, value_id(row.disk), row.read_only, row.named_only, {}};
  for (const catalogue::MappingInitiatorRow* initiator : core.initiators_of(row)) {
    mapping.initiators.push_back({initiator->initiator, initiator->lun, initiator->read_only});
  }
  return mapping;
}

target::TargetConfig target_config(const Core& core, const catalogue::TargetRow& row) {
  target::TargetConfig config;
  config.id = value_id(row.id);
  config.name = row.iqn;
  config.alias = alias_of(row.description);
  config.preferences = preferences_value(row.preferences);
  config.portal_groups = core.portal_groups_of(row.id);
  config.redirects = core.redirects_of(row.id);
  const ChapPair chap = target_chap(core, row);
  bool is_readable = true;
  config.chap = credential(core, chap_owner(row.id), ChapDirection::kForward, chap.forward, is_readable);
  config.reverse_chap = credential(core, chap_owner(row.id), ChapDirection::kReverse, chap.reverse, is_readable);
  // A target whose secret was lost lets nobody in, rather than everybody.
  config.enabled = row.enabled && is_readable;
  for (const catalogue::AccessRuleRow* rule : core.rules_of(row.id)) {
    if (std::optional<target::AccessRule> made = access_rule(core, *rule)) {
      config.access.push_back(std::move(*made));
    }
  }
  for (const catalogue::MappingRow* mapping : core.mappings_of(row.id)) {
    config.luns.push_back(lun_mapping(core, *mapping));
  }
  std::sort(config.luns.begin(), config.luns.end(),
            [](const target::LunMapping& left, const target::LunMapping& right) { return left.lun < right.lun; });
  return config;
}

target::InitiatorConfig initiator_config(const Core& core, const catalogue::InitiatorRow& row) {
  const std::string owner = chap_owner(row);
  bool is_readable = true;
  target::InitiatorConfig config;
  config.name = row.name;
  config.chap = credential(core, owner, ChapDirection::kForward, row.chap, is_readable);
  config.reverse_chap = credential(core, owner, ChapDirection::kReverse, row.reverse_chap, is_readable);
  config.enabled = row.enabled && is_readable;
  config.rate_limit = rate_limit_value(row.rate_limit);
  return config;
}

target::PortalGroupConfig portal_group_config(const Core& core, const catalogue::PortalGroupRow& row) {
  const std::string owner = chap_owner(row);
  target::PortalGroupConfig config;
  config.tag = row.tag;
  config.discovery_chap = credential(core, owner, ChapDirection::kForward, row.chap, config.discovery);
  config.discovery_reverse_chap = credential(core, owner, ChapDirection::kReverse, row.reverse_chap, config.discovery);
  return config;
}

}  // namespace

std::shared_ptr<const target::Config> Core::build_config() {
  auto config = std::make_shared<target::Config>();
  config->generation = ++generation;
  for (const auto& [id, row] : contents.targets) {
    config->targets.push_back(target_config(*this, row));
  }
  for (const auto& [address, row] : contents.portals) {
    const std::optional<IpAddress> parsed = IpAddress::parse(address);
    if (parsed && row.listen) {
      config->portals.push_back({{*parsed, row.port}, row.portal_group_tag, true});
    }
  }
  for (const auto& [tag, row] : contents.portal_groups) {
    config->portal_groups.push_back(portal_group_config(*this, row));
  }
  for (const auto& [name, row] : contents.initiators) {
    config->initiators.push_back(initiator_config(*this, row));
  }
  return config;
}

}  // namespace lunaria::service
