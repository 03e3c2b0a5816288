// UNMAP (SBC-4 5.35).

#include <algorithm>

#include "scsi/handlers.h"
#include "scsi/limits.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

namespace list {
constexpr std::size_t kHeaderSize = 8;
using DescriptorLength = wire::BigEndian<std::uint16_t, 2>;
constexpr std::size_t kDescriptorSize = 16;
using Lba = wire::BigEndian<std::uint64_t, 0>;
using BlockCount = wire::BigEndian<std::uint32_t, 8>;
}  // namespace list

BlockRange range_at(std::span<const std::byte> descriptors, std::size_t index) {
  const auto descriptor = descriptors.subspan(index * list::kDescriptorSize).first<list::kDescriptorSize>();
  return {list::Lba::get(descriptor), list::BlockCount::get(descriptor)};
}

// Every descriptor is checked before the first block is unmapped.
Outcome check_descriptors(const UnitState& unit, std::span<const std::byte> descriptors) {
  const std::size_t count = descriptors.size() / list::kDescriptorSize;
  if (count > kUnmapDescriptorsMax) {
    return invalid_list(2);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const BlockRange range = range_at(descriptors, i);
    if (range.count == 0 && range.lba <= unit.geometry.block_count) {
      continue;
    }
    if (const Outcome outcome = check_range(unit, range); !outcome.is_good()) {
      return outcome;
    }
  }
  return good();
}

runtime::Task<Outcome> unmap_range(Execution& x, BlockRange range) {
  UnitState& unit = x.unit;
  RangeLocks::Hold hold(unit.ranges, range.lba, range.count, RangeLocks::Mode::kShared, &x.command);
  co_await hold;
  const std::uint64_t step_max = kUnmapStep / unit.geometry.logical_block_size;
  for (std::uint64_t done = 0; done < range.count;) {
    if (const Outcome stop = interrupted(x); !stop.is_good()) {
      co_return stop;
    }
    const std::uint64_t step = std::min(step_max, range.count - done);
    const block::IoStatus status =
        co_await block::unmap(*unit.volume, byte_count(unit, range.lba + done), byte_count(unit, step));
    if (status != block::IoStatus::kOk) {
      co_return io_outcome(unit, status, range.lba + done);
    }
    note_space_change(unit, byte_count(unit, step));
    done += step;
    if (done < range.count) {
      co_await runtime::yield_on(unit.home);
    }
  }
  co_return good();
}

}  // namespace

runtime::Task<Outcome> run_unmap(Execution& x) {
  const std::size_t length = cdb::unmap::ListLength::get(x.cdb());
  if (length == 0) {
    co_return good();
  }
  if (length < list::kHeaderSize) {
    co_return illegal_request(asc::kParameterListLengthError);
  }
  const Outcome received = co_await receive_list(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  const std::span<const std::byte> bytes = x.command.transport.data_out().first(length);
  // A descriptor that is cut off, by either length, is left out.
  const std::size_t named = list::DescriptorLength::get(bytes.first<list::kHeaderSize>());
  const auto descriptors = bytes.subspan(list::kHeaderSize, std::min(named, length - list::kHeaderSize));
  if (const Outcome outcome = check_descriptors(x.unit, descriptors); !outcome.is_good()) {
    co_return outcome;
  }
  for (std::size_t i = 0; i < descriptors.size() / list::kDescriptorSize; ++i) {
    const BlockRange range = range_at(descriptors, i);
    if (range.count == 0) {
      continue;
    }
    const Outcome outcome = co_await unmap_range(x, range);
    if (!outcome.is_good()) {
      co_return outcome;
    }
  }
  co_return good();
}

}  // namespace lunaria::scsi
