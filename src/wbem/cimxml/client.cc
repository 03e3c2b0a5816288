#include "wbem/cimxml/client.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "http/basic_authorization.h"
#include "http/negotiate_authorization.h"
#include "runtime/blocking.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/headers.h"
#include "wbem/cimxml/limits.h"

namespace lunaria::wbem::cimxml {
namespace {

ClientError from(const http::ClientFailure& failure) {
  using Kind = http::ClientFailure::Kind;
  const auto kind = failure.kind == Kind::kConnect ? ClientError::Kind::kConnect
                    : failure.kind == Kind::kTls   ? ClientError::Kind::kTls
                                                   : ClientError::Kind::kTransport;
  return {kind, 0, failure.message, failure.error_code};
}

/// The trailers or headers in which an error that came too late for the message is told (DSP0200 6.4).
std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

Client::Client(runtime::Shard& shard, http::ClientOptions options, ClientCredentials credentials)
    : shard_(shard), http_(shard, std::move(options)), credentials_(std::move(credentials)) {
  http_.set_body_limit(limits::kResponseBytesMax);
}

http::Fields Client::make_fields(const Operation& operation, const cim::NamespaceName& name_space) const {
  http::Fields fields;
  fields.add("Content-Type", "application/xml; charset=\"utf-8\"");
  fields.add("Accept", "application/xml, text/xml");
  fields.add("CIMOperation", "MethodCall");
  fields.add("CIMProtocolVersion", "1.4");
  fields.add("CIMMethod", encode_percent(operation_name(operation)));
  if (const auto* call = std::get_if<InvokeMethod>(&operation)) {
    fields.add("CIMObject", encode_percent(call->path.to_string()));
  } else {
    fields.add("CIMObject", encode_percent(name_space.text()));
  }
  if (!credentials_.user.empty()) {
    fields.add("Authorization", http::basic_authorization(credentials_.user, credentials_.password).reveal());
  }
  return fields;
}

runtime::Task<ClientReply> Client::call(Operation operation, cim::NamespaceName name_space) {
  if (credentials_.ticket_host.empty()) {
    auto reply = co_await exchange(operation, name_space, nullptr);
    co_return reply;
  }
  auto ticket = co_await runtime::run_blocking(
      shard_, [this] { return security::GssInitiator::start(credentials_.ticket_host); });
  if (!ticket) {
    co_return fail(ClientError{ClientError::Kind::kTicket, 0, ticket.error()});
  }
  auto reply = co_await exchange(operation, name_space, &*ticket);
  co_return reply;
}

runtime::Task<ClientReply> Client::exchange(const Operation& operation, const cim::NamespaceName& name_space,
                                            security::GssInitiator* ticket) {
  const std::string body = encode_request(operation, name_space, std::to_string(++last_message_id_));
  http::Fields fields = make_fields(operation, name_space);
  if (ticket != nullptr) {
    fields.add("Authorization", http::negotiate_value(ticket->token()));
  }
  const auto head = co_await http_.send("POST", "/cimom", fields, body);
  if (!head) {
    co_return fail(from(head.error()));
  }
  if (ticket != nullptr && head->status == 200) {
    const auto proved = ticket->finish(http::find_negotiate_answer(head->fields).value_or(std::vector<std::byte>()));
    if (!proved) {
      co_await http_.close();  // the answer is not read
      co_return fail(ClientError{ClientError::Kind::kUnproven, 200, proved.error()});
    }
  }
  auto reply = co_await receive_answer(*head);
  co_return reply;
}

runtime::Task<ClientReply> Client::receive_answer(const http::ResponseHead& head) {
  XmlParser parser(XmlLimits::for_responses());
  std::string detail;
  for (;;) {
    const auto piece = co_await http_.read();
    if (!piece) {
      co_return fail(from(piece.error()));
    }
    if (piece->empty()) {
      break;
    }
    const std::string_view text(reinterpret_cast<const char*>(piece->data()), piece->size());
    if (head.status == 200) {
      const auto fed = parser.feed(text);
      static_cast<void>(fed);  // finish() says it again
    } else if (detail.size() < 1024) {
      detail += text;
    }
  }
  if (head.status != 200) {
    const std::string cim_error(head.fields.find("CIMError").value_or(""));
    co_return fail(ClientError{ClientError::Kind::kHttp, head.status,
                               fmt::format("HTTP {} {}{}{}: {}", head.status, http::reason_phrase(head.status),
                                           cim_error.empty() ? "" : ", ", cim_error, trimmed(detail))});
  }
  const auto document = parser.finish();
  if (!document) {
    co_return fail(ClientError{ClientError::Kind::kProtocol, 200, document.error().message});
  }
  auto response = decode_response(document->root());
  if (!response) {
    co_return fail(ClientError{ClientError::Kind::kProtocol, 200, response.error()});
  }
  co_return *std::move(response);
}

runtime::Task<void> Client::close() {
  co_await http_.close();
}

}  // namespace lunaria::wbem::cimxml
