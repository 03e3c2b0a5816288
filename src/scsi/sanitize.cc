// SANITIZE (SBC-4 5.30, 4.11) and FORMAT UNIT (SBC-4 5.4): they run in the background, one at a time, and no command
// touches the medium meanwhile.

#include <algorithm>
#include <chrono>

#include "scsi/handlers.h"
#include "scsi/limits.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

using Kind = BackgroundOperation::Kind;

constexpr std::size_t kOverwriteHeaderSize = 4;
constexpr auto kPollInterval = std::chrono::milliseconds(10);

namespace overwrite {  // SBC-4 table 119
using Invert = wire::Bits<bool, 0, 7>;
using Test = wire::Bits<std::uint8_t, 0, 5, 2>;
using Count = wire::Bits<std::uint8_t, 0, 0, 5>;
using PatternLength = wire::BigEndian<std::uint16_t, 2>;
}  // namespace overwrite

// What is done to every block. Lives in the frame of the background coroutine.
struct Erasure {
  enum class Method : std::uint8_t { kOverwrite, kErase, kCryptoErase, kFormat };
  Method method = Method::kErase;
  runtime::Buffer pattern;  // kOverwrite: one step's worth of it
  std::size_t pattern_length = 0;
  unsigned passes = 1;
  bool invert = false;
};

// Waits so long that no more than kBackgroundRate is written since `start`.
runtime::Duration ahead_of_pace(const UnitState& unit, runtime::Instant start, std::uint64_t bytes) {
  const auto due = std::chrono::nanoseconds(bytes * 1000 / (kBackgroundRate / 1'000'000));
  const runtime::Duration spent = unit.home.clock().now() - start;
  return due > spent ? due - spent : runtime::Duration::zero();
}

void invert_bytes(std::span<std::byte> bytes) {
  std::ranges::transform(bytes, bytes.begin(), [](std::byte byte) { return ~byte; });
}

// One pass of a pattern over the whole medium, durable.
runtime::Task<block::IoStatus> overwrite_pass(UnitState& unit, std::span<std::byte> pattern) {
  const std::uint64_t total = unit.geometry.size();
  const runtime::Instant start = unit.home.clock().now();
  for (std::uint64_t done = 0; done < total;) {
    if (unit.background.is_stopping()) {
      co_return block::IoStatus::kMediumWriteError;
    }
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(pattern.size(), total - done));
    const block::IoStatus status = co_await block::write(*unit.volume, done, pattern.first(step), false);
    if (status != block::IoStatus::kOk) {
      co_return status;
    }
    done += step;
    unit.background.advance(step);
    co_await runtime::sleep_for(unit.home, ahead_of_pace(unit, start, done));
  }
  co_return co_await block::flush(*unit.volume);
}

// Overwrites what takes space with zeros, so that freed space holds nothing, and frees it.
runtime::Task<block::IoStatus> erase_blocks(UnitState& unit, bool overwrites) {
  const std::uint64_t total = unit.geometry.size();
  const runtime::Instant start = unit.home.clock().now();
  std::uint64_t written = 0;
  runtime::Buffer zeros = co_await unit.home.buffers().allocate(kBackgroundStep);
  const auto memory = zeros.memory().first(kBackgroundStep);
  std::ranges::fill(memory, std::byte{});
  for (std::uint64_t done = 0; done < total && overwrites;) {
    if (unit.background.is_stopping()) {
      co_return block::IoStatus::kMediumWriteError;
    }
    const block::AllocationRun run = co_await block::allocation_status(*unit.volume, done, total - done);
    if (run.status != block::IoStatus::kOk) {
      co_return run.status;
    }
    std::uint64_t step = run.length;
    if (run.mapped) {
      step = std::min<std::uint64_t>(run.length, kBackgroundStep);
      const block::IoStatus status = co_await block::write(*unit.volume, done, memory.first(step), false);
      if (status != block::IoStatus::kOk) {
        co_return status;
      }
      written += step;
    }
    done += step;
    unit.background.advance(step);
    co_await runtime::sleep_for(unit.home, ahead_of_pace(unit, start, written));
  }
  zeros.reset();
  const block::IoStatus flushed = co_await block::flush(*unit.volume);
  if (flushed != block::IoStatus::kOk) {
    co_return flushed;
  }
  for (std::uint64_t done = 0; done < total;) {
    const std::uint64_t step = std::min(kUnmapStep, total - done);
    const block::IoStatus status = unit.features.unmap ? co_await block::unmap(*unit.volume, done, step)
                                                       : co_await block::write_zeroes(*unit.volume, done, step, false);
    if (status != block::IoStatus::kOk) {
      co_return status;
    }
    done += step;
    co_await runtime::yield_on(unit.home);
  }
  co_return co_await block::flush(*unit.volume);
}

runtime::Task<block::IoStatus> carry_out(UnitState& unit, Erasure& erasure) {
  switch (erasure.method) {
    case Erasure::Method::kOverwrite: {
      const auto pattern = erasure.pattern.memory().first(erasure.pattern_length);
      for (unsigned pass = 0; pass < erasure.passes; ++pass) {
        const block::IoStatus status = co_await overwrite_pass(unit, pattern);
        if (status != block::IoStatus::kOk) {
          co_return status;
        }
        if (erasure.invert) {
          invert_bytes(pattern);
        }
      }
      co_return block::IoStatus::kOk;
    }
    case Erasure::Method::kErase:
      co_return co_await erase_blocks(unit, true);
    case Erasure::Method::kFormat:
      co_return co_await erase_blocks(unit, false);
    case Erasure::Method::kCryptoErase: {
      const block::IoStatus status = co_await block::crypto_erase(*unit.volume);
      if (status != block::IoStatus::kOk || !unit.features.unmap) {
        co_return status;
      }
      co_return co_await erase_blocks(unit, false);  // what nobody can read need not take space
    }
  }
  co_return block::IoStatus::kMediumWriteError;
}

// The operation itself, inside the gate of unit.background.
runtime::Task<void> run_in_background(UnitState& unit, Erasure erasure, std::string_view name) {
  {
    // Commands that touch the medium end first; those that come later are refused.
    RangeLocks::Hold hold(unit.ranges, 0, unit.geometry.block_count, RangeLocks::Mode::kExclusive);
    co_await hold;
  }
  const block::IoStatus status = co_await carry_out(unit, erasure);
  erasure.pattern.reset();
  if (status == block::IoStatus::kFailed) {
    unit.note_failure();
  }
  const bool is_successful = status == block::IoStatus::kOk;
  unit.log.info("scsi.erasure.ended", {{"serial", unit.identity.serial}, {"command", name}, {"good", is_successful}});
  unit.background.end(is_successful);
  note_space_change(unit, kSpaceCheckStep);
}

// Starts it, and waits for its end unless IMMED says not to.
runtime::Task<Outcome> start(Execution& x, Kind kind, Erasure erasure, bool may_exit, bool immediate) {
  UnitState& unit = x.unit;
  if (unit.background.is_running()) {  // began while this command waited for its data
    co_return unit.background.refusal();
  }
  if (unit.background.is_held()) {
    co_return check_condition(SenseKey::kNotReady, asc::kBecomingReady);
  }
  const std::string_view name = kind == Kind::kSanitize ? "SANITIZE" : "FORMAT UNIT";
  unit.log.info("scsi.erasure.begun",
                {{"serial", unit.identity.serial}, {"command", name}, {"initiator", x.nexus.nexus->initiator_name}});
  const std::uint64_t passes = erasure.method == Erasure::Method::kOverwrite ? erasure.passes : 1;
  unit.background.begin(kind, unit.geometry.size() * passes, may_exit);
  const std::uint64_t generation = unit.background.generation();
  unit.tokens.revoke_all();
  if (!runtime::spawn(unit.background.gate, run_in_background(unit, std::move(erasure), name))) {
    unit.background.end(false);
    co_return aborted();
  }
  if (immediate) {
    co_return good();
  }
  while (unit.background.is_running() && unit.background.generation() == generation) {
    if (x.command.aborted) {
      co_return aborted();
    }
    co_await runtime::sleep_for(unit.home, kPollInterval);
  }
  if (unit.background.has_failed()) {
    co_return unit.background.refusal();
  }
  co_return good();
}

// PARAMETER LIST LENGTH must be zero.
Outcome check_no_list(const Execution& x) {
  return cdb::sanitize::ListLength::get(x.cdb()) == 0 ? good() : invalid_cdb(7);
}

bool is_immediate(const Execution& x) {
  return cdb::sanitize::Immediate::get(x.cdb());
}
bool may_exit(const Execution& x) {
  return cdb::sanitize::AllowUnrestrictedExit::get(x.cdb());
}

// The parameter list of OVERWRITE, all of which has arrived.
Outcome check_overwrite_list(std::span<const std::byte> list, std::uint32_t block_size) {
  const auto header = list.first<kOverwriteHeaderSize>();
  if (overwrite::Test::get(header) != 0) {
    return invalid_list(0, std::uint8_t{6});
  }
  if (overwrite::Count::get(header) == 0) {
    return invalid_list(0, std::uint8_t{4});
  }
  const std::size_t length = overwrite::PatternLength::get(header);
  if (length == 0 || length > block_size || length != list.size() - kOverwriteHeaderSize) {
    return invalid_list(2);
  }
  return good();
}

// The pattern begins anew in each block (SBC-4 table 119).
void repeat_pattern(std::span<std::byte> memory, std::span<const std::byte> pattern, std::uint32_t block_size) {
  for (std::size_t block = 0; block < memory.size(); block += block_size) {
    for (std::size_t at = 0; at < block_size; at += pattern.size()) {
      const std::size_t part = std::min(pattern.size(), block_size - at);
      std::ranges::copy(pattern.first(part), memory.subspan(block + at).begin());
    }
  }
}

}  // namespace

runtime::Task<Outcome> run_sanitize_overwrite(Execution& x) {
  const std::uint32_t block_size = x.unit.geometry.logical_block_size;
  const std::size_t length = cdb::sanitize::ListLength::get(x.cdb());
  if (length <= kOverwriteHeaderSize || length > kOverwriteHeaderSize + block_size) {
    co_return invalid_cdb(7);
  }
  const Outcome received = co_await receive_list(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  const std::span<const std::byte> list = x.command.transport.data_out().first(length);
  if (const Outcome outcome = check_overwrite_list(list, block_size); !outcome.is_good()) {
    co_return outcome;
  }
  Erasure erasure;
  erasure.method = Erasure::Method::kOverwrite;
  erasure.passes = overwrite::Count::get(list.first<kOverwriteHeaderSize>());
  erasure.invert = overwrite::Invert::get(list.first<kOverwriteHeaderSize>());
  erasure.pattern_length = static_cast<std::size_t>(std::min<std::uint64_t>(kBackgroundStep, x.unit.geometry.size()));
  erasure.pattern = co_await x.unit.home.buffers().allocate(erasure.pattern_length);
  repeat_pattern(erasure.pattern.memory().first(erasure.pattern_length), list.subspan(kOverwriteHeaderSize),
                 block_size);
  co_return co_await start(x, Kind::kSanitize, std::move(erasure), may_exit(x), is_immediate(x));
}

runtime::Task<Outcome> run_sanitize_block_erase(Execution& x) {
  if (const Outcome outcome = check_no_list(x); !outcome.is_good()) {
    co_return outcome;
  }
  Erasure erasure;
  erasure.method = Erasure::Method::kErase;
  co_return co_await start(x, Kind::kSanitize, std::move(erasure), may_exit(x), is_immediate(x));
}

runtime::Task<Outcome> run_sanitize_crypto_erase(Execution& x) {
  if (const Outcome outcome = check_no_list(x); !outcome.is_good()) {
    co_return outcome;
  }
  Erasure erasure;
  erasure.method = Erasure::Method::kCryptoErase;
  co_return co_await start(x, Kind::kSanitize, std::move(erasure), may_exit(x), is_immediate(x));
}

// SBC-4 5.30.6: ends the state after a SANITIZE that failed, if that one allowed it; otherwise there is nothing to end.
runtime::Task<Outcome> run_sanitize_exit_failure(Execution& x) {
  if (const Outcome outcome = check_no_list(x); !outcome.is_good()) {
    co_return outcome;
  }
  BackgroundOperation& background = x.unit.background;
  if (background.has_failed() && !background.may_exit()) {
    co_return invalid_cdb(1, std::uint8_t{4});
  }
  background.exit_failure();
  co_return good();
}

// All blocks read as zeros afterwards. There are no defects to manage and there is no protection information, so the
// only parameter list is the empty one: a short or long header that asks for nothing but IMMED.
runtime::Task<Outcome> run_format_unit(Execution& x) {
  bool immediate = false;
  if (cdb::format_unit::FormatData::get(x.cdb())) {
    const bool is_long = cdb::format_unit::LongList::get(x.cdb());
    const std::size_t length = is_long ? 8 : 4;
    const Outcome received = co_await receive_list(x, length);
    if (!received.is_good()) {
      co_return received;
    }
    const std::span<const std::byte> list = x.command.transport.data_out().first(length);
    immediate = (list[1] & std::byte{0x02}) != std::byte{};
    for (std::size_t i = 0; i < length; ++i) {
      // FOV, and DPRY, DCRT and STPF, ask for what is done anyway.
      const std::byte allowed = i == 1 ? std::byte{0xF2} : std::byte{};
      if ((list[i] & ~allowed) != std::byte{}) {
        co_return invalid_list(i);
      }
    }
  } else if (cdb::format_unit::LongList::get(x.cdb())) {
    co_return invalid_cdb(1, std::uint8_t{5});
  }
  Erasure erasure;
  erasure.method = Erasure::Method::kFormat;
  co_return co_await start(x, Kind::kFormat, std::move(erasure), true, immediate);
}

}  // namespace lunaria::scsi
