#pragma once

// ListenerNames: the addresses of listeners that are known by name, asked for when they are needed. Names that nobody
// answers for must not hold up the others.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "daemon/name_conversation.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace lunaria::daemon {

/// A name that had no address is not asked for again for so long.
inline constexpr runtime::Duration kFailedNameAge = service::kNameAgeMin;
/// Failures that are remembered: more than there can be listeners.
inline constexpr std::size_t kFailedNamesMax = 2048;

/// Each name waits for its own answer only. Who asks for a name that is being asked for shares its answer. Takes one
/// worker thread while names are open. Control shard only; what it is given outlives it. close() comes before the
/// destructor.
class ListenerNames final {
 public:
  using Outcome = Result<std::vector<IpAddress>, std::string>;

  ListenerNames(runtime::Shard& shard, NameConversation& conversation) : shard_(shard), conversation_(conversation) {}
  ListenerNames(const ListenerNames&) = delete;
  ListenerNames& operator=(const ListenerNames&) = delete;

  /// At least one address, or a sentence that says why there is none. Takes as long as the name service with this name,
  /// at most kNameLookupMax and a little.
  runtime::Task<Outcome> look_up(std::string host);
  runtime::Task<void> close();

 private:
  /// One call that waits; in the frame of look_up().
  struct Waiter {
    Outcome outcome;
    runtime::Event answered;
  };
  struct Failure {
    runtime::Instant at;
    std::string reason;
  };
  runtime::Task<void> converse();
  std::vector<std::string> take_new_names();
  void settle(service::NameAnswer answer);

  runtime::Shard& shard_;
  NameConversation& conversation_;
  bool is_conversing_ = false;
  std::vector<std::string> new_names_;  ///< that wait, and were not asked for yet
  std::map<std::string, std::vector<Waiter*>> waiting_;
  std::map<std::string, Failure> failures_;  ///< until the name is found again
  runtime::Gate gate_;
};

}  // namespace lunaria::daemon
