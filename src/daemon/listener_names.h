#pragma once

// ListenerNames: the addresses of listeners that are known by name, asked for when they are needed. Names that nobody
// answers for must not hold up the others.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "service/host_names.h"

namespace lunaria::daemon {

/// A name that had no address is not asked for again for so long.
inline constexpr runtime::Duration kFailedNameAge = service::kNameAgeMin;
/// Failures that are remembered: more than there can be listeners.
inline constexpr std::size_t kFailedNamesMax = 2048;

/// Names that are asked for in the same turn, or while a question is under way, share one. There are two at once, each
/// on a worker thread: one about names that failed when they were last asked for, and one about all others, which so
/// never wait for them. Control shard only; what it is given outlives it. close() comes before the destructor.
class ListenerNames final {
 public:
  using Outcome = Result<std::vector<IpAddress>, std::string>;

  ListenerNames(runtime::Shard& shard, service::NameResolver& resolver) : shard_(shard), resolver_(resolver) {}
  ListenerNames(const ListenerNames&) = delete;
  ListenerNames& operator=(const ListenerNames&) = delete;

  /// At least one address, or a sentence that says why there is none. Takes two questions while no more
  /// than kNamesPerLookupMax wait.
  runtime::Task<Outcome> look_up(std::string host);
  runtime::Task<void> close();

 private:
  /// One name that waits; in the frame of look_up().
  struct Waiter {
    std::string host;
    service::NameAnswer answer;
    runtime::Event answered;
  };
  struct Queue {
    std::vector<Waiter*> waiting;
    bool is_asking = false;
  };
  struct Failure {
    runtime::Instant at;
    std::string reason;
  };
  runtime::Task<void> ask(Queue& queue);

  runtime::Shard& shard_;
  service::NameResolver& resolver_;
  Queue names_;
  Queue failed_names_;
  std::map<std::string, Failure> failures_;  ///< until the name is found again
  runtime::Gate gate_;
};

}  // namespace lunaria::daemon
