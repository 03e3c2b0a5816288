// ServerConnection, the receiving side.

#include <algorithm>

#include "base/check.h"
#include "http/server_connection.h"

namespace lunaria::http {
namespace {

using internal::MessageParser;

/// RFC 9112 3.2: origin form, absolute form, or "*" for OPTIONS. Bytes outside ASCII and fragments have no place there.
bool is_target(std::string_view method, std::string_view target) {
  const auto is_allowed = [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code > 0x20 && code < 0x7f && c != '#';
  };
  if (!std::ranges::all_of(target, is_allowed)) {
    return false;
  }
  if (target == "*") {
    return method == "OPTIONS";
  }
  const auto has_scheme = [target](std::string_view scheme) {
    return target.size() > scheme.size() && equals_ignoring_case(target.substr(0, scheme.size()), scheme);
  };
  return target.starts_with('/') || has_scheme("http://") || has_scheme("https://");
}

/// RFC 9112 3.2: exactly one Host from HTTP/1.1 clients, at most one from others; a name or address with a port, or
/// empty.
bool is_host_right(const internal::ParsedHead& head) {
  const std::size_t count = head.fields.count("Host");
  if (count != 1) {
    return count == 0 && head.minor_version == 0;
  }
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~%!$&'()*+;=:[]").contains(c);
  };
  return std::ranges::all_of(*head.fields.find("Host"), is_allowed);
}

}  // namespace

std::span<std::byte> ServerConnection::receive_space() {
  body_ = {};
  buffer_.drop(body_to_drop_);
  body_to_drop_ = 0;
  return buffer_.space(input_ == Input::kHead ? kIdleReceiveBytes : kReceiveBytes);
}

void ServerConnection::received(std::size_t size, runtime::Instant now) {
  if (input_ == Input::kHead && buffer_.empty() && !first_request_) {
    waiting_since_ = now;  // from here on the head's own time runs
  }
  if (input_ == Input::kBody) {
    transfer_.arrived(size, now);
  }
  buffer_.commit(size);
}

runtime::Instant ServerConnection::receive_deadline(runtime::Instant now) {
  if (input_ == Input::kBody) {
    return transfer_.wait(now);
  }
  return waiting_since_ + (buffer_.empty() && !first_request_ ? kIdleTimeout : kHeadTimeout);
}

void ServerConnection::receive_timed_out() {
  if (is_idle()) {
    input_ = Input::kClosed;
  } else if (input_ == Input::kHead || input_ == Input::kBody) {
    fail_with(408, "the request did not arrive in time");
  }
}

ServerConnection::Event ServerConnection::next() {
  body_ = {};
  buffer_.drop(body_to_drop_);
  body_to_drop_ = 0;
  switch (input_) {
    case Input::kHead:
      return next_head();
    case Input::kBody:
      return next_body();
    case Input::kDone:
      return Event::kBodyEnd;
    case Input::kFailed:
      return Event::kFailed;
    case Input::kClosed:
      return Event::kClosed;
  }
  return Event::kClosed;
}

ServerConnection::Event ServerConnection::next_head() {
  switch (scanner_.scan(buffer_.content())) {
    case HeadScanner::Verdict::kIncomplete:
      if (!input_ended_) {
        return Event::kNeedInput;
      }
      input_ = Input::kClosed;  // nobody is left to tell
      return Event::kClosed;
    case HeadScanner::Verdict::kMalformed:
      return fail_with(400, "the request's head is malformed");
    case HeadScanner::Verdict::kLineTooLong:
      return fail_with(414, "the request line is too long");
    case HeadScanner::Verdict::kHeadTooLarge:
      return fail_with(431, "the request's header fields are too large");
    case HeadScanner::Verdict::kComplete:
      break;
  }
  const std::size_t end = scanner_.head_end();
  buffer_.drop(scanner_.head_begin());
  parser_.emplace(MessageParser::for_request());
  const auto head = buffer_.content().first(end - scanner_.head_begin());
  const MessageParser::Step step = parser_->step(head);
  if (step.kind != MessageParser::Kind::kHead || step.consumed != head.size()) {
    return fail_parse(step.kind == MessageParser::Kind::kFailed ? parser_->failure_status() : std::uint16_t{400});
  }
  buffer_.drop(head.size());
  return take_head(*parser_);
}

ServerConnection::Event ServerConnection::take_head(MessageParser& parser) {
  internal::ParsedHead& head = parser.head();
  if (!is_target(head.method, head.target)) {
    return fail_with(400, "the request's target is malformed");
  }
  if (!is_host_right(head)) {
    return fail_with(400, "the request has no proper Host field");
  }
  const bool has_http11 = head.minor_version >= 1;
  const auto expectation = head.fields.find("Expect");
  const bool expects_continue = has_http11 && expectation && equals_ignoring_case(*expectation, "100-continue");
  if (has_http11 && expectation && !expects_continue) {
    return fail_with(417, "the expectation cannot be met");
  }
  const bool wants_close = head.fields.has_token("Connection", "close");
  request_ = RequestHead{.method = std::move(head.method),
                         .target = std::move(head.target),
                         .minor_version = head.minor_version,
                         .fields = std::move(head.fields),
                         .content_length = head.content_length,
                         .chunked = head.chunked};
  request_.keep_alive = !wants_close && (has_http11 || request_.fields.has_token("Connection", "keep-alive"));
  request_.expects_continue = expects_continue;
  close_ = close_ || !request_.keep_alive;
  first_request_ = false;
  input_ = request_.has_body() ? Input::kBody : Input::kDone;
  interim_due_ = expects_continue && request_.has_body() && buffer_.empty();
  body_taken_ = 0;
  body_limit_ = kBodyBytesDefault;
  transfer_.start();
  return Event::kHead;
}

ServerConnection::Event ServerConnection::next_body() {
  if (request_.content_length.value_or(0) > body_limit_) {
    return fail_with(413, "the request's body is too large");
  }
  const MessageParser::Step step = parser_->step(buffer_.content());
  switch (step.kind) {
    case MessageParser::Kind::kNeedMore:
      buffer_.drop(step.consumed);
      if (buffer_.content().size() > kChunkMetadataMax) {
        return fail_with(400, "a chunk's header or the trailers are too long");
      }
      if (input_ended_) {
        return fail_with(400, "the request's body is incomplete");
      }
      return Event::kNeedInput;
    case MessageParser::Kind::kBody:
      body_taken_ += step.body.size();
      if (body_taken_ > body_limit_) {
        return fail_with(413, "the request's body is too large");
      }
      body_ = step.body;
      body_to_drop_ = step.consumed;
      return Event::kBody;
    case MessageParser::Kind::kEnd:
      buffer_.drop(step.consumed);
      input_ = Input::kDone;
      return Event::kBodyEnd;
    case MessageParser::Kind::kHead:
    case MessageParser::Kind::kFailed:
      break;
  }
  return fail_parse(parser_->failure_status());
}

std::string_view ServerConnection::take_interim() {
  if (!interim_due_) {
    return {};
  }
  interim_due_ = false;
  // A final response that has begun answers the expectation as well.
  return responding() ? std::string_view() : "HTTP/1.1 100 Continue\r\n\r\n";
}

ServerConnection::Event ServerConnection::fail_parse(std::uint16_t status) {
  switch (status) {
    case 431:
      return fail_with(431, "the request has too many header fields");
    case 501:
      return fail_with(501, "the transfer coding is not known here");
    case 505:
      return fail_with(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    default:
      return fail_with(400, "the request is malformed");
  }
}

ServerConnection::Event ServerConnection::fail_with(std::uint16_t status, std::string_view detail) {
  failure_ = {.status = status, .detail = detail};
  input_ = Input::kFailed;
  close_ = true;
  return Event::kFailed;
}

}  // namespace lunaria::http
