#pragma once

// CIM-XML elements into values, paths, instances and classes (DSP0201 5). What does not follow the grammar is refused
// with a message that names the element.

#include <string>

#include "base/result.h"
#include "cim/class.h"
#include "cim/instance.h"
#include "cim/object_path.h"
#include "wbem/cimxml/xml_document.h"

namespace lunaria::wbem::cimxml {

/// Why an element cannot be taken.
struct DecodeError {
  enum class Kind {
    kInvalid,  ///< the element does not follow DSP0201
    kValue,    ///< it does, but the text is no value of its type
  } kind = Kind::kInvalid;
  std::string message;
};

template <class T>
using Decoded = Result<T, DecodeError>;

/// A VALUE, VALUE.ARRAY, VALUE.REFERENCE, VALUE.REFARRAY element as a value of `type`; a null element is NULL, and so
/// is one that says xsi:nil or xsi:null. `embedding` counts the documents that this one is embedded in.
Decoded<cim::Value> decode_value(const XmlElement* element, cim::Type type, bool is_array, std::size_t embedding = 0);
/// The document of an embedded INSTANCE, or of a CLASS for kEmbeddedObject.
Decoded<cim::Value> decode_embedded(std::string_view text, cim::Type type, std::size_t embedding);
/// Whether an element stands for NULL: VALUE.NULL, xsi:nil, xsi:null.
bool is_null(const XmlElement& element);
/// An INSTANCENAME, CLASSNAME, LOCALINSTANCEPATH, LOCALCLASSPATH, INSTANCEPATH or CLASSPATH element.
Decoded<cim::ObjectPath> decode_object_path(const XmlElement& element);
/// A LOCALNAMESPACEPATH element.
Decoded<cim::NamespaceName> decode_local_namespace(const XmlElement& element);
/// An INSTANCE element. Key properties are not known from it.
Decoded<cim::Instance> decode_instance(const XmlElement& element, std::size_t embedding = 0);
/// The same with the keys of `name` marked as keys, so that Instance::path works.
Decoded<cim::Instance> decode_instance(const XmlElement& element, const cim::ObjectPath& name);
/// A CLASS element, for clients.
Decoded<cim::ClassPtr> decode_class(const XmlElement& element);
/// A PARAMVALUE or RETURNVALUE: the type that it states, or a string when it states none (`is_typed` false).
struct DecodedParameter {
  std::string name;
  cim::Value value;
  bool is_typed = true;
};
Decoded<DecodedParameter> decode_parameter(const XmlElement& element);

/// The element's only child, of which every element that takes a value has one; null when it is empty.
Decoded<const XmlElement*> only_child(const XmlElement& element);
/// Attribute or error.
Decoded<std::string_view> require_attribute(const XmlElement& element, std::string_view name);
/// ARRAYSIZE; 0 where there is none.
Decoded<std::uint32_t> decode_array_size(const XmlElement& element);
/// The error for an element that may not stand here.
DecodeError unexpected(const XmlElement& element, std::string_view inside);

}  // namespace lunaria::wbem::cimxml
