#pragma once

// Text into XML.

#include <string>
#include <string_view>

namespace lunaria::wbem::cimxml {

/// Appends character data or an attribute's value: markup and quotes become references; control characters that XML 1.0
/// cannot hold become U+FFFD, so that the document stays well-formed whatever a value contains.
void append_escaped(std::string& out, std::string_view text);

}  // namespace lunaria::wbem::cimxml
