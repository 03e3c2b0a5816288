// Rows of the catalogue as values for the outside, and as the data plane's config.

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "service/core.h"
#include "service/names.h"

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

/// TargetAlias is at most 255 bytes (RFC 7143 13.7), and whole characters.
std::string alias_of(const std::string& description) {
  std::size_t size = std::min<std::size_t>(description.size(), 255);
  while (size < description.size() && size > 0 && (static_cast<unsigned char>(description[size]) & 0xc0U) == 0x80U) {
    --size;
  }
  return description.substr(0, size);
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

Mapping Core::mapping_value(const catalogue::MappingRow& row) const {
  return {value_id(row.target),
          contents.targets.at(row.target).name,
          value_id(row.disk),
          contents.disks.at(row.disk).name,
          row.lun,
          row.read_only};
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
  target.chap.enabled = row.chap_enabled;
  target.reverse_chap.enabled = row.reverse_chap_enabled;
  for (const auto direction : {catalogue::ChapDirection::kForward, catalogue::ChapDirection::kReverse}) {
    const auto found = contents.chap.find({row.id, direction});
    if (found != contents.chap.end()) {
      ChapSettings& chap = direction == catalogue::ChapDirection::kForward ? target.chap : target.reverse_chap;
      chap.user_name = found->second.user_name;
      chap.has_secret = !found->second.sealed_secret.empty();
    }
  }
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

Server Core::server_value() const {
  const catalogue::ServerRow& row = *contents.server;
  return {row.guid, row.name, settings.version, settings.host_name, row.remotely_manageable, row.created, started_at};
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

namespace {

/// The credentials of one direction; nullopt when it is off. `readable` turns false when the secret does not open.
std::optional<target::ChapCredential> chap_credential(const Core& core, catalogue::TargetId id,
                                                      catalogue::ChapDirection direction, bool enabled,
                                                      bool& readable) {
  if (!enabled) {
    return std::nullopt;
  }
  const auto found = core.contents.chap.find({id, direction});
  std::optional<Secret> secret = found == core.contents.chap.end() ? std::nullopt : core.open_secret(found->second);
  if (!secret) {
    readable = false;
    return std::nullopt;
  }
  return target::ChapCredential{found->second.user_name, std::move(*secret)};
}

target::TargetConfig target_config(const Core& core, const catalogue::TargetRow& row) {
  target::TargetConfig config;
  config.id = value_id(row.id);
  config.name = row.iqn;
  config.alias = alias_of(row.description);
  config.preferences = preferences_value(row.preferences);
  bool readable = true;
  config.chap = chap_credential(core, row.id, catalogue::ChapDirection::kForward, row.chap_enabled, readable);
  config.reverse_chap =
      chap_credential(core, row.id, catalogue::ChapDirection::kReverse, row.reverse_chap_enabled, readable);
  // A target whose secret was lost lets nobody in, rather than everybody.
  config.enabled = row.enabled && readable;
  for (const catalogue::AccessRuleRow* rule : core.rules_of(row.id)) {
    if (static_cast<AccessMethod>(rule->method) == AccessMethod::kIqn) {
      config.access.emplace_back(target::InitiatorName{rule->value});
    } else if (const std::optional<IpPrefix> prefix = IpPrefix::parse(rule->value)) {
      config.access.emplace_back(*prefix);
    }
  }
  for (const catalogue::MappingRow* mapping : core.mappings_of(row.id)) {
    config.luns.push_back({mapping->lun, value_id(mapping->disk), mapping->read_only});
  }
  std::sort(config.luns.begin(), config.luns.end(),
            [](const target::LunMapping& left, const target::LunMapping& right) { return left.lun < right.lun; });
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
  return config;
}

}  // namespace lunaria::service
