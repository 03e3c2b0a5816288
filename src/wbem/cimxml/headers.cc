#include "wbem/cimxml/headers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.h"
#include "cim/object_path.h"

namespace lunaria::wbem::cimxml {
namespace {

constexpr std::string_view kPath = "/cimom";
constexpr std::string_view kExtension = "http://www.dmtf.org/cim/mapping/http/v1.0";

/// The `ns` of a `Man` header that names our extension.
Result<std::string, MessageError> extension_prefix(const http::Fields& fields) {
  const auto man = fields.find("Man");
  if (!man || man->find(kExtension) == std::string_view::npos) {
    return fail(MessageError{510, "", fmt::format("M-POST needs the header Man: {};ns=NN", kExtension)});
  }
  const auto ns = man->find("ns=");
  if (ns == std::string_view::npos) {
    return std::string();
  }
  const std::string_view digits = http::trim_blanks(man->substr(ns + 3));
  if (digits.size() != 2 || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
    return fail(MessageError{400, "", "ns of the header Man takes two digits"});
  }
  return std::string(digits) + '-';
}

/// The charset of a media type, without quotes.
std::optional<std::string_view> charset_of(std::string_view type) {
  constexpr std::string_view kName = "charset=";
  for (auto at = type.find(';'); at != std::string_view::npos; at = type.find(';', at + 1)) {
    const std::string_view parameter = http::trim_blanks(type.substr(at + 1, type.find(';', at + 1) - at - 1));
    if (parameter.size() > kName.size() && http::equals_ignoring_case(parameter.substr(0, kName.size()), kName)) {
      std::string_view value = parameter.substr(kName.size());
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      return value;
    }
  }
  return std::nullopt;
}

Result<void, MessageError> check_media_type(const http::Fields& fields) {
  const auto type = fields.find("Content-Type");
  if (!type) {
    return {};  // common clients leave it out
  }
  const std::string_view media = http::trim_blanks(type->substr(0, type->find(';')));
  if (!http::equals_ignoring_case(media, "application/xml") && !http::equals_ignoring_case(media, "text/xml")) {
    return fail(MessageError{415, "", "send application/xml or text/xml"});
  }
  const auto charset = charset_of(*type);
  if (charset && !http::equals_ignoring_case(*charset, "utf-8") && !http::equals_ignoring_case(*charset, "us-ascii")) {
    return fail(MessageError{415, "", "send the message in UTF-8"});
  }
  return {};
}

/// Methods that HTTP has, and CIM operations do not take.
bool is_known_method(std::string_view method) {
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "PUT", "DELETE", "CONNECT", "TRACE", "PATCH"};
  return std::ranges::find(kMethods, method) != std::ranges::end(kMethods);
}

/// Whether one of the ranges of an Accept header takes an answer, which is application/xml; text/xml is the same to
/// every client. Weights of zero are not looked at: nobody asks for an answer that he does not want.
bool is_acceptable(const http::Fields& fields) {
  if (!fields.find("Accept")) {
    return true;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!http::equals_ignoring_case(fields[i].name, "Accept")) {
      continue;
    }
    std::string_view rest = fields[i].value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const std::string_view range = rest.substr(0, comma);
      const std::string_view media = http::trim_blanks(range.substr(0, range.find(';')));
      constexpr std::string_view kTaken[] = {"*/*", "application/*", "application/xml", "text/*", "text/xml"};
      if (std::ranges::any_of(kTaken, [media](auto taken) { return http::equals_ignoring_case(media, taken); })) {
        return true;
      }
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  return false;
}

/// `"x"` and `x`, `TRUE` and `true` are the same here; in references, their paths are.
bool is_same_key(const cim::Value& left, const cim::Value& right) {
  const auto path_of = [](const cim::Value& value) {
    const auto reference = value.as_reference();
    return reference ? std::optional(*reference) : cim::ObjectPath::parse(value.to_text());
  };
  if (left.as_reference() || right.as_reference()) {
    const auto first = path_of(left);
    const auto second = path_of(right);
    return first && second && cim::ObjectPath::equal_ignoring_host(*first, *second);
  }
  const bool are_texts = left.type() == cim::Type::kString && right.type() == cim::Type::kString;
  return are_texts ? left == right : cim::name_equal(left.to_text(), right.to_text());
}

bool is_same_object(const cim::ObjectPath& header, const cim::ObjectPath& message) {
  return header.name_space() == message.name_space() && cim::name_equal(header.class_name(), message.class_name()) &&
         header.is_instance() == message.is_instance() && header.keys().size() == message.keys().size() &&
         std::ranges::all_of(header.keys(), [&](const cim::KeyBinding& key) {
           // An only key may be without its name.
           const bool is_only = message.keys().size() == 1 && message.keys()[0].name.empty();
           const cim::Value* other = is_only ? &message.keys()[0].value : message.key(key.name);
           return other != nullptr && is_same_key(key.value, *other);
         });
}

}  // namespace

std::optional<std::string> decode_percent(std::string_view text) {
  if (text.find('%') == std::string_view::npos) {
    return std::string(text);
  }
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto decoded = from_hex(text.substr(i + 1, 2));
    if (!decoded || decoded->size() != 1) {
      return std::nullopt;
    }
    out += static_cast<char>(decoded->front());
    i += 2;
  }
  return out;
}

std::string encode_percent(std::string_view text) {
  constexpr std::string_view kSafe = "-_.~/:,=\"";
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          kSafe.find(c) != std::string_view::npos;
    if (is_plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Result<CimHeaders, MessageError> check_headers(const http::RequestHead& head) {
  if (head.path() != kPath) {
    return fail(MessageError{404, "", "CIM operations are at /cimom"});
  }
  CimHeaders headers;
  if (head.method == "M-POST") {
    auto prefix = extension_prefix(head.fields);
    if (!prefix) {
      return fail(prefix.error());
    }
    headers.prefix = *std::move(prefix);
  } else if (head.method != "POST") {
    return fail(MessageError{is_known_method(head.method) ? 405U : 501U, "", "CIM operations take POST or M-POST"});
  }
  if (const auto type = check_media_type(head.fields); !type) {
    return fail(type.error());
  }
  if (const auto coding = head.fields.find("Content-Encoding");
      coding && !http::equals_ignoring_case(*coding, "identity")) {
    return fail(MessageError{415, "", "send the message without a content coding"});
  }
  if (!is_acceptable(head.fields)) {
    return fail(MessageError{406, "", "answers are application/xml"});
  }
  const auto find = [&](std::string_view name) { return head.fields.find(headers.prefix + std::string(name)); };
  if (const auto version = find("CIMProtocolVersion"); version && !is_version(*version, '1')) {
    return fail(MessageError{501, "unsupported-protocol-version", "the protocol version is 1.x"});
  }
  headers.is_first_version = find("CIMProtocolVersion") == "1.0";
  const auto operation = find("CIMOperation");
  if (!operation || !http::equals_ignoring_case(*operation, "MethodCall")) {
    return fail(MessageError{400, "unsupported-operation", "the header CIMOperation must be MethodCall"});
  }
  if (find("CIMBatch")) {
    return fail(MessageError{501, "multiple-requests-unsupported", "send one request a message"});
  }
  const auto method = decode_percent(find("CIMMethod").value_or(""));
  const auto object = decode_percent(find("CIMObject").value_or(""));
  if (!method || method->empty() || !object || object->empty()) {
    return fail(MessageError{400, "header-mismatch", "the headers CIMMethod and CIMObject are needed"});
  }
  headers.method = *method;
  headers.object = *object;
  const auto host = head.fields.find("Host");
  headers.host = host && !host->empty() ? std::string(*host) : "localhost";
  return headers;
}

Result<void, MessageError> match_headers(const CimHeaders& headers, const RequestMessage& request) {
  if (!cim::name_equal(headers.method, request.method_name)) {
    return fail(MessageError{400, "header-mismatch", "CIMMethod is not the method of the message"});
  }
  if (!request.is_extrinsic) {
    if (cim::NamespaceName(headers.object) != request.name_space) {
      return fail(MessageError{400, "header-mismatch", "CIMObject is not the namespace of the message"});
    }
    return {};
  }
  const auto header_path = cim::ObjectPath::parse(headers.object);
  if (!header_path || !is_same_object(*header_path, request.object)) {
    return fail(MessageError{400, "header-mismatch", "CIMObject is not the object of the message"});
  }
  return {};
}

bool takes_trailers(const http::RequestHead& head) {
  return head.minor_version >= 1 && head.fields.has_token("TE", "trailers");
}

std::string prefix_of(const http::RequestHead& head) {
  auto prefix =
      head.method == "M-POST" ? extension_prefix(head.fields) : Result<std::string, MessageError>(std::string());
  return prefix ? *std::move(prefix) : std::string();
}

void add_extension_fields(http::Fields& fields, std::string_view prefix) {
  if (!prefix.empty()) {
    fields.add("Ext", "");
    fields.add("Man", fmt::format("{};ns={}", kExtension, prefix.substr(0, prefix.size() - 1)));
  }
}

// Clients that look for the prefix need Opt; those that know nothing of it find the fields all the same.
http::ResponseHead options_head() {
  http::ResponseHead head;
  head.fields.add("Allow", "POST, M-POST, OPTIONS");
  head.fields.add("Opt", fmt::format("{} ; ns=73", kExtension));
  for (const std::string prefix : {"73-", ""}) {
    head.fields.add(prefix + "CIMProtocolVersion", "1.4");
    head.fields.add(prefix + "CIMSupportedFunctionalGroups",
                    "basic-read, basic-write, schema-manipulation, instance-manipulation, association-traversal, "
                    "qualifier-declaration, query-execution, pulled-read");
    head.fields.add(prefix + "CIMSupportedQueryLanguages", "DMTF:CQL, WQL");
  }
  return head;
}

http::ResponseHead response_head(const CimHeaders& headers) {
  http::ResponseHead head;
  head.fields.add("Content-Type", "application/xml; charset=\"utf-8\"");
  add_extension_fields(head.fields, headers.prefix);
  head.fields.add(headers.prefix + "CIMOperation", "MethodResponse");
  head.fields.add("Cache-Control", "no-cache");
  return head;
}

}  // namespace lunaria::wbem::cimxml
