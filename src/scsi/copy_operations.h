#pragma once

// CopyOperations: the third-party copies of one unit, under way and remembered, for RECEIVE COPY RESULTS and RECEIVE
// ROD TOKEN INFORMATION (SPC-5 6.19 - 6.25).

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>

#include "runtime/gate.h"
#include "scsi/nexus.h"
#include "scsi/outcome.h"
#include "scsi/rod_token.h"

namespace lunaria::scsi {

struct CopyOperation {
  NexusId nexus{};
  std::uint32_t list_id = 0;
  std::uint8_t service_action = 0;  ///< of the command that began it
  bool in_progress = true;
  bool cancelled = false;  ///< COPY OPERATION ABORT, or the unit stops
  Outcome outcome;         ///< when it is over
  std::uint64_t bytes = 0;
  std::uint16_t segments = 0;
  std::optional<std::array<std::byte, kRodTokenSize>> token;  ///< what POPULATE TOKEN made
};

/// Single shard. References stay valid while the operation is in progress; finished ones are forgotten, oldest first,
/// when there are too many.
class CopyOperations final {
 public:
  static constexpr std::size_t kOperationsMax = 64;

  /// nullptr when kOperationsMax are in progress.
  CopyOperation* add(NexusId nexus, std::uint32_t list_id, std::uint8_t service_action);
  CopyOperation* find(NexusId nexus, std::uint32_t list_id);
  /// A nexus has gone: its results go, what is in progress is cancelled.
  void forget(NexusId nexus);
  void forget(const CopyOperation& operation);
  /// Cancels everything: the unit stops.
  void cancel_all();

  /// Copies in the background.
  runtime::Gate gate;

 private:
  std::list<CopyOperation> operations_;
};

}  // namespace lunaria::scsi
