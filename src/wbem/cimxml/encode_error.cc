// ERROR elements with the CIM_Error instance that explains them (DSP0200 7.5, DSP0201 5.2.6.4).

#include <fmt/format.h>

#include <string>
#include <string_view>

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

/// CIM_Error.ErrorType.
std::string_view error_type(cim::Status status) {
  switch (status) {
    case cim::Status::kFailed:
      return "4";  // software error
    case cim::Status::kAccessDenied:
      return "7";  // security error
    case cim::Status::kServerLimitsExceeded:
      return "8";  // oversubscription
    case cim::Status::kServerIsShuttingDown:
      return "9";  // unavailable resource
    case cim::Status::kNotSupported:
      return "10";  // unsupported operation
    default:
      return "1";  // other: the request does not fit what is there
  }
}

/// CIM_Error.PerceivedSeverity: major where we failed, degraded where it may work later, else information.
std::string_view severity(cim::Status status) {
  if (status == cim::Status::kFailed) {
    return "5";
  }
  return status == cim::Status::kServerLimitsExceeded || status == cim::Status::kServerIsShuttingDown ? "3" : "2";
}

}  // namespace

void append_error(std::string& out, const cim::Error& error, bool with_instance) {
  const auto code = static_cast<unsigned>(error.status);
  const std::string_view message = error.message.empty() ? cim::status_name(error.status) : error.message;
  out += "<ERROR";
  append_attribute(out, "CODE", std::to_string(code));
  append_attribute(out, "DESCRIPTION", message);
  if (!with_instance) {
    out += "/>";
    return;
  }
  out += "><INSTANCE CLASSNAME=\"CIM_Error\">";
  append_property(out, "OwningEntity", "string", "Lunaria");
  append_property(out, "MessageID", "string", fmt::format("LUN{:04}", code));
  append_property(out, "Message", "string", message);
  append_property(out, "ErrorType", "uint16", error_type(error.status));
  if (error_type(error.status) == "1") {
    append_property(out, "OtherErrorType", "string", "Request");
  }
  append_property(out, "PerceivedSeverity", "uint16", severity(error.status));
  append_property(out, "CIMStatusCode", "uint32", std::to_string(code));
  append_property(out, "CIMStatusCodeDescription", "string", cim::status_name(error.status));
  out += "</INSTANCE></ERROR>";
}

}  // namespace lunaria::wbem::cimxml
