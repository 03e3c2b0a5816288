#include "http/message_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <limits>
#include <vector>

#include "http/limits.h"

namespace lunaria::http::internal {

namespace beast = boost::beast;

/// The two parsers as the wrapper sees them.
struct MessageParser::Implementation {
  Implementation() = default;
  virtual ~Implementation() = default;
  virtual std::size_t put(std::span<const std::byte> bytes, beast::error_code& error) = 0;
  virtual void put_eof(beast::error_code& error) = 0;
  virtual bool done() const = 0;
  virtual bool is_request() const = 0;

  ParsedHead head;
  std::uint64_t chunk_left = 0;  ///< of a chunk whose header has been read
  bool head_done = false;
  bool head_reported = false;
  std::span<const std::byte> body;
  std::uint16_t failure_status = 0;
};

namespace {

using Implementation = MessageParser::Implementation;

/// "0\r\n\r\n": the least that follows wherever a chunk's header may stand. Beast must not be asked about less: it
/// asserts that a last chunk does not come in smaller pieces.
constexpr std::size_t kLastChunkMin = 5;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

/// Content-Length and Transfer-Encoding, judged more strictly than Beast does: each at most once and never both, one
/// number, "chunked" alone, nothing of it from HTTP/1.0 senders. Two programs that disagree on where a message ends
/// are how requests are smuggled (RFC 9112 11.2).
std::uint16_t framing_status(const ParsedHead& head) {
  const std::size_t lengths = head.fields.count("Content-Length");
  const std::size_t codings = head.fields.count("Transfer-Encoding");
  if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0)) {
    return 400;
  }
  if (lengths == 1 && head.fields.find("Content-Length")->find_first_not_of("0123456789") != std::string_view::npos) {
    return 400;
  }
  if (codings == 1) {
    if (head.minor_version == 0) {
      return 400;
    }
    if (!equals_ignoring_case(*head.fields.find("Transfer-Encoding"), "chunked")) {
      return 501;
    }
  }
  return 0;
}

template <bool kIsRequest>
class BeastParser final : public Implementation, public beast::http::basic_parser<kIsRequest> {
  using Base = beast::http::basic_parser<kIsRequest>;

 public:
  explicit BeastParser(bool bodyless) {
    // The scanner and the engines bound sizes; the parser's own limits must not come first.
    this->header_limit(static_cast<std::uint32_t>(2 * kHeadBytesMax));
    // (With no body limit at all, Beast 1.74 takes every Content-Length for too long.)
    this->body_limit(std::numeric_limits<std::uint64_t>::max());
    if (bodyless) {
      this->skip(true);
    }
  }

  std::size_t put(std::span<const std::byte> bytes, beast::error_code& error) override {
    return Base::put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  }
  void put_eof(beast::error_code& error) override { Base::put_eof(error); }
  bool done() const override { return this->is_done(); }
  bool is_request() const override { return kIsRequest; }

 private:
  void refuse(std::uint16_t status, beast::error_code& error) {
    failure_status = status;
    error = beast::http::error::bad_value;
  }

  void on_request_impl(beast::http::verb /*verb*/, beast::string_view method, beast::string_view target, int version,
                       beast::error_code& /*error*/) override {
    head.method = view(method);
    head.target = view(target);
    head.minor_version = version - 10;
  }

  void on_response_impl(int status, beast::string_view reason, int version, beast::error_code& error) override {
    if (status < 100 || status > 599) {
      refuse(400, error);
      return;
    }
    head.status = static_cast<std::uint16_t>(status);
    head.reason = view(reason);
    head.minor_version = version - 10;
  }

  void on_field_impl(beast::http::field /*field*/, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    if (++field_count_ > kFieldCountMax) {
      refuse(431, error);
      return;
    }
    if (!head_done) {  // trailers are checked and dropped (RFC 9110 6.5.1)
      head.fields.add(view(name), view(value));
    }
  }

  void on_header_impl(beast::error_code& error) override {
    if (const std::uint16_t status = framing_status(head); status != 0) {
      refuse(status, error);
      return;
    }
    head.chunked = this->chunked();
    head.until_close = this->need_eof() && !this->is_done();
    if (const auto length = this->content_length()) {
      head.content_length = *length;
    }
    head_done = true;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, beast::error_code& /*error*/) override {}

  std::size_t on_body_impl(beast::string_view bytes, beast::error_code& /*error*/) override {
    body = std::as_bytes(std::span(bytes.data(), bytes.size()));
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t size, beast::string_view extensions, beast::error_code& error) override {
    chunk_left = size;
    if (extensions.size() > kChunkExtensionMax) {
      refuse(400, error);
    }
  }

  std::size_t on_chunk_body_impl(std::uint64_t remaining, beast::string_view bytes,
                                 beast::error_code& /*error*/) override {
    chunk_left = remaining - bytes.size();
    body = std::as_bytes(std::span(bytes.data(), bytes.size()));
    return bytes.size();
  }

  void on_finish_impl(beast::error_code& /*error*/) override {}

  std::size_t field_count_ = 0;
};

std::string_view text_of(std::span<const std::byte> bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether a request line that Beast does not take asks for another version of HTTP in the proper form (RFC 9112 2.3).
bool asks_for_other_version(std::span<const std::byte> bytes) {
  const std::string_view text = text_of(bytes);
  const std::string_view line = text.substr(0, text.find("\r\n"));
  constexpr std::string_view kForm = " HTTP/d.d";
  if (line.size() < kForm.size() || std::ranges::count(line, ' ') != 2) {
    return false;
  }
  const std::string_view version = line.substr(line.size() - kForm.size());
  return version.starts_with(" HTTP/") && is_digit(version[6]) && version[7] == '.' && is_digit(version[8]) &&
         version[6] != '1';
}

/// Where the digit of a minor version above 1 stands: such a message is read as one of HTTP/1.1 (RFC 9110 2.5).
std::optional<std::size_t> later_minor_version(std::span<const std::byte> head, bool is_request) {
  constexpr std::string_view kMajor = "HTTP/1.";
  const std::string_view text = text_of(head);
  const std::size_t line_size = std::min(text.find("\r\n"), text.size());
  const std::size_t digit = is_request ? line_size - 1 : kMajor.size();
  if (line_size < kMajor.size() + 1 || !text.substr(digit - kMajor.size()).starts_with(kMajor)) {
    return std::nullopt;
  }
  return text[digit] >= '2' && text[digit] <= '9' ? std::optional(digit) : std::nullopt;
}

MessageParser::Step failed(Implementation& parser, beast::error_code error) {
  if (parser.failure_status == 0) {
    parser.failure_status = error == beast::http::error::header_limit ? 431 : 400;
  }
  return {.kind = MessageParser::Kind::kFailed};
}

}  // namespace

MessageParser::MessageParser(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;
MessageParser::~MessageParser() = default;

MessageParser MessageParser::for_request() {
  return MessageParser(std::make_unique<BeastParser<true>>(false));
}

MessageParser MessageParser::for_response(bool bodyless) {
  return MessageParser(std::make_unique<BeastParser<false>>(bodyless));
}

MessageParser::Step MessageParser::step(std::span<const std::byte> bytes) {
  Implementation& parser = *implementation_;
  std::size_t consumed = 0;
  std::vector<std::byte> head_of_1_1;  // Beast knows 1.0 and 1.1 only
  if (!parser.head_done) {
    if (const auto digit = later_minor_version(bytes, parser.is_request())) {
      head_of_1_1.assign(bytes.begin(), bytes.end());
      head_of_1_1[*digit] = std::byte{'1'};
      bytes = head_of_1_1;
    }
  }
  while (true) {
    if (parser.head_done && !parser.head_reported) {
      parser.head_reported = true;
      return {.kind = Kind::kHead, .consumed = consumed};
    }
    if (parser.head_done && parser.done()) {
      return {.kind = Kind::kEnd, .consumed = consumed};
    }
    if (consumed == bytes.size()) {
      return {.kind = Kind::kNeedMore, .consumed = consumed};
    }
    if (parser.head_done && parser.head.chunked && parser.chunk_left == 0 && bytes.size() - consumed < kLastChunkMin) {
      return {.kind = Kind::kNeedMore, .consumed = consumed};
    }
    parser.body = {};
    beast::error_code error;
    consumed += parser.put(bytes.subspan(consumed), error);
    if (error == beast::http::error::need_more) {
      return {.kind = Kind::kNeedMore, .consumed = consumed};
    }
    if (error) {
      if (error == beast::http::error::bad_version && asks_for_other_version(bytes)) {
        parser.failure_status = 505;
      }
      return failed(parser, error);
    }
    if (!parser.body.empty()) {
      return {.kind = Kind::kBody, .consumed = consumed, .body = parser.body};
    }
  }
}

MessageParser::Step MessageParser::end_of_input() {
  Implementation& parser = *implementation_;
  if (parser.head_done && parser.done()) {
    return {.kind = Kind::kEnd};
  }
  beast::error_code error = beast::http::error::partial_message;
  if (parser.head_done) {
    parser.put_eof(error);
  }
  return error ? failed(parser, error) : Step{.kind = Kind::kEnd};
}

ParsedHead& MessageParser::head() {
  return implementation_->head;
}

std::uint16_t MessageParser::failure_status() const {
  return implementation_->failure_status;
}

}  // namespace lunaria::http::internal
