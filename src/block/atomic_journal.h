#pragma once

// The journal of atomic writes as bytes, and what a start makes of it. docs/formats/atomic-journal.md.

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "runtime/file.h"
#include "runtime/io_error.h"

namespace lunaria::block {

/// The head of the file and of each record takes one; records begin at multiples of it.
inline constexpr std::size_t kJournalBlock = 4096;
using JournalBlock = std::span<std::byte, kJournalBlock>;

inline constexpr std::uint64_t kFirstGeneration = 1;

/// What a record's header says; the data follows it.
struct JournalRecord {
  std::uint64_t generation = 0;  ///< of the journal when it was written: others are void
  std::uint64_t offset = 0;      ///< bytes, in the volume
  std::uint32_t length = 0;      ///< bytes
};

/// Bytes of the journal that a record of so much data takes.
constexpr std::uint64_t record_size(std::uint64_t length) {
  return kJournalBlock + (length + kJournalBlock - 1) / kJournalBlock * kJournalBlock;
}

void encode_journal_head(std::uint64_t generation, JournalBlock block);
/// The header holds a CRC of itself and of the data.
void encode_record(const JournalRecord& record, std::span<const iovec> data, JournalBlock block);
/// The generation; nullopt when this is no head.
std::optional<std::uint64_t> decode_journal_head(std::span<const std::byte, kJournalBlock> block);
/// nullopt when this is no whole header. `data_crc` is what the data must have.
std::optional<JournalRecord> decode_record(std::span<const std::byte, kJournalBlock> block, std::uint32_t& data_crc);

/// Blocks. An empty journal at `path`, durable in head and name.
Result<std::unique_ptr<runtime::File>, runtime::IoError> make_journal(runtime::FileSystem& files,
                                                                      const std::string& path);

/// Blocks. Writes what whole records hold to the volume's file, in their order and durably, then removes the journal.
/// What lies outside `volume_size` is left out: the volume has been cut since.
Result<void, runtime::IoError> play_back_journal(runtime::FileSystem& files, const std::string& volume_path,
                                                 const std::string& journal_path, std::uint64_t volume_size);

}  // namespace lunaria::block
