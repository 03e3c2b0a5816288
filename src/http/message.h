#pragma once

// Heads of HTTP messages as values (RFC 9110, RFC 9112).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/fields.h"
#include "runtime/clock.h"

namespace lunaria::http {

/// What a client asks for. Made by the engine, which has checked it; tests may fill one in.
struct RequestHead {
  std::string method{};   ///< as sent: methods have case, and unknown ones (M-POST) are the handler's to judge
  std::string target{};   ///< as sent
  int minor_version = 1;  ///< HTTP/1.0 or HTTP/1.1
  Fields fields{};
  /// Nullopt when there is no body or its length is not known beforehand.
  std::optional<std::uint64_t> content_length{};
  bool chunked = false;
  bool keep_alive = true;  ///< what the client wants
  bool expects_continue = false;

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
  /// The target's path, without scheme, authority and query; "*" for `OPTIONS *`.
  std::string_view path() const;
  /// What follows the first '?', or nothing.
  std::string_view query() const;
};

/// What a server answers. The engine adds what frames the message (Content-Length, Transfer-Encoding, Connection) and
/// ignores such fields when they are given here.
struct ResponseHead {
  std::uint16_t status = 200;
  std::string reason{};  ///< empty: the usual phrase
  Fields fields{};
  /// When known. Otherwise the body is collected or sent in chunks.
  std::optional<std::uint64_t> content_length{};
};

/// "Not Found"; "Unknown" for a number without a phrase.
std::string_view reason_phrase(std::uint16_t status);
/// Whether a response with that status has no body whatever its fields say (RFC 9112 6.3).
constexpr bool is_bodyless(std::uint16_t status) {
  return status / 100 == 1 || status == 204 || status == 304;
}
/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
std::string format_date(runtime::WallTime time);

}  // namespace lunaria::http
