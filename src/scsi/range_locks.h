#pragma once

// RangeLocks: keeps reads and writes of blocks apart from commands that must see them unchanged between two steps
// (COMPARE AND WRITE, ORWRITE; SBC-4 5.3), and newer commands apart from aborted ones that the medium has not let go
// of. Without such a command a lock costs a link in a list.

#include <coroutine>
#include <cstddef>
#include <cstdint>

namespace lunaria::scsi {

class Command;

/// Single shard. Served in order of arrival where ranges overlap. Empty when destroyed.
class RangeLocks final {
 public:
  enum class Mode : std::uint8_t { kShared, kExclusive };

  /// `RangeLocks::Hold hold(locks, lba, blocks, mode); co_await hold;` holds the range to the end of the scope. A
  /// command that changes the medium says who it is, for isolate().
  class Hold final {
   public:
    Hold(RangeLocks& locks, std::uint64_t first, std::uint64_t count, Mode mode, const Command* writer = nullptr)
        : locks_(locks), first_(first), count_(count), mode_(mode), writer_(writer) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { locks_.release(*this); }
    bool await_ready() { return locks_.add(*this); }
    void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
    void await_resume() const {}

   private:
    friend class RangeLocks;
    RangeLocks& locks_;
    std::uint64_t first_;
    std::uint64_t count_;
    Mode mode_;
    const Command* writer_;
    bool linked_ = false;
    std::coroutine_handle<> waiter_;  ///< while it waits
    Hold* next_ = nullptr;
    Hold* previous_ = nullptr;
  };

  RangeLocks() = default;
  RangeLocks(const RangeLocks&) = delete;
  RangeLocks& operator=(const RangeLocks&) = delete;
  ~RangeLocks();

  /// `writer` has been aborted. Its initiator will hear so at once, but what it has asked of the medium may still
  /// happen: until then nothing newer gets at the same blocks, or the old write would undo it.
  void isolate(const Command& writer);

 private:
  bool add(Hold& hold);
  void release(Hold& hold);
  bool must_wait(const Hold& hold) const;
  void wake();

  Hold* first_ = nullptr;
  Hold* last_ = nullptr;
  std::size_t exclusive_ = 0;  ///< held or waited for
  bool waking_ = false;
  bool wake_again_ = false;
};

}  // namespace lunaria::scsi
