#include "wbem/cimxml/export_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ip_address.h"
#include "http/fields.h"
#include "wbem/cimxml/decode_value.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/xml_text.h"

namespace lunaria::wbem::cimxml {
namespace {

constexpr std::uint16_t kPlainPort = 5988;
constexpr std::uint16_t kTlsPort = 5989;
constexpr std::size_t kHostBytesMax = 255;
constexpr std::string_view kMethod = "ExportIndication";

bool is_host(std::string_view host) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return !host.empty() && host.size() <= kHostBytesMax &&
         (std::ranges::all_of(host, allowed) || IpAddress::parse(host).has_value());
}

/// In any case of letters (RFC 3986 3.1).
bool starts_with_scheme(std::string_view text, std::string_view scheme) {
  return http::equals_ignoring_case(text.substr(0, scheme.size()), scheme);
}

/// What would end the request line or the target in it.
bool is_path(std::string_view path) {
  return std::ranges::none_of(path, [](char c) { return c <= ' ' || c == '#' || c == '\x7f'; });
}

MessageError invalid(std::string message) {
  return {400, "request-not-valid", std::move(message)};
}

/// The element at the end of a chain of first children.
Result<const XmlElement*, MessageError> descend(const XmlElement& root, std::initializer_list<std::string_view> names) {
  const XmlElement* element = &root;
  for (const std::string_view name : names) {
    const XmlElement* child = element->child(name);
    if (child == nullptr) {
      return fail(invalid(fmt::format("{} holds no {}", element->name, name)));
    }
    element = child;
  }
  return element;
}

}  // namespace

std::string ListenerUrl::authority() const {
  return fmt::format("{}:{}", host.find(':') == std::string::npos ? host : '[' + host + ']', port);
}

std::optional<ListenerUrl> ListenerUrl::parse(std::string_view text) {
  ListenerUrl url;
  if (starts_with_scheme(text, "https://")) {
    url.is_tls = true;
    text.remove_prefix(8);
  } else if (starts_with_scheme(text, "http://")) {
    text.remove_prefix(7);
  } else if (text.contains("://")) {
    return std::nullopt;
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  if (slash < text.size()) {
    url.path = text.substr(slash);
  }
  std::string_view place = text.substr(0, slash);
  if (place.starts_with('[')) {
    const std::size_t end = place.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    url.host = place.substr(1, end - 1);
    place.remove_prefix(end + 1);
  } else {
    const std::size_t colon = std::min(place.find(':'), place.size());
    url.host = place.substr(0, colon);
    place.remove_prefix(colon);
  }
  url.port = url.is_tls ? kTlsPort : kPlainPort;
  if (!place.empty()) {
    const char* const end = place.data() + place.size();
    const auto read = std::from_chars(place.data() + 1, end, url.port);
    if (place.front() != ':' || read.ec != std::errc() || read.ptr != end || url.port == 0) {
      return std::nullopt;
    }
  }
  return is_host(url.host) && is_path(url.path) ? std::optional(url) : std::nullopt;
}

std::string encode_export(const cim::Instance& indication, std::string_view message_id) {
  std::string out = R"(<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE)";
  append_attribute(out, "ID", message_id);
  out += R"( PROTOCOLVERSION="1.0"><SIMPLEEXPREQ><EXPMETHODCALL NAME="ExportIndication">)"
         R"(<EXPPARAMVALUE NAME="NewIndication">)";
  append_instance(out, indication, {});
  out += "</EXPPARAMVALUE></EXPMETHODCALL></SIMPLEEXPREQ></MESSAGE></CIM>";
  return out;
}

Result<ExportMessage, MessageError> decode_export(const XmlElement& root) {
  if (!root.is("CIM")) {
    return fail(invalid("the document is no CIM"));
  }
  const XmlElement* const message = root.child("MESSAGE");
  const auto id = message != nullptr ? message->attribute("ID") : std::nullopt;
  if (!id) {
    return fail(invalid("there is no MESSAGE with an ID"));
  }
  const auto call = descend(*message, {"SIMPLEEXPREQ", "EXPMETHODCALL"});
  if (!call) {
    return fail(call.error());
  }
  if ((*call)->attribute("NAME") != kMethod) {
    return fail(invalid(fmt::format("a listener takes {} only", kMethod)));
  }
  const auto element = descend(**call, {"EXPPARAMVALUE", "INSTANCE"});
  if (!element) {
    return fail(element.error());
  }
  auto instance = decode_instance(**element);
  if (!instance) {
    return fail(invalid(instance.error().message));
  }
  return ExportMessage{std::string(*id), std::string(message->attribute("PROTOCOLVERSION").value_or("1.0")),
                       *std::move(instance)};
}

std::string encode_export_response(const ExportMessage& message) {
  std::string out = R"(<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE)";
  append_attribute(out, "ID", message.message_id);
  append_attribute(out, "PROTOCOLVERSION", message.protocol_version);
  out += R"(><SIMPLEEXPRSP><EXPMETHODRESPONSE NAME="ExportIndication"></EXPMETHODRESPONSE></SIMPLEEXPRSP></MESSAGE>)"
         "</CIM>";
  return out;
}

std::optional<std::string> export_refusal(const XmlElement& root) {
  const auto response = descend(root, {"MESSAGE", "SIMPLEEXPRSP", "EXPMETHODRESPONSE"});
  if (!root.is("CIM") || !response) {
    return fmt::format("the listener's answer is none to {}: {}", kMethod,
                       response ? "it is no CIM" : response.error().message);
  }
  const XmlElement* const error = (*response)->child("ERROR");
  if (error == nullptr) {
    return std::nullopt;
  }
  return fmt::format("the listener answered CIM error {}: {}", error->attribute("CODE").value_or("?"),
                     error->attribute("DESCRIPTION").value_or(""));
}

std::optional<std::string> export_refusal(std::string_view text) {
  const auto document = XmlDocument::parse(text);
  if (!document) {
    return fmt::format("the listener's answer is no XML: {}", document.error().message);
  }
  return export_refusal(document->root());
}

}  // namespace lunaria::wbem::cimxml
