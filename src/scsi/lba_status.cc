// GET LBA STATUS(16) (SBC-4 5.6).

#include <algorithm>

#include "scsi/answer.h"
#include "scsi/handlers.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kDescriptorSize = 16;
constexpr std::uint8_t kMapped = 0x0;
constexpr std::uint8_t kDeallocated = 0x1;
/// Runs in one answer: each may need a look into the file system.
constexpr std::size_t kDescriptorsMax = 16;

}  // namespace

// The answer may end before the last LBA; the initiator then asks again from where it ended.
runtime::Task<Outcome> run_get_lba_status(Execution& x) {
  UnitState& unit = x.unit;
  std::uint64_t lba = cdb::sixteen::Lba::get(x.cdb());
  if (const Outcome outcome = check_range(unit, {lba, 0}); !outcome.is_good()) {
    co_return outcome;
  }
  const std::uint32_t allocation = cdb::sixteen::TransferLength::get(x.cdb());
  runtime::Buffer buffer = co_await x.command.transport.buffers().allocate(answer_buffer_size(0));
  wire::Writer out(buffer.memory());
  const std::size_t room = std::max<std::size_t>(allocation, kHeaderSize) - kHeaderSize;
  const std::size_t count_max = std::clamp<std::size_t>(room / kDescriptorSize, 1, kDescriptorsMax);
  out.put_zeros(kHeaderSize);
  for (std::size_t i = 0; i < count_max && lba < unit.geometry.block_count; ++i) {
    const std::uint64_t count = std::min<std::uint64_t>(unit.geometry.block_count - lba, UINT32_MAX);
    const block::AllocationRun run =
        co_await block::allocation_status(*unit.volume, byte_count(unit, lba), byte_count(unit, count));
    if (run.status != block::IoStatus::kOk) {
      co_return io_outcome(unit, run.status, lba);
    }
    const std::uint64_t blocks = run.length / unit.geometry.logical_block_size;
    out.put_big_endian(lba);
    out.put_big_endian(static_cast<std::uint32_t>(blocks));
    out.put_big_endian(run.mapped ? kMapped : kDeallocated);
    out.put_zeros(3);
    lba += blocks;
  }
  // PARAMETER DATA LENGTH does not count itself.
  wire::BigEndian<std::uint32_t, 0>::set(out.written().first<kHeaderSize>(),
                                         static_cast<std::uint32_t>(out.needed() - 4));
  deliver_answer(x.command, std::move(buffer), out, allocation);
  co_return good();
}

}  // namespace lunaria::scsi
