#include "catalogue/object_file.h"

#include <array>
#include <span>

#include "catalogue/migrations.h"

namespace lunaria::catalogue {
namespace {

/// "LUNO", in the file's header.
constexpr std::int64_t kApplicationId = 0x4c554e4f;

constexpr std::string_view kFirstSchema = R"sql(
CREATE TABLE schema_elements (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
  namespace TEXT NOT NULL COLLATE NOCASE,
  name TEXT NOT NULL COLLATE NOCASE,
  text TEXT NOT NULL,
  UNIQUE (kind, namespace, name)
) STRICT;

CREATE TABLE instance_sets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace TEXT NOT NULL COLLATE NOCASE,
  class TEXT NOT NULL COLLATE NOCASE,
  UNIQUE (namespace, class)
) STRICT;

CREATE TABLE instances (
  set_id INTEGER NOT NULL REFERENCES instance_sets (id),
  key TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (set_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  destination TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (destination, sequence)
) STRICT, WITHOUT ROWID;
)sql";

/// Nobody knows who may read what waits already: only those who may read everything.
constexpr std::string_view kReaders =
    "ALTER TABLE messages ADD COLUMN reader INTEGER NOT NULL DEFAULT 2 CHECK (reader BETWEEN 0 AND 2);";

constexpr std::array kMigrations = {
    Migration{"first schema", kFirstSchema},
    Migration{"who may read a message", kReaders},
};

std::span<const std::byte> as_blob(std::string_view bytes) {
  return std::as_bytes(std::span(bytes));
}

std::string folded(std::string_view name_space, std::string_view class_name) {
  std::string key(name_space);
  key += '\n';
  key += class_name;
  for (char& c : key) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return key;
}

}  // namespace

Outcome<std::unique_ptr<ObjectFile>> ObjectFile::open(const Options& options) {
  Outcome<std::unique_ptr<Database>> database = Database::open({options.path, options.vfs});
  if (!database) {
    return fail(database.error());
  }
  Outcome<void> prepared = prepare_database(**database, kMigrations, kApplicationId);
  if (!prepared) {
    return fail(prepared.error());
  }
  return std::unique_ptr<ObjectFile>(new ObjectFile(std::move(*database)));
}

Outcome<std::vector<SchemaRow>> ObjectFile::schema() const {
  auto statement = database_->query("SELECT kind, namespace, name, text FROM schema_elements ORDER BY id");
  if (!statement) {
    return fail(statement.error());
  }
  std::vector<SchemaRow> rows;
  while (true) {
    const auto there = statement->step();
    if (!there) {
      return fail(there.error());
    }
    if (!*there) {
      return rows;
    }
    rows.push_back({statement->integer(0), statement->text(1), statement->text(2), statement->text(3)});
  }
}

Outcome<void> ObjectFile::put_schema(const SchemaRow& row) {
  return database_->run(
      "INSERT INTO schema_elements (kind, namespace, name, text) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (kind, namespace, name) DO UPDATE SET text = excluded.text",
      {row.kind, std::string_view(row.name_space), std::string_view(row.name), std::string_view(row.text)});
}

Outcome<void> ObjectFile::remove_schema(std::int64_t kind, std::string_view name_space, std::string_view name) {
  return database_->run("DELETE FROM schema_elements WHERE kind = ? AND namespace = ? AND name = ?",
                        {kind, name_space, name});
}

Outcome<std::int64_t> ObjectFile::set_id(std::string_view name_space, std::string_view class_name) {
  const std::string key = folded(name_space, class_name);
  if (const auto known = sets_.find(key); known != sets_.end()) {
    return known->second;
  }
  auto statement =
      database_->query("SELECT id FROM instance_sets WHERE namespace = ? AND class = ?", {name_space, class_name});
  if (!statement) {
    return fail(statement.error());
  }
  const auto there = statement->step();
  if (!there) {
    return fail(there.error());
  }
  if (!*there) {
    return std::int64_t{0};
  }
  return sets_.emplace(key, statement->integer(0)).first->second;
}

Outcome<void> ObjectFile::open_set(std::string_view name_space, std::string_view class_name) {
  return database_->run("INSERT INTO instance_sets (namespace, class) VALUES (?, ?) ON CONFLICT DO NOTHING",
                        {name_space, class_name});
}

// Ids are forgotten before the row goes: a transaction that is taken back leaves nothing behind that is not true.
Outcome<bool> ObjectFile::remove_set(std::string_view name_space, std::string_view class_name) {
  const auto has_any = has_objects(name_space, class_name);
  if (!has_any || *has_any) {
    return has_any ? Outcome<bool>(false) : has_any;
  }
  sets_.erase(folded(name_space, class_name));
  const auto done =
      database_->run("DELETE FROM instance_sets WHERE namespace = ? AND class = ?", {name_space, class_name});
  return done ? Outcome<bool>(true) : fail(done.error());
}

Outcome<std::optional<std::string>> ObjectFile::find(std::string_view name_space, std::string_view class_name,
                                                     std::string_view key) {
  const auto id = set_id(name_space, class_name);
  if (!id) {
    return fail(id.error());
  }
  auto statement = database_->query("SELECT record FROM instances WHERE set_id = ? AND key = ?", {*id, key});
  if (!statement) {
    return fail(statement.error());
  }
  const auto there = statement->step();
  if (!there) {
    return fail(there.error());
  }
  return *there ? std::optional(std::string(statement->bytes(0))) : std::nullopt;
}

Outcome<InsertOutcome> ObjectFile::insert(std::string_view name_space, std::string_view class_name,
                                          const ObjectRow& row) {
  const auto id = set_id(name_space, class_name);
  if (!id || *id == 0) {
    return id ? Outcome<InsertOutcome>(InsertOutcome::kNoSet) : fail(id.error());
  }
  const auto done =
      database_->run("INSERT INTO instances (set_id, key, record) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                     {*id, std::string_view(row.key), as_blob(row.record)});
  if (!done) {
    return fail(done.error());
  }
  return database_->changed_rows() == 0 ? InsertOutcome::kExists : InsertOutcome::kInserted;
}

Outcome<bool> ObjectFile::replace(std::string_view name_space, std::string_view class_name, const ObjectRow& row,
                                  std::string_view expected) {
  const auto id = set_id(name_space, class_name);
  if (!id) {
    return fail(id.error());
  }
  const auto done = database_->run("UPDATE instances SET record = ? WHERE set_id = ? AND key = ? AND record = ?",
                                   {as_blob(row.record), *id, std::string_view(row.key), as_blob(expected)});
  if (!done) {
    return fail(done.error());
  }
  return database_->changed_rows() != 0;
}

Outcome<bool> ObjectFile::erase(std::string_view name_space, std::string_view class_name, std::string_view key) {
  const auto id = set_id(name_space, class_name);
  if (!id) {
    return fail(id.error());
  }
  const auto done = database_->run("DELETE FROM instances WHERE set_id = ? AND key = ?", {*id, key});
  if (!done) {
    return fail(done.error());
  }
  return database_->changed_rows() != 0;
}

Outcome<std::vector<ObjectRow>> ObjectFile::page(std::string_view name_space, std::string_view class_name,
                                                 std::string_view after_key, std::size_t rows_max,
                                                 std::size_t bytes_max) {
  const auto id = set_id(name_space, class_name);
  if (!id) {
    return fail(id.error());
  }
  auto statement =
      database_->query("SELECT key, record FROM instances WHERE set_id = ? AND key > ? ORDER BY key", {*id, after_key});
  if (!statement) {
    return fail(statement.error());
  }
  std::vector<ObjectRow> rows;
  for (std::size_t bytes = 0; rows.size() < rows_max && bytes < bytes_max;) {
    const auto there = statement->step();
    if (!there) {
      return fail(there.error());
    }
    if (!*there) {
      break;
    }
    rows.push_back({std::string(statement->bytes(0)), std::string(statement->bytes(1))});
    bytes += rows.back().key.size() + rows.back().record.size();
  }
  return rows;
}

Outcome<bool> ObjectFile::has_objects(std::string_view name_space, std::string_view class_name) {
  const auto first = page(name_space, class_name, "", 1, 1);
  return first ? Outcome<bool>(!first->empty()) : fail(first.error());
}

Outcome<void> ObjectFile::push_message(std::string_view destination, const MessageRow& message) {
  return database_->run("INSERT OR REPLACE INTO messages (destination, sequence, body, reader) VALUES (?, ?, ?, ?)",
                        {destination, message.sequence, as_blob(message.body), message.reader});
}

Outcome<void> ObjectFile::remove_message(std::string_view destination, std::int64_t sequence) {
  return database_->run("DELETE FROM messages WHERE destination = ? AND sequence = ?", {destination, sequence});
}

Outcome<void> ObjectFile::remove_messages(std::string_view destination) {
  return database_->run("DELETE FROM messages WHERE destination = ?", {destination});
}

Outcome<std::vector<std::pair<std::string, MessageRow>>> ObjectFile::messages() const {
  auto statement =
      database_->query("SELECT destination, sequence, body, reader FROM messages ORDER BY destination, sequence");
  if (!statement) {
    return fail(statement.error());
  }
  std::vector<std::pair<std::string, MessageRow>> rows;
  while (true) {
    const auto there = statement->step();
    if (!there) {
      return fail(there.error());
    }
    if (!*there) {
      return rows;
    }
    rows.emplace_back(statement->text(0),
                      MessageRow{statement->integer(1), std::string(statement->bytes(2)), statement->integer(3)});
  }
}

}  // namespace lunaria::catalogue
