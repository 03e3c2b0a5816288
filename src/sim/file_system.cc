#include "sim/file_system.h"

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "sim/world.h"

namespace lunaria::sim {

using runtime::FileOperation;
using runtime::FileRequest;
using runtime::FileStatus;
using runtime::IoError;
using runtime::OpenOptions;

namespace {

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

CallKind kind_of(FileOperation operation) {
  switch (operation) {
    case FileOperation::kRead:
      return CallKind::kRead;
    case FileOperation::kWrite:
    case FileOperation::kWriteDurable:
      return CallKind::kWrite;
    case FileOperation::kSync:
      return CallKind::kSync;
    case FileOperation::kPunchHole:
    case FileOperation::kZeroRange:
      break;
  }
  return CallKind::kDiscard;
}

}  // namespace

SimFileSystem::SimFileSystem(World& world, const DiskOptions& options) : world_(world), options_(options) {}

SimFileSystem::~SimFileSystem() {
  check(std::ranges::none_of(pending_, &Pending::active), "nothing is in flight when a disk goes");
}

Fate SimFileSystem::fate_of(CallKind kind, const std::string& path, std::uint64_t offset, std::uint64_t length) {
  ++call_count_;
  return faults_ ? faults_({.kind = kind, .path = path, .offset = offset, .length = length, .number = call_count_})
                 : Fate::proceed();
}

void SimFileSystem::fail_call(std::uint64_t n, Fate fate) {
  faults_ = [number = call_count_ + n, fate](const Call& call) {
    return call.number == number ? fate : Fate::proceed();
  };
}

std::optional<IoError> SimFileSystem::metadata_error(const std::string& path) {
  const Fate fate = fate_of(CallKind::kMetadata, path, 0, 0);
  switch (fate.kind) {
    case Fate::Kind::kError:
      return IoError{fate.code};
    case Fate::Kind::kHang:
      return IoError{EIO};
    case Fate::Kind::kProceed:
    case Fate::Kind::kShort:
      break;
  }
  return std::nullopt;
}

void SimFileSystem::apply(Names& names, const NameChange& change) {
  for (const auto& [name, inode] : change) {
    if (inode == nullptr) {
      names.erase(name);
    } else {
      names[name] = inode;
    }
  }
}

void SimFileSystem::change_names(NameChange change) {
  apply(names_, change);
  journal_.push_back(std::move(change));
}

std::uint64_t SimFileSystem::taken_pages() const {
  std::uint64_t taken = 0;
  for (const auto& [name, inode] : names_) {
    taken += inode->is_device ? 0 : inode->content.pages();
  }
  return taken;
}

bool SimFileSystem::has_room(std::uint64_t pages) const {
  return (taken_pages() + pages) * kPageSize <= options_.capacity;
}

Result<std::unique_ptr<runtime::File>, IoError> SimFileSystem::open(const std::string& path,
                                                                    const OpenOptions& options) {
  if (const std::optional<IoError> error = metadata_error(path)) {
    return fail(*error);
  }
  if (directories_.contains(path)) {
    return fail(IoError{EISDIR});
  }
  auto found = names_.find(path);
  if (options.create_new) {
    if (found != names_.end()) {
      return fail(IoError{EEXIST});
    }
    if (!directories_.contains(parent_of(path))) {
      return fail(IoError{ENOENT});
    }
    auto inode = std::make_shared<Inode>();
    inode->permissions = options.owner_only ? 0600 : 0640;
    change_names({{path, std::move(inode)}});
    found = names_.find(path);
  }
  if (found == names_.end()) {
    return fail(IoError{ENOENT});
  }
  if (options.exclusive && found->second->is_claimed) {
    return fail(IoError{EBUSY});
  }
  return std::make_unique<SimFile>(*this, path, found->second, options);
}

Result<FileStatus, IoError> SimFileSystem::status(const std::string& path) {
  if (const std::optional<IoError> error = metadata_error(path)) {
    return fail(*error);
  }
  if (directories_.contains(path)) {
    const auto owner = owners_.find(path);
    return FileStatus{.size = 0,
                      .is_directory = true,
                      .is_block_device = false,
                      .permissions = 0750,
                      .owner = owner == owners_.end() ? 0 : owner->second};
  }
  const auto found = names_.find(path);
  if (found == names_.end()) {
    return fail(IoError{ENOENT});
  }
  const Inode& inode = *found->second;
  return FileStatus{.size = inode.content.size(),
                    .is_directory = false,
                    .is_block_device = inode.is_device,
                    .permissions = inode.permissions,
                    .owner = 0};
}

Result<void, IoError> SimFileSystem::remove(const std::string& path) {
  if (const std::optional<IoError> error = metadata_error(path)) {
    return fail(*error);
  }
  if (!names_.contains(path)) {
    return fail(IoError{ENOENT});
  }
  change_names({{path, nullptr}});
  return {};
}

Result<void, IoError> SimFileSystem::rename(const std::string& from, const std::string& to) {
  if (const std::optional<IoError> error = metadata_error(from)) {
    return fail(*error);
  }
  const auto found = names_.find(from);
  if (found == names_.end() || !directories_.contains(parent_of(to))) {
    return fail(IoError{ENOENT});
  }
  if (from != to) {
    change_names({{from, nullptr}, {to, found->second}});
  }
  return {};
}

Result<std::string, IoError> SimFileSystem::real_path(const std::string& path) {
  if (const std::optional<IoError> error = metadata_error(path)) {
    return fail(*error);
  }
  for (const auto& [name, target] : links_) {
    if (path == name || path.starts_with(name + '/')) {
      return real_path(target + path.substr(name.size()));
    }
  }
  return path;
}

bool SimFileSystem::are_same(const std::string& left, const std::string& right) {
  const auto first = real_path(left);
  const auto second = real_path(right);
  if (!first || !second) {
    return false;
  }
  const auto file = names_.find(*first);
  const auto other = names_.find(*second);
  return file != names_.end() && other != names_.end() ? file->second == other->second
                                                       : *first == *second && directories_.contains(*first);
}

Result<void, IoError> SimFileSystem::create_directories(const std::string& path) {
  if (const std::optional<IoError> error = metadata_error(path)) {
    return fail(*error);
  }
  for (std::string part = path; part != "/"; part = parent_of(part)) {
    if (names_.contains(part)) {
      return fail(IoError{ENOTDIR});
    }
    directories_.insert(part);
  }
  return {};
}

Result<void, IoError> SimFileSystem::sync_directory(const std::string& path) {
  if (const std::optional<IoError> error = metadata_error(path)) {
    return fail(*error);
  }
  if (!directories_.contains(path)) {
    return fail(IoError{ENOENT});
  }
  // A journal is written in order: up to and with the last change in this directory.
  std::size_t count = 0;
  for (std::size_t i = 0; i < journal_.size(); ++i) {
    const bool here =
        std::ranges::any_of(journal_[i], [&path](const auto& entry) { return parent_of(entry.first) == path; });
    count = here ? i + 1 : count;
  }
  for (; count > 0; --count) {
    apply(durable_names_, journal_.front());
    journal_.pop_front();
  }
  return {};
}

void SimFileSystem::add_device(const std::string& path, std::uint64_t size) {
  auto inode = std::make_shared<Inode>();
  inode->is_device = true;
  inode->permissions = 0660;
  inode->content.make_device(size);
  names_[path] = inode;
  durable_names_[path] = inode;
}

bool SimFileSystem::submit(SimFile& file, FileRequest& request, SimShard& shard) {
  const CallKind kind = kind_of(request.operation);
  const Fate fate = fate_of(kind, file.path_, request.offset, request.length);
  const bool may_be_cached = kind == CallKind::kRead || request.operation == FileOperation::kWrite;
  const bool healthy = fate.kind == Fate::Kind::kProceed || fate.kind == Fate::Kind::kShort;
  if (may_be_cached && healthy && !file.options_.direct && world_.dice().chance(options_.cached_per_mille)) {
    request.result = file.perform(request, fate);
    return true;
  }
  auto place = std::ranges::find(pending_, false, &Pending::active);
  Pending& pending = place == pending_.end() ? pending_.emplace_back() : *place;
  pending.disk = this;
  pending.file = &file;
  pending.shard = &shard;
  pending.request = &request;
  pending.fate = fate;
  pending.active = true;
  pending.hung = fate.kind == Fate::Kind::kHang;
  pending.on_complete([](runtime::Operation& operation) noexcept {
    auto& self = static_cast<Pending&>(operation);
    self.disk->finish(self);
  });
  if (kind == CallKind::kSync) {
    pending.snapshot = file.inode_->content.begin_sync();
  }
  ++file.in_flight_;
  if (!pending.hung) {
    start(pending);
  }
  return false;
}

void SimFileSystem::start(Pending& pending) {
  const auto first = static_cast<std::uint64_t>(options_.latency_min.count());
  const auto last = static_cast<std::uint64_t>(options_.latency_max.count());
  pending.shard->start(pending, runtime::Duration(world_.dice().between(first, last)));
}

void SimFileSystem::finish(Pending& pending) {
  FileRequest& request = *pending.request;
  SimFile& file = *pending.file;
  if (request.operation == FileOperation::kSync && !file.is_stale()) {
    Content& content = file.inode_->content;
    if (pending.fate.kind == Fate::Kind::kError) {
      content.fail_sync();
      request.result = -pending.fate.code;
    } else {
      content.finish_sync(pending.snapshot);
      request.result = 0;
    }
  } else {
    request.result = file.perform(request, pending.fate);
  }
  pending.snapshot.pages.clear();
  pending.active = false;
  --file.in_flight_;
  request.complete();
}

void SimFileSystem::release_hung() {
  for (Pending& pending : pending_) {
    if (pending.active && std::exchange(pending.hung, false)) {
      pending.fate = Fate::proceed();
      start(pending);
    }
  }
}

void SimFileSystem::abandon_files() {
  // What was being written may have reached the cache in part.
  for (Pending& pending : pending_) {
    if (!pending.active || pending.file->is_stale()) {
      continue;
    }
    const FileRequest& request = *pending.request;
    if (kind_of(request.operation) == CallKind::kWrite && pending.file->validate(request) == 0) {
      const std::uint64_t sectors = request.length / kSectorSize;
      static_cast<void>(pending.file->write(request, world_.dice().between(0, sectors) * kSectorSize));
    }
  }
  ++generation_;
  release_hung();
}

void SimFileSystem::power_cut() {
  abandon_files();
  const std::uint64_t kept = world_.dice().between(0, journal_.size());
  for (std::uint64_t i = 0; i < kept; ++i) {
    apply(durable_names_, journal_[i]);
  }
  journal_.clear();
  names_ = durable_names_;
  for (const auto& [name, inode] : names_) {
    inode->content.power_cut(world_.dice());
  }
}

void SimFileSystem::process_crash() {
  abandon_files();
}

}  // namespace lunaria::sim
