#pragma once

// wql_path: object paths as WQL has them between braces.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cim/object_path.h"

namespace lunaria::cim::query {

/// The name of the only key of a class; "" when there is no such class or it has another number of keys. The path may
/// leave the namespace out.
using OnlyKey = std::function<std::string(const ObjectPath& class_path)>;

/// Reads the path of an instance. Beside DSP0004 8.2.2, keys may be strings in single quotes, and the name of an only
/// key may be left out: `Win32_Volume='C:'`, as Windows clients write. nullopt: no such path.
std::optional<ObjectPath> parse_wql_path(std::string_view text, const OnlyKey& only_key);

}  // namespace lunaria::cim::query
