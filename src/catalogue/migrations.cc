#include "catalogue/migrations.h"

#include <fmt/format.h>

#include <array>
#include <string>

namespace lunaria::catalogue {
namespace {

// Times are microseconds since 1970 UTC; flags are 0 or 1. AUTOINCREMENT: an id is never given twice.
constexpr std::string_view kFirstSchema = R"sql(
CREATE TABLE catalogue (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  commit_count INTEGER NOT NULL
) STRICT;
INSERT INTO catalogue VALUES (1, 0);

CREATE TABLE server (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  guid TEXT NOT NULL,
  name TEXT NOT NULL,
  remotely_manageable INTEGER NOT NULL CHECK (remotely_manageable IN (0, 1)),
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE disks (
  id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4294967294),
  guid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  description TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('thin', 'preallocated', 'ram')),
  caching TEXT NOT NULL CHECK (caching IN ('buffered', 'direct')),
  path TEXT NOT NULL CHECK ((path = '') = (kind = 'ram')),
  size INTEGER NOT NULL CHECK (size > 0),
  logical_block_size INTEGER NOT NULL CHECK (logical_block_size IN (512, 4096)),
  physical_block_size INTEGER NOT NULL CHECK (physical_block_size >= logical_block_size),
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  read_only INTEGER NOT NULL CHECK (read_only IN (0, 1)),
  serial TEXT NOT NULL UNIQUE,
  naa BLOB NOT NULL UNIQUE CHECK (length(naa) = 8),
  created INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX disk_paths ON disks (path) WHERE path <> '';

CREATE TABLE targets (
  id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4294967294),
  guid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  iqn TEXT NOT NULL UNIQUE COLLATE NOCASE,
  description TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  chap_enabled INTEGER NOT NULL CHECK (chap_enabled IN (0, 1)),
  reverse_chap_enabled INTEGER NOT NULL CHECK (reverse_chap_enabled IN (0, 1)),
  receive_buffer_count INTEGER NOT NULL,
  max_recv_data_segment_length INTEGER NOT NULL,
  max_burst_length INTEGER NOT NULL,
  first_burst_length INTEGER NOT NULL,
  max_outstanding_r2t INTEGER NOT NULL,
  max_connections INTEGER NOT NULL,
  default_time2wait INTEGER NOT NULL,
  default_time2retain INTEGER NOT NULL,
  error_recovery_level INTEGER NOT NULL,
  initial_r2t INTEGER NOT NULL CHECK (initial_r2t IN (0, 1)),
  immediate_data INTEGER NOT NULL CHECK (immediate_data IN (0, 1)),
  enforce_idle_timeout_detection INTEGER NOT NULL CHECK (enforce_idle_timeout_detection IN (0, 1)),
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE chap_credentials (
  target_id INTEGER NOT NULL REFERENCES targets (id) ON DELETE CASCADE,
  direction INTEGER NOT NULL CHECK (direction IN (0, 1)),
  user_name TEXT NOT NULL,
  sealed_secret BLOB NOT NULL,
  PRIMARY KEY (target_id, direction)
) STRICT, WITHOUT ROWID;

CREATE TABLE mappings (
  target_id INTEGER NOT NULL REFERENCES targets (id) ON DELETE CASCADE,
  disk_id INTEGER NOT NULL REFERENCES disks (id) ON DELETE RESTRICT,
  lun INTEGER NOT NULL CHECK (lun BETWEEN 0 AND 16383),
  read_only INTEGER NOT NULL CHECK (read_only IN (0, 1)),
  PRIMARY KEY (target_id, disk_id),
  UNIQUE (target_id, lun)
) STRICT, WITHOUT ROWID;
CREATE INDEX mapping_disks ON mappings (disk_id);

CREATE TABLE access_rules (
  target_id INTEGER NOT NULL REFERENCES targets (id) ON DELETE CASCADE,
  method INTEGER NOT NULL CHECK (method BETWEEN 1 AND 5),
  value TEXT NOT NULL,
  PRIMARY KEY (target_id, method, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE portals (
  address TEXT PRIMARY KEY,
  port INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),
  listen INTEGER NOT NULL CHECK (listen IN (0, 1)),
  portal_group_tag INTEGER NOT NULL CHECK (portal_group_tag BETWEEN 0 AND 65535)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  name TEXT PRIMARY KEY,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE service_states (
  service TEXT PRIMARY KEY,
  requested_state INTEGER NOT NULL,
  enabled_default INTEGER NOT NULL,
  last_change INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  state INTEGER NOT NULL,
  percent_complete INTEGER NOT NULL CHECK (percent_complete BETWEEN 0 AND 100),
  error_code INTEGER,
  error_message TEXT NOT NULL,
  submitted INTEGER NOT NULL,
  started INTEGER,
  finished INTEGER
) STRICT;

CREATE TABLE intents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
  disk_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT;
)sql";

// Keys are 64 unsigned bits, kept as the signed number of the same bits.
constexpr std::string_view kReservations = R"sql(
CREATE TABLE reservations (
  disk_id INTEGER PRIMARY KEY REFERENCES disks (id) ON DELETE CASCADE,
  type INTEGER NOT NULL CHECK (type IN (0, 1, 3, 5, 6, 7, 8))
) STRICT;

CREATE TABLE registrations (
  disk_id INTEGER NOT NULL REFERENCES reservations (disk_id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  initiator_port TEXT NOT NULL,
  target_port TEXT NOT NULL,
  relative_target_port INTEGER NOT NULL CHECK (relative_target_port BETWEEN 0 AND 65535),
  key INTEGER NOT NULL CHECK (key <> 0),
  holds INTEGER NOT NULL CHECK (holds IN (0, 1)),
  PRIMARY KEY (disk_id, position),
  UNIQUE (disk_id, initiator_port, target_port)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::string_view kDiskFailures = R"sql(
CREATE TABLE disk_failures (
  disk_id INTEGER PRIMARY KEY REFERENCES disks (id) ON DELETE CASCADE,
  reason TEXT NOT NULL,
  failed INTEGER NOT NULL
) STRICT;
)sql";

// A disk whose medium initiators may eject.
constexpr std::string_view kRemovableDisks = R"sql(
ALTER TABLE disks ADD COLUMN removable INTEGER NOT NULL DEFAULT 0 CHECK (removable IN (0, 1));
)sql";

// Portal groups, what targets say about them, initiators of their own, and what each sees of a mapping.
constexpr std::string_view kAccessControl = R"sql(
CREATE TABLE portal_groups (
  tag INTEGER PRIMARY KEY CHECK (tag BETWEEN 1 AND 65535),
  description TEXT NOT NULL,
  chap_enabled INTEGER NOT NULL CHECK (chap_enabled IN (0, 1)),
  chap_user_name TEXT NOT NULL,
  chap_sealed_secret BLOB NOT NULL,
  reverse_chap_enabled INTEGER NOT NULL CHECK (reverse_chap_enabled IN (0, 1)),
  reverse_chap_user_name TEXT NOT NULL,
  reverse_chap_sealed_secret BLOB NOT NULL
) STRICT;
UPDATE portals SET portal_group_tag = 1 WHERE portal_group_tag = 0;
INSERT INTO portal_groups SELECT DISTINCT portal_group_tag, '', 0, '', x'', 0, '', x'' FROM portals;

CREATE TABLE target_portal_groups (
  target_id INTEGER NOT NULL REFERENCES targets (id) ON DELETE CASCADE,
  tag INTEGER NOT NULL REFERENCES portal_groups (tag) ON DELETE RESTRICT,
  PRIMARY KEY (target_id, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE redirects (
  target_id INTEGER NOT NULL REFERENCES targets (id) ON DELETE CASCADE,
  tag INTEGER NOT NULL CHECK (tag BETWEEN 0 AND 65535),
  permanent INTEGER NOT NULL CHECK (permanent IN (0, 1)),
  address TEXT NOT NULL CHECK (address <> ''),
  PRIMARY KEY (target_id, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE initiators (
  name TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  chap_enabled INTEGER NOT NULL CHECK (chap_enabled IN (0, 1)),
  chap_user_name TEXT NOT NULL,
  chap_sealed_secret BLOB NOT NULL,
  reverse_chap_enabled INTEGER NOT NULL CHECK (reverse_chap_enabled IN (0, 1)),
  reverse_chap_user_name TEXT NOT NULL,
  reverse_chap_sealed_secret BLOB NOT NULL,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE mappings ADD COLUMN named_only INTEGER NOT NULL DEFAULT 0 CHECK (named_only IN (0, 1));

CREATE TABLE mapping_initiators (
  target_id INTEGER NOT NULL,
  disk_id INTEGER NOT NULL,
  initiator TEXT NOT NULL,
  lun INTEGER CHECK (lun BETWEEN 0 AND 16383),
  read_only INTEGER NOT NULL CHECK (read_only IN (0, 1)),
  PRIMARY KEY (target_id, disk_id, initiator),
  FOREIGN KEY (target_id, disk_id) REFERENCES mappings (target_id, disk_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE host_addresses (
  name TEXT PRIMARY KEY,
  addresses TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Keys are sealed under the host key.
constexpr std::string_view kEncryptedDisks = R"sql(
CREATE TABLE disk_keys (
  disk_id INTEGER PRIMARY KEY REFERENCES disks (id) ON DELETE CASCADE,
  sealed_key BLOB NOT NULL CHECK (length(sealed_key) > 0)
) STRICT;
)sql";

// Numbers of zero are no limit and no threshold.
constexpr std::string_view kRateLimits = R"sql(
ALTER TABLE disks ADD COLUMN iops_limit INTEGER NOT NULL DEFAULT 0 CHECK (iops_limit >= 0);
ALTER TABLE disks ADD COLUMN iops_burst INTEGER NOT NULL DEFAULT 0 CHECK (iops_burst >= 0);
ALTER TABLE disks ADD COLUMN bandwidth_limit INTEGER NOT NULL DEFAULT 0 CHECK (bandwidth_limit >= 0);
ALTER TABLE disks ADD COLUMN bandwidth_burst INTEGER NOT NULL DEFAULT 0 CHECK (bandwidth_burst >= 0);
ALTER TABLE disks ADD COLUMN space_threshold INTEGER NOT NULL DEFAULT 0 CHECK (space_threshold >= 0);
ALTER TABLE initiators ADD COLUMN iops_limit INTEGER NOT NULL DEFAULT 0 CHECK (iops_limit >= 0);
ALTER TABLE initiators ADD COLUMN iops_burst INTEGER NOT NULL DEFAULT 0 CHECK (iops_burst >= 0);
ALTER TABLE initiators ADD COLUMN bandwidth_limit INTEGER NOT NULL DEFAULT 0 CHECK (bandwidth_limit >= 0);
ALTER TABLE initiators ADD COLUMN bandwidth_burst INTEGER NOT NULL DEFAULT 0 CHECK (bandwidth_burst >= 0);
)sql";

constexpr std::string_view kUsedThresholds = R"sql(
ALTER TABLE disks ADD COLUMN used_threshold INTEGER NOT NULL DEFAULT 0 CHECK (used_threshold >= 0);
)sql";

constexpr std::string_view kStatistics = R"sql(
ALTER TABLE server ADD COLUMN gathers_statistics INTEGER NOT NULL DEFAULT 0 CHECK (gathers_statistics IN (0, 1));
)sql";

// What the state was is not known of versions before; they took it from the request (3 disabled, 4 shut down).
constexpr std::string_view kEnabledStates = R"sql(
ALTER TABLE service_states ADD COLUMN enabled_state INTEGER NOT NULL DEFAULT 2;
UPDATE service_states SET enabled_state = 3 WHERE requested_state IN (3, 4);
)sql";

constexpr std::array kMigrations = {
    Migration{"first schema", kFirstSchema},
    Migration{"persistent reservations", kReservations},
    Migration{"failures that stay", kDiskFailures},
    Migration{"removable disks", kRemovableDisks},
    Migration{"access control", kAccessControl},
    Migration{"encrypted disks", kEncryptedDisks},
    Migration{"rate limits and space thresholds", kRateLimits},
    Migration{"thresholds of used space", kUsedThresholds},
    Migration{"statistics of the object manager", kStatistics},
    Migration{"states that services were in", kEnabledStates},
};

Outcome<void> verify(const Database& database, std::int64_t application_id) {
  const Outcome<std::int64_t> application = database.query_integer("PRAGMA application_id");
  if (!application) {
    return fail(application.error());
  }
  const Outcome<std::int64_t> tables = database.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) {
    return fail(tables.error());
  }
  if (*application != application_id && (*application != 0 || *tables != 0)) {
    return fail(Error{ErrorCode::kCorrupt, fmt::format("{} is a database of another program, not a catalogue. Move it "
                                                       "away, or choose another state directory.",
                                                       database.path())});
  }
  const Outcome<std::string> verdict = database.query_text("PRAGMA quick_check(1)");
  if (!verdict) {
    return fail(verdict.error());
  }
  if (*verdict != "ok") {
    return fail(Error{ErrorCode::kCorrupt,
                      fmt::format("the catalogue {} is damaged: {}. Nothing was changed. Restore it with its -wal file "
                                  "from a backup, or save what is left with `sqlite3 {} .recover`.",
                                  database.path(), *verdict, database.path())});
  }
  return {};
}

}  // namespace

Outcome<void> prepare_database(Database& database, std::span<const Migration> steps, std::int64_t application_id) {
  Outcome<void> verified = verify(database, application_id);
  if (!verified) {
    return verified;
  }
  const Outcome<std::int64_t> found = database.query_integer("PRAGMA user_version");
  if (!found) {
    return fail(found.error());
  }
  const auto known = static_cast<std::int64_t>(steps.size());
  if (*found > known) {
    return fail(Error{ErrorCode::kNewerSchema,
                      fmt::format("the catalogue {} has schema {}, this version of Lunaria knows {} at most. Install "
                                  "the version that wrote it or a later one; nothing was changed.",
                                  database.path(), *found, known)});
  }
  for (std::int64_t version = *found + 1; version <= known; ++version) {
    Outcome<Transaction> transaction = Transaction::begin(database);
    if (!transaction) {
      return fail(transaction.error());
    }
    const Migration& migration = steps[static_cast<std::size_t>(version - 1)];
    Outcome<void> done = database.execute(
        fmt::format("{}; PRAGMA application_id={}; PRAGMA user_version={};", migration.sql, application_id, version));
    if (done) {
      done = transaction->commit();
    }
    if (!done) {
      return fail(Error{done.error().code, fmt::format("cannot bring the catalogue to schema {} ({}): {}", version,
                                                       migration.name, done.error().message)});
    }
  }
  return {};
}

std::span<const Migration> migrations() {
  return kMigrations;
}

}  // namespace lunaria::catalogue
