#include "simulation/model_disk.h"

#include <algorithm>

#include "base/check.h"

namespace lunaria::simulation {

namespace {

std::span<const std::byte, kSectorSize> sector_of(std::span<const std::byte> data, std::uint64_t index) {
  return data.subspan(index * kSectorSize).first<kSectorSize>();
}

std::string name(std::optional<Origin> origin) {
  if (!origin) {
    return "bytes that nobody wrote there";
  }
  const auto id = static_cast<std::uint64_t>(*origin);
  return id == 0 ? "zeros" : "write " + std::to_string(id >> 32) + "." + std::to_string(id & 0xFFFF'FFFF);
}

}  // namespace

ModelDisk::ModelDisk(Ticks& ticks, std::uint32_t number, std::uint64_t sectors)
    : ticks_(ticks), number_(number), sectors_(sectors) {
  clear(0);
}

void ModelDisk::clear(Tick since) {
  const auto index = static_cast<std::uint32_t>(writes_.size());
  writes_.push_back({.origin = kZeros,
                     .range = {0, sectors()},
                     .start = since,
                     .end = since,
                     .acknowledged = true,
                     .durable = true,
                     .doubtful = false,
                     .is_base = false});
  std::ranges::fill(sectors_, Candidates{{.write = index}});
}

WriteIndex ModelDisk::begin_write(Range range, bool zeros) {
  const auto index = static_cast<std::uint32_t>(writes_.size());
  Write write;
  write.origin = zeros ? kZeros : Origin{std::uint64_t{number_ + 1} << 32 | index};
  write.range = range;
  write.start = ticks_.next();
  writes_.push_back(write);
  for (std::uint64_t sector = range.first; sector < range.end(); ++sector) {
    sectors_[sector].push_back({.write = index});
  }
  return WriteIndex{index};
}

void ModelDisk::acknowledge(WriteIndex index, bool durable) {
  Write& write = find(index);
  write.end = std::min(write.end, ticks_.next());
  write.acknowledged = true;
  write.durable = write.durable || (durable && !write.doubtful);
}

void ModelDisk::end_unknown(WriteIndex index) {
  Write& write = find(index);
  write.end = std::min(write.end, ticks_.next());
}

void ModelDisk::withdraw(WriteIndex index) {
  const Range range = find(index).range;
  for (std::uint64_t sector = range.first; sector < range.end(); ++sector) {
    std::erase_if(sectors_[sector],
                  [index](const Candidate& each) { return each.write == static_cast<std::uint32_t>(index); });
  }
}

/// Whether a read that began then may find it: not when a write that followed it was over by then.
bool ModelDisk::is_lawful(const Candidates& candidates, const Candidate& candidate, Tick began) const {
  const Write& write = writes_[candidate.write];
  return began < candidate.refuted && std::ranges::none_of(
                                          candidates,
                                          [&](const Candidate& other) {
                                            const Write& later = writes_[other.write];
                                            return &later != &write && later.acknowledged && later.end <= began &&
                                                   write.end <= later.start;
                                          });
}

/// Whether a power cut may leave it: not when a durable write followed it.
bool ModelDisk::may_survive(const Candidates& candidates, const Candidate& candidate) const {
  const Write& write = writes_[candidate.write];
  return std::ranges::none_of(candidates, [&](const Candidate& other) {
    const Write& later = writes_[other.write];
    return later.durable && write.end <= later.start && &later != &write;
  });
}

/// What was over before the read began, and is not what it saw, has been overwritten. Of what a power cut may have
/// left, only one was: when it is seen, the others never were.
void ModelDisk::learn(Candidates& candidates, Origin seen, Tick began) const {
  const Tick now = ticks_.next();
  bool is_what_was_left = true;
  for (const Candidate& candidate : candidates) {
    const Write& write = writes_[candidate.write];
    is_what_was_left = is_what_was_left && (write.origin != seen || write.is_base);
  }
  for (Candidate& candidate : candidates) {
    const Write& write = writes_[candidate.write];
    if (candidate.refuted == kNever && write.origin != seen && write.end <= began) {
      candidate.refuted = now;
    }
  }
  if (is_what_was_left) {
    std::erase_if(candidates, [&](const Candidate& each) {
      return writes_[each.write].is_base && writes_[each.write].origin != seen;
    });
  }
}

std::string ModelDisk::describe(std::uint64_t sector, std::optional<Origin> seen, Tick began) const {
  std::string text = "disk " + std::to_string(number_) + ", sector " + std::to_string(sector) + ": " + name(seen) +
                     " at a read from tick " + std::to_string(began) + "; it may hold";
  for (const Candidate& candidate : sectors_[sector]) {
    const Write& write = writes_[candidate.write];
    text += "\n    " + name(write.origin) + ", ticks " + std::to_string(write.start) + " to " +
            (write.end == kNever ? "-" : std::to_string(write.end)) + (write.acknowledged ? ", acknowledged" : "") +
            (write.durable ? ", durable" : "") + (write.doubtful ? ", doubtful" : "") +
            (write.is_base ? ", left by a power cut" : "") +
            (is_lawful(sectors_[sector], candidate, began) ? "" : " (no longer)");
  }
  return text;
}

std::vector<std::byte> ModelDisk::likely(Range range) const {
  std::vector<std::byte> bytes(range.count * kSectorSize);
  for (std::uint64_t i = 0; i < range.count; ++i) {
    const Candidates& candidates = sectors_[range.first + i];
    const auto latest = std::ranges::find_if(candidates.rbegin(), candidates.rend(), [&](const Candidate& candidate) {
      return writes_[candidate.write].acknowledged && is_lawful(candidates, candidate, ticks_.now());
    });
    const Candidate& chosen = latest == candidates.rend() ? candidates.back() : *latest;
    fill_sectors(std::span(bytes).subspan(i * kSectorSize, kSectorSize), writes_[chosen.write].origin, range.first + i);
  }
  return bytes;
}

ModelDisk::Judgement ModelDisk::judge_read(Tick began, Range range, std::span<const std::byte> data) {
  if (data.size() != range.count * kSectorSize) {
    return "disk " + std::to_string(number_) + ": a read of " + std::to_string(range.count) + " sectors brought " +
           std::to_string(data.size()) + " bytes";
  }
  for (std::uint64_t i = 0; i < range.count; ++i) {
    const std::uint64_t sector = range.first + i;
    Candidates& candidates = sectors_[sector];
    const std::optional<Origin> seen = origin_of(sector_of(data, i), sector);
    const bool lawful = seen && std::ranges::any_of(candidates, [&](const Candidate& candidate) {
                          return writes_[candidate.write].origin == *seen && is_lawful(candidates, candidate, began);
                        });
    if (!lawful) {
      return describe(sector, seen, began);
    }
    learn(candidates, *seen, began);
  }
  return std::nullopt;
}

ModelDisk::Judgement ModelDisk::judge_compare(Tick began, Range range, std::span<const std::byte> expected) {
  if (Judgement judgement = judge_read(began, range, expected)) {
    return "COMPARE AND WRITE found what was not there: " + *judgement;
  }
  for (std::uint64_t i = 0; i < range.count; ++i) {
    const std::uint64_t sector = range.first + i;
    const Origin found = *origin_of(sector_of(expected, i), sector);
    const auto consumed = consumed_.find(sector);
    if (found != kZeros && consumed != consumed_.end() && consumed->second == found) {
      return "disk " + std::to_string(number_) + ", sector " + std::to_string(sector) +
             ": two COMPARE AND WRITE found " + name(found);
    }
    consumed_[sector] = found;
  }
  return std::nullopt;
}

ModelDisk::Judgement ModelDisk::judge_miscompare(Tick began, Range range, std::span<const std::byte> expected) const {
  for (std::uint64_t i = 0; i < range.count; ++i) {
    const Candidates& candidates = sectors_[range.first + i];
    const std::optional<Origin> wanted = origin_of(sector_of(expected, i), range.first + i);
    const bool something_else = std::ranges::any_of(candidates, [&](const Candidate& candidate) {
      return writes_[candidate.write].origin != wanted && is_lawful(candidates, candidate, began);
    });
    if (something_else) {
      return std::nullopt;
    }
  }
  return "disk " + std::to_string(number_) + ", sector " + std::to_string(range.first) +
         ": COMPARE AND WRITE did not find what was there";
}

void ModelDisk::flushed(Tick began) {
  for (Write& write : writes_) {
    write.durable = write.durable || (write.acknowledged && write.end <= began && !write.doubtful);
  }
}

void ModelDisk::forget_cache() {
  for (Write& write : writes_) {
    write.doubtful = write.doubtful || !write.durable;
  }
}

void ModelDisk::process_crash() {
  const Tick now = ticks_.next();
  for (Write& write : writes_) {
    write.end = std::min(write.end, now);
  }
}

void ModelDisk::lose_all() {
  process_crash();
  consumed_.clear();
  clear(ticks_.next());
}

void ModelDisk::power_cut() {
  process_crash();
  consumed_.clear();
  const Tick cut = ticks_.next();
  const Tick after = ticks_.next();
  std::map<Origin, std::uint32_t> bases;
  for (Candidates& candidates : sectors_) {
    Candidates left;
    for (const Candidate& candidate : candidates) {
      if (!may_survive(candidates, candidate)) {
        continue;
      }
      const Origin origin = writes_[candidate.write].origin;
      const auto [found, is_new] = bases.try_emplace(origin, static_cast<std::uint32_t>(writes_.size()));
      if (is_new) {
        writes_.push_back({.origin = origin,
                           .range = {},
                           .start = cut,
                           .end = after,
                           .acknowledged = false,
                           .durable = false,
                           .doubtful = false,
                           .is_base = true});
      }
      const bool is_there =
          std::ranges::any_of(left, [&](const Candidate& other) { return other.write == found->second; });
      if (!is_there) {
        left.push_back({.write = found->second});
      }
    }
    check(!left.empty(), "something is left of every sector");
    candidates = std::move(left);
  }
}

}  // namespace lunaria::simulation
