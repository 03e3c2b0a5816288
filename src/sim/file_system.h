#pragma once

// SimFileSystem: files in memory with the manners of real disks: operations take time and finish in any order, what was
// not synced is lost or torn by a power cut, any call may fail, fall short or hang.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/file.h"
#include "runtime/shard.h"
#include "sim/content.h"

namespace lunaria::sim {

class SimFile;
class SimFileSystem;
class SimShard;
class World;

struct DiskOptions {
  runtime::Duration latency_min = std::chrono::microseconds(50);
  runtime::Duration latency_max = std::chrono::milliseconds(1);
  /// Of 1000 reads and buffered writes, how many complete at once, as those of cached pages do.
  std::uint32_t cached_per_mille = 250;
  /// Bytes of space in all files; then ENOSPC.
  std::uint64_t capacity = std::uint64_t{1} << 40;
};

/// What is called, for fault functions.
enum class CallKind : std::uint8_t {
  kRead,
  kWrite,
  kSync,
  kDiscard,   ///< punch hole, zero range
  kMetadata,  ///< open, remove, rename, truncate, allocate, directories
};

struct Call {
  CallKind kind = CallKind::kRead;
  const std::string& path;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t number = 0;  ///< counts every call to the file system from 1
};

/// What shall happen to a call.
struct Fate {
  enum class Kind : std::uint8_t {
    kProceed,
    kError,  ///< fails with `code`; a write may have happened in part
    kShort,  ///< a read ends early, as at an end of file; other calls proceed
    kHang,   ///< completes when release_hung() is called; synchronous calls fail with EIO instead
  };
  Kind kind = Kind::kProceed;
  int code = 0;  ///< a positive errno

  static Fate proceed() { return {}; }
  static Fate error(int code) { return {.kind = Kind::kError, .code = code}; }
  static Fate cut_short() { return {.kind = Kind::kShort, .code = 0}; }
  static Fate hang() { return {.kind = Kind::kHang, .code = 0}; }
};

/// One file; `content` is shared by all who have it open.
struct Inode {
  Content content;
  bool is_device = false;
  bool is_claimed = false;  ///< a device, by somebody else
  std::uint32_t permissions = 0640;
};

/// One disk's names and files. Must outlive its files. Single-threaded like its world.
///
/// Durability: data by sync or kWriteDurable. Names by sync_directory; otherwise a power cut keeps the first few of the
/// changes since, in their order (as a journal does). Directories themselves are durable at once.
class SimFileSystem final : public runtime::FileSystem {
 public:
  using FaultFunction = std::function<Fate(const Call&)>;

  explicit SimFileSystem(World& world, const DiskOptions& options = {});
  SimFileSystem(const SimFileSystem&) = delete;
  SimFileSystem& operator=(const SimFileSystem&) = delete;
  ~SimFileSystem() override;

  Result<std::unique_ptr<runtime::File>, runtime::IoError> open(const std::string& path,
                                                                const runtime::OpenOptions& options) override;
  Result<runtime::FileStatus, runtime::IoError> status(const std::string& path) override;
  Result<void, runtime::IoError> remove(const std::string& path) override;
  Result<void, runtime::IoError> rename(const std::string& from, const std::string& to) override;
  Result<void, runtime::IoError> create_directories(const std::string& path) override;
  Result<void, runtime::IoError> sync_directory(const std::string& path) override;
  Result<std::string, runtime::IoError> real_path(const std::string& path) override;
  bool are_same(const std::string& left, const std::string& right) override;
  /// A symbolic link, which real_path() and are_same() follow; all else takes paths as they are.
  void link_symbolically(const std::string& name, const std::string& target) { links_[name] = target; }
  /// One more name for a file.
  void link(const std::string& name, const std::string& file) { names_[name] = names_.at(file); }

  /// A directory that is there belongs to this user; without a word to root.
  void set_owner(const std::string& directory, std::uint32_t user) { owners_[directory] = user; }

  /// A block device of this size, all zeros.
  void add_device(const std::string& path, std::uint64_t size);
  /// Somebody else has it open exclusively, as a mount does, or no longer.
  void set_claimed(const std::string& path, bool is_claimed) { names_.at(path)->is_claimed = is_claimed; }
  DiskOptions& options() { return options_; }

  /// Asked before every call; an empty function lets all proceed.
  void set_faults(FaultFunction faults) { faults_ = std::move(faults); }
  /// The n-th call from now (1: the next one) meets this fate, all others proceed.
  void fail_call(std::uint64_t n, Fate fate);
  /// Calls so far.
  std::uint64_t call_count() const { return call_count_; }
  /// Lets hung calls proceed.
  void release_hung();

  /// The machine loses power: what was not durable is lost, kept or torn. Files that are open go stale: their
  /// operations in flight and all later ones fail with EIO. Open them again to see what is left.
  void power_cut();
  /// The process dies, the machine stays: open files go stale, nothing written is lost.
  void process_crash();

 private:
  friend class SimFile;
  struct Pending : runtime::Timer {
    SimFileSystem* disk = nullptr;
    SimFile* file = nullptr;
    SimShard* shard = nullptr;
    runtime::FileRequest* request = nullptr;
    Content::Snapshot snapshot;
    Fate fate;
    bool active = false;
    bool hung = false;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  /// A set of names that change together: new inodes, or null for a name that goes.
  using NameChange = std::vector<std::pair<std::string, std::shared_ptr<Inode>>>;

  Fate fate_of(CallKind kind, const std::string& path, std::uint64_t offset, std::uint64_t length);
  std::optional<runtime::IoError> metadata_error(const std::string& path);
  static void apply(Names& names, const NameChange& change);
  void change_names(NameChange change);
  bool has_room(std::uint64_t pages) const;
  std::uint64_t taken_pages() const;
  bool submit(SimFile& file, runtime::FileRequest& request, SimShard& shard);
  void start(Pending& pending);
  void finish(Pending& pending);
  void abandon_files();

  World& world_;
  DiskOptions options_;
  FaultFunction faults_;
  std::uint64_t call_count_ = 0;
  std::uint64_t generation_ = 0;  // of open files; older ones are stale
  Names names_;
  std::map<std::string, std::string> links_;
  std::map<std::string, std::uint32_t> owners_;  // of directories that are not root's
  Names durable_names_;
  std::deque<NameChange> journal_;
  std::set<std::string> directories_{"/"};
  std::deque<Pending> pending_;
};

/// An open file of a SimFileSystem.
class SimFile final : public runtime::File {
 public:
  SimFile(SimFileSystem& disk, std::string path, std::shared_ptr<Inode> inode, const runtime::OpenOptions& options);
  ~SimFile() override;

  Result<std::uint64_t, runtime::IoError> size() const override;
  Result<std::size_t, runtime::IoError> read_at(std::uint64_t offset, std::span<std::byte> memory) override;
  Result<void, runtime::IoError> write_at(std::uint64_t offset, std::span<const std::byte> memory) override;
  Result<void, runtime::IoError> truncate(std::uint64_t size) override;
  Result<void, runtime::IoError> allocate(std::uint64_t offset, std::uint64_t length) override;
  Result<void, runtime::IoError> sync() override;
  Result<std::uint64_t, runtime::IoError> allocated_size() const override;
  Result<std::uint64_t, runtime::IoError> available_size() const override;
  Result<std::uint64_t, runtime::IoError> next_data(std::uint64_t offset) const override;
  Result<std::uint64_t, runtime::IoError> next_hole(std::uint64_t offset) const override;

  /// For SimShard.
  bool submit(runtime::FileRequest& request, SimShard& shard) { return disk_.submit(*this, request, shard); }

 private:
  friend class SimFileSystem;
  bool is_stale() const { return generation_ != disk_.generation_; }
  std::optional<runtime::IoError> before_call(CallKind kind, std::uint64_t offset, std::uint64_t length);
  std::int64_t validate(const runtime::FileRequest& request) const;
  std::int64_t perform(runtime::FileRequest& request, const Fate& fate);
  std::int64_t write(const runtime::FileRequest& request, std::uint64_t length);

  SimFileSystem& disk_;
  std::string path_;
  std::shared_ptr<Inode> inode_;
  runtime::OpenOptions options_;
  std::uint64_t generation_;
  std::size_t in_flight_ = 0;
};

}  // namespace lunaria::sim
