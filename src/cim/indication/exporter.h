#pragma once

// Exporter: the protocol in which indications go out. Implemented by wbem, and by tests.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cim/instance.h"
#include "runtime/task.h"

namespace lunaria::cim::indication {

/// One kept connection to a listener. Control shard; one call at a time; close() comes before the destructor.
class ExportConnection {
 public:
  virtual ~ExportConnection() = default;
  /// Done when the listener has confirmed the message; otherwise why not, for the log. Returns within a bounded time.
  /// `body` outlives the call.
  virtual runtime::Task<Result<void, std::string>> send(const std::string& body) = 0;
  /// Ends a send() under way, which then fails soon, whatever the listener does; later ones fail at once.
  virtual void cancel() = 0;
  virtual runtime::Task<void> close() = 0;
};

/// Interface; control shard only.
class Exporter {
 public:
  virtual ~Exporter() = default;
  /// Why nothing can be sent to this URL, or nothing.
  virtual Result<void, std::string> check_url(std::string_view url) const = 0;
  /// A message that tells the indication.
  virtual std::string encode(const Instance& indication, std::string_view message_id) const = 0;
  /// For a URL that passed check_url(). Connects with the first send().
  virtual std::unique_ptr<ExportConnection> connect(std::string_view url) = 0;
};

}  // namespace lunaria::cim::indication
