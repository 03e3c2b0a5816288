#pragma once

// Texts that are one declaration and nothing else: what strings embed, and what is kept of a class or a qualifier.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cim/class_declaration.h"
#include "cim/mof/parser.h"
#include "cim/qualifier.h"

namespace lunaria::cim::mof {

/// What the text declares: exactly one of them is there.
struct OneDeclaration {
  std::optional<QualifierType> qualifier_type;
  std::optional<ClassDeclaration> cls;
  std::optional<InstanceDeclaration> instance;
};

/// Why a text is no such thing.
struct NoDeclaration {
  std::uint32_t line = 0;  ///< 0 when it is none in particular
  std::string message;
};

/// Reads a text without pragmas. `file` is what locations in the declaration will name.
Result<OneDeclaration, NoDeclaration> read_one_declaration(std::string_view text, std::uint32_t file = 0);

}  // namespace lunaria::cim::mof
