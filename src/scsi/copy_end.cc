#include "scsi/copy_end.h"

#include <algorithm>

namespace lunaria::scsi {
namespace {

// Whether the medium of a unit can be read (or written) now by a nexus that is attached to it.
Outcome check_access(UnitState& unit, const NexusState* nexus, bool for_writing) {
  if (nexus != nullptr &&
      unit.reservations.conflicts(*nexus, for_writing ? ConflictClass::kWrites : ConflictClass::kReads)) {
    return {Status::kReservationConflict, {}};
  }
  if (unit.failed) {
    return failed_outcome();
  }
  if (unit.ejected) {
    return check_condition(SenseKey::kNotReady, asc::kMediumNotPresent);
  }
  if (!unit.background.is_idle()) {
    return unit.background.refusal();
  }
  if (for_writing && (unit.is_write_protected() || nexus == nullptr || nexus->read_only)) {
    return check_condition(SenseKey::kDataProtect, asc::kWriteProtected);
  }
  return good();
}

// All visitors: what they found, and the access that they need.
class Visitor : public UnitVisitor {
 public:
  Visitor(NexusId nexus, bool by_token, bool for_writing)
      : nexus_(nexus), by_token_(by_token), for_writing_(for_writing) {}

  runtime::Task<void> visit(LogicalUnit& unit) override {
    UnitState& state = unit.state();
    const NexusState* nexus = state.find(nexus_);
    is_reachable = nexus != nullptr || by_token_;
    if (!is_reachable) {
      co_return;
    }
    outcome = check_access(state, nexus, for_writing_);
    if (outcome.is_good()) {
      outcome = co_await work(state);
    }
  }

  Outcome outcome;
  bool is_reachable = false;

 protected:
  virtual runtime::Task<Outcome> work(UnitState& unit) = 0;

 private:
  NexusId nexus_;
  bool by_token_;
  bool for_writing_;
};

class Shape final : public Visitor {
 public:
  using Visitor::Visitor;
  std::uint32_t block_size = 0;
  std::uint64_t block_count = 0;

 private:
  runtime::Task<Outcome> work(UnitState& unit) override {
    block_size = unit.geometry.logical_block_size;
    block_count = unit.geometry.block_count;
    co_return good();
  }
};

class TokenShape final : public Visitor {
 public:
  TokenShape(NexusId nexus, const RodTokenId& id, RodToken& token)
      : Visitor(nexus, true, false), id_(id), token_(token) {}
  std::uint32_t block_size = 0;
  std::uint64_t block_count = 0;

 private:
  runtime::Task<Outcome> work(UnitState& unit) override {
    block_size = unit.geometry.logical_block_size;
    block_count = unit.geometry.block_count;
    const auto found = unit.tokens.use(id_, unit.home.clock().now());
    if (!found) {
      co_return illegal_request(found.error());
    }
    token_ = **found;
    co_return good();
  }

  const RodTokenId& id_;
  RodToken& token_;
};

enum class Transfer : std::uint8_t { kRead, kWrite, kZero };

class Mover final : public Visitor {
 public:
  Mover(NexusId nexus, bool by_token, Transfer transfer, std::uint64_t offset, std::span<std::byte> memory,
        std::uint64_t length)
      : Visitor(nexus, by_token, transfer != Transfer::kRead),
        transfer_(transfer),
        offset_(offset),
        memory_(memory),
        length_(length) {}

 private:
  runtime::Task<Outcome> work(UnitState& unit) override {
    const std::uint64_t block_size = unit.geometry.logical_block_size;
    const BlockRange range{offset_ / block_size, length_ / block_size};
    if (const Outcome outcome = check_range(unit, range); !outcome.is_good()) {
      co_return outcome;
    }
    // A copy that is aborted while the medium hangs may still write: until then nothing newer gets at these blocks.
    const auto mode = transfer_ == Transfer::kRead ? RangeLocks::Mode::kShared : RangeLocks::Mode::kExclusive;
    RangeLocks::Hold hold(unit.ranges, range.lba, range.count, mode);
    co_await hold;
    block::IoStatus status = block::IoStatus::kOk;
    const bool durable = must_be_durable(unit, false);
    switch (transfer_) {
      case Transfer::kRead:
        status = co_await block::read(*unit.volume, offset_, memory_);
        break;
      case Transfer::kWrite:
        unit.tokens.note_write(range);
        status = co_await block::write(*unit.volume, offset_, memory_, durable);
        break;
      case Transfer::kZero:
        unit.tokens.note_write(range);
        if (unit.features.unmap && unit.features.unmapped_reads_zeros) {
          status = co_await block::unmap(*unit.volume, offset_, length_);
        } else {
          status = co_await block::write_zeroes(*unit.volume, offset_, length_, durable);
        }
        break;
    }
    if (transfer_ != Transfer::kRead) {
      note_space_change(unit, length_);
    }
    co_return io_outcome(unit, status, range.lba);
  }

  Transfer transfer_;
  std::uint64_t offset_;
  std::span<std::byte> memory_;
  std::uint64_t length_;
};

}  // namespace

runtime::Task<CopyFault> CopyEnd::at_unit(UnitVisitor& visitor, const Outcome& outcome, const bool& is_reachable) {
  if (is_here_) {
    co_await visitor.visit(*manager_.unit.owner);
  } else {
    UnitDirectory* directory = manager_.unit.observer.directory();
    if (directory == nullptr) {
      co_return CopyFault{good(), false};
    }
    const bool found = co_await directory->visit(naa_, visitor);
    if (!found) {
      co_return CopyFault{good(), false};
    }
  }
  co_return CopyFault{outcome, is_reachable};
}

runtime::Task<CopyFault> CopyEnd::open(bool for_writing) {
  Shape shape(manager_.nexus, false, for_writing);
  const CopyFault fault = co_await at_unit(shape, shape.outcome, shape.is_reachable);
  block_size_ = shape.block_size;
  block_count_ = shape.block_count;
  co_return fault;
}

runtime::Task<CopyFault> CopyEnd::open_token(const RodTokenId& id, RodToken& token) {
  by_token_ = true;
  TokenShape shape(manager_.nexus, id, token);
  const CopyFault fault = co_await at_unit(shape, shape.outcome, shape.is_reachable);
  block_size_ = shape.block_size;
  block_count_ = shape.block_count;
  co_return fault;
}

runtime::Task<CopyFault> CopyEnd::read(std::uint64_t offset, std::span<std::byte> memory) {
  Mover mover(manager_.nexus, by_token_, Transfer::kRead, offset, memory, memory.size());
  co_return co_await at_unit(mover, mover.outcome, mover.is_reachable);
}

runtime::Task<CopyFault> CopyEnd::write(std::uint64_t offset, std::span<std::byte> memory) {
  Mover mover(manager_.nexus, false, Transfer::kWrite, offset, memory, memory.size());
  co_return co_await at_unit(mover, mover.outcome, mover.is_reachable);
}

runtime::Task<CopyFault> CopyEnd::write_zeros(std::uint64_t offset, std::uint64_t length) {
  Mover mover(manager_.nexus, false, Transfer::kZero, offset, {}, length);
  co_return co_await at_unit(mover, mover.outcome, mover.is_reachable);
}

}  // namespace lunaria::scsi
