#pragma once

// Requests: the commands that simulated initiators send, as CDBs and data.

#include <cstdint>

#include "iscsi/testing/initiator.h"
#include "simulation/model_reservation.h"
#include "simulation/sectors.h"

namespace lunaria::simulation {

using iscsi::testing::Bytes;
using iscsi::testing::CommandRequest;

/// Logical blocks of one disk.
struct Blocks {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t size = 512;  ///< bytes of one
  Range range() const { return {first * (size / kSectorSize), std::uint64_t{count} * (size / kSectorSize)}; }
  std::size_t length() const { return std::size_t{count} * size; }
};

/// `wide`: the 16-byte CDB instead of the 10-byte one.
CommandRequest read_request(std::size_t lun, const Blocks& blocks, bool wide, bool fua);
CommandRequest write_request(std::size_t lun, const Blocks& blocks, bool wide, bool fua, Bytes data);
CommandRequest flush_request(std::size_t lun, bool wide);
CommandRequest unmap_request(std::size_t lun, const Blocks& blocks);
/// WRITE SAME(16) of zeros.
CommandRequest clear_request(std::size_t lun, const Blocks& blocks, bool unmap);
/// `data`: what is expected, then what is written.
CommandRequest compare_request(std::size_t lun, const Blocks& blocks, Bytes data);
CommandRequest reserve_request(std::size_t lun, const ReserveRequest& request);
CommandRequest test_unit_ready_request(std::size_t lun);

}  // namespace lunaria::simulation
