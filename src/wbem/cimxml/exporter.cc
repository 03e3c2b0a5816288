#include "wbem/cimxml/exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/check.h"
#include "http/client.h"
#include "wbem/cimxml/export_message.h"

namespace lunaria::wbem::cimxml {
namespace {

/// An answer is a few hundred bytes; a listener that sends more has something else in mind.
constexpr std::uint64_t kAnswerBytesMax = std::uint64_t{64} << 10;

constexpr unsigned kAccepted = 202;
constexpr unsigned kNoContent = 204;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class Connection final : public cim::indication::ExportConnection {
 public:
  Connection(runtime::Shard& shard, security::TlsClientContext tls, const AddressLookup& lookup, ListenerUrl url)
      : shard_(shard), tls_(std::move(tls)), lookup_(lookup), url_(std::move(url)) {}

  runtime::Task<Result<void, std::string>> send(const std::string& body) override {
    if (client_ == nullptr) {
      const auto opened = co_await open();
      if (!opened) {
        co_return fail(opened.error());
      }
    }
    http::Fields fields;
    fields.add("Content-Type", "application/xml; charset=\"utf-8\"");
    fields.add("Accept", "application/xml, text/xml");
    fields.add("CIMExport", "MethodRequest");
    fields.add("CIMExportMethod", "ExportIndication");
    fields.add("CIMProtocolVersion", "1.0");
    const auto head = co_await client_->send("POST", url_.path, fields, body);
    if (!head) {
      co_return fail(head.error().message);
    }
    auto answer = co_await read_answer(*head);
    co_return answer;
  }

  void cancel() override {
    is_cancelled_ = true;
    if (client_ != nullptr) {
      client_->cancel();
    }
  }

  runtime::Task<void> close() override {
    if (client_ != nullptr) {
      co_await client_->close();
      client_.reset();
    }
  }

 private:
  runtime::Task<Result<void, std::string>> open() {
    std::optional<IpAddress> address = IpAddress::parse(url_.host);
    if (!address) {
      const auto found = co_await lookup_(url_.host);
      if (!found) {
        co_return fail(found.error());
      }
      address = found->front();
    }
    if (is_cancelled_) {
      co_return fail(std::string("the delivery was cancelled"));
    }
    http::ClientOptions options;
    options.address = IpEndpoint{*address, url_.port};
    options.authority = url_.authority();
    options.server_name = url_.host;
    options.timeout = kExportTimeout;
    if (url_.is_tls) {
      options.tls = tls_;
    }
    client_ = std::make_unique<http::Client>(shard_, std::move(options));
    client_->set_body_limit(kAnswerBytesMax);
    co_return Result<void, std::string>();
  }

  runtime::Task<Result<void, std::string>> read_answer(const http::ResponseHead& head) {
    const unsigned status = head.status;
    std::string text;
    for (;;) {
      const auto piece = co_await client_->read();
      if (!piece) {
        co_return fail(piece.error().message);
      }
      if (piece->empty()) {
        break;
      }
      std::ranges::transform(*piece, std::back_inserter(text), [](std::byte byte) { return static_cast<char>(byte); });
    }
    if (status / 100 != 2) {
      co_return fail(fmt::format("the listener answered HTTP {} {}", status, http::reason_phrase(head.status)));
    }
    // Listeners that confirm without the message of DSP0200 say nothing, or that they will look at it later. A page of
    // whatever else is at a mistyped URL is no confirmation.
    const bool is_confirmed = status == kAccepted || status == kNoContent || is_blank(text);
    const auto refusal = is_confirmed ? std::nullopt : export_refusal(text);
    if (refusal) {
      co_return fail(*refusal);
    }
    co_return Result<void, std::string>();
  }

  runtime::Shard& shard_;
  security::TlsClientContext tls_;
  const AddressLookup& lookup_;
  ListenerUrl url_;
  std::unique_ptr<http::Client> client_;
  bool is_cancelled_ = false;
};

}  // namespace

Result<void, std::string> HttpExporter::check_url(std::string_view url) const {
  if (!ListenerUrl::parse(url)) {
    return fail("a destination is http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH], not " + std::string(url));
  }
  return {};
}

std::string HttpExporter::encode(const cim::Instance& indication, std::string_view message_id) const {
  return encode_export(indication, message_id);
}

std::unique_ptr<cim::indication::ExportConnection> HttpExporter::connect(std::string_view url) {
  const auto parsed = ListenerUrl::parse(url);
  check(parsed.has_value(), "destinations were checked when they were made");
  return std::make_unique<Connection>(shard_, tls_, lookup_, *parsed);
}

}  // namespace lunaria::wbem::cimxml
