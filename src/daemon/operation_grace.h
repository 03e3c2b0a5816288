#pragma once

// How long a stop waits for operations: clients that read slowly, or not at all, must not keep the object manager from
// stopping.

#include "cim/admission.h"
#include "http/server.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "wbem/cimxml/handler.h"

namespace lunaria::daemon {

/// Answers on their way are sent for so long after a stop was asked for; then they end with an error.
inline constexpr runtime::Duration kOperationGrace = std::chrono::seconds(10);
/// Connections of clients that do not take as much as that error are cut after this.
inline constexpr runtime::Duration kErrorGrace = std::chrono::seconds(2);

/// With the admission closed: returns when no more than `remaining` operations are inside, or it is open again. Only
/// answers are ended: what changes something, or has not begun to answer, is waited for.
runtime::Task<void> wait_for_operations(runtime::Shard& shard, cim::AdmissionControl& admission, std::size_t remaining,
                                        wbem::cimxml::Handler& handler, http::Server& server);

}  // namespace lunaria::daemon
