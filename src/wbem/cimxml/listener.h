#pragma once

// Listener: takes ExportIndication requests: the other end of an exporter, for the command line and for tests.

#include <functional>

#include "cim/instance.h"
#include "http/handler.h"

namespace lunaria::wbem::cimxml {

/// Lives on the shard of its HTTP server.
class Listener final : public http::RequestHandler {
 public:
  /// Called for each indication before it is confirmed; must not block.
  using Receiver = std::function<void(const cim::Instance& indication, const http::Peer& peer)>;
  explicit Listener(Receiver receiver) : receiver_(std::move(receiver)) {}

  runtime::Task<void> handle(const http::RequestHead& head, http::RequestBody& body, http::ResponseWriter& writer,
                             const http::Peer& peer) override;

 private:
  Receiver receiver_;
};

}  // namespace lunaria::wbem::cimxml
