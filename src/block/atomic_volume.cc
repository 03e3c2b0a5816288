#include "block/atomic_volume.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "block/atomic_journal.h"
#include "runtime/blocking.h"
#include "runtime/submit.h"

namespace lunaria::block {
namespace {

bool modifies(IoOperation operation) {
  return operation == IoOperation::kWrite || operation == IoOperation::kUnmap || operation == IoOperation::kWriteZeroes;
}

}  // namespace

std::string atomic_journal_path(const std::string& path) {
  return path + ".atomic";
}

AtomicVolume::AtomicVolume(runtime::FileSystem& files, runtime::Shard& home, std::unique_ptr<Volume> below,
                           std::string path)
    : files_(files), home_(home), below_(std::move(below)), path_(std::move(path)) {}

AtomicVolume::~AtomicVolume() {
  gate_.close();
}

Features AtomicVolume::features() const {
  Features features = below_->features();
  features.atomic_length_max = features.read_only ? 0 : kLengthMax;
  return features;
}

std::optional<std::string> AtomicVolume::failure() const {
  return failure_ ? failure_ : below_->failure();
}

// The usual way costs two tests; only what meets the journal becomes a coroutine.
bool AtomicVolume::submit(Request& request) noexcept {
  if (failure_) {
    request.status = IoStatus::kFailed;
    return true;
  }
  if (!must_wait(request)) {
    return below_->submit(request);
  }
  check(runtime::spawn(gate_, serve(request)), "no request comes to a volume that goes");
  return false;
}

bool AtomicVolume::must_wait(const Request& request) const {
  return must_recover_ || request.operation == IoOperation::kWriteAtomic ||
         (!held_.empty() && modifies(request.operation) && is_held(request));
}

bool AtomicVolume::is_held(const Request& request) const {
  return std::ranges::any_of(held_, [&request](const Range& range) {
    return range.offset < request.offset + request.length && request.offset < range.offset + range.length;
  });
}

// submit() has said that the request is not done yet, so it may not complete inside that call.
runtime::Task<void> AtomicVolume::serve(Request& request) {
  co_await runtime::yield_on(home_);
  while (busy_) {
    co_await freed_.wait();
  }
  busy_ = true;
  freed_.reset();
  const IoStatus status = co_await serve_in_turn(request);
  request.status = status;
  busy_ = false;
  freed_.set();
  request.complete();
}

runtime::Task<IoStatus> AtomicVolume::serve_in_turn(Request& request) {
  if (must_recover_) {
    const IoStatus recovered = co_await recover();
    if (recovered != IoStatus::kOk) {
      co_return recovered;
    }
  }
  if (failure_) {
    co_return IoStatus::kFailed;
  }
  if (request.operation == IoOperation::kWriteAtomic) {
    co_return co_await write(request);
  }
  if (modifies(request.operation) && is_held(request)) {
    const IoStatus emptied = co_await empty_journal();
    if (emptied != IoStatus::kOk) {
      co_return emptied;
    }
  }
  co_await pass_down(request);
  co_return request.status;
}

runtime::Task<void> AtomicVolume::pass_down(Request& request) {
  Request copy;
  copy.operation = request.operation;
  copy.durable = request.durable;
  copy.offset = request.offset;
  copy.length = request.length;
  copy.memory = request.memory;
  co_await runtime::submit(*below_, copy);
  request.status = copy.status;
  request.mapped = copy.mapped;
  request.run_length = copy.run_length;
  request.used = copy.used;
  request.available = copy.available;
}

runtime::Task<IoStatus> AtomicVolume::recover() {
  const Result<void, runtime::IoError> played = co_await runtime::run_blocking(
      home_, [this] { return play_back_journal(files_, path_, atomic_journal_path(path_), geometry().size()); });
  if (!played) {
    fail_for_good("cannot make the atomic writes of " + path_ + " whole: " + to_string(played.error()) +
                  ". Let the daemon read " + atomic_journal_path(path_) + " and write the disk, and enable it again.");
    co_return IoStatus::kFailed;
  }
  must_recover_ = false;
  co_return IoStatus::kOk;
}

// Durable in the journal, then in place; from the first on the write is done, whatever happens.
runtime::Task<IoStatus> AtomicVolume::write(Request& request) {
  if (features().read_only) {
    co_return IoStatus::kWriteProtected;
  }
  check(request.length <= kLengthMax, "the caller has seen the limit");
  if (request.length == 0) {
    co_return IoStatus::kOk;
  }
  if (journal_ == nullptr) {
    const bool opened = co_await open_journal();
    if (!opened) {
      co_return IoStatus::kNoSpace;
    }
  }
  if (tail_ + record_size(request.length) > kJournalMax) {
    const IoStatus emptied = co_await empty_journal();
    if (emptied != IoStatus::kOk) {
      co_return emptied;
    }
  }
  const IoStatus appended = co_await append(request);
  if (appended != IoStatus::kOk) {
    co_return appended;
  }
  Request in_place;
  in_place.operation = IoOperation::kWrite;
  in_place.offset = request.offset;
  in_place.length = request.length;
  in_place.memory = request.memory;
  co_await runtime::submit(*below_, in_place);
  co_return in_place.status;
}

runtime::Task<IoStatus> AtomicVolume::append(const Request& request) {
  JournalRecord record;
  record.generation = generation_;
  record.offset = request.offset;
  record.length = static_cast<std::uint32_t>(request.length);
  encode_record(record, request.memory, JournalBlock(header_.data(), kJournalBlock));
  std::vector<iovec> parts;
  parts.reserve(request.memory.size() + 1);
  parts.push_back({header_.data(), header_.size()});
  parts.insert(parts.end(), request.memory.begin(), request.memory.end());
  const bool written = co_await write_journal(tail_, parts, header_.size() + request.length);
  if (!written) {  // the store is full, or worse; nothing has changed in place
    co_return IoStatus::kNoSpace;
  }
  tail_ += record_size(request.length);
  held_.push_back({request.offset, request.length});
  co_return IoStatus::kOk;
}

// What the records are of is flushed first; then a new generation makes them void.
runtime::Task<IoStatus> AtomicVolume::empty_journal() {
  const IoStatus flushed = co_await flush(*below_);
  if (flushed != IoStatus::kOk) {
    co_return flushed;
  }
  encode_journal_head(generation_ + 1, JournalBlock(header_.data(), kJournalBlock));
  const std::array<iovec, 1> part{{{header_.data(), header_.size()}}};
  const bool written = co_await write_journal(0, part, header_.size());
  if (!written) {  // it may or may not be void now: nothing that came later would be safe from it
    fail_for_good("the journal " + atomic_journal_path(path_) + " cannot be written");
    co_return IoStatus::kFailed;
  }
  ++generation_;
  tail_ = kJournalBlock;
  held_.clear();
  co_return IoStatus::kOk;
}

runtime::Task<bool> AtomicVolume::open_journal() {
  auto made =
      co_await runtime::run_blocking(home_, [this] { return make_journal(files_, atomic_journal_path(path_)); });
  if (!made) {
    co_return false;
  }
  journal_ = *std::move(made);
  header_.resize(kJournalBlock);
  generation_ = kFirstGeneration;
  tail_ = kJournalBlock;
  co_return true;
}

runtime::Task<bool> AtomicVolume::write_journal(std::uint64_t offset, std::span<const iovec> parts,
                                                std::uint64_t length) {
  runtime::FileRequest request;
  request.file = journal_.get();
  request.operation = runtime::FileOperation::kWriteDurable;
  request.offset = offset;
  request.length = length;
  request.memory = parts;
  co_await runtime::submit(home_, request);
  co_return request.result >= 0 && static_cast<std::uint64_t>(request.result) == length;
}

void AtomicVolume::fail_for_good(std::string reason) {
  if (!failure_) {
    failure_ = std::move(reason);
  }
}

}  // namespace lunaria::block
