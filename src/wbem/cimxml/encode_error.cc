// ERROR elements with the CIM_Error instance that explains them (DSP0200 7.5, DSP0201 5.2.6.4).

#include <string>
#include <string_view>

#include "cim/error_instance.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/xml_text.h"

namespace lunaria::wbem::cimxml {
namespace {

void append_property(std::string& out, std::string_view name, std::string_view type, std::string_view value) {
  out += "<PROPERTY";
  append_attribute(out, "NAME", name);
  append_attribute(out, "TYPE", type);
  out += "><VALUE>";
  append_escaped(out, value);
  out += "</VALUE></PROPERTY>";
}

}  // namespace

void append_error(std::string& out, const cim::Error& error, bool with_instance) {
  const auto code = static_cast<unsigned>(error.status);
  const std::string_view message = cim::error_message(error);
  out += "<ERROR";
  append_attribute(out, "CODE", std::to_string(code));
  append_attribute(out, "DESCRIPTION", message);
  if (!with_instance) {
    out += "/>";
    return;
  }
  out += "><INSTANCE CLASSNAME=\"CIM_Error\">";
  append_property(out, "OwningEntity", "string", cim::kErrorOwningEntity);
  append_property(out, "MessageID", "string", cim::error_message_id(error.status));
  append_property(out, "Message", "string", message);
  append_property(out, "ErrorType", "uint16", std::to_string(cim::error_type(error.status)));
  if (cim::error_type(error.status) == cim::kErrorTypeOther) {
    append_property(out, "OtherErrorType", "string", cim::kOtherErrorType);
  }
  append_property(out, "PerceivedSeverity", "uint16", std::to_string(cim::error_severity(error.status)));
  append_property(out, "CIMStatusCode", "uint32", std::to_string(code));
  append_property(out, "CIMStatusCodeDescription", "string", cim::status_name(error.status));
  out += "</INSTANCE></ERROR>";
}

}  // namespace lunaria::wbem::cimxml
