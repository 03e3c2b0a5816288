#include "catalogue/fault_vfs.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>

#include "base/check.h"

namespace lunaria::catalogue {

/// What SQLite allocates for us; the real file follows it in the same block.
struct FaultVfs::File {
  sqlite3_file base;
  FaultVfs* owner;
  const char* path;  // SQLite keeps it in place while the file is open
  sqlite3_file* real;
};

struct FaultVfs::Methods {
  static int close(sqlite3_file* file) { return of(file).real->pMethods->xClose(of(file).real); }
  static int read(sqlite3_file* file, void* memory, int size, sqlite3_int64 offset) {
    return of(file).real->pMethods->xRead(of(file).real, memory, size, offset);
  }
  static int write(sqlite3_file* file, const void* memory, int size, sqlite3_int64 offset) {
    File& self = of(file);
    const int met = self.owner->meet(SQLITE_IOERR_WRITE);
    if (met != SQLITE_OK) {
      return met;
    }
    self.owner->remember(self, offset, size);
    return self.real->pMethods->xWrite(self.real, memory, size, offset);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    File& self = of(file);
    const int met = self.owner->meet(SQLITE_IOERR_TRUNCATE);
    if (met != SQLITE_OK) {
      return met;
    }
    sqlite3_int64 old_size = 0;
    self.real->pMethods->xFileSize(self.real, &old_size);
    if (old_size > size) {
      self.owner->remember(self, size, static_cast<int>(old_size - size));
    }
    return self.real->pMethods->xTruncate(self.real, size);
  }
  static int sync(sqlite3_file* file, int /*flags*/) {
    File& self = of(file);
    const int met = self.owner->meet(SQLITE_IOERR_FSYNC);
    if (met != SQLITE_OK) {
      return met;
    }
    // Only what the shim would take back counts; the real disk need not work for it.
    self.owner->forget(self.path);
    return SQLITE_OK;
  }
  static int size(sqlite3_file* file, sqlite3_int64* size) {
    return of(file).real->pMethods->xFileSize(of(file).real, size);
  }
  static int lock(sqlite3_file* file, int level) { return of(file).real->pMethods->xLock(of(file).real, level); }
  static int unlock(sqlite3_file* file, int level) { return of(file).real->pMethods->xUnlock(of(file).real, level); }
  static int check_lock(sqlite3_file* file, int* held) {
    return of(file).real->pMethods->xCheckReservedLock(of(file).real, held);
  }
  static int control(sqlite3_file* file, int operation, void* argument) {
    return of(file).real->pMethods->xFileControl(of(file).real, operation, argument);
  }
  static int sector_size(sqlite3_file* file) { return of(file).real->pMethods->xSectorSize(of(file).real); }
  static int characteristics(sqlite3_file* file) {
    return of(file).real->pMethods->xDeviceCharacteristics(of(file).real);
  }
  // Version 1: without shared memory, which exclusive locking makes needless, and without mapped reads.
  static constexpr sqlite3_io_methods kTable = {
      1,           close,           read,    write,   truncate, sync,    size,    lock,   unlock, check_lock, control,
      sector_size, characteristics, nullptr, nullptr, nullptr,  nullptr, nullptr, nullptr};
};

FaultVfs::FaultVfs() : real_(sqlite3_vfs_find(nullptr)) {
  vfs_ = *real_;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.pNext = nullptr;
  vfs_.zName = name();
  vfs_.pAppData = this;
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  // The rest of the system's functions find their own state by themselves.
  sqlite3_vfs_register(&vfs_, 0);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&vfs_);
}

void FaultVfs::arm(Fault fault, int countdown) {
  fault_ = fault;
  countdown_ = countdown;
  fired_ = false;
}

int FaultVfs::meet(int error) {
  if (fault_ == Fault::kNone || countdown_-- > 0) {
    return SQLITE_OK;
  }
  countdown_ = 0;
  fired_ = true;
  if (fault_ == Fault::kNoSpace) {
    return error == SQLITE_IOERR_WRITE ? SQLITE_FULL : SQLITE_OK;
  }
  if (fault_ == Fault::kIoError) {
    fault_ = Fault::kNone;
  }
  return error;
}

void FaultVfs::remember(File& file, std::int64_t offset, int size) {
  sqlite3_int64 old_size = 0;
  file.real->pMethods->xFileSize(file.real, &old_size);
  std::vector<char> bytes(static_cast<std::size_t>(size));
  file.real->pMethods->xRead(file.real, bytes.data(), size, offset);  // zeros past the end
  undo_.push_back({file.path, offset, std::move(bytes), old_size});
}

void FaultVfs::forget(const std::string& path) {
  std::erase_if(undo_, [&](const Undo& entry) { return entry.path == path; });
}

void FaultVfs::restore_power(std::uint64_t kept) {
  fault_ = Fault::kNone;
  std::size_t bit = undo_.size();
  for (auto entry = undo_.rbegin(); entry != undo_.rend(); ++entry) {
    --bit;
    if (((kept >> (bit % 64)) & 1) != 0 || !std::filesystem::exists(entry->path)) {
      continue;
    }
    std::fstream file(entry->path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(entry->offset);
    file.write(entry->old_bytes.data(), static_cast<std::streamsize>(entry->old_bytes.size()));
    file.close();
    std::filesystem::resize_file(entry->path, static_cast<std::uintmax_t>(entry->old_size));
  }
  undo_.clear();
}

FaultVfs::File& FaultVfs::of(sqlite3_file* file) {
  return *static_cast<File*>(static_cast<void*>(file));
}

FaultVfs& FaultVfs::of(sqlite3_vfs* vfs) {
  return *static_cast<FaultVfs*>(vfs->pAppData);
}

int FaultVfs::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  FaultVfs& self = of(vfs);
  File& ours = *new (static_cast<void*>(file)) File{{nullptr}, &self, path, nullptr};
  ours.real =
      static_cast<sqlite3_file*>(static_cast<void*>(static_cast<char*>(static_cast<void*>(file)) + sizeof(File)));
  std::memset(static_cast<void*>(ours.real), 0, static_cast<std::size_t>(self.real_->szOsFile));
  const int opened = self.real_->xOpen(self.real_, path, ours.real, flags, flags_out);
  if (opened == SQLITE_OK) {
    ours.base.pMethods = &Methods::kTable;
  }
  return opened;
}

int FaultVfs::remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  FaultVfs& self = of(vfs);
  if (self.fired_ && self.fault_ == Fault::kPowerCut) {
    return SQLITE_IOERR_DELETE;
  }
  self.forget(path);
  return self.real_->xDelete(self.real_, path, sync_directory);
}

}  // namespace lunaria::catalogue
