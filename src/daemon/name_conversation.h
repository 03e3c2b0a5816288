#pragma once

// NameConversation: names are asked for and answers come at any time, so that a name that nobody answers for holds up
// no other, and a thousand of them take one thread.

#include <string>
#include <vector>

#include "service/host_names.h"

namespace lunaria::daemon {

/// Interface to the name service, for one who asks again and again.
class NameConversation {
 public:
  virtual ~NameConversation() = default;
  /// Asks for `names` beside those that are open, and waits on a worker thread until there are answers, all that were
  /// not told yet, or wake() was called. One call at a time. Each name has its answer within kNameLookupMax; it is not
  /// asked for again before.
  virtual std::vector<service::NameAnswer> go_on(const std::vector<std::string>& names) = 0;
  /// From any thread: the call under way, or else the next one, does not wait.
  virtual void wake() = 0;
};

}  // namespace lunaria::daemon
