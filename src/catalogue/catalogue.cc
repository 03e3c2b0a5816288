#include "catalogue/catalogue.h"

#include <fmt/format.h>

#include "base/check.h"
#include "catalogue/row_sql.h"

namespace lunaria::catalogue {
namespace {

/// "LUNA", in the file's header: tells a catalogue from any other database.
constexpr std::int64_t kApplicationId = 0x4c554e41;

}  // namespace

Outcome<std::unique_ptr<Catalogue>> Catalogue::open(Options options) {
  std::unique_ptr<Catalogue> catalogue(new Catalogue(std::move(options)));
  Outcome<void> connected = catalogue->connect();
  if (!connected) {
    return fail(connected.error());
  }
  return catalogue;
}

Outcome<void> Catalogue::connect() {
  Outcome<std::unique_ptr<Database>> database = Database::open({options_.path, options_.vfs});
  if (!database) {
    return fail(database.error());
  }
  database_ = std::move(*database);
  Outcome<void> prepared = prepare_database(*database_, options_.migrations, kApplicationId);
  if (!prepared) {
    return prepared;
  }
  const Outcome<std::int64_t> count = database_->query_integer("SELECT commit_count FROM catalogue");
  if (!count) {
    return fail(count.error());
  }
  commit_count_ = *count;
  return {};
}

Outcome<Contents> Catalogue::load() const {
  check(database_ != nullptr, "load() comes right after open()");
  return read_contents(*database_);
}

Outcome<void> Catalogue::commit(const Changes& changes) {
  Outcome<void> revived = revive();
  if (!revived) {
    return revived;
  }
  Outcome<void> done = try_commit(changes);
  if (done) {
    ++commit_count_;
    return {};
  }
  // A change refused by the schema, or one that found no room for its pages, did not reach its commit record.
  if (done.error().code == ErrorCode::kConflict || done.error().code == ErrorCode::kNoSpace) {
    return done;
  }
  const Outcome<bool> there = reopen_and_look();
  if (!there) {
    return fail(there.error());
  }
  if (*there) {
    return {};
  }
  return done;
}

Outcome<void> Catalogue::wipe_remains() {
  Outcome<void> revived = revive();
  if (!revived) {
    return revived;
  }
  return database_->execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

Outcome<void> Catalogue::revive() {
  if (database_ != nullptr) {
    return {};
  }
  const std::int64_t known = commit_count_;
  Outcome<void> connected = connect();
  if (connected && commit_count_ == known) {
    return {};
  }
  database_.reset();
  commit_count_ = known;
  if (!connected) {
    return connected;
  }
  return fail(Error{ErrorCode::kIo, fmt::format("a change that the catalogue {} reported as failed is in it after all. "
                                                "Restart the daemon, so that it reads the catalogue anew.",
                                                options_.path)});
}

Outcome<void> Catalogue::try_commit(const Changes& changes) {
  Outcome<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) {
    return fail(transaction.error());
  }
  for (const Change& change : changes) {
    Outcome<void> written = write_change(*database_, change);
    if (!written) {
      return written;
    }
  }
  Outcome<void> counted = database_->run("UPDATE catalogue SET commit_count = ?", {commit_count_ + 1});
  if (!counted) {
    return counted;
  }
  return transaction->commit();
}

Outcome<bool> Catalogue::reopen_and_look() {
  const std::int64_t before = commit_count_;
  database_.reset();
  Outcome<void> connected = connect();
  if (connected) {
    // Copies the log into the database and syncs both: what we see now is on stable storage, not only in memory.
    connected = database_->execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  if (!connected) {
    database_.reset();
    commit_count_ = before;
    return fail(connected.error());
  }
  return commit_count_ > before;
}

}  // namespace lunaria::catalogue
