#include "daemon/operation_grace.h"

namespace lunaria::daemon {

runtime::Task<void> wait_for_operations(runtime::Shard& shard, cim::AdmissionControl& admission, std::size_t remaining,
                                        wbem::cimxml::Handler& handler, http::Server& server) {
  bool is_done = co_await admission.wait_until_inside(remaining, shard, kOperationGrace);
  handler.end_streams(!is_done);
  while (!is_done) {
    const runtime::Instant begun_before = shard.clock().now();
    is_done = co_await admission.wait_until_inside(remaining, shard, kErrorGrace);
    if (!is_done) {
      server.cut_responses(begun_before);
    }
  }
  handler.end_streams(false);
}

}  // namespace lunaria::daemon
