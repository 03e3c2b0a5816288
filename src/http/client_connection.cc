#include "http/client_connection.h"

#include <fmt/format.h>

#include "base/check.h"

namespace lunaria::http {
namespace {

using internal::MessageParser;

bool is_own_field(std::string_view name) {
  return equals_ignoring_case(name, "Host") || equals_ignoring_case(name, "Content-Length") ||
         equals_ignoring_case(name, "Transfer-Encoding") || equals_ignoring_case(name, "Expect");
}

}  // namespace

std::string ClientConnection::request(std::string_view method, std::string_view target, const Fields& fields,
                                      std::size_t body_size) {
  check(state_ == State::kReady, "one request at a time");
  check(target.starts_with('/') && !target.contains(' '), "the target is a path");
  std::string text;
  append_one_line(text, fmt::format("{} {} HTTP/1.1", method, target));
  text += "\r\nHost: ";
  append_one_line(text, authority_);
  text += "\r\n";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_own_field(fields[i].name)) {
      text.append(fields[i].name).append(": ").append(fields[i].value).append("\r\n");
    }
  }
  if (body_size > 0 || method == "POST" || method == "M-POST" || method == "PUT") {
    text += fmt::format("Content-Length: {}\r\n", body_size);
  }
  text += "\r\n";
  is_head_request_ = method == "HEAD";
  keep_alive_ = !fields.has_token("Connection", "close");
  interim_count_ = 0;
  body_taken_ = 0;
  scanner_ = HeadScanner(HeadScanner::Kind::kResponse);
  state_ = State::kHead;
  return text;
}

std::span<std::byte> ClientConnection::receive_space() {
  body_ = {};
  buffer_.drop(body_to_drop_);
  body_to_drop_ = 0;
  return buffer_.space(kReceiveBytes);
}

ClientConnection::Event ClientConnection::next() {
  body_ = {};
  buffer_.drop(body_to_drop_);
  body_to_drop_ = 0;
  switch (state_) {
    case State::kHead:
      return next_head();
    case State::kBody:
      return next_body();
    case State::kReady:
    case State::kClosed:
      return Event::kClosed;
    case State::kFailed:
      return Event::kFailed;
  }
  return Event::kFailed;
}

ClientConnection::Event ClientConnection::next_head() {
  while (true) {
    const HeadScanner::Verdict verdict = scanner_.scan(buffer_.content());
    if (verdict == HeadScanner::Verdict::kIncomplete) {
      if (!input_ended_) {
        return Event::kNeedInput;
      }
      if (buffer_.empty()) {
        state_ = State::kClosed;
        return Event::kClosed;
      }
      return fail_with("the server closed the connection in the middle of a response");
    }
    if (verdict != HeadScanner::Verdict::kComplete) {
      return fail_with("the response is not HTTP, or its header fields are too large");
    }
    const auto bytes = buffer_.content().first(scanner_.head_end());
    parser_.emplace(MessageParser::for_response(is_head_request_));
    const MessageParser::Step step = parser_->step(bytes);
    if (step.kind != MessageParser::Kind::kHead || step.consumed != bytes.size()) {
      return fail_with("the response's head is malformed");
    }
    buffer_.drop(bytes.size());
    internal::ParsedHead& head = parser_->head();
    scanner_ = HeadScanner(HeadScanner::Kind::kResponse);
    if (head.status >= 200) {
      const bool stays = head.fields.has_token("Connection", "keep-alive") ||
                         (head.minor_version >= 1 && !head.fields.has_token("Connection", "close"));
      keep_alive_ = keep_alive_ && stays && !head.until_close;
      response_ = {.status = head.status,
                   .reason = std::move(head.reason),
                   .fields = std::move(head.fields),
                   .content_length = head.content_length};
      state_ = State::kBody;
      return Event::kHead;
    }
    if (head.status == 101 || ++interim_count_ > kInterimResponsesMax) {
      return fail_with("the server answers with interim responses only");
    }
  }
}

ClientConnection::Event ClientConnection::next_body() {
  const bool has_no_body = is_head_request_ || is_bodyless(response_.status);
  if (!has_no_body && response_.content_length.value_or(0) > body_limit_) {
    return fail_with("the response is too large");
  }
  MessageParser::Step step = parser_->step(buffer_.content());
  if (step.kind == MessageParser::Kind::kNeedMore) {
    buffer_.drop(step.consumed);
    if (buffer_.content().size() > kChunkMetadataMax) {
      return fail_with("a chunk's header or the trailers are too long");
    }
    if (!input_ended_) {
      return Event::kNeedInput;
    }
    step = parser_->end_of_input();
    if (step.kind != MessageParser::Kind::kEnd) {
      return fail_with("the server closed the connection in the middle of a response");
    }
    return end();
  }
  if (step.kind == MessageParser::Kind::kBody) {
    body_taken_ += step.body.size();
    if (body_taken_ > body_limit_) {
      return fail_with("the response is too large");
    }
    body_ = step.body;
    body_to_drop_ = step.consumed;
    return Event::kBody;
  }
  if (step.kind == MessageParser::Kind::kEnd) {
    buffer_.drop(step.consumed);
    return end();
  }
  return fail_with("the response's body is malformed");
}

ClientConnection::Event ClientConnection::end() {
  parser_.reset();
  // Bytes behind the response belong to no request: nothing that comes later can be trusted.
  state_ = keep_alive_ && !input_ended_ && buffer_.empty() ? State::kReady : State::kClosed;
  return Event::kEnd;
}

ClientConnection::Event ClientConnection::fail_with(std::string_view why) {
  failure_ = why;
  state_ = State::kFailed;
  return Event::kFailed;
}

}  // namespace lunaria::http
