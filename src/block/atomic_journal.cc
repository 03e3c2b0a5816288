#include "block/atomic_journal.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/crc32c.h"
#include "wire/fields.h"

namespace lunaria::block {
namespace {

using runtime::File;
using runtime::IoError;
using wire::BigEndian;

using Magic = BigEndian<std::uint64_t, 0>;
using Generation = BigEndian<std::uint64_t, 8>;
using Offset = BigEndian<std::uint64_t, 16>;
using Length = BigEndian<std::uint32_t, 24>;
using DataCrc = BigEndian<std::uint32_t, 28>;
constexpr std::size_t kCrcAt = 32;
using HeaderCrc = BigEndian<std::uint32_t, kCrcAt>;
constexpr std::uint64_t kHeadMagic = 0x4C55'4E41'4A4F'5552;    // "LUNAJOUR"
constexpr std::uint64_t kRecordMagic = 0x4C55'4E41'5245'434F;  // "LUNARECO"
constexpr std::uint32_t kRecordLengthMax = std::uint32_t{64} << 20;

void seal(JournalBlock block) {
  HeaderCrc::set(block, crc32c(block.first<kCrcAt>()));
}
bool is_sealed(std::span<const std::byte, kJournalBlock> block) {
  return HeaderCrc::get(block) == crc32c(block.first<kCrcAt>());
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Result<bool, IoError> read_whole(File& file, std::uint64_t offset, std::span<std::byte> memory) {
  const auto got = file.read_at(offset, memory);
  if (!got) {
    return fail(got.error());
  }
  return *got == memory.size();
}

// Plays back the records of one generation; stops at the first that is not whole, as nothing behind it was begun.
Result<void, IoError> play_back(File& journal, File& volume, std::uint64_t volume_size) {
  std::vector<std::byte> block(kJournalBlock);
  const JournalBlock header(block.data(), kJournalBlock);
  const auto has_head = read_whole(journal, 0, header);
  if (!has_head) {
    return fail(has_head.error());
  }
  const auto generation = decode_journal_head(header);
  if (!*has_head || !generation) {  // its making was cut off: there was no record yet
    return {};
  }
  std::vector<std::byte> data;
  for (std::uint64_t at = kJournalBlock;;) {
    const auto has_header = read_whole(journal, at, header);
    if (!has_header) {
      return fail(has_header.error());
    }
    std::uint32_t data_crc = 0;
    const auto record = *has_header ? decode_record(header, data_crc) : std::nullopt;
    if (!record || record->generation != *generation) {
      break;
    }
    data.resize(record->length);
    const auto has_data = read_whole(journal, at + kJournalBlock, data);
    if (!has_data) {
      return fail(has_data.error());
    }
    if (!*has_data || crc32c(data) != data_crc) {
      break;
    }
    if (record->offset <= volume_size && record->length <= volume_size - record->offset) {
      if (const auto done = volume.write_at(record->offset, data); !done) {
        return done;
      }
    }
    at += record_size(record->length);
  }
  return volume.sync();
}

}  // namespace

void encode_journal_head(std::uint64_t generation, JournalBlock block) {
  std::ranges::fill(block, std::byte{});
  Magic::set(block, kHeadMagic);
  Generation::set(block, generation);
  seal(block);
}

void encode_record(const JournalRecord& record, std::span<const iovec> data, JournalBlock block) {
  std::ranges::fill(block, std::byte{});
  Magic::set(block, kRecordMagic);
  Generation::set(block, record.generation);
  Offset::set(block, record.offset);
  Length::set(block, record.length);
  std::uint32_t crc = kCrc32cSeed;
  for (const iovec& part : data) {
    crc = crc32c_update(crc, std::span(static_cast<const std::byte*>(part.iov_base), part.iov_len));
  }
  DataCrc::set(block, crc32c_finish(crc));
  seal(block);
}

std::optional<std::uint64_t> decode_journal_head(std::span<const std::byte, kJournalBlock> block) {
  if (Magic::get(block) != kHeadMagic || !is_sealed(block)) {
    return std::nullopt;
  }
  return Generation::get(block);
}

std::optional<JournalRecord> decode_record(std::span<const std::byte, kJournalBlock> block, std::uint32_t& data_crc) {
  if (Magic::get(block) != kRecordMagic || !is_sealed(block) || Length::get(block) > kRecordLengthMax) {
    return std::nullopt;
  }
  data_crc = DataCrc::get(block);
  return JournalRecord{Generation::get(block), Offset::get(block), Length::get(block)};
}

Result<std::unique_ptr<File>, IoError> make_journal(runtime::FileSystem& files, const std::string& path) {
  static_cast<void>(files.remove(path));  // an empty one, or the rest of one that was not finished
  auto file = files.open(path, {.write = true, .create_new = true});
  if (!file) {
    return fail(file.error());
  }
  std::vector<std::byte> block(kJournalBlock);
  encode_journal_head(kFirstGeneration, JournalBlock(block.data(), kJournalBlock));
  auto done = (*file)->write_at(0, block);
  if (done) {
    done = (*file)->sync();
  }
  if (done) {
    done = files.sync_directory(directory_of(path));
  }
  if (!done) {
    return fail(done.error());
  }
  return std::move(*file);
}

Result<void, IoError> play_back_journal(runtime::FileSystem& files, const std::string& volume_path,
                                        const std::string& journal_path, std::uint64_t volume_size) {
  auto journal = files.open(journal_path, {.write = false});
  if (!journal) {
    return journal.error().code == ENOENT ? Result<void, IoError>() : fail(journal.error());
  }
  auto volume = files.open(volume_path, {.write = true});
  if (!volume) {
    return fail(volume.error());
  }
  if (const auto done = play_back(**journal, **volume, volume_size); !done) {
    return done;
  }
  journal->reset();
  if (const auto done = files.remove(journal_path); !done) {
    return done;
  }
  return files.sync_directory(directory_of(journal_path));
}

}  // namespace lunaria::block
