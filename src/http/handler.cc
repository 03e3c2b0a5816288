#include "http/handler.h"

#include <fmt/format.h>

namespace lunaria::http {

std::string Peer::description() const {
  if (credentials) {
    return fmt::format("unix uid={} pid={}", credentials->uid, credentials->pid);
  }
  return remote ? remote->to_string() : "unknown";
}

std::string_view Peer::transport() const {
  if (is_unix()) {
    return "unix";
  }
  return encrypted ? "https" : "http";
}

runtime::Task<Result<std::string, BodyError>> read_all(RequestBody& body) {
  std::string text;
  while (true) {
    const auto part = co_await body.read();
    if (!part) {
      co_return fail(part.error());
    }
    if (part->empty()) {
      co_return text;
    }
    text.append(static_cast<const char*>(static_cast<const void*>(part->data())), part->size());
  }
}

runtime::Task<bool> respond(ResponseWriter& writer, ResponseHead head, std::string body) {
  head.content_length = body.size();
  writer.start(std::move(head));
  const bool written = co_await writer.write(std::as_bytes(std::span(body)));
  if (!written) {
    co_return false;
  }
  const bool finished = co_await writer.finish({});
  co_return finished;
}

runtime::Task<bool> respond_error(ResponseWriter& writer, std::uint16_t status, std::string detail) {
  ResponseHead head{.status = status};
  head.fields.add("Content-Type", "text/plain; charset=utf-8");
  const bool sent =
      co_await respond(writer, std::move(head), fmt::format("{} {}: {}\n", status, reason_phrase(status), detail));
  co_return sent;
}

}  // namespace lunaria::http
