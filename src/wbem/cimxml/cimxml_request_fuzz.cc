// Any bytes as a CIM-XML request: whole and piece by piece they mean the same, and what is accepted as an operation
// reads back from its own encoding as the same.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wbem/cimxml/decode_request.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/export_message.h"
#include "wbem/cimxml/xml_document.h"

namespace {

using lunaria::check;
using lunaria::cim::Error;
using lunaria::wbem::Operation;
using lunaria::wbem::cimxml::RequestMessage;
using lunaria::wbem::cimxml::XmlDocument;
using lunaria::wbem::cimxml::XmlError;

std::string encode(const RequestMessage& request) {
  return lunaria::wbem::cimxml::encode_request(std::get<Operation>(request.operation), request.name_space,
                                               request.message_id);
}

void try_request(std::string_view text) {
  const auto document = XmlDocument::parse(text);
  if (!document) {
    return;
  }
  const auto request = decode_request(document->root());
  if (!request || std::holds_alternative<Error>(request->operation)) {
    return;
  }
  const std::string once = encode(*request);
  const auto document_again = XmlDocument::parse(once);
  if (!document_again) {
    // Paths written as text take fewer elements than the same paths as elements.
    check(document_again.error().kind == XmlError::Kind::kLimit, "what is encoded is well-formed");
    return;
  }
  const auto again = decode_request(document_again->root());
  check(again.has_value(), "what is encoded is a request");
  check(std::holds_alternative<Operation>(again->operation), "the same one");
  check(encode(*again) == once, "an operation reads back");
}

void try_export(std::string_view text) {
  static_cast<void>(lunaria::wbem::cimxml::ListenerUrl::parse(text));
  const auto document = XmlDocument::parse(text);
  if (!document) {
    return;
  }
  static_cast<void>(lunaria::wbem::cimxml::export_refusal(document->root()));
  const auto message = lunaria::wbem::cimxml::decode_export(document->root());
  if (message) {
    const std::string once = lunaria::wbem::cimxml::encode_export(message->indication, message->message_id);
    const auto again = XmlDocument::parse(once);
    check(again.has_value() || again.error().kind == XmlError::Kind::kLimit, "what is encoded is well-formed");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  try_request(text);
  try_export(text);
  lunaria::wbem::cimxml::XmlParser parser;
  for (const char& byte : text) {
    static_cast<void>(parser.feed({&byte, 1}));
  }
  check(parser.finish().has_value() == XmlDocument::parse(text).has_value(), "pieces do not matter");
  return 0;
}
