#pragma once

// The IPARAMVALUEs of an intrinsic call, and the parameters that many operations share (DSP0200 5.3).

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cim/error.h"
#include "cim/name.h"
#include "cim/object_manager.h"
#include "cim/object_path.h"
#include "wbem/cimxml/decode_request.h"
#include "wbem/cimxml/decode_value.h"
#include "wbem/cimxml/xml_document.h"
#include "wbem/operation.h"

namespace lunaria::wbem::cimxml {

/// What goes wrong inside a request: either the document is not CIM-XML, or a value is wrong.
struct RequestFailure {
  std::optional<MessageError> message;
  cim::Error error;
};
template <class T>
using Parsed = Result<T, RequestFailure>;

MessageError not_valid(std::string message);
RequestFailure from(const DecodeError& error);
RequestFailure invalid_parameter(std::string message);

/// Looked up by name without regard to case. Every one must be taken.
class Parameters final {
 public:
  static constexpr std::size_t kCountMax = 16;

  /// Reads the elements behind the namespace path.
  Parsed<void> read(const XmlElement* first);
  /// The element inside the parameter; null when it was not given, or given as null.
  const XmlElement* take(std::string_view name);
  /// The first parameter that nobody took: the operation has none of that name.
  std::optional<std::string_view> left_over() const;

 private:
  struct Entry {
    std::string_view name;
    const XmlElement* content = nullptr;
    bool taken = false;
  };
  Entry* find(std::string_view name);

  std::array<Entry, kCountMax> entries_{};
  std::size_t count_ = 0;
};

/// The element inside a parameter, which must be one of those; null when there is none. What IPARAMVALUE may hold, but
/// not this one, is a wrong value of a good document.
Parsed<const XmlElement*> take_one_of(Parameters& parameters, std::string_view name,
                                      std::initializer_list<std::string_view> kinds);
/// The same for a parameter that must be there.
Parsed<const XmlElement*> require(Parameters& parameters, std::string_view name,
                                  std::initializer_list<std::string_view> kinds);
Parsed<bool> take_flag(Parameters& parameters, std::string_view name, bool default_value);
/// nullopt for NULL.
Parsed<std::optional<std::uint32_t>> take_number(Parameters& parameters, std::string_view name);
/// "" for NULL.
Parsed<std::string> take_text(Parameters& parameters, std::string_view name);
Parsed<std::string> require_text(Parameters& parameters, std::string_view name);
/// A CLASSNAME; "" for NULL where that may be.
Parsed<std::string> take_class_name(Parameters& parameters, std::string_view name, bool is_required);
/// An INSTANCENAME, or where the parameter is ObjectName also a CLASSNAME, in `name_space`.
Parsed<cim::ObjectPath> take_path(Parameters& parameters, std::string_view name, const cim::NamespaceName& name_space);
Parsed<cim::PropertyList> take_property_list(Parameters& parameters);
Parsed<InstanceForm> take_form(Parameters& parameters);

/// How an intrinsic method is called.
struct Intrinsic {
  std::string_view name;
  Parsed<Operation> (*parse)(Parameters& parameters, const cim::NamespaceName& name_space);
};
/// Null when there is no method of that name.
const Intrinsic* find_schema_operation(std::string_view name);
const Intrinsic* find_instance_operation(std::string_view name);
const Intrinsic* find_enumeration_operation(std::string_view name);

}  // namespace lunaria::wbem::cimxml
