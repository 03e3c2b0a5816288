#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "catalogue/row_sql.h"

namespace lunaria::catalogue {
namespace {

/// The columns of the present row, read from left to right.
class Columns final {
 public:
  explicit Columns(const Statement& statement) : statement_(statement) {}

  template <class Number>
  Number number() {
    return static_cast<Number>(statement_.integer(next_++));
  }
  bool flag() { return statement_.integer(next_++) != 0; }
  std::string text() { return statement_.text(next_++); }
  std::vector<std::byte> blob() { return statement_.blob(next_++); }
  runtime::WallTime time() { return runtime::WallTime(std::chrono::microseconds(statement_.integer(next_++))); }
  std::optional<runtime::WallTime> optional_time() {
    if (statement_.is_null(next_)) {
      ++next_;
      return std::nullopt;
    }
    return time();
  }
  /// Zero bytes when it is no GUID: the caller cannot go on without one, and `well_formed` says so.
  Uuid guid() {
    const std::optional<Uuid> parsed = Uuid::parse(text());
    well_formed_ = well_formed_ && parsed.has_value();
    return parsed.value_or(Uuid{});
  }
  bool is_null() const { return statement_.is_null(next_); }
  bool well_formed() const { return well_formed_; }

 private:
  const Statement& statement_;
  int next_ = 0;
  bool well_formed_ = true;
};

/// Calls `read(columns)` for every row; each applies what it read.
template <class Read>
Outcome<void> for_each(const Database& database, std::string_view sql, Read read) {
  Outcome<Statement> statement = database.query(sql);
  if (!statement) {
    return fail(statement.error());
  }
  for (;;) {
    const Outcome<bool> row = statement->step();
    if (!row) {
      return fail(row.error());
    }
    if (!*row) {
      return {};
    }
    Columns columns(*statement);
    read(columns);
    if (!columns.well_formed()) {
      return fail(Error{ErrorCode::kCorrupt, fmt::format("the catalogue {} holds a malformed identity. Restore it from "
                                                         "a backup.",
                                                         database.path())});
    }
  }
}

RateLimitColumns read_rate_limit(Columns& columns) {
  RateLimitColumns limit;
  limit.iops = columns.number<std::uint64_t>();
  limit.iops_burst = columns.number<std::uint64_t>();
  limit.bandwidth = columns.number<std::uint64_t>();
  limit.bandwidth_burst = columns.number<std::uint64_t>();
  return limit;
}

ServerRow read_server(Columns& columns) {
  ServerRow row;
  row.guid = columns.guid();
  row.name = columns.text();
  row.remotely_manageable = columns.flag();
  row.gathers_statistics = columns.flag();
  row.created = columns.time();
  return row;
}

DiskRow read_disk(Columns& columns) {
  DiskRow row;
  row.id = columns.number<DiskId>();
  row.guid = columns.guid();
  row.name = columns.text();
  row.description = columns.text();
  row.kind = columns.text();
  row.caching = columns.text();
  row.path = columns.text();
  row.size = columns.number<std::uint64_t>();
  row.logical_block_size = columns.number<std::uint32_t>();
  row.physical_block_size = columns.number<std::uint32_t>();
  row.enabled = columns.flag();
  row.read_only = columns.flag();
  row.serial = columns.text();
  const std::vector<std::byte> naa = columns.blob();
  std::memcpy(row.naa.data(), naa.data(), std::min(naa.size(), row.naa.size()));
  row.created = columns.time();
  row.removable = columns.flag();
  row.rate_limit = read_rate_limit(columns);
  row.space_threshold = columns.number<std::uint64_t>();
  row.used_threshold = columns.number<std::uint64_t>();
  return row;
}

TargetRow read_target(Columns& columns) {
  TargetRow row;
  row.id = columns.number<TargetId>();
  row.guid = columns.guid();
  row.name = columns.text();
  row.iqn = columns.text();
  row.description = columns.text();
  row.enabled = columns.flag();
  row.chap_enabled = columns.flag();
  row.reverse_chap_enabled = columns.flag();
  row.receive_buffer_count = columns.number<std::uint32_t>();
  row.preferences.max_recv_data_segment_length = columns.number<std::uint32_t>();
  row.preferences.max_burst_length = columns.number<std::uint32_t>();
  row.preferences.first_burst_length = columns.number<std::uint32_t>();
  row.preferences.max_outstanding_r2t = columns.number<std::uint16_t>();
  row.preferences.max_connections = columns.number<std::uint16_t>();
  row.preferences.default_time2wait = columns.number<std::uint16_t>();
  row.preferences.default_time2retain = columns.number<std::uint16_t>();
  row.preferences.error_recovery_level = columns.number<std::uint8_t>();
  row.preferences.initial_r2t = columns.flag();
  row.preferences.immediate_data = columns.flag();
  row.preferences.enforce_idle_timeout_detection = columns.flag();
  row.created = columns.time();
  return row;
}

JobRow read_job(Columns& columns) {
  JobRow row;
  row.id = columns.number<JobId>();
  row.name = columns.text();
  row.owner = columns.text();
  row.state = columns.number<std::uint16_t>();
  row.percent_complete = columns.number<std::uint8_t>();
  const bool has_error = !columns.is_null();
  const auto error_code = columns.number<std::uint8_t>();
  row.error_code = has_error ? std::optional(error_code) : std::nullopt;
  row.error_message = columns.text();
  row.submitted = columns.time();
  row.started = columns.optional_time();
  row.finished = columns.optional_time();
  return row;
}

using Reader = Outcome<void> (*)(const Database&, Contents&);

Outcome<void> read_server_and_disks(const Database& database, Contents& contents) {
  Outcome<void> done =
      for_each(database, "SELECT guid, name, remotely_manageable, gathers_statistics, created FROM server",
               [&](Columns& columns) { contents.apply(read_server(columns)); });
  if (!done) {
    return done;
  }
  return for_each(database,
                  "SELECT id, guid, name, description, kind, caching, path, size, logical_block_size, "
                  "physical_block_size, enabled, read_only, serial, naa, created, removable, iops_limit, iops_burst, "
                  "bandwidth_limit, bandwidth_burst, space_threshold, used_threshold FROM disks",
                  [&](Columns& columns) { contents.apply(read_disk(columns)); });
}

Outcome<void> read_targets(const Database& database, Contents& contents) {
  return for_each(database,
                  "SELECT id, guid, name, iqn, description, enabled, chap_enabled, reverse_chap_enabled, "
                  "receive_buffer_count, max_recv_data_segment_length, max_burst_length, first_burst_length, "
                  "max_outstanding_r2t, max_connections, default_time2wait, default_time2retain, error_recovery_level, "
                  "initial_r2t, immediate_data, enforce_idle_timeout_detection, created FROM targets",
                  [&](Columns& columns) { contents.apply(read_target(columns)); });
}

Outcome<void> read_chap(const Database& database, Contents& contents) {
  return for_each(database, "SELECT target_id, direction, user_name, sealed_secret FROM chap_credentials",
                  [&](Columns& columns) {
                    ChapRow row;
                    row.target = columns.number<TargetId>();
                    row.direction = columns.number<ChapDirection>();
                    row.user_name = columns.text();
                    row.sealed_secret = columns.blob();
                    contents.apply(row);
                  });
}

Outcome<void> read_mappings(const Database& database, Contents& contents) {
  return for_each(database, "SELECT target_id, disk_id, lun, read_only, named_only FROM mappings",
                  [&](Columns& columns) {
                    MappingRow row;
                    row.target = columns.number<TargetId>();
                    row.disk = columns.number<DiskId>();
                    row.lun = columns.number<std::uint16_t>();
                    row.read_only = columns.flag();
                    row.named_only = columns.flag();
                    contents.apply(row);
                  });
}

Outcome<void> read_mapping_initiators(const Database& database, Contents& contents) {
  return for_each(database, "SELECT target_id, disk_id, initiator, lun, read_only FROM mapping_initiators",
                  [&](Columns& columns) {
                    MappingInitiatorRow row;
                    row.target = columns.number<TargetId>();
                    row.disk = columns.number<DiskId>();
                    row.initiator = columns.text();
                    const bool has_lun = !columns.is_null();
                    const auto lun = columns.number<std::uint16_t>();
                    row.lun = has_lun ? std::optional(lun) : std::nullopt;
                    row.read_only = columns.flag();
                    contents.apply(row);
                  });
}

Outcome<void> read_disk_failures(const Database& database, Contents& contents) {
  return for_each(database, "SELECT disk_id, reason, failed FROM disk_failures", [&](Columns& columns) {
    DiskFailureRow row;
    row.disk = columns.number<DiskId>();
    row.reason = columns.text();
    row.failed = columns.time();
    contents.apply(row);
  });
}

Outcome<void> read_disk_keys(const Database& database, Contents& contents) {
  return for_each(database, "SELECT disk_id, sealed_key FROM disk_keys", [&](Columns& columns) {
    DiskKeyRow row;
    row.disk = columns.number<DiskId>();
    row.sealed_key = columns.blob();
    contents.apply(row);
  });
}

Outcome<void> read_reservations(const Database& database, Contents& contents) {
  Outcome<void> done = for_each(database, "SELECT disk_id, type FROM reservations", [&](Columns& columns) {
    ReservationsRow row;
    row.disk = columns.number<DiskId>();
    row.type = columns.number<std::uint8_t>();
    contents.apply(row);
  });
  if (!done) {
    return done;
  }
  return for_each(database,
                  "SELECT disk_id, initiator_port, target_port, relative_target_port, key, holds FROM registrations "
                  "ORDER BY disk_id, position",
                  [&](Columns& columns) {
                    ReservationsRow& reservations = contents.reservations[columns.number<DiskId>()];
                    RegistrationRow& row = reservations.registrations.emplace_back();
                    row.initiator_port = columns.text();
                    row.target_port = columns.text();
                    row.relative_target_port = columns.number<std::uint16_t>();
                    row.key = columns.number<std::uint64_t>();
                    row.holds = columns.flag();
                  });
}

Outcome<void> read_access(const Database& database, Contents& contents) {
  return for_each(database, "SELECT target_id, method, value FROM access_rules", [&](Columns& columns) {
    AccessRuleRow row;
    row.target = columns.number<TargetId>();
    row.method = columns.number<std::uint8_t>();
    row.value = columns.text();
    contents.apply(row);
  });
}

Outcome<void> read_portals(const Database& database, Contents& contents) {
  return for_each(database, "SELECT address, port, listen, portal_group_tag FROM portals", [&](Columns& columns) {
    PortalRow row;
    row.address = columns.text();
    row.port = columns.number<std::uint16_t>();
    row.listen = columns.flag();
    row.portal_group_tag = columns.number<std::uint16_t>();
    contents.apply(row);
  });
}

ChapColumns read_chap_columns(Columns& columns) {
  ChapColumns chap;
  chap.enabled = columns.flag();
  chap.user_name = columns.text();
  chap.sealed_secret = columns.blob();
  return chap;
}

Outcome<void> read_portal_groups(const Database& database, Contents& contents) {
  Outcome<void> done =
      for_each(database,
               "SELECT tag, description, chap_enabled, chap_user_name, chap_sealed_secret, reverse_chap_enabled, "
               "reverse_chap_user_name, reverse_chap_sealed_secret FROM portal_groups",
               [&](Columns& columns) {
                 PortalGroupRow row;
                 row.tag = columns.number<std::uint16_t>();
                 row.description = columns.text();
                 row.chap = read_chap_columns(columns);
                 row.reverse_chap = read_chap_columns(columns);
                 contents.apply(row);
               });
  if (!done) {
    return done;
  }
  return for_each(database, "SELECT target_id, tag FROM target_portal_groups", [&](Columns& columns) {
    TargetPortalGroupRow row;
    row.target = columns.number<TargetId>();
    row.tag = columns.number<std::uint16_t>();
    contents.apply(row);
  });
}

Outcome<void> read_redirects(const Database& database, Contents& contents) {
  return for_each(database, "SELECT target_id, tag, permanent, address FROM redirects", [&](Columns& columns) {
    RedirectRow row;
    row.target = columns.number<TargetId>();
    row.tag = columns.number<std::uint16_t>();
    row.permanent = columns.flag();
    row.address = columns.text();
    contents.apply(row);
  });
}

Outcome<void> read_initiators(const Database& database, Contents& contents) {
  return for_each(
      database,
      "SELECT name, description, enabled, chap_enabled, chap_user_name, chap_sealed_secret, "
      "reverse_chap_enabled, reverse_chap_user_name, reverse_chap_sealed_secret, created, iops_limit, iops_burst, "
      "bandwidth_limit, bandwidth_burst FROM initiators",
      [&](Columns& columns) {
        InitiatorRow row;
        row.name = columns.text();
        row.description = columns.text();
        row.enabled = columns.flag();
        row.chap = read_chap_columns(columns);
        row.reverse_chap = read_chap_columns(columns);
        row.created = columns.time();
        row.rate_limit = read_rate_limit(columns);
        contents.apply(row);
      });
}

Outcome<void> read_host_addresses(const Database& database, Contents& contents) {
  return for_each(database, "SELECT name, addresses FROM host_addresses", [&](Columns& columns) {
    HostAddressRow row;
    row.name = columns.text();
    row.addresses = columns.text();
    contents.apply(row);
  });
}

Outcome<void> read_users(const Database& database, Contents& contents) {
  return for_each(database, "SELECT name, password_hash, role, created FROM users", [&](Columns& columns) {
    UserRow row;
    row.name = columns.text();
    row.password_hash = columns.text();
    row.role = columns.text();
    row.created = columns.time();
    contents.apply(row);
  });
}

Outcome<void> read_service_states(const Database& database, Contents& contents) {
  return for_each(database,
                  "SELECT service, requested_state, enabled_default, last_change, enabled_state FROM service_states",
                  [&](Columns& columns) {
                    ServiceStateRow row;
                    row.service = columns.text();
                    row.requested_state = columns.number<std::uint16_t>();
                    row.enabled_default = columns.number<std::uint16_t>();
                    row.last_change = columns.optional_time();
                    row.enabled_state = columns.number<std::uint16_t>();
                    contents.apply(row);
                  });
}

Outcome<void> read_jobs(const Database& database, Contents& contents) {
  return for_each(database,
                  "SELECT id, name, owner, state, percent_complete, error_code, error_message, submitted, started, "
                  "finished FROM jobs",
                  [&](Columns& columns) { contents.apply(read_job(columns)); });
}

Outcome<void> read_intents(const Database& database, Contents& contents) {
  return for_each(database, "SELECT id, kind, disk_id, path, created FROM intents", [&](Columns& columns) {
    IntentRow row;
    row.id = columns.number<IntentId>();
    row.kind = columns.number<IntentKind>();
    row.disk = columns.number<DiskId>();
    row.path = columns.text();
    row.created = columns.time();
    contents.apply(row);
  });
}

/// SQLite keeps the largest id that a table ever had.
Outcome<void> read_last_ids(const Database& database, Contents& contents) {
  return for_each(database, "SELECT name, seq FROM sqlite_sequence", [&](Columns& columns) {
    const std::string table = columns.text();
    if (table == "disks") {
      contents.last_disk = std::max(contents.last_disk, columns.number<DiskId>());
    } else if (table == "targets") {
      contents.last_target = std::max(contents.last_target, columns.number<TargetId>());
    } else if (table == "jobs") {
      contents.last_job = std::max(contents.last_job, columns.number<JobId>());
    } else if (table == "intents") {
      contents.last_intent = std::max(contents.last_intent, columns.number<IntentId>());
    }
  });
}

}  // namespace

Outcome<Contents> read_contents(const Database& database) {
  Contents contents;
  for (const Reader reader : {read_server_and_disks, read_targets, read_chap, read_mappings, read_disk_failures,
                              read_disk_keys, read_reservations, read_mapping_initiators, read_access, read_portals,
                              read_portal_groups, read_redirects, read_initiators, read_host_addresses, read_users,
                              read_service_states, read_jobs, read_intents, read_last_ids}) {
    Outcome<void> done = reader(database, contents);
    if (!done) {
      return fail(done.error());
    }
  }
  return contents;
}

}  // namespace lunaria::catalogue
