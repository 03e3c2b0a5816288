#include "catalogue/database.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <system_error>
#include <type_traits>

#include "base/check.h"

namespace lunaria::catalogue {
namespace {

/// Statements kept ready; more than there are texts of queries.
constexpr std::size_t kReadyMax = 128;

/// What to do about it, for each kind of failure.
Error describe(int result, int system_error, std::string_view path, std::string_view doing, std::string_view detail) {
  const std::string cause =
      system_error != 0 ? fmt::format("{} ({})", detail, std::strerror(system_error)) : std::string(detail);
  switch (result & 0xff) {
    case SQLITE_CANTOPEN:
      return {ErrorCode::kCannotOpen,
              fmt::format("cannot open the catalogue {} while {}: {}. Check that its directory exists and that the "
                          "daemon's user may read and write there.",
                          path, doing, cause)};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::kReadOnly,
              fmt::format("the catalogue {} cannot be written while {}: {}. Make the file and its directory writable "
                          "for the daemon's user, and check that the file system is not mounted read-only.",
                          path, doing, cause)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt,
              fmt::format("the catalogue {} is damaged or not a catalogue ({} while {}). Nothing was changed. Restore "
                          "it with its -wal file from a backup, or save what is left with `sqlite3 {} .recover`.",
                          path, cause, doing, path)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kInUse,
              fmt::format("the catalogue {} is in use by another process. Stop the other daemon, or give this one a "
                          "state directory of its own.",
                          path)};
    case SQLITE_FULL:
      return {ErrorCode::kNoSpace,
              fmt::format("no space left for the catalogue {} while {}. Free some space and try again.", path, doing)};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::kConflict, fmt::format("{} while {}", detail, doing)};
    default:
      return {ErrorCode::kIo,
              fmt::format("the catalogue {} failed while {}: {}. Check the disk that holds it.", path, doing, cause)};
  }
}

int bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
  return std::visit(
      [&](const auto& item) {
        using Item = std::decay_t<decltype(item)>;
        if constexpr (std::is_same_v<Item, std::nullptr_t>) {
          return sqlite3_bind_null(statement, index);
        } else if constexpr (std::is_same_v<Item, std::int64_t>) {
          return sqlite3_bind_int64(statement, index, item);
        } else if constexpr (std::is_same_v<Item, std::string_view>) {
          const char* text = item.data() == nullptr ? "" : item.data();
          return sqlite3_bind_text64(statement, index, text, item.size(), SQLITE_STATIC, SQLITE_UTF8);
        } else {
          const void* bytes = item.data() == nullptr ? static_cast<const void*>("") : item.data();
          return sqlite3_bind_blob64(statement, index, bytes, item.size(), SQLITE_STATIC);
        }
      },
      value);
}

}  // namespace

void Statement::GiveBack::operator()(sqlite3_stmt* statement) const {
  database->give_back(Database::Prepared(statement));
}

Outcome<bool> Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) {
    return true;
  }
  if (result == SQLITE_DONE) {
    return false;
  }
  return fail(statement_.get_deleter().database->last_error("working on it"));
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) {
    return {};
  }
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {text, text + size};
}

std::vector<std::byte> Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) {
    return {};
  }
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {bytes, bytes + size};
}

std::string_view Statement::bytes(int column) const {
  const void* const start = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return start == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(start), size);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Outcome<std::unique_ptr<Database>> Database::open(const Options& options) {
  std::unique_ptr<Database> database(new Database(options.path));
  sqlite3* connection = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int result =
      sqlite3_open_v2(options.path.c_str(), &connection, flags, options.vfs.empty() ? nullptr : options.vfs.c_str());
  database->connection_.reset(connection);
  if (result != SQLITE_OK) {
    return fail(database->last_error("opening it"));
  }
  // It holds password hashes and sealed secrets; the -wal file takes its mode from it.
  std::error_code error;
  using std::filesystem::perms;
  std::filesystem::permissions(options.path, perms::owner_read | perms::owner_write, error);
  if (error) {
    return fail(Error{ErrorCode::kReadOnly,
                      fmt::format("cannot make the catalogue {} private: {}. It must belong to the daemon's user.",
                                  options.path, error.message())});
  }
  Outcome<void> configured = database->configure();
  if (!configured) {
    return fail(configured.error());
  }
  return database;
}

Outcome<void> Database::configure() {
  // Exclusive locking before the first access: a second daemon is refused, and WAL needs no shared memory file.
  Outcome<void> done = execute(
      "PRAGMA locking_mode=EXCLUSIVE;"
      "PRAGMA trusted_schema=OFF;"
      "PRAGMA cell_size_check=ON;"
      "PRAGMA secure_delete=ON;"
      "PRAGMA foreign_keys=ON;");
  if (!done) {
    return done;
  }
  const Outcome<std::string> mode = query_text("PRAGMA journal_mode=WAL");
  if (!mode) {
    return fail(mode.error());
  }
  if (*mode != "wal") {
    return fail(Error{ErrorCode::kIo, fmt::format("the file system of {} does not support write-ahead logging. Put "
                                                  "the state directory on a local file system.",
                                                  path_)});
  }
  // Takes the lock now rather than at the first change.
  return execute("PRAGMA synchronous=FULL; BEGIN IMMEDIATE; COMMIT;");
}

Outcome<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fail(last_error("working on it"));
  }
  return {};
}

Outcome<Statement> Database::query(std::string_view sql, std::initializer_list<SqlValue> values) const {
  Prepared taken = prepare(sql);
  if (taken == nullptr) {
    return fail(last_error("reading its schema"));
  }
  sqlite3_stmt* const prepared = taken.get();
  Statement statement(taken.release(), *this);
  int index = 0;
  for (const SqlValue& value : values) {
    ++index;
    check(bind(prepared, index, value) == SQLITE_OK, "a statement has as many parameters as values");
  }
  check(index == sqlite3_bind_parameter_count(prepared), "a statement has as many values as parameters");
  return statement;
}

Database::Prepared Database::prepare(std::string_view sql) const {
  if (const auto known = ready_.find(sql); known != ready_.end()) {
    return std::move(ready_.extract(known).mapped());
  }
  sqlite3_stmt* prepared = nullptr;
  const int result =
      sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &prepared, nullptr);
  return Prepared(result == SQLITE_OK ? prepared : nullptr);
}

void Database::give_back(Prepared statement) const {
  sqlite3_reset(statement.get());
  sqlite3_clear_bindings(statement.get());
  const char* const text = sqlite3_sql(statement.get());
  if (text != nullptr && ready_.size() < kReadyMax) {
    ready_.try_emplace(text, std::move(statement));
  }
}

Outcome<void> Database::run(std::string_view sql, std::initializer_list<SqlValue> values) {
  Outcome<Statement> statement = query(sql, values);
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
  }
}

Outcome<std::int64_t> Database::query_integer(std::string_view sql) const {
  Outcome<Statement> statement = query(sql);
  if (!statement) {
    return fail(statement.error());
  }
  const Outcome<bool> row = statement->step();
  if (!row) {
    return fail(row.error());
  }
  return *row ? statement->integer(0) : 0;
}

std::int64_t Database::changed_rows() const {
  return sqlite3_changes64(connection_.get());
}

Outcome<std::string> Database::query_text(std::string_view sql) const {
  Outcome<Statement> statement = query(sql);
  if (!statement) {
    return fail(statement.error());
  }
  const Outcome<bool> row = statement->step();
  if (!row) {
    return fail(row.error());
  }
  return *row ? statement->text(0) : std::string();
}

Error Database::last_error(std::string_view doing) const {
  if (connection_ == nullptr) {
    return describe(SQLITE_NOMEM, 0, path_, doing, "out of memory");
  }
  return describe(sqlite3_extended_errcode(connection_.get()), sqlite3_system_errno(connection_.get()), path_, doing,
                  sqlite3_errmsg(connection_.get()));
}

Outcome<Transaction> Transaction::begin(Database& database) {
  Outcome<void> begun = database.execute("BEGIN IMMEDIATE");
  if (!begun) {
    return fail(begun.error());
  }
  return Transaction(database);
}

Outcome<void> Transaction::commit() {
  Outcome<void> committed = database_->execute("COMMIT");
  if (committed) {
    database_ = nullptr;
  }
  return committed;
}

Transaction::~Transaction() {
  if (database_ != nullptr) {
    // SQLite may have rolled back by itself; then there is nothing to do and it says so.
    (void)database_->execute("ROLLBACK");
  }
}

}  // namespace lunaria::catalogue
