#pragma once

// Declarations of classes and qualifiers as clients send them (DSP0201 5.2.3, 5.2.5), before inheritance is resolved.

#include "cim/class_declaration.h"
#include "cim/qualifier.h"
#include "wbem/cimxml/decode_value.h"
#include "wbem/cimxml/xml_document.h"

namespace lunaria::wbem::cimxml {

/// A CLASS element. Elements and qualifiers that say PROPAGATED="true" are left out: the superclass has them.
Decoded<cim::ClassDeclaration> decode_class_declaration(const XmlElement& element);
/// A QUALIFIER.DECLARATION element.
Decoded<cim::QualifierType> decode_qualifier_declaration(const XmlElement& element);

}  // namespace lunaria::wbem::cimxml
