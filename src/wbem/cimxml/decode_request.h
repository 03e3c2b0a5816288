#pragma once

// A CIM-XML request message into an operation (DSP0200, DSP0201).

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "cim/error.h"
#include "cim/name.h"
#include "cim/object_path.h"
#include "wbem/cimxml/xml_document.h"
#include "wbem/operation.h"

namespace lunaria::wbem::cimxml {

/// A request that is not answered with a CIM-XML message, but with an HTTP status and a CIMError header (DSP0200 7.3).
struct MessageError {
  unsigned http_status = 400;
  std::string cim_error;  ///< e.g. "request-not-valid"
  std::string message;    ///< for people: the PGErrorDetail-like explanation and the log
};

/// A message that could be read; the operation may still be wrong in itself.
struct RequestMessage {
  std::string message_id;
  std::string protocol_version;
  std::string method_name;  ///< as it came, for the response and the header check
  bool is_extrinsic = false;
  cim::NamespaceName name_space;
  cim::ObjectPath object;  ///< of an extrinsic call, as the CIMObject header must say
  /// The operation, or the CIM error that answers it (a missing parameter, a value of the wrong type).
  std::variant<Operation, cim::Error> operation;
};

/// Whether a text is a version "M.N" or "M.N.U" of that major number, which decides (DSP0201 5.2.1, DSP0200 7.3).
bool is_version(std::string_view text, char major);

Result<RequestMessage, MessageError> decode_request(const XmlElement& root);

}  // namespace lunaria::wbem::cimxml
