#pragma once

// Catalogue: the persistent truth. One file, one owner; every commit is on stable storage when it returns. Calls block:
// worker threads only, one call at a time.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "catalogue/contents.h"
#include "catalogue/database.h"
#include "catalogue/error.h"
#include "catalogue/migrations.h"

namespace lunaria::catalogue {

class Catalogue final {
 public:
  struct Options {
    std::string path;
    std::string vfs;  ///< SQLite VFS by name; empty: the system's
    std::span<const Migration> migrations = catalogue::migrations();
  };

  /// Opens the file, makes it when it is not there, checks it, and brings its schema up to date.
  static Outcome<std::unique_ptr<Catalogue>> open(Options options);

  /// Everything in it. Right after open().
  Outcome<Contents> load() const;
  /// All of it or nothing. A failure of the disk leaves it open whether the commit reached the file; the catalogue then
  /// opens itself anew to find out, and answers what is so. When even that fails, the next commit tries again.
  Outcome<void> commit(const Changes& changes);
  /// Leaves nothing in the file and its log of what earlier commits have replaced or removed (SQLite overwrites it;
  /// what the file system and the drive below keep is out of reach).
  Outcome<void> wipe_remains();
  /// Numbers the commits of the file's whole life.
  std::int64_t commit_count() const { return commit_count_; }

 private:
  explicit Catalogue(Options options) : options_(std::move(options)) {}
  Outcome<void> connect();
  /// Opens again what a failure had closed; fails when the file is not as we know it.
  Outcome<void> revive();
  Outcome<void> try_commit(const Changes& changes);
  /// Whether the commit after the present count is in the file.
  Outcome<bool> reopen_and_look();

  Options options_;
  std::unique_ptr<Database> database_;
  std::int64_t commit_count_ = 0;
};

}  // namespace lunaria::catalogue
