#pragma once

// CopyEnd: one end of a third-party copy: the unit that got the command, or another one of this server.

#include <array>
#include <cstdint>
#include <span>

#include "scsi/medium.h"
#include "scsi/rod_token.h"
#include "scsi/unit_directory.h"

namespace lunaria::scsi {

/// Who copies: outlives the CopyEnds made for it.
struct CopyManager {
  UnitState& unit;  ///< that got the command
  NexusId nexus{};
  const bool& cancelled;                  ///< COPY OPERATION ABORT, or the unit stops
  const bool* command_aborted = nullptr;  ///< of a copy that its command waits for
  bool must_stop() const { return cancelled || (command_aborted != nullptr && *command_aborted); }
};

/// What is wrong at one end.
struct CopyFault {
  Outcome outcome;           ///< good when nothing is
  bool is_reachable = true;  ///< false: there is no such unit, or it is none of this nexus
};

/// Lives on the home shard of the manager's unit; what it does, it does where its unit lives.
class CopyEnd final {
 public:
  CopyEnd(CopyManager& manager, std::array<std::uint8_t, 8> naa)
      : manager_(manager), naa_(naa), is_here_(naa == manager.unit.identity.naa) {}

  /// Asks for the unit's shape and whether this nexus may read or write it now; to be called first.
  runtime::Task<CopyFault> open(bool for_writing);
  /// The same for a source that a token stands for: knowing the token is the right to read. `token` gets its ranges.
  runtime::Task<CopyFault> open_token(const RodTokenId& id, RodToken& token);

  std::uint32_t block_size() const { return block_size_; }
  std::uint64_t block_count() const { return block_count_; }
  bool is_same_unit_as(const CopyEnd& other) const { return naa_ == other.naa_; }

  /// Bytes at a byte offset, whole blocks inside the unit; fails as a READ or WRITE there would.
  runtime::Task<CopyFault> read(std::uint64_t offset, std::span<std::byte> memory);
  runtime::Task<CopyFault> write(std::uint64_t offset, std::span<std::byte> memory);
  runtime::Task<CopyFault> write_zeros(std::uint64_t offset, std::uint64_t length);

 private:
  runtime::Task<CopyFault> at_unit(UnitVisitor& visitor, const Outcome& outcome, const bool& is_reachable);

  CopyManager& manager_;
  std::array<std::uint8_t, 8> naa_;
  bool is_here_;
  bool by_token_ = false;
  std::uint32_t block_size_ = 0;
  std::uint64_t block_count_ = 0;
};

}  // namespace lunaria::scsi
