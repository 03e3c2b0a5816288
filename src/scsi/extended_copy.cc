// EXTENDED COPY with LID1 and LID4 (SPC-5 6.4, 6.5) and COPY OPERATION ABORT (6.3): block to block segments between
// units of this server.

#include <algorithm>
#include <array>
#include <optional>

#include "scsi/handlers.h"
#include "scsi/third_party_copy.h"

namespace lunaria::scsi {
namespace {

using wire::BigEndian;
using wire::Bits;

namespace lid1 {  // SPC-5 table 107
constexpr std::size_t kSize = 16;
using ListId = BigEndian<std::uint8_t, 0>;
using ListIdUsage = Bits<std::uint8_t, 1, 3, 2>;
using CscdLength = BigEndian<std::uint16_t, 2>;
using SegmentLength = BigEndian<std::uint32_t, 8>;
using InlineLength = BigEndian<std::uint32_t, 12>;
}  // namespace lid1

namespace lid4 {  // SPC-5 table 103
constexpr std::size_t kSize = 48;
using Format = BigEndian<std::uint8_t, 0>;
using ListIdUsage = Bits<std::uint8_t, 1, 3, 2>;
using HeaderCscdLength = BigEndian<std::uint16_t, 2>;
using Immediate = Bits<bool, 15, 0>;
using HeaderCscdType = BigEndian<std::uint8_t, 16>;
using ListId = BigEndian<std::uint32_t, 20>;
using CscdLength = BigEndian<std::uint16_t, 42>;
using SegmentLength = BigEndian<std::uint16_t, 44>;
using InlineLength = BigEndian<std::uint16_t, 46>;
constexpr std::uint8_t kFormat = 0x01;
constexpr std::uint16_t kHeaderCscdLength = 0x20;
constexpr std::uint8_t kHeaderCscdType = 0xFF;
}  // namespace lid4

namespace cscd {  // SPC-5 6.4.5.3
using Type = BigEndian<std::uint8_t, 0>;
using PeripheralType = Bits<std::uint8_t, 1, 0, 5>;
using CodeSet = Bits<std::uint8_t, 4, 0, 4>;
using Association = Bits<std::uint8_t, 5, 4, 2>;
using DesignatorType = Bits<std::uint8_t, 5, 0, 4>;
using DesignatorLength = BigEndian<std::uint8_t, 7>;
constexpr std::size_t kDesignator = 8;
using BlockLength = BigEndian<std::uint32_t, 29, 3>;
}  // namespace cscd

namespace segment {  // SPC-5 6.4.6.5
using Type = BigEndian<std::uint8_t, 0>;
using DestinationCount = Bits<bool, 1, 1>;
using Length = BigEndian<std::uint16_t, 2>;
using Source = BigEndian<std::uint16_t, 4>;
using Destination = BigEndian<std::uint16_t, 6>;
using BlockCount = BigEndian<std::uint16_t, 10>;
using SourceLba = BigEndian<std::uint64_t, 12>;
using DestinationLba = BigEndian<std::uint64_t, 20>;
}  // namespace segment

constexpr std::uint8_t kNoListId = 3;  // LIST ID USAGE: there is none
constexpr std::uint8_t kReservedUsage = 1;
constexpr std::uint16_t kThisUnit = 0xFFFF;  // the CSCD descriptor ID of the unit that got the command
constexpr std::uint8_t kLid1Action = 0x00;
constexpr std::uint8_t kLid4Action = 0x01;

// A unit named by a CSCD descriptor; no designator when it names nothing that this server could have.
struct Cscd {
  std::optional<std::array<std::uint8_t, 8>> naa;
  std::uint32_t block_length = 0;
};

struct Segment {
  bool counts_at_destination = false;
  std::uint16_t source = 0;
  std::uint16_t destination = 0;
  std::uint16_t blocks = 0;
  std::uint64_t source_lba = 0;
  std::uint64_t destination_lba = 0;
};

// A parameter list as values.
struct CopyList {
  std::uint32_t list_id = 0;
  std::uint8_t usage = 0;
  bool immediate = false;
  std::size_t header_size = 0;
  std::size_t cscd_length = 0;
  std::size_t segment_length = 0;
  std::vector<Cscd> cscds;
  std::vector<Segment> segments;
};

Result<Cscd, Outcome> parse_cscd(std::span<const std::byte, kCscdDescriptorSize> bytes) {
  if (cscd::Type::get(bytes) != kIdentificationCscd || cscd::PeripheralType::get(bytes) != 0) {
    return fail(illegal_request(asc::kUnsupportedTargetDescriptor));
  }
  Cscd parsed;
  parsed.block_length = cscd::BlockLength::get(bytes);
  constexpr std::uint8_t kBinary = 1;
  constexpr std::uint8_t kNaa = 3;
  if (cscd::CodeSet::get(bytes) == kBinary && cscd::Association::get(bytes) == 0 &&
      cscd::DesignatorType::get(bytes) == kNaa && cscd::DesignatorLength::get(bytes) == 8) {
    parsed.naa.emplace();
    std::ranges::transform(bytes.subspan<cscd::kDesignator, 8>(), parsed.naa->begin(),
                           [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  }
  return parsed;
}

Result<Segment, Outcome> parse_segment(std::span<const std::byte> bytes) {
  if (std::to_integer<std::uint8_t>(bytes[0]) != kBlockToBlock) {
    return fail(illegal_request(asc::kUnsupportedSegmentDescriptor));
  }
  if (bytes.size() < kSegmentDescriptorSize) {
    return fail(illegal_request(asc::kParameterListLengthError));
  }
  const auto fields = bytes.first<kSegmentDescriptorSize>();
  Segment parsed;
  parsed.counts_at_destination = segment::DestinationCount::get(fields);
  parsed.source = segment::Source::get(fields);
  parsed.destination = segment::Destination::get(fields);
  parsed.blocks = segment::BlockCount::get(fields);
  parsed.source_lba = segment::SourceLba::get(fields);
  parsed.destination_lba = segment::DestinationLba::get(fields);
  return parsed;
}

Outcome parse_descriptors(std::span<const std::byte> bytes, CopyList& list) {
  if (list.cscd_length % kCscdDescriptorSize != 0) {
    return invalid_list(2);
  }
  if (list.cscd_length / kCscdDescriptorSize > kCscdDescriptorsMax) {
    return illegal_request(asc::kTooManyTargetDescriptors);
  }
  auto cscds = bytes.subspan(list.header_size, list.cscd_length);
  for (; !cscds.empty(); cscds = cscds.subspan(kCscdDescriptorSize)) {
    const auto parsed = parse_cscd(cscds.first<kCscdDescriptorSize>());
    if (!parsed) {
      return parsed.error();
    }
    list.cscds.push_back(*parsed);
  }
  auto segments = bytes.subspan(list.header_size + list.cscd_length, list.segment_length);
  while (!segments.empty()) {
    if (list.segments.size() == kSegmentDescriptorsMax) {
      return illegal_request(asc::kTooManySegmentDescriptors);
    }
    const auto parsed = parse_segment(segments);
    if (!parsed) {
      return parsed.error();
    }
    list.segments.push_back(*parsed);
    const std::size_t length = 4U + segment::Length::get(segments.first<kSegmentDescriptorSize>());
    if (length != kSegmentDescriptorSize) {
      return invalid_list(static_cast<std::size_t>(segments.data() - bytes.data()) + 2);
    }
    segments = segments.subspan(length);
  }
  return good();
}

Outcome check_lengths(const CopyList& list, std::size_t inline_length, std::size_t size) {
  if (list.cscd_length + list.segment_length > kDescriptorListMax) {
    return illegal_request(asc::kParameterListLengthError);
  }
  if (inline_length != 0) {
    return illegal_request(asc::kInlineDataLengthExceeded);
  }
  if (list.header_size + list.cscd_length + list.segment_length > size) {
    return illegal_request(asc::kParameterListLengthError);
  }
  return good();
}

Result<CopyList, Outcome> parse_lid1(std::span<const std::byte> bytes) {
  if (bytes.size() < lid1::kSize) {
    return fail(illegal_request(asc::kParameterListLengthError));
  }
  const auto header = bytes.first<lid1::kSize>();
  CopyList list;
  list.header_size = lid1::kSize;
  list.list_id = lid1::ListId::get(header);
  list.usage = lid1::ListIdUsage::get(header);
  list.cscd_length = lid1::CscdLength::get(header);
  list.segment_length = lid1::SegmentLength::get(header);
  Outcome outcome = check_lengths(list, lid1::InlineLength::get(header), bytes.size());
  if (outcome.is_good()) {
    outcome = parse_descriptors(bytes, list);
  }
  if (!outcome.is_good()) {
    return fail(outcome);
  }
  return list;
}

Result<CopyList, Outcome> parse_lid4(std::span<const std::byte> bytes) {
  if (bytes.size() < lid4::kSize) {
    return fail(illegal_request(asc::kParameterListLengthError));
  }
  const auto header = bytes.first<lid4::kSize>();
  if (lid4::Format::get(header) != lid4::kFormat) {
    return fail(invalid_list(0));
  }
  if (lid4::HeaderCscdLength::get(header) != lid4::kHeaderCscdLength) {
    return fail(invalid_list(2));
  }
  if (lid4::HeaderCscdType::get(header) != lid4::kHeaderCscdType) {
    return fail(invalid_list(16));
  }
  CopyList list;
  list.header_size = lid4::kSize;
  list.list_id = lid4::ListId::get(header);
  list.usage = lid4::ListIdUsage::get(header);
  list.immediate = lid4::Immediate::get(header);
  list.cscd_length = lid4::CscdLength::get(header);
  list.segment_length = lid4::SegmentLength::get(header);
  Outcome outcome = check_lengths(list, lid4::InlineLength::get(header), bytes.size());
  if (outcome.is_good()) {
    outcome = parse_descriptors(bytes, list);
  }
  if (!outcome.is_good()) {
    return fail(outcome);
  }
  return list;
}

// The segments of one command.
class SegmentCopy final : public CopyWork {
 public:
  SegmentCopy(std::vector<Cscd> cscds, std::vector<Segment> segments)
      : cscds_(std::move(cscds)), segments_(std::move(segments)) {}

  runtime::Task<Outcome> run(CopyManager& manager, CopyOperation& operation) override {
    for (const Segment& each : segments_) {
      const Outcome outcome = co_await copy(manager, each, operation);
      if (!outcome.is_good()) {
        co_return outcome;
      }
      ++operation.segments;
    }
    co_return good();
  }

 private:
  // nullptr when the index names no unit; a unit named by no designator of ours is found out when it is opened.
  const Cscd* find(std::uint16_t index) const { return index < cscds_.size() ? &cscds_[index] : nullptr; }

  Result<std::array<std::uint8_t, 8>, Outcome> designator(const CopyManager& manager, std::uint16_t index) const {
    if (index == kThisUnit) {
      return manager.unit.identity.naa;
    }
    const Cscd* found = find(index);
    if (found == nullptr) {
      return fail(check_condition(SenseKey::kCopyAborted, asc::kUnreachableCopyTarget));
    }
    if (!found->naa) {
      return fail(check_condition(SenseKey::kCopyAborted, asc::kCopyTargetNotReachable));
    }
    return *found->naa;
  }

  Outcome check_block_length(std::uint16_t index, const CopyEnd& end) const {
    const Cscd* found = find(index);
    const std::uint32_t named = found == nullptr ? 0 : found->block_length;
    return named == 0 || named == end.block_size()
               ? good()
               : check_condition(SenseKey::kCopyAborted, asc::kInvalidFieldInParameterList);
  }

  runtime::Task<Outcome> copy(CopyManager& manager, const Segment& what, CopyOperation& operation) const {
    const auto from = designator(manager, what.source);
    const auto to = designator(manager, what.destination);
    if (!from || !to) {
      co_return !from ? from.error() : to.error();
    }
    CopyEnd source(manager, *from);
    CopyEnd destination(manager, *to);
    const CopyFault source_fault = co_await source.open(false);
    if (!source_fault.outcome.is_good() || !source_fault.is_reachable) {
      co_return copy_aborted(source_fault);
    }
    const CopyFault destination_fault = co_await destination.open(true);
    if (!destination_fault.outcome.is_good() || !destination_fault.is_reachable) {
      co_return copy_aborted(destination_fault);
    }
    for (const auto& [index, end] : {std::pair(what.source, &source), std::pair(what.destination, &destination)}) {
      if (const Outcome outcome = check_block_length(index, *end); !outcome.is_good()) {
        co_return outcome;
      }
    }
    const std::uint64_t length =
        std::uint64_t{what.blocks} * (what.counts_at_destination ? destination.block_size() : source.block_size());
    if (length % source.block_size() != 0 || length % destination.block_size() != 0) {
      co_return check_condition(SenseKey::kCopyAborted, asc::kUnexpectedInexactSegment);
    }
    if (!is_inside(source, what.source_lba, length) || !is_inside(destination, what.destination_lba, length)) {
      co_return copy_aborted({illegal_request(asc::kLbaOutOfRange)});
    }
    const CopyFault fault = co_await copy_extent(
        manager, source, destination,
        {what.source_lba * source.block_size(), what.destination_lba * destination.block_size(), length}, operation);
    co_return fault.outcome.is_good() && fault.is_reachable ? good() : copy_aborted(fault);
  }

  static bool is_inside(const CopyEnd& end, std::uint64_t lba, std::uint64_t length) {
    const std::uint64_t blocks = length / end.block_size();
    return lba < end.block_count() && blocks <= end.block_count() - lba;
  }

  std::vector<Cscd> cscds_;
  std::vector<Segment> segments_;
};

runtime::Task<Outcome> run_extended_copy(Execution& x, std::uint8_t service_action) {
  const std::size_t length = cdb::third_party_copy::ListLength::get(x.cdb());
  if (length == 0) {
    co_return good();
  }
  const Outcome received = co_await receive_list(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  const std::span<const std::byte> bytes = x.command.transport.data_out().first(length);
  auto list = service_action == kLid1Action ? parse_lid1(bytes) : parse_lid4(bytes);
  if (!list) {
    co_return list.error();
  }
  if (list->usage == kReservedUsage || (list->usage == kNoListId && list->list_id != 0)) {
    co_return invalid_list(1, std::uint8_t{4});
  }
  if (list->immediate && list->usage == kNoListId) {  // nobody could ask how it ended
    co_return invalid_list(15, std::uint8_t{0});
  }
  const auto operation = begin_copy(x, list->list_id, service_action);
  if (!operation) {
    co_return operation.error();
  }
  co_return co_await run_copy(x, **operation,
                              std::make_unique<SegmentCopy>(std::move(list->cscds), std::move(list->segments)),
                              list->immediate);
}

}  // namespace

runtime::Task<Outcome> run_extended_copy_lid1(Execution& x) {
  return run_extended_copy(x, kLid1Action);
}

runtime::Task<Outcome> run_extended_copy_lid4(Execution& x) {
  return run_extended_copy(x, kLid4Action);
}

// SPC-5 6.3. The operation ends soon after; RECEIVE COPY STATUS tells when.
runtime::Task<Outcome> run_copy_abort(Execution& x) {
  CopyOperation* operation = x.unit.copies.find(x.nexus.nexus->id, cdb::third_party_copy::ListId4::get(x.cdb()));
  if (operation == nullptr || !operation->in_progress) {
    co_return invalid_cdb(2);
  }
  operation->cancelled = true;
  co_return good();
}

}  // namespace lunaria::scsi
