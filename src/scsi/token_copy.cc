// POPULATE TOKEN and WRITE USING TOKEN (SBC-4 5.11, 5.46): the offloaded data transfer (ODX) of Windows hosts.

#include <algorithm>
#include <chrono>

#include "scsi/handlers.h"
#include "scsi/third_party_copy.h"

namespace lunaria::scsi {
namespace {

using wire::BigEndian;
using wire::Bits;

namespace populate {  // SBC-4 table 60
constexpr std::size_t kSize = 16;
using DataLength = BigEndian<std::uint16_t, 0>;
using Immediate = Bits<bool, 2, 0>;
using TypeValid = Bits<bool, 2, 1>;
using Timeout = BigEndian<std::uint32_t, 4>;
using Type = BigEndian<std::uint32_t, 8>;
using RangesLength = BigEndian<std::uint16_t, 14>;
constexpr std::uint8_t kAction = 0x10;
}  // namespace populate

namespace use {  // SBC-4 table 131
constexpr std::size_t kSize = 536;
using DataLength = BigEndian<std::uint16_t, 0>;
using Immediate = Bits<bool, 2, 0>;
using DeleteToken = Bits<bool, 2, 1>;
using Offset = BigEndian<std::uint64_t, 8>;
constexpr std::size_t kToken = 16;
using RangesLength = BigEndian<std::uint16_t, 534>;
constexpr std::uint8_t kAction = 0x11;
}  // namespace use

constexpr std::size_t kRangeSize = 16;
using Ranges = std::vector<TokenRange>;

// The block device range descriptors at the end of a list (SBC-4 table 62), each inside the unit, none of them
// overlapping another.
Result<Ranges, Outcome> parse_ranges(const UnitState& unit, std::span<const std::byte> bytes, std::size_t length,
                                     std::size_t length_byte) {
  if (length == 0 || length % kRangeSize != 0 || length > bytes.size() || length / kRangeSize > kTokenRangesMax) {
    return fail(invalid_list(length_byte));
  }
  Ranges ranges;
  for (std::size_t at = 0; at < length; at += kRangeSize) {
    const auto fields = bytes.subspan(at).first<kRangeSize>();
    const TokenRange range{BigEndian<std::uint64_t, 0>::get(fields), BigEndian<std::uint32_t, 8>::get(fields)};
    if (range.count == 0) {
      continue;
    }
    if (const Outcome outcome = check_range(unit, {range.lba, range.count}); !outcome.is_good()) {
      return fail(outcome);
    }
    ranges.push_back(range);
  }
  Ranges sorted = ranges;
  std::ranges::sort(sorted, {}, &TokenRange::lba);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].lba < sorted[i - 1].lba + sorted[i - 1].count) {
      return fail(invalid_list(length_byte + 2));
    }
  }
  return ranges;
}

std::uint64_t total_blocks(const Ranges& ranges) {
  std::uint64_t blocks = 0;
  for (const TokenRange& range : ranges) {
    blocks += range.count;
  }
  return blocks;
}

// The part of a run of ranges, seen as one run of bytes, that begins `skipped` bytes in: the byte offset at the unit,
// and how many bytes follow there. Nothing follows behind the end.
CopyExtent part_at(const Ranges& ranges, std::uint64_t skipped, std::uint64_t block_size) {
  for (const TokenRange& range : ranges) {
    const std::uint64_t length = range.count * block_size;
    if (skipped < length) {
      return {range.lba * block_size + skipped, 0, length - skipped};
    }
    skipped -= length;
  }
  return {};
}

// The work of POPULATE TOKEN: done at once, for a token is only the promise to read.
class Populate final : public CopyWork {
 public:
  Populate(Ranges ranges, std::uint32_t timeout_s) : ranges_(std::move(ranges)), timeout_s_(timeout_s) {}
  runtime::Task<Outcome> run(CopyManager& manager, CopyOperation& operation) override {
    UnitState& unit = manager.unit;
    const std::uint64_t bytes = byte_count(unit, total_blocks(ranges_));
    const RodToken& token = unit.tokens.add(std::move(ranges_), bytes, std::chrono::seconds(timeout_s_),
                                            unit.home.clock().now(), unit.home.random());
    operation.token = encode_token(token, unit.identity.naa);
    operation.bytes = bytes;
    operation.segments = 1;
    co_return good();
  }

 private:
  Ranges ranges_;
  std::uint32_t timeout_s_;
};

// The work of WRITE USING TOKEN.
class WriteUsing final : public CopyWork {
 public:
  WriteUsing(Ranges to, std::uint64_t offset_blocks, TokenFields token, bool deletes)
      : to_(std::move(to)), offset_blocks_(offset_blocks), token_(token), deletes_(deletes) {}

  runtime::Task<Outcome> run(CopyManager& manager, CopyOperation& operation) override {
    CopyEnd destination(manager, manager.unit.identity.naa);
    const CopyFault fault = co_await destination.open(true);
    if (!fault.outcome.is_good() || !fault.is_reachable) {
      co_return copy_aborted(fault);
    }
    const Outcome outcome = token_.type == RodType::kZero ? co_await write_zeros(manager, destination, operation)
                                                          : co_await write_blocks(manager, destination, operation);
    operation.segments = outcome.is_good() ? 1 : 0;
    co_return outcome;
  }

 private:
  runtime::Task<Outcome> write_zeros(CopyManager& manager, CopyEnd& destination, CopyOperation& operation) const {
    const std::uint64_t block_size = destination.block_size();
    for (const TokenRange& range : to_) {
      for (std::uint64_t done = 0; done < range.count;) {
        if (manager.must_stop()) {
          co_return aborted();
        }
        const std::uint64_t step = std::min(kWriteSameLengthMax / block_size, range.count - done);
        const CopyFault fault = co_await destination.write_zeros((range.lba + done) * block_size, step * block_size);
        if (!fault.outcome.is_good()) {
          co_return fault.outcome;
        }
        done += step;
        operation.bytes += step * block_size;
      }
    }
    co_return good();
  }

  runtime::Task<Outcome> write_blocks(CopyManager& manager, CopyEnd& destination, CopyOperation& operation) const {
    CopyEnd source(manager, token_.naa);
    RodToken token;
    const CopyFault opened = co_await source.open_token(token_.id, token);
    if (!opened.is_reachable) {
      co_return illegal_request(asc::kTokenUnknown);
    }
    if (!opened.outcome.is_good()) {
      co_return opened.outcome;
    }
    if (source.block_size() != destination.block_size()) {
      co_return illegal_request(asc::kInvalidToken);
    }
    const std::uint64_t block_size = destination.block_size();
    const std::uint64_t skipped = offset_blocks_ * block_size;
    if (offset_blocks_ > token.bytes / block_size) {
      co_return invalid_list(8);
    }
    // What lies behind the end of the token is not written; the transfer count tells so (SBC-4 5.46.2).
    const std::uint64_t total = std::min(total_blocks(to_) * block_size, token.bytes - skipped);
    for (std::uint64_t done = 0; done < total;) {
      const CopyExtent from = part_at(token.ranges, skipped + done, block_size);
      const CopyExtent to = part_at(to_, done, block_size);
      const std::uint64_t length = std::min({from.length, to.length, total - done});
      const CopyFault fault =
          co_await copy_extent(manager, source, destination, {from.from, to.from, length}, operation);
      if (!fault.outcome.is_good() || !fault.is_reachable) {
        co_return copy_aborted(fault);
      }
      done += length;
    }
    if (!source.is_same_unit_as(destination)) {  // somebody may have written to the source meanwhile
      const CopyFault still = co_await source.open_token(token_.id, token);
      if (!still.outcome.is_good() || !still.is_reachable) {
        co_return still.is_reachable ? still.outcome : illegal_request(asc::kTokenUnknown);
      }
    }
    if (deletes_ && source.is_same_unit_as(destination)) {
      manager.unit.tokens.remove(token_.id);
    }
    co_return good();
  }

  Ranges to_;
  std::uint64_t offset_blocks_;
  TokenFields token_;
  bool deletes_;
};

// All of a list whose first two bytes say how much follows them; at least `size_min` bytes.
runtime::Task<Outcome> receive_token_list(Execution& x, std::size_t size_min) {
  const std::size_t length = cdb::third_party_copy::ListLength::get(x.cdb());
  const Outcome received = co_await receive_list(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  if (length < size_min) {
    co_return illegal_request(asc::kParameterListLengthError);
  }
  const auto bytes = x.command.transport.data_out().first(length);
  const std::size_t named = BigEndian<std::uint16_t, 0>::get(bytes.first<2>());
  co_return named + 2 < size_min || named + 2 > length ? invalid_list(0) : good();
}

}  // namespace

runtime::Task<Outcome> run_populate_token(Execution& x) {
  if (cdb::third_party_copy::ListLength::get(x.cdb()) == 0) {
    co_return good();
  }
  const Outcome received = co_await receive_token_list(x, populate::kSize);
  if (!received.is_good()) {
    co_return received;
  }
  const std::span<const std::byte> bytes =
      x.command.transport.data_out().first(cdb::third_party_copy::ListLength::get(x.cdb()));
  const auto header = bytes.first<populate::kSize>();
  const RodType type{populate::TypeValid::get(header) ? populate::Type::get(header) : 0};
  if (type != RodType::kDefault && type != RodType::kChangeVulnerable) {
    co_return invalid_list(8);
  }
  const std::uint32_t timeout = populate::Timeout::get(header);
  if (timeout > kTokenTimeoutMax) {
    co_return invalid_list(4);
  }
  auto ranges = parse_ranges(x.unit, bytes.subspan(populate::kSize), populate::RangesLength::get(header), 14);
  if (!ranges) {
    co_return ranges.error();
  }
  if (byte_count(x.unit, total_blocks(*ranges)) > kTokenBytesMax) {
    co_return invalid_list(14);
  }
  const auto operation = begin_copy(x, cdb::third_party_copy::TokenListId::get(x.cdb()), populate::kAction);
  if (!operation) {
    co_return operation.error();
  }
  auto work = std::make_unique<Populate>(*std::move(ranges), timeout == 0 ? kTokenTimeoutDefault : timeout);
  co_return co_await run_copy(x, **operation, std::move(work), populate::Immediate::get(header));
}

runtime::Task<Outcome> run_write_using_token(Execution& x) {
  if (cdb::third_party_copy::ListLength::get(x.cdb()) == 0) {
    co_return good();
  }
  const Outcome received = co_await receive_token_list(x, use::kSize);
  if (!received.is_good()) {
    co_return received;
  }
  const std::span<const std::byte> bytes =
      x.command.transport.data_out().first(cdb::third_party_copy::ListLength::get(x.cdb()));
  const auto header = bytes.first<use::kSize>();
  TokenFields token;
  const bool is_ours = decode_token(header.subspan<use::kToken, kRodTokenSize>(), token);
  if (token.type != RodType::kZero && token.type != RodType::kChangeVulnerable) {
    co_return illegal_request(asc::kUnsupportedTokenType);
  }
  if (token.length != kRodTokenLength) {
    co_return illegal_request(asc::kInvalidTokenLength);
  }
  if (token.type != RodType::kZero && !is_ours) {
    co_return illegal_request(asc::kTokenCorrupt);
  }
  auto ranges = parse_ranges(x.unit, bytes.subspan(use::kSize), use::RangesLength::get(header), 534);
  if (!ranges) {
    co_return ranges.error();
  }
  const auto operation = begin_copy(x, cdb::third_party_copy::TokenListId::get(x.cdb()), use::kAction);
  if (!operation) {
    co_return operation.error();
  }
  auto work =
      std::make_unique<WriteUsing>(*std::move(ranges), use::Offset::get(header), token, use::DeleteToken::get(header));
  co_return co_await run_copy(x, **operation, std::move(work), use::Immediate::get(header));
}

}  // namespace lunaria::scsi
