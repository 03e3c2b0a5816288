#pragma once

// Execution: what a command handler gets. Handlers are plain functions named in the command table; each lives in the
// file of its command family.

#include "runtime/task.h"
#include "scsi/cdb.h"
#include "scsi/command.h"
#include "scsi/outcome.h"
#include "scsi/unit_state.h"
#include "wire/reader.h"

namespace lunaria::scsi {

/// One command in its unit. Lives in the frame of LogicalUnit::execute.
struct Execution {
  UnitState& unit;
  Command& command;
  NexusState& nexus;

  CdbBytes cdb() const { return CdbBytes(command.cdb_bytes); }
};

/// Builds a whole answer at once; the device server cuts it to the allocation length. The writer's buffer holds at
/// least 4096 bytes.
using AnswerFunction = Outcome (*)(Execution&, wire::Writer&);
/// Anything that waits.
using RunFunction = runtime::Task<Outcome> (*)(Execution&);

/// Receives a parameter list of `length` bytes (then in `transport.data_out()`): good, PARAMETER LIST LENGTH ERROR when
/// the initiator sends less or it is too long for us, or aborted.
runtime::Task<Outcome> receive_list(Execution& execution, std::size_t length);

}  // namespace lunaria::scsi
