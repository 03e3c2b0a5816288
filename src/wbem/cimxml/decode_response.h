#pragma once

// A CIM-XML response message into what a client wants to know (DSP0201).

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cim/error.h"
#include "cim/instance.h"
#include "cim/object_path.h"
#include "wbem/cimxml/decode_value.h"
#include "wbem/cimxml/xml_document.h"

namespace lunaria::wbem::cimxml {

/// An instance with the path that came with it, where the operation sends one.
struct NamedInstance {
  std::optional<cim::ObjectPath> path;
  cim::Instance instance;
};

/// Whatever a response can hold; each operation fills its own part.
struct ResponseMessage {
  std::optional<cim::Error> error;
  std::vector<NamedInstance> instances;
  std::vector<cim::ObjectPath> paths;  ///< instance or class names
  std::vector<cim::ClassPtr> classes;
  std::vector<cim::QualifierType> qualifiers;
  std::optional<cim::Value> return_value;    ///< of a method, of GetProperty and EnumerationCount (as text)
  std::vector<DecodedParameter> parameters;  ///< out parameters
};

Result<ResponseMessage, std::string> decode_response(const XmlElement& root);

}  // namespace lunaria::wbem::cimxml
