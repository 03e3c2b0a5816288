#pragma once

// Database, Statement, Transaction: SQLite behind values and Results. Calls block. One thread at a time, which may
// change between calls.

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catalogue/error.h"

namespace lunaria::catalogue {

/// A value to bind; text and blobs are referred to, not copied.
using SqlValue = std::variant<std::nullptr_t, std::int64_t, std::string_view, std::span<const std::byte>>;

/// A prepared statement, on its way through its rows. Its database outlives it, and has it ready for the next query of
/// the same text afterwards.
class Statement final {
 public:
  /// True: there is a row. False: it is done.
  Outcome<bool> step();

  /// Values of the present row, by column from 0. NULL reads as 0 or empty.
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::vector<std::byte> blob(int column) const;
  /// Text or blob as it is; valid until the next step().
  std::string_view bytes(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct GiveBack {
    const class Database* database = nullptr;
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3_stmt* statement, const class Database& database) : statement_(statement, GiveBack{&database}) {}
  std::unique_ptr<sqlite3_stmt, GiveBack> statement_;
};

/// One connection, alone on its file.
class Database final {
 public:
  struct Options {
    std::string path;
    std::string vfs;  ///< by name; empty: the system's
  };

  /// Opens or makes the file: WAL, synchronous=FULL, foreign keys on, no other process beside us.
  static Outcome<std::unique_ptr<Database>> open(const Options& options);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() = default;

  /// Runs statements without parameters, separated by semicolons; rows are dropped.
  Outcome<void> execute(const std::string& sql);
  /// Runs one statement with `?` bound in order; rows are dropped.
  Outcome<void> run(std::string_view sql, std::initializer_list<SqlValue> values);
  /// Prepares one statement; what `values` refers to outlives it.
  Outcome<Statement> query(std::string_view sql, std::initializer_list<SqlValue> values = {}) const;
  /// The first column of the first row.
  Outcome<std::int64_t> query_integer(std::string_view sql) const;
  /// Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changed_rows() const;
  Outcome<std::string> query_text(std::string_view sql) const;

  const std::string& path() const { return path_; }
  /// What SQLite says of its last call, as an Error. `doing` completes "while ...".
  Error last_error(std::string_view doing) const;

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;
  explicit Database(std::string path) : path_(std::move(path)) {}
  Outcome<void> configure();
  /// Null, with the failure in last_error(), when it cannot be prepared.
  Prepared prepare(std::string_view sql) const;
  void give_back(Prepared statement) const;

  std::string path_;
  std::unique_ptr<sqlite3, Close> connection_;
  mutable std::map<std::string, Prepared, std::less<>> ready_;  ///< statements that nobody uses, by their text
};

/// BEGIN IMMEDIATE .. COMMIT; rolled back by the destructor unless committed.
class Transaction final {
 public:
  static Outcome<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  Outcome<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace lunaria::catalogue
