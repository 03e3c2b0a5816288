#pragma once

// AtomicVolume: gives a file volume writes that a crash or power cut leaves whole or undone. A journal beside the file
// holds each such write, durably, before it is made in place; what a crash has torn is made whole from there.
// The format: docs/formats/atomic-journal.md.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "block/volume.h"
#include "runtime/event.h"
#include "runtime/file.h"
#include "runtime/gate.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace lunaria::block {

/// Where the journal of the volume at `path` is.
std::string atomic_journal_path(const std::string& path);

/// A layer over a file volume of its own; lives on `home`. The journal is made by the first kWriteAtomic. A journal
/// that is found there is played back before the first request is served: a volume which this one replaces is gone by
/// then.
///
/// Why playing back never brings old data over new: before a write that is not atomic touches a range which the journal
/// holds, the volume is flushed and the journal emptied.
class AtomicVolume final : public Volume {
 public:
  /// Bytes of one write; the longest that a journal record is for.
  static constexpr std::uint32_t kLengthMax = std::uint32_t{1} << 20;
  /// Bytes of journal after which it is emptied.
  static constexpr std::uint64_t kJournalMax = std::uint64_t{32} << 20;

  /// `path` is the volume's. Files and home outlive it.
  AtomicVolume(runtime::FileSystem& files, runtime::Shard& home, std::unique_ptr<Volume> below, std::string path);
  AtomicVolume(const AtomicVolume&) = delete;
  AtomicVolume& operator=(const AtomicVolume&) = delete;
  ~AtomicVolume() override;

  Geometry geometry() const override { return below_->geometry(); }
  Features features() const override;
  bool submit(Request& request) noexcept override;
  std::optional<std::string> failure() const override;

 private:
  struct Range {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };

  bool must_wait(const Request& request) const;
  bool is_held(const Request& request) const;
  runtime::Task<void> serve(Request& request);
  runtime::Task<IoStatus> serve_in_turn(Request& request);
  runtime::Task<IoStatus> recover();
  runtime::Task<IoStatus> write(Request& request);
  runtime::Task<IoStatus> append(const Request& request);
  runtime::Task<IoStatus> empty_journal();
  runtime::Task<bool> open_journal();
  runtime::Task<bool> write_journal(std::uint64_t offset, std::span<const iovec> parts, std::uint64_t length);
  runtime::Task<void> pass_down(Request& request);
  void fail_for_good(std::string reason);

  runtime::FileSystem& files_;
  runtime::Shard& home_;
  std::unique_ptr<Volume> below_;
  std::string path_;
  bool must_recover_ = true;  ///< until the first request has looked for a journal
  bool busy_ = false;         ///< a request that changes the journal is under way; others of that kind wait
  runtime::Event freed_;
  std::unique_ptr<runtime::File> journal_;
  std::uint64_t generation_ = 0;
  std::uint64_t tail_ = 0;   ///< where the next record goes
  std::vector<Range> held_;  ///< what the journal's records are of
  std::optional<std::string> failure_;
  std::vector<std::byte> header_;  ///< one journal block, once there is a journal
  runtime::Gate gate_;
};

}  // namespace lunaria::block
