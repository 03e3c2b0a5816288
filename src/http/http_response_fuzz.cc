// Feeds a ClientConnection: the same bytes whole and one by one must mean the same response.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/check.h"
#include "http/client_connection.h"

namespace {

using lunaria::http::ClientConnection;

struct Reply {
  std::uint16_t status = 0;
  std::string body;
  bool ended = false;
  bool failed = false;
};

Reply read_reply(std::string_view input, std::size_t size, std::string_view method) {
  ClientConnection client("host");
  client.set_body_limit(1 << 20);
  static_cast<void>(client.request(method, "/", {}, 0));
  Reply reply;
  while (true) {
    switch (client.next()) {
      case ClientConnection::Event::kNeedInput:
        if (input.empty()) {
          client.receive_ended();
        } else {
          const auto space = client.receive_space();
          const std::size_t count = std::min({size, space.size(), input.size()});
          std::memcpy(space.data(), input.data(), count);
          client.received(count);
          input.remove_prefix(count);
        }
        break;
      case ClientConnection::Event::kHead:
        reply.status = client.response().status;
        break;
      case ClientConnection::Event::kBody:
        reply.body.append(static_cast<const char*>(static_cast<const void*>(client.body().data())),
                          client.body().size());
        break;
      case ClientConnection::Event::kEnd:
        reply.ended = true;
        return reply;
      case ClientConnection::Event::kClosed:
        return reply;
      case ClientConnection::Event::kFailed:
        reply.failed = true;
        return reply;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(static_cast<const char*>(static_cast<const void*>(data)), size);
  for (const std::string_view method : {"POST", "HEAD"}) {
    const Reply whole = read_reply(input, 1U << 30, method);
    const Reply bytes = read_reply(input, 1, method);
    lunaria::check(whole.status == bytes.status && whole.ended == bytes.ended && whole.failed == bytes.failed,
                   "the outcome does not depend on how bytes arrive");
    lunaria::check(!whole.ended || whole.body == bytes.body, "nor does the body");
  }
  return 0;
}
