#pragma once

// The path of an object as a text that may say by which protocol its namespace is reached (DSP0207).

#include <optional>
#include <string_view>

#include "cim/object_path.h"

namespace lunaria::cim::query {

struct TypedPath {
  std::string_view name_space_type{};  ///< "" without; a view into the text
  std::optional<ObjectPath> path{};    ///< nullopt for what is no path
};

/// Reads what ObjectPath::parse() does, and the same with a type in front of the host: `https://host/root/x:A.Id=1`.
TypedPath typed_path(std::string_view text);

}  // namespace lunaria::cim::query
