#pragma once

// ObjectFile: what clients of the object manager make at run time: schema, instances, and messages that wait to be
// delivered. A database of its own beside the catalogue, so that large enumerations and configuration do not wait for
// each other. Text and bytes only; what they mean is not known here. docs/formats/objects.md explains the tables.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalogue/database.h"
#include "catalogue/error.h"

namespace lunaria::catalogue {

/// One element of the schema; kinds are numbers of the caller's.
struct SchemaRow {
  std::int64_t kind = 0;
  std::string name_space;
  std::string name;
  std::string text;
};

struct ObjectRow {
  std::string key;
  std::string record;
};

/// A message for one destination, in the order of sequence numbers. Readers are numbers of the caller's.
struct MessageRow {
  std::int64_t sequence = 0;
  std::string body;
  std::int64_t reader = 0;
};

enum class InsertOutcome : std::uint8_t { kInserted, kExists, kNoSet };

/// Calls block: worker threads only, one call at a time. What is not inside a Transaction of database() is durable when
/// the call returns. Names compare without regard to the case of ASCII letters.
class ObjectFile final {
 public:
  struct Options {
    std::string path;
    std::string vfs;  ///< SQLite VFS by name; empty: the system's
  };
  static Outcome<std::unique_ptr<ObjectFile>> open(const Options& options);

  Database& database() { return *database_; }
  /// A transaction of database() was taken back.
  void rolled_back() { sets_.clear(); }

  /// In the order in which they came first.
  Outcome<std::vector<SchemaRow>> schema() const;
  /// Adds, or replaces the text of what is there.
  Outcome<void> put_schema(const SchemaRow& row);
  Outcome<void> remove_schema(std::int64_t kind, std::string_view name_space, std::string_view name);

  /// The set of instances of a class; no-op when it is there.
  Outcome<void> open_set(std::string_view name_space, std::string_view class_name);
  /// False, and nothing done, while it holds anything. True when there was none.
  Outcome<bool> remove_set(std::string_view name_space, std::string_view class_name);

  Outcome<std::optional<std::string>> find(std::string_view name_space, std::string_view class_name,
                                           std::string_view key);
  Outcome<InsertOutcome> insert(std::string_view name_space, std::string_view class_name, const ObjectRow& row);
  /// False when the record was not `expected`.
  Outcome<bool> replace(std::string_view name_space, std::string_view class_name, const ObjectRow& row,
                        std::string_view expected);
  /// False when there was none.
  Outcome<bool> erase(std::string_view name_space, std::string_view class_name, std::string_view key);
  /// The next rows after a key, at most `rows_max` and about `bytes_max`.
  Outcome<std::vector<ObjectRow>> page(std::string_view name_space, std::string_view class_name,
                                       std::string_view after_key, std::size_t rows_max, std::size_t bytes_max);
  Outcome<bool> has_objects(std::string_view name_space, std::string_view class_name);

  Outcome<void> push_message(std::string_view destination, const MessageRow& message);
  Outcome<void> remove_message(std::string_view destination, std::int64_t sequence);
  Outcome<void> remove_messages(std::string_view destination);
  /// Everything that waits, by destination, oldest first.
  Outcome<std::vector<std::pair<std::string, MessageRow>>> messages() const;

 private:
  explicit ObjectFile(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  /// 0 when there is no such set.
  Outcome<std::int64_t> set_id(std::string_view name_space, std::string_view class_name);

  std::unique_ptr<Database> database_;
  std::map<std::string, std::int64_t> sets_;  ///< ids known, by namespace and class
};

}  // namespace lunaria::catalogue
