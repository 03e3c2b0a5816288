// Rows of the catalogue as values for the outside, and as the data plane's config.

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/ip_address.h"
#include "service/chap_rules.h"
#include "service/core.h"
#include "service/names.h"
#include "service/rate_limit_rules.h"

namespace lunaria::service {
namespace {

DiskKind parse_kind(std::string_view text) {
  for (const DiskKind kind : {DiskKind::kThin, DiskKind::kPreallocated, DiskKind::kRam}) {
    if (text == to_string(kind)) {
      return kind;
    }
  }
  check(false, "the schema allows known kinds of disk only");
  return DiskKind::kThin;
}

Caching parse_caching(std::string_view text) {
  return text == to_string(Caching::kDirect) ? Caching::kDirect : Caching::kBuffered;
}

}  // namespace

std::string_view to_string(DiskKind kind) {
  switch (kind) {
    case DiskKind::kThin:
      return "thin";
    case DiskKind::kPreallocated:
      return "preallocated";
    case DiskKind::kRam:
      return "ram";
  }
  return "thin";
}

std::string_view to_string(Caching caching) {
  return caching == Caching::kDirect ? "direct" : "buffered";
}

StoreSpec Core::store_spec(const catalogue::DiskRow& row) const {
  return {parse_kind(row.kind),   parse_caching(row.caching), row.path,     row.size,
          row.logical_block_size, row.physical_block_size,    row.read_only};
}

std::vector<const catalogue::MappingInitiatorRow*> Core::initiators_of(const catalogue::MappingRow& row) const {
  std::vector<const catalogue::MappingInitiatorRow*> found;
  for (auto entry = contents.mapping_initiators.lower_bound({row.target, row.disk, std::string()});
       entry != contents.mapping_initiators.end() && entry->second.target == row.target &&
       entry->second.disk == row.disk;
       ++entry) {
    found.push_back(&entry->second);
  }
  return found;
}

Mapping Core::mapping_value(const catalogue::MappingRow& row) const {
  std::vector<MappingInitiator> initiators;
  for (const catalogue::MappingInitiatorRow* initiator : initiators_of(row)) {
    initiators.push_back({initiator->initiator, initiator->lun, initiator->read_only});
  }
  return {value_id(row.target),
          contents.targets.at(row.target).name,
          value_id(row.disk),
          contents.disks.at(row.disk).name,
          row.lun,
          row.read_only,
          row.named_only,
          std::move(initiators)};
}

Core::MappingIndex Core::mappings_by_disk() const {
  MappingIndex index;
  for (const auto& [key, mapping] : contents.mappings) {
    index.emplace(mapping.disk, &mapping);
  }
  return index;
}

std::vector<const catalogue::MappingRow*> Core::mappings_of(catalogue::TargetId id) const {
  std::vector<const catalogue::MappingRow*> found;
  for (auto entry = contents.mappings.lower_bound({id, catalogue::DiskId{}});
       entry != contents.mappings.end() && entry->first.first == id; ++entry) {
    found.push_back(&entry->second);
  }
  return found;
}

std::vector<const catalogue::AccessRuleRow*> Core::rules_of(catalogue::TargetId id) const {
  std::vector<const catalogue::AccessRuleRow*> found;
  for (auto rule = contents.access.lower_bound({id, 0, {}}); rule != contents.access.end() && rule->target == id;
       ++rule) {
    found.push_back(&*rule);
  }
  return found;
}

Disk Core::disk_value(const catalogue::DiskRow& row) const {
  MappingIndex own;
  for (const auto& [key, mapping] : contents.mappings) {
    if (mapping.disk == row.id) {
      own.emplace(mapping.disk, &mapping);
    }
  }
  return disk_value(row, own);
}

std::vector<std::uint16_t> Core::portal_groups_of(catalogue::TargetId id) const {
  std::vector<std::uint16_t> tags;
  for (auto group = contents.target_portal_groups.lower_bound({id, 0});
       group != contents.target_portal_groups.end() && group->target == id; ++group) {
    tags.push_back(group->tag);
  }
  return tags;
}

std::vector<Redirect> Core::redirects_of(catalogue::TargetId id) const {
  std::vector<Redirect> redirects;
  for (auto entry = contents.redirects.lower_bound({id, 0});
       entry != contents.redirects.end() && entry->first.first == id; ++entry) {
    const catalogue::RedirectRow& row = entry->second;
    redirects.push_back({row.tag == 0 ? std::nullopt : std::optional(row.tag), row.permanent, row.address});
  }
  return redirects;
}

Disk Core::disk_value(const catalogue::DiskRow& row, const MappingIndex& index) const {
  Disk disk;
  disk.id = value_id(row.id);
  disk.name = row.name;
  disk.description = row.description;
  disk.kind = parse_kind(row.kind);
  disk.caching = parse_caching(row.caching);
  disk.path = row.path;
  disk.size = row.size;
  disk.logical_block_size = row.logical_block_size;
  disk.physical_block_size = row.physical_block_size;
  disk.enabled = row.enabled;
  disk.read_only = row.read_only;
  disk.removable = row.removable;
  disk.encrypted = contents.disk_keys.contains(row.id);
  disk.rate_limit = rate_limit_value(row.rate_limit);
  disk.space_threshold = row.space_threshold;
  disk.used_threshold = row.used_threshold;
  disk.guid = row.guid;
  disk.serial = row.serial;
  disk.naa = row.naa;
  disk.created = row.created;
  const auto allocated = allocated_sizes.find(disk.id);
  disk.allocated_size = allocated != allocated_sizes.end() ? allocated->second : 0;
  if (disk.kind == DiskKind::kRam) {
    disk.allocated_size = disk.size;
  }
  const auto failure = failures.find(disk.id);
  if (failure != failures.end()) {
    disk.failure = failure->second;
  }
  const auto [first, last] = index.equal_range(row.id);
  for (auto entry = first; entry != last; ++entry) {
    disk.mappings.push_back(mapping_value(*entry->second));
    disk.connected = disk.connected || session_count(value_id(entry->second->target)) > 0;
  }
  return disk;
}

Target Core::target_value(const catalogue::TargetRow& row) const {
  Target target;
  target.id = value_id(row.id);
  target.name = row.name;
  target.iqn = row.iqn;
  target.description = row.description;
  target.enabled = row.enabled;
  target.guid = row.guid;
  target.preferences = preferences_value(row.preferences);
  target.receive_buffer_count = row.receive_buffer_count;
  target.created = row.created;
  const ChapPair chap = target_chap(*this, row);
  target.chap = chap_settings(chap.forward);
  target.reverse_chap = chap_settings(chap.reverse);
  target.portal_groups = portal_groups_of(row.id);
  target.redirects = redirects_of(row.id);
  for (const catalogue::AccessRuleRow* rule : rules_of(row.id)) {
    target.access.push_back({static_cast<AccessMethod>(rule->method), rule->value});
  }
  for (const catalogue::MappingRow* mapping : mappings_of(row.id)) {
    target.mappings.push_back(mapping_value(*mapping));
  }
  std::sort(target.mappings.begin(), target.mappings.end(),
            [](const Mapping& left, const Mapping& right) { return left.lun < right.lun; });
  target.session_count = session_count(target.id);
  const auto login = last_logins.find(target.id);
  if (login != last_logins.end()) {
    target.last_login = login->second;
  }
  const auto logout = last_logouts.find(target.id);
  if (target.session_count > 0) {
    target.idle = std::chrono::seconds(0);
  } else if (logout != last_logouts.end()) {
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now() - logout->second);
    target.idle = std::max(passed, std::chrono::seconds(0));
  }
  return target;
}

PortalGroup Core::portal_group_value(const catalogue::PortalGroupRow& row) const {
  PortalGroup group;
  group.tag = row.tag;
  group.description = row.description;
  group.chap = chap_settings(row.chap);
  group.reverse_chap = chap_settings(row.reverse_chap);
  for (const auto& [text, portal] : contents.portals) {
    const std::optional<IpAddress> address = IpAddress::parse(text);
    if (address && portal.portal_group_tag == row.tag) {
      group.portals.push_back({*address, portal.port});
    }
  }
  for (const catalogue::TargetPortalGroupRow& choice : contents.target_portal_groups) {
    if (choice.tag == row.tag) {
      group.targets.push_back(contents.targets.at(choice.target).name);
    }
  }
  return group;
}

Initiator Core::initiator_value(const catalogue::InitiatorRow& row) const {
  Initiator initiator;
  initiator.name = row.name;
  initiator.description = row.description;
  initiator.enabled = row.enabled;
  initiator.chap = chap_settings(row.chap);
  initiator.reverse_chap = chap_settings(row.reverse_chap);
  initiator.rate_limit = rate_limit_value(row.rate_limit);
  initiator.created = row.created;
  initiator.session_count = static_cast<std::size_t>(std::count_if(
      live.begin(), live.end(), [&](const auto& entry) { return entry.second.initiator_name == row.name; }));
  return initiator;
}

Server Core::server_value() const {
  const catalogue::ServerRow& row = *contents.server;
  return {.guid = row.guid,
          .name = row.name,
          .version = settings.version,
          .host_name = settings.host_name,
          .remotely_manageable = row.remotely_manageable,
          .gathers_statistics = row.gathers_statistics,
          .created = row.created,
          .started = started_at};
}

target::NegotiationPreferences preferences_value(const catalogue::PreferenceColumns& columns) {
  return {.max_recv_data_segment_length = columns.max_recv_data_segment_length,
          .max_burst_length = columns.max_burst_length,
          .first_burst_length = columns.first_burst_length,
          .max_outstanding_r2t = columns.max_outstanding_r2t,
          .max_connections = columns.max_connections,
          .default_time2wait = columns.default_time2wait,
          .default_time2retain = columns.default_time2retain,
          .error_recovery_level = columns.error_recovery_level,
          .initial_r2t = columns.initial_r2t,
          .immediate_data = columns.immediate_data,
          .enforce_idle_timeout_detection = columns.enforce_idle_timeout_detection};
}

catalogue::PreferenceColumns preference_columns(const target::NegotiationPreferences& preferences) {
  return {.max_recv_data_segment_length = preferences.max_recv_data_segment_length,
          .max_burst_length = preferences.max_burst_length,
          .first_burst_length = preferences.first_burst_length,
          .max_outstanding_r2t = preferences.max_outstanding_r2t,
          .max_connections = preferences.max_connections,
          .default_time2wait = preferences.default_time2wait,
          .default_time2retain = preferences.default_time2retain,
          .error_recovery_level = preferences.error_recovery_level,
          .initial_r2t = preferences.initial_r2t,
          .immediate_data = preferences.immediate_data,
          .enforce_idle_timeout_detection = preferences.enforce_idle_timeout_detection};
}

}  // namespace lunaria::service
