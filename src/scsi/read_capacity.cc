// READ CAPACITY(10) and (16): SBC-4 5.19, 5.20.

#include <algorithm>
#include <bit>

#include "scsi/handlers.h"

namespace lunaria::scsi {

Outcome answer_read_capacity_10(Execution& x, wire::Writer& out) {
  const block::Geometry& geometry = x.unit.geometry;
  const std::uint64_t last = geometry.block_count - 1;
  out.put_big_endian(static_cast<std::uint32_t>(std::min<std::uint64_t>(last, UINT32_MAX)));
  out.put_big_endian(geometry.logical_block_size);
  return good();
}

Outcome answer_read_capacity_16(Execution& x, wire::Writer& out) {
  const block::Geometry& geometry = x.unit.geometry;
  out.put_big_endian(geometry.block_count - 1);
  out.put_big_endian(geometry.logical_block_size);
  out.put_zeros(1);  // no protection information
  const std::uint32_t per_physical =
      std::max<std::uint32_t>(geometry.physical_block_size / geometry.logical_block_size, 1);
  out.put_big_endian(static_cast<std::uint8_t>(std::countr_zero(per_physical)));
  std::uint16_t provisioning = 0;  // LBPME, LBPRZ, and 0 for the lowest aligned LBA
  if (x.unit.features.unmap) {
    provisioning = x.unit.features.unmapped_reads_zeros ? 0xC000 : 0x8000;
  }
  out.put_big_endian(provisioning);
  out.put_zeros(16);
  return good();
}

}  // namespace lunaria::scsi
