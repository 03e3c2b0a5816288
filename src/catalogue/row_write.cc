#include <chrono>
#include <span>

#include "catalogue/row_sql.h"

namespace lunaria::catalogue {
namespace {

template <class Number>
SqlValue number(Number value) {
  return static_cast<std::int64_t>(value);
}

SqlValue time(runtime::WallTime value) {
  return static_cast<std::int64_t>(value.time_since_epoch().count());
}

SqlValue time(const std::optional<runtime::WallTime>& value) {
  return value ? time(*value) : SqlValue(nullptr);
}

SqlValue text(const std::string& value) {
  return std::string_view(value);
}

/// One overload per change. Upserts rather than REPLACE, which would delete the row and with it what refers to it.
struct Writer {
  Database& database;

  Outcome<void> operator()(const ServerRow& row) const {
    const std::string guid = row.guid.to_string();
    return database.run(
        "INSERT INTO server (id, guid, name, remotely_manageable, gathers_statistics, created) VALUES (1, ?, ?, ?, ?, "
        "?) ON CONFLICT (id) DO UPDATE SET guid = excluded.guid, name = excluded.name, remotely_manageable = "
        "excluded.remotely_manageable, gathers_statistics = excluded.gathers_statistics, created = excluded.created",
        {text(guid), text(row.name), number(row.remotely_manageable), number(row.gathers_statistics),
         time(row.created)});
  }

  Outcome<void> operator()(const DiskRow& row) const {
    const std::string guid = row.guid.to_string();
    return database.run(
        "INSERT INTO disks (id, guid, name, description, kind, caching, path, size, logical_block_size, "
        "physical_block_size, enabled, read_only, serial, naa, created, removable, iops_limit, iops_burst, "
        "bandwidth_limit, bandwidth_burst, space_threshold, used_threshold) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET guid = excluded.guid, name = excluded.name, "
        "description = excluded.description, kind = excluded.kind, caching = excluded.caching, path = excluded.path, "
        "size = excluded.size, logical_block_size = excluded.logical_block_size, physical_block_size = "
        "excluded.physical_block_size, enabled = excluded.enabled, read_only = excluded.read_only, serial = "
        "excluded.serial, naa = excluded.naa, created = excluded.created, removable = excluded.removable, iops_limit "
        "= excluded.iops_limit, iops_burst = excluded.iops_burst, bandwidth_limit = excluded.bandwidth_limit, "
        "bandwidth_burst = excluded.bandwidth_burst, space_threshold = excluded.space_threshold, used_threshold = "
        "excluded.used_threshold",
        {number(row.id),
         text(guid),
         text(row.name),
         text(row.description),
         text(row.kind),
         text(row.caching),
         text(row.path),
         number(row.size),
         number(row.logical_block_size),
         number(row.physical_block_size),
         number(row.enabled),
         number(row.read_only),
         text(row.serial),
         std::as_bytes(std::span(row.naa)),
         time(row.created),
         number(row.removable),
         number(row.rate_limit.iops),
         number(row.rate_limit.iops_burst),
         number(row.rate_limit.bandwidth),
         number(row.rate_limit.bandwidth_burst),
         number(row.space_threshold),
         number(row.used_threshold)});
  }

  Outcome<void> operator()(const TargetRow& row) const {
    const std::string guid = row.guid.to_string();
    const PreferenceColumns& offer = row.preferences;
    return database.run(
        "INSERT INTO targets (id, guid, name, iqn, description, enabled, chap_enabled, reverse_chap_enabled, "
        "receive_buffer_count, max_recv_data_segment_length, max_burst_length, first_burst_length, "
        "max_outstanding_r2t, max_connections, default_time2wait, default_time2retain, error_recovery_level, "
        "initial_r2t, immediate_data, enforce_idle_timeout_detection, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET guid = excluded.guid, name = excluded.name, "
        "iqn = excluded.iqn, description = excluded.description, enabled = excluded.enabled, chap_enabled = "
        "excluded.chap_enabled, reverse_chap_enabled = excluded.reverse_chap_enabled, receive_buffer_count = "
        "excluded.receive_buffer_count, max_recv_data_segment_length = excluded.max_recv_data_segment_length, "
        "max_burst_length = excluded.max_burst_length, first_burst_length = excluded.first_burst_length, "
        "max_outstanding_r2t = excluded.max_outstanding_r2t, max_connections = excluded.max_connections, "
        "default_time2wait = excluded.default_time2wait, default_time2retain = excluded.default_time2retain, "
        "error_recovery_level = excluded.error_recovery_level, initial_r2t = excluded.initial_r2t, immediate_data = "
        "excluded.immediate_data, enforce_idle_timeout_detection = excluded.enforce_idle_timeout_detection, created = "
        "excluded.created",
        {number(row.id),
         text(guid),
         text(row.name),
         text(row.iqn),
         text(row.description),
         number(row.enabled),
         number(row.chap_enabled),
         number(row.reverse_chap_enabled),
         number(row.receive_buffer_count),
         number(offer.max_recv_data_segment_length),
         number(offer.max_burst_length),
         number(offer.first_burst_length),
         number(offer.max_outstanding_r2t),
         number(offer.max_connections),
         number(offer.default_time2wait),
         number(offer.default_time2retain),
         number(offer.error_recovery_level),
         number(offer.initial_r2t),
         number(offer.immediate_data),
         number(offer.enforce_idle_timeout_detection),
         time(row.created)});
  }

  Outcome<void> operator()(const ChapRow& row) const {
    return database.run(
        "INSERT INTO chap_credentials (target_id, direction, user_name, sealed_secret) VALUES (?, ?, ?, ?) ON CONFLICT "
        "(target_id, direction) DO UPDATE SET user_name = excluded.user_name, sealed_secret = excluded.sealed_secret",
        {number(row.target), number(row.direction), text(row.user_name),
         std::span<const std::byte>(row.sealed_secret)});
  }

  Outcome<void> operator()(const MappingRow& row) const {
    return database.run(
        "INSERT INTO mappings (target_id, disk_id, lun, read_only, named_only) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
        "(target_id, disk_id) DO UPDATE SET lun = excluded.lun, read_only = excluded.read_only, named_only = "
        "excluded.named_only",
        {number(row.target), number(row.disk), number(row.lun), number(row.read_only), number(row.named_only)});
  }

  Outcome<void> operator()(const MappingInitiatorRow& row) const {
    return database.run(
        "INSERT INTO mapping_initiators (target_id, disk_id, initiator, lun, read_only) VALUES (?, ?, ?, ?, ?) ON "
        "CONFLICT (target_id, disk_id, initiator) DO UPDATE SET lun = excluded.lun, read_only = excluded.read_only",
        {number(row.target), number(row.disk), text(row.initiator), row.lun ? number(*row.lun) : SqlValue(nullptr),
         number(row.read_only)});
  }

  Outcome<void> operator()(const DiskFailureRow& row) const {
    return database.run(
        "INSERT INTO disk_failures (disk_id, reason, failed) VALUES (?, ?, ?) ON CONFLICT (disk_id) DO UPDATE SET "
        "reason = excluded.reason, failed = excluded.failed",
        {number(row.disk), text(row.reason), time(row.failed)});
  }

  Outcome<void> operator()(const DiskKeyRow& row) const {
    return database.run(
        "INSERT INTO disk_keys (disk_id, sealed_key) VALUES (?, ?) ON CONFLICT (disk_id) DO UPDATE SET sealed_key = "
        "excluded.sealed_key",
        {number(row.disk), std::span<const std::byte>(row.sealed_key)});
  }

  Outcome<void> operator()(const ReservationsRow& row) const {
    Outcome<void> done = (*this)(RemoveReservations{row.disk});
    if (done) {
      done =
          database.run("INSERT INTO reservations (disk_id, type) VALUES (?, ?)", {number(row.disk), number(row.type)});
    }
    for (std::size_t position = 0; done && position < row.registrations.size(); ++position) {
      const RegistrationRow& registration = row.registrations[position];
      done = database.run(
          "INSERT INTO registrations (disk_id, position, initiator_port, target_port, relative_target_port, key, "
          "holds) "
          "VALUES (?, ?, ?, ?, ?, ?, ?)",
          {number(row.disk), number(position), text(registration.initiator_port), text(registration.target_port),
           number(registration.relative_target_port), number(registration.key), number(registration.holds)});
    }
    return done;
  }

  Outcome<void> operator()(const AccessRuleRow& row) const {
    return database.run("INSERT INTO access_rules (target_id, method, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                        {number(row.target), number(row.method), text(row.value)});
  }

  Outcome<void> operator()(const PortalRow& row) const {
    return database.run(
        "INSERT INTO portals (address, port, listen, portal_group_tag) VALUES (?, ?, ?, ?) ON CONFLICT (address) DO "
        "UPDATE SET port = excluded.port, listen = excluded.listen, portal_group_tag = excluded.portal_group_tag",
        {text(row.address), number(row.port), number(row.listen), number(row.portal_group_tag)});
  }

  Outcome<void> operator()(const PortalGroupRow& row) const {
    return database.run(
        "INSERT INTO portal_groups (tag, description, chap_enabled, chap_user_name, chap_sealed_secret, "
        "reverse_chap_enabled, reverse_chap_user_name, reverse_chap_sealed_secret) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON "
        "CONFLICT (tag) DO UPDATE SET description = excluded.description, chap_enabled = excluded.chap_enabled, "
        "chap_user_name = excluded.chap_user_name, chap_sealed_secret = excluded.chap_sealed_secret, "
        "reverse_chap_enabled = excluded.reverse_chap_enabled, reverse_chap_user_name = "
        "excluded.reverse_chap_user_name, reverse_chap_sealed_secret = excluded.reverse_chap_sealed_secret",
        {number(row.tag), text(row.description), number(row.chap.enabled), text(row.chap.user_name),
         std::span<const std::byte>(row.chap.sealed_secret), number(row.reverse_chap.enabled),
         text(row.reverse_chap.user_name), std::span<const std::byte>(row.reverse_chap.sealed_secret)});
  }

  Outcome<void> operator()(const TargetPortalGroupRow& row) const {
    return database.run("INSERT INTO target_portal_groups (target_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING",
                        {number(row.target), number(row.tag)});
  }

  Outcome<void> operator()(const RedirectRow& row) const {
    return database.run(
        "INSERT INTO redirects (target_id, tag, permanent, address) VALUES (?, ?, ?, ?) ON CONFLICT (target_id, tag) "
        "DO UPDATE SET permanent = excluded.permanent, address = excluded.address",
        {number(row.target), number(row.tag), number(row.permanent), text(row.address)});
  }

  Outcome<void> operator()(const InitiatorRow& row) const {
    return database.run(
        "INSERT INTO initiators (name, description, enabled, chap_enabled, chap_user_name, chap_sealed_secret, "
        "reverse_chap_enabled, reverse_chap_user_name, reverse_chap_sealed_secret, created, iops_limit, iops_burst, "
        "bandwidth_limit, bandwidth_burst) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO "
        "UPDATE SET description = excluded.description, enabled = excluded.enabled, "
        "chap_enabled = excluded.chap_enabled, chap_user_name = excluded.chap_user_name, chap_sealed_secret = "
        "excluded.chap_sealed_secret, reverse_chap_enabled = excluded.reverse_chap_enabled, reverse_chap_user_name = "
        "excluded.reverse_chap_user_name, reverse_chap_sealed_secret = excluded.reverse_chap_sealed_secret, created = "
        "excluded.created, iops_limit = excluded.iops_limit, iops_burst = excluded.iops_burst, bandwidth_limit = "
        "excluded.bandwidth_limit, bandwidth_burst = excluded.bandwidth_burst",
        {text(row.name), text(row.description), number(row.enabled), number(row.chap.enabled), text(row.chap.user_name),
         std::span<const std::byte>(row.chap.sealed_secret), number(row.reverse_chap.enabled),
         text(row.reverse_chap.user_name), std::span<const std::byte>(row.reverse_chap.sealed_secret),
         time(row.created), number(row.rate_limit.iops), number(row.rate_limit.iops_burst),
         number(row.rate_limit.bandwidth), number(row.rate_limit.bandwidth_burst)});
  }

  Outcome<void> operator()(const HostAddressRow& row) const {
    return database.run(
        "INSERT INTO host_addresses (name, addresses) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET addresses = "
        "excluded.addresses",
        {text(row.name), text(row.addresses)});
  }

  Outcome<void> operator()(const UserRow& row) const {
    return database.run(
        "INSERT INTO users (name, password_hash, role, created) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
        "password_hash = excluded.password_hash, role = excluded.role, created = excluded.created",
        {text(row.name), text(row.password_hash), text(row.role), time(row.created)});
  }

  Outcome<void> operator()(const ServiceStateRow& row) const {
    return database.run(
        "INSERT INTO service_states (service, requested_state, enabled_default, last_change, enabled_state) VALUES (?, "
        "?, ?, ?, ?) ON CONFLICT (service) DO UPDATE SET requested_state = excluded.requested_state, enabled_default = "
        "excluded.enabled_default, last_change = excluded.last_change, enabled_state = excluded.enabled_state",
        {text(row.service), number(row.requested_state), number(row.enabled_default), time(row.last_change),
         number(row.enabled_state)});
  }

  Outcome<void> operator()(const JobRow& row) const {
    return database.run(
        "INSERT INTO jobs (id, name, owner, state, percent_complete, error_code, error_message, submitted, started, "
        "finished) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, owner = "
        "excluded.owner, state = excluded.state, percent_complete = excluded.percent_complete, error_code = "
        "excluded.error_code, error_message = excluded.error_message, submitted = excluded.submitted, started = "
        "excluded.started, finished = excluded.finished",
        {number(row.id), text(row.name), text(row.owner), number(row.state), number(row.percent_complete),
         row.error_code ? number(*row.error_code) : SqlValue(nullptr), text(row.error_message), time(row.submitted),
         time(row.started), time(row.finished)});
  }

  Outcome<void> operator()(const IntentRow& row) const {
    return database.run(
        "INSERT INTO intents (id, kind, disk_id, path, created) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "kind = excluded.kind, disk_id = excluded.disk_id, path = excluded.path, created = excluded.created",
        {number(row.id), number(row.kind), number(row.disk), text(row.path), time(row.created)});
  }

  Outcome<void> operator()(const RemoveDisk& change) const {
    return database.run("DELETE FROM disks WHERE id = ?", {number(change.id)});
  }
  Outcome<void> operator()(const RemoveTarget& change) const {
    return database.run("DELETE FROM targets WHERE id = ?", {number(change.id)});
  }
  Outcome<void> operator()(const RemoveChap& change) const {
    return database.run("DELETE FROM chap_credentials WHERE target_id = ? AND direction = ?",
                        {number(change.target), number(change.direction)});
  }
  Outcome<void> operator()(const RemoveMapping& change) const {
    return database.run("DELETE FROM mappings WHERE target_id = ? AND disk_id = ?",
                        {number(change.target), number(change.disk)});
  }
  Outcome<void> operator()(const RemoveDiskFailure& change) const {
    return database.run("DELETE FROM disk_failures WHERE disk_id = ?", {number(change.disk)});
  }
  Outcome<void> operator()(const RemoveReservations& change) const {
    return database.run("DELETE FROM reservations WHERE disk_id = ?", {number(change.disk)});
  }
  Outcome<void> operator()(const RemoveAccessRule& change) const {
    return database.run("DELETE FROM access_rules WHERE target_id = ? AND method = ? AND value = ?",
                        {number(change.rule.target), number(change.rule.method), text(change.rule.value)});
  }
  Outcome<void> operator()(const RemovePortal& change) const {
    return database.run("DELETE FROM portals WHERE address = ?", {text(change.address)});
  }
  Outcome<void> operator()(const RemoveMappingInitiator& change) const {
    return database.run("DELETE FROM mapping_initiators WHERE target_id = ? AND disk_id = ? AND initiator = ?",
                        {number(change.target), number(change.disk), text(change.initiator)});
  }
  Outcome<void> operator()(const RemovePortalGroup& change) const {
    return database.run("DELETE FROM portal_groups WHERE tag = ?", {number(change.tag)});
  }
  Outcome<void> operator()(const RemoveTargetPortalGroup& change) const {
    return database.run("DELETE FROM target_portal_groups WHERE target_id = ? AND tag = ?",
                        {number(change.row.target), number(change.row.tag)});
  }
  Outcome<void> operator()(const RemoveRedirect& change) const {
    return database.run("DELETE FROM redirects WHERE target_id = ? AND tag = ?",
                        {number(change.target), number(change.tag)});
  }
  Outcome<void> operator()(const RemoveInitiator& change) const {
    return database.run("DELETE FROM initiators WHERE name = ?", {text(change.name)});
  }
  Outcome<void> operator()(const RemoveHostAddress& change) const {
    return database.run("DELETE FROM host_addresses WHERE name = ?", {text(change.name)});
  }
  Outcome<void> operator()(const RemoveUser& change) const {
    return database.run("DELETE FROM users WHERE name = ?", {text(change.name)});
  }
  Outcome<void> operator()(const RemoveJob& change) const {
    return database.run("DELETE FROM jobs WHERE id = ?", {number(change.id)});
  }
  Outcome<void> operator()(const RemoveIntent& change) const {
    return database.run("DELETE FROM intents WHERE id = ?", {number(change.id)});
  }
};

}  // namespace

Outcome<void> write_change(Database& database, const Change& change) {
  return std::visit(Writer{database}, change.value());
}

}  // namespace lunaria::catalogue
