// ServerConnection, the sending side.

#include <fmt/format.h>

#include <iterator>

#include "base/check.h"
#include "http/server_connection.h"

namespace lunaria::http {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// What the engine alone decides.
bool is_framing_field(std::string_view name) {
  return equals_ignoring_case(name, "Content-Length") || equals_ignoring_case(name, "Transfer-Encoding") ||
         equals_ignoring_case(name, "Connection");
}

/// Gives memory back. (Assigning `{}` would only clear.)
template <class Container>
void release_if_large(Container& container) {
  constexpr std::size_t kKept = 512;
  if (container.capacity() > kKept) {
    Container().swap(container);
  }
}

void append_fields(std::string& out, const Fields& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field field = fields[i];
    if (!is_framing_field(field.name)) {
      out.append(field.name).append(": ").append(field.value).append("\r\n");
    }
  }
}

}  // namespace

bool ServerConnection::is_response_bodyless() const {
  return request_.method == "HEAD" || is_bodyless(response_.status);
}

void ServerConnection::respond(ResponseHead head) {
  check(output_ == Output::kIdle, "one response per request");
  check(head.status >= 200 && head.status <= 599, "a handler answers with a final status");
  response_ = std::move(head);
  response_bytes_ = 0;
  output_ = Output::kHeadPending;
}

void ServerConnection::respond_failure() {
  ResponseHead head{.status = failure_.status};
  head.fields.add("Content-Type", "text/plain; charset=utf-8");
  const std::string text = fmt::format("{} {}: {}\n", failure_.status, reason_phrase(failure_.status), failure_.detail);
  head.content_length = text.size();
  close_ = true;
  respond(std::move(head));
  append(bytes_of(text));
}

void ServerConnection::append(std::span<const std::byte> bytes) {
  check(output_ == Output::kHeadPending || output_ == Output::kBody, "a body follows respond()");
  response_bytes_ += bytes.size();
  check(!response_.content_length || response_bytes_ <= *response_.content_length,
        "a handler writes no more than it announced");
  if (!is_response_bodyless()) {
    collected_.insert(collected_.end(), bytes.begin(), bytes.end());
  }
}

bool ServerConnection::may_finish(std::size_t extra_size) const {
  return !response_.content_length || request_.method == "HEAD" || is_bodyless(response_.status) ||
         response_bytes_ + extra_size == *response_.content_length;
}

void ServerConnection::write_head(std::size_t body_size_known, bool finishing, bool has_trailers) {
  // A body that the client is still sending, and that is not worth reading, ends the connection.
  if (input_ == Input::kBody) {
    const std::uint64_t left = request_.content_length.value_or(kBodyDrainMax + 1) - body_taken_;
    close_ = close_ || interim_due_ || left > kBodyDrainMax;
  }
  if (is_response_bodyless()) {
    framing_ = Framing::kNone;
    if (finishing && !response_.content_length) {
      response_.content_length = body_size_known;  // to HEAD: what GET would have got
    }
  } else if (response_.content_length) {
    framing_ = Framing::kLength;
  } else if (finishing && (!has_trailers || request_.minor_version == 0)) {
    framing_ = Framing::kLength;
    response_.content_length = body_size_known;
  } else if (request_.minor_version >= 1) {
    framing_ = Framing::kChunks;
  } else {
    framing_ = Framing::kUntilClose;
    close_ = true;
  }
  fmt::format_to(std::back_inserter(prefix_), "HTTP/1.1 {} ", response_.status);
  append_one_line(prefix_, response_.reason.empty() ? reason_phrase(response_.status) : response_.reason);
  prefix_ += "\r\n";
  append_fields(prefix_, response_.fields);
  if (framing_ == Framing::kChunks) {
    prefix_ += "Transfer-Encoding: chunked\r\n";
  } else if (response_.content_length && !is_bodyless(response_.status)) {
    fmt::format_to(std::back_inserter(prefix_), "Content-Length: {}\r\n", *response_.content_length);
  }
  if (close_) {
    prefix_ += "Connection: close\r\n";
  } else if (request_.minor_version == 0) {
    prefix_ += "Connection: keep-alive\r\n";
  }
  prefix_ += "\r\n";
}

ServerConnection::Pieces ServerConnection::make_pieces(std::span<const std::byte> extra, bool finishing,
                                                       const Fields& trailers) {
  check(output_ == Output::kHeadPending || output_ == Output::kBody, "respond() comes first");
  response_bytes_ += extra.size();
  check(!response_.content_length || response_bytes_ <= *response_.content_length,
        "a handler writes no more than it announced");
  if (is_response_bodyless()) {
    extra = {};
  }
  prefix_.clear();
  suffix_.clear();
  const std::size_t size = collected_.size() + extra.size();
  if (output_ == Output::kHeadPending) {
    const std::size_t known = request_.method == "HEAD" ? static_cast<std::size_t>(response_bytes_) : size;
    write_head(known, finishing, !trailers.empty());
    output_ = Output::kBody;
  }
  if (framing_ == Framing::kChunks && size > 0) {
    fmt::format_to(std::back_inserter(prefix_), "{:x}\r\n", size);
    suffix_ += "\r\n";
  }
  if (finishing) {
    if (framing_ == Framing::kChunks) {
      suffix_ += "0\r\n";
      append_fields(suffix_, trailers);
      suffix_ += "\r\n";
    }
    output_ = Output::kDone;
  }
  return {bytes_of(prefix_), collected_, extra, bytes_of(suffix_)};
}

ServerConnection::Pieces ServerConnection::flush(std::span<const std::byte> extra) {
  return make_pieces(extra, false, {});
}

ServerConnection::Pieces ServerConnection::finish(std::span<const std::byte> extra, const Fields& trailers) {
  check(may_finish(extra.size()), "a handler writes all that it announced");
  return make_pieces(extra, true, trailers);
}

void ServerConnection::flushed() {
  prefix_.clear();
  suffix_.clear();
  collected_.clear();
}

bool ServerConnection::next_request(runtime::Instant now) {
  check(output_ == Output::kDone, "a request is answered before the next one");
  if (close_ || input_ != Input::kDone) {
    return false;
  }
  input_ = Input::kHead;
  output_ = Output::kIdle;
  scanner_ = HeadScanner(HeadScanner::Kind::kRequest);
  parser_.reset();
  request_ = {};
  response_ = {};
  waiting_since_ = now;
  // What an idle connection does not need goes back.
  buffer_.shrink(kIdleReceiveBytes);
  release_if_large(collected_);
  release_if_large(prefix_);
  return true;
}

}  // namespace lunaria::http
