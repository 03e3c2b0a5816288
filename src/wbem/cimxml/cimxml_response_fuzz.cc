// Any bytes as a CIM-XML response, as a client reads it: what is accepted reads back from its own encoding as the same.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wbem/cimxml/decode_response.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/xml_document.h"

namespace {

using lunaria::check;
namespace cim = lunaria::cim;
namespace cimxml = lunaria::wbem::cimxml;
using cimxml::ResponseMessage;
using cimxml::XmlDocument;
using cimxml::XmlError;

void append_path(std::string& out, const cim::ObjectPath& path) {
  if (path.name_space().empty()) {
    cimxml::append_object_name(out, path);
  } else {
    cimxml::append_object_path(out, path);
  }
}

void append_results(std::string& out, const ResponseMessage& response) {
  out += "<IRETURNVALUE>";
  for (const cimxml::NamedInstance& named : response.instances) {
    if (!named.path) {
      cimxml::append_instance(out, named.instance, {});
      continue;
    }
    out += "<VALUE.INSTANCEWITHPATH>";
    append_path(out, *named.path);
    cimxml::append_instance(out, named.instance, {});
    out += "</VALUE.INSTANCEWITHPATH>";
  }
  for (const cim::ObjectPath& path : response.paths) {
    append_path(out, path);
  }
  for (const cim::ClassPtr& cls : response.classes) {
    cimxml::append_class(out, *cls, {false, true, true, std::nullopt});
  }
  out += "</IRETURNVALUE>";
}

std::string encode(const ResponseMessage& response) {
  std::string out;
  cimxml::append_response_start(out, "1", "1.0", false, "GetClass");
  if (response.error) {
    cimxml::append_error(out, *response.error);
  }
  append_results(out, response);
  if (response.return_value) {
    out += "<RETURNVALUE";
    cimxml::append_attribute(out, "PARAMTYPE", cimxml::wire_type_name(response.return_value->type()));
    cimxml::append_embedded_attribute(out, response.return_value->type());
    out += '>';
    cimxml::append_value(out, *response.return_value);
    out += "</RETURNVALUE>";
  }
  for (const cimxml::DecodedParameter& parameter : response.parameters) {
    cimxml::append_parameter_value(out, parameter.name, parameter.value);
  }
  cimxml::append_response_end(out, false);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = XmlDocument::parse(std::string(data, data + size));
  if (!document) {
    return 0;
  }
  const auto response = decode_response(document->root());
  if (!response) {
    return 0;
  }
  const std::string once = encode(*response);
  const auto document_again = XmlDocument::parse(once);
  if (!document_again) {
    check(document_again.error().kind == XmlError::Kind::kLimit, "what is encoded is well-formed");
    return 0;
  }
  const auto again = decode_response(document_again->root());
  check(again.has_value(), "what is encoded is a response");
  check(encode(*again) == once, "a response reads back");
  return 0;
}
