#pragma once

// How an answer that a handler wrote in one go gets into its command: buffer, allocation length, residual.

#include <cstdint>

#include "runtime/buffer_pool.h"
#include "scsi/command.h"
#include "scsi/command_table.h"
#include "wire/reader.h"

namespace lunaria::scsi {

/// The allocation length of the CDB; 4096, more than any fixed answer has, for rows without one.
std::uint32_t allocation_length(const CommandRow& row, CdbBytes bytes);

/// How large a buffer an answer cut to `allocation` needs: at least 4096 bytes, so that headers always fit.
std::size_t answer_buffer_size(std::uint32_t allocation);

/// Hands over what was written, cut to the allocation length and to the initiator's room.
void deliver_answer(Command& command, runtime::Buffer buffer, const wire::Writer& out, std::uint32_t allocation);

/// Fills in status and sense.
void finish(Command& command, const Outcome& outcome, SenseFormat format);

}  // namespace lunaria::scsi
