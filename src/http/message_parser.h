#pragma once

// MessageParser: one HTTP message, parsed by Boost.Beast behind a wall (its headers are slow to compile and stay in
// one .cc file), plus the refusals that the standard asks for and Beast leaves to its user. Feed it complete heads
// (HeadScanner) and then body bytes as they come. Internal to this folder.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "http/fields.h"

namespace lunaria::http::internal {

/// Request or status line, and the fields.
struct ParsedHead {
  std::string method;
  std::string target;
  std::uint16_t status = 0;
  std::string reason;
  int minor_version = 1;
  Fields fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool until_close = false;  ///< responses: the body ends with the connection
};

class MessageParser final {
 public:
  static MessageParser for_request();
  /// `bodyless`: the response is to a HEAD request.
  static MessageParser for_response(bool bodyless);

  MessageParser(MessageParser&&) noexcept;
  MessageParser& operator=(MessageParser&&) noexcept;
  ~MessageParser();

  enum class Kind : std::uint8_t {
    kNeedMore,  ///< nothing can be taken: call again with these bytes and more behind them
    kHead,      ///< head() is there
    kBody,      ///< `body` is a part of the given bytes
    kEnd,       ///< the message is complete
    kFailed,    ///< failure_status() says how to answer; the parser is of no further use
  };
  struct Step {
    Kind kind = Kind::kNeedMore;
    std::size_t consumed = 0;
    std::span<const std::byte> body{};
  };

  /// One step forward.
  Step step(std::span<const std::byte> bytes);
  /// The connection has ended: kEnd when that completes the message, otherwise kFailed.
  Step end_of_input();

  ParsedHead& head();
  /// The status that a server answers such a message with: 400, 431, 501 or 505.
  std::uint16_t failure_status() const;

  struct Implementation;

 private:
  explicit MessageParser(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace lunaria::http::internal
