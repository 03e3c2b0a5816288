#pragma once

// FaultVfs: an SQLite VFS over the system's that fails on command and can take back what was never synced, as a power
// cut does. For tests.

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lunaria::catalogue {

/// Registered under `name()` from construction to destruction; no database may be open on it at either end.
class FaultVfs final {
 public:
  enum class Fault : std::uint8_t {
    kNone,
    kIoError,   ///< the n-th write, sync or truncation fails once
    kNoSpace,   ///< from the n-th on, every write fails with "full"
    kPowerCut,  ///< from the n-th on, everything fails: the machine is off
  };

  FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs();

  const char* name() const { return "fault"; }
  /// Arms: `countdown` more writes, syncs and truncations go well, then `fault` happens.
  void arm(Fault fault, int countdown);
  void disarm() { fault_ = Fault::kNone; }
  bool fired() const { return fired_; }
  /// The machine is on again: each write that was not synced is taken back unless its bit in `kept` is set. Nothing may
  /// be open.
  void restore_power(std::uint64_t kept);

 private:
  struct Undo {
    std::string path;
    std::int64_t offset;
    std::vector<char> old_bytes;
    std::int64_t old_size;
  };
  struct File;
  struct Methods;

  /// SQLITE_OK, or the error that the present operation meets.
  int meet(int error);
  void remember(File& file, std::int64_t offset, int size);
  void forget(const std::string& path);
  static File& of(sqlite3_file* file);
  static FaultVfs& of(sqlite3_vfs* vfs);
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* flags_out);
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory);

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_{};
  Fault fault_ = Fault::kNone;
  int countdown_ = 0;
  bool fired_ = false;
  std::vector<Undo> undo_;
};

}  // namespace lunaria::catalogue
