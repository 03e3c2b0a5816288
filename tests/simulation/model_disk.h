#pragma once

// ModelDisk: the judge of what a disk may answer. It keeps, for every sector, the writes whose data may be there, and
// says whether a sector that was read is one of them.
//
// The rules, for one sector: a write takes effect once, somewhere between its request and its answer; an unanswered one
// at any time until it is known to be over, or never. A read sees the latest effect. A power cut leaves any write that
// no durable one follows: what was acknowledged before a flush began that succeeded, or was written through (FUA),
// stays.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "simulation/sectors.h"
#include "simulation/ticks.h"

namespace lunaria::simulation {

/// A write of one ModelDisk.
enum class WriteIndex : std::uint32_t {};

/// All zeros when made. A judgement is nothing when lawful, else the reason in words.
class ModelDisk final {
 public:
  using Judgement = std::optional<std::string>;

  /// `number` makes the origins of this disk's writes differ from those of others. The ticks outlive the disk.
  ModelDisk(Ticks& ticks, std::uint32_t number, std::uint64_t sectors);

  std::uint64_t sectors() const { return sectors_.size(); }

  /// A write is requested; `zeros`: it clears the range.
  WriteIndex begin_write(Range range, bool zeros);
  Origin origin(WriteIndex write) const { return find(write).origin; }
  /// It succeeded; `durable`: it was written through.
  void acknowledge(WriteIndex write, bool durable);
  /// It is over; whether and how far it took effect is not known.
  void end_unknown(WriteIndex write);
  /// It is over and had no effect.
  void withdraw(WriteIndex write);

  /// What the range probably holds: the latest write of each sector that may be there.
  std::vector<std::byte> likely(Range range) const;

  /// Data read by a request that began then.
  Judgement judge_read(Tick began, Range range, std::span<const std::byte> data);
  /// A COMPARE AND WRITE that found `expected`.
  Judgement judge_compare(Tick began, Range range, std::span<const std::byte> expected);
  /// One that found anything else; its own write is withdrawn already.
  Judgement judge_miscompare(Tick began, Range range, std::span<const std::byte> expected) const;
  /// A flush that began then has succeeded.
  void flushed(Tick began);
  /// The disk has lost a flush and is given back to its users: what is not durable now no later flush will save.
  void forget_cache();

  /// The server has died: nothing that it was asked before happens later.
  void process_crash();
  /// And the machine has lost what was not durable.
  void power_cut();
  /// Instead, for a disk that the server keeps in its own memory: nothing is left of it.
  void lose_all();

 private:
  struct Write {
    Origin origin{};
    Range range;
    Tick start = 0;
    Tick end = kNever;
    bool acknowledged = false;
    bool durable = false;
    bool doubtful = false;  ///< no flush saves it any more
    bool is_base = false;   ///< stands for what a power cut may have left
  };
  struct Candidate {
    std::uint32_t write;
    Tick refuted = kNever;  ///< a read that was over then has seen something else: it is not on the disk any more
  };
  using Candidates = std::vector<Candidate>;

  /// Everything is zeros since then, for certain.
  void clear(Tick since);
  const Write& find(WriteIndex write) const { return writes_[static_cast<std::size_t>(write)]; }
  Write& find(WriteIndex write) { return writes_[static_cast<std::size_t>(write)]; }
  bool is_lawful(const Candidates& candidates, const Candidate& candidate, Tick began) const;
  bool may_survive(const Candidates& candidates, const Candidate& candidate) const;
  void learn(Candidates& candidates, Origin seen, Tick began) const;
  std::string describe(std::uint64_t sector, std::optional<Origin> seen, Tick began) const;

  Ticks& ticks_;
  std::uint32_t number_;
  std::vector<Write> writes_;
  std::vector<Candidates> sectors_;
  std::map<std::uint64_t, Origin> consumed_;  ///< by sector: what the last successful COMPARE AND WRITE found
};

}  // namespace lunaria::simulation
