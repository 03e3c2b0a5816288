// VERIFY and WRITE AND VERIFY (SBC-4 5.36 - 5.38, 5.47 - 5.49).

#include <algorithm>

#include "scsi/compare.h"
#include "scsi/handlers.h"
#include "scsi/limits.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

/// The BYTCHK field.
enum class ByteCheck : std::uint8_t { kMediumOnly = 0, kCompare = 1, kReserved = 2, kOneBlock = 3 };

ByteCheck byte_check(const Execution& x) {
  return ByteCheck{cdb::ByteCheck::get(x.cdb())};
}

Outcome reserved_byte_check() {
  return invalid_cdb(1, std::uint8_t{2});
}

// Where a step's bytes differ from what they should be; `expected` is one block for kOneBlock.
std::optional<std::size_t> mismatch(ByteCheck check, std::span<const std::byte> stored,
                                    std::span<const std::byte> expected) {
  switch (check) {
    case ByteCheck::kCompare:
      return first_difference(stored, expected);
    case ByteCheck::kOneBlock:
      for (std::size_t at = 0; at < stored.size(); at += expected.size()) {
        if (const auto found = first_difference(stored.subspan(at, expected.size()), expected)) {
          return found;  // the offset is within the one block that was sent
        }
      }
      return std::nullopt;
    case ByteCheck::kMediumOnly:
    case ByteCheck::kReserved:
      break;
  }
  return std::nullopt;
}

// Reads the range step by step and compares it with the data-out as `check` asks.
runtime::Task<Outcome> verify_blocks(Execution& x, BlockRange range, ByteCheck check) {
  UnitState& unit = x.unit;
  const std::uint64_t total = byte_count(unit, range.count);
  const auto step_max = static_cast<std::size_t>(std::min<std::uint64_t>(kStepLength, total));
  runtime::Buffer buffer = co_await x.command.transport.buffers().allocate(step_max);
  RangeLocks::Hold hold(unit.ranges, range.lba, range.count, RangeLocks::Mode::kShared);
  co_await hold;
  std::span<const std::byte> expected = x.command.transport.data_out();
  for (std::uint64_t done = 0; done < total;) {
    if (const Outcome stop = interrupted(x); !stop.is_good()) {
      co_return stop;
    }
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(step_max, total - done));
    const auto memory = buffer.memory().first(step);
    const block::IoStatus status = co_await block::read(*unit.volume, byte_count(unit, range.lba) + done, memory);
    if (status != block::IoStatus::kOk) {
      co_return io_outcome(unit, status, range.lba + done / unit.geometry.logical_block_size);
    }
    const auto wanted = check == ByteCheck::kCompare
                            ? expected.subspan(done, step)
                            : expected.first(std::min<std::size_t>(expected.size(), unit.geometry.logical_block_size));
    if (const auto found = mismatch(check, memory, wanted)) {
      co_return miscompare(check == ByteCheck::kCompare ? done + *found : *found);
    }
    done += step;
  }
  co_return good();
}

}  // namespace

std::optional<std::size_t> first_difference(std::span<const std::byte> a, std::span<const std::byte> b) {
  const auto [at, end] = std::ranges::mismatch(a, b);
  if (at == a.end() && end == b.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(at - a.begin());
}

Outcome miscompare(std::uint64_t offset) {
  Outcome outcome = check_condition(SenseKey::kMiscompare, asc::kMiscompareDuringVerify);
  outcome.sense.information = offset;
  return outcome;
}

runtime::Task<Outcome> receive_data(Execution& x, std::uint64_t length) {
  x.command.transfer_length = length;
  if (x.command.data_out_length < length) {
    co_return illegal_request(asc::kInvalidFieldInInformationUnit);
  }
  const bool arrived = co_await x.command.receive(static_cast<std::size_t>(length));
  co_return arrived ? good() : aborted();
}

runtime::Task<Outcome> receive_exactly(Execution& x, std::uint64_t length, std::uint16_t length_byte) {
  if (x.command.data_out_length > length) {
    x.command.transfer_length = length;
    co_return invalid_cdb(length_byte);
  }
  if (length == 0) {
    co_return good();
  }
  co_return co_await receive_data(x, length);
}

runtime::Task<Outcome> run_verify(Execution& x) {
  const ByteCheck check = byte_check(x);
  if (check == ByteCheck::kReserved) {
    co_return reserved_byte_check();
  }
  const BlockRange range = decode_range(x.cdb());
  if (const Outcome outcome = check_range(x.unit, range); !outcome.is_good()) {
    co_return outcome;
  }
  if (range.count == 0) {
    co_return good();
  }
  if (check == ByteCheck::kCompare) {
    if (const auto fits = transfer_range(x); !fits) {
      co_return fits.error();
    }
  }
  if (check != ByteCheck::kMediumOnly) {
    const Outcome received =
        co_await receive_data(x, byte_count(x.unit, check == ByteCheck::kOneBlock ? 1 : range.count));
    if (!received.is_good()) {
      co_return received;
    }
  }
  co_return co_await verify_blocks(x, range, check);
}

// The write is durable before it is verified, as the command implies a flush of what it wrote (SBC-4 5.47). When the
// initiator sends less than the CDB says, the whole blocks among it are written, as WRITE does.
runtime::Task<Outcome> run_write_and_verify(Execution& x) {
  const ByteCheck check = byte_check(x);
  if (check == ByteCheck::kReserved || check == ByteCheck::kOneBlock) {
    co_return reserved_byte_check();
  }
  const auto wanted = transfer_range(x);
  if (!wanted) {
    co_return wanted.error();
  }
  UnitState& unit = x.unit;
  x.command.transfer_length = byte_count(unit, wanted->count);
  const std::uint64_t sent = std::min(x.command.transfer_length, x.command.data_out_length);
  const BlockRange range{wanted->lba, sent / unit.geometry.logical_block_size};
  if (range.count == 0) {
    co_return good();
  }
  const auto length = static_cast<std::size_t>(byte_count(unit, range.count));
  const bool arrived = co_await x.command.receive(length);
  if (!arrived) {
    co_return aborted();
  }
  {
    RangeLocks::Hold hold(unit.ranges, range.lba, range.count, RangeLocks::Mode::kShared, &x.command);
    co_await hold;
    if (const Outcome stop = interrupted(x); !stop.is_good()) {
      co_return stop;
    }
    const block::IoStatus status =
        co_await block::write(*unit.volume, byte_count(unit, range.lba), x.command.transport.data_out().first(length),
                              unit.features.volatile_cache);
    if (status != block::IoStatus::kOk) {
      co_return io_outcome(unit, status, range.lba);
    }
  }
  co_return co_await verify_blocks(x, range, check);
}

}  // namespace lunaria::scsi
