#include "wbem/cimxml/listener.h"

#include <utility>

#include "wbem/cimxml/export_message.h"

namespace lunaria::wbem::cimxml {
namespace {

constexpr std::uint16_t kMethodNotAllowed = 405;

runtime::Task<void> refuse(http::ResponseWriter& writer, const MessageError& error) {
  http::ResponseHead head;
  head.status = static_cast<std::uint16_t>(error.http_status);
  head.fields.add("CIMError", error.cim_error);
  (void)co_await http::respond(writer, std::move(head), error.message + '\n');
}

}  // namespace

runtime::Task<void> Listener::handle(const http::RequestHead& head, http::RequestBody& body,
                                     http::ResponseWriter& writer, const http::Peer& peer) {
  if (head.method != "POST" && head.method != "M-POST") {
    (void)co_await http::respond_error(writer, kMethodNotAllowed, "indications come with POST");
    co_return;
  }
  const auto text = co_await http::read_all(body);
  if (!text) {
    co_return;  // the server answers what is wrong with the body
  }
  const auto document = XmlDocument::parse(*text);
  if (!document) {
    co_await refuse(writer, {400, "request-not-well-formed", document.error().message});
    co_return;
  }
  const auto message = decode_export(document->root());
  if (!message) {
    co_await refuse(writer, message.error());
    co_return;
  }
  receiver_(message->indication, peer);
  http::ResponseHead answer;
  answer.fields.add("Content-Type", "application/xml; charset=\"utf-8\"");
  answer.fields.add("CIMExport", "MethodResponse");
  (void)co_await http::respond(writer, std::move(answer), encode_export_response(*message));
}

}  // namespace lunaria::wbem::cimxml
