#pragma once

// CIM values, instances and classes as JSON, for --json.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cim/class.h"
#include "cim/instance.h"
#include "cim/object_path.h"

namespace lunaria::cli {

/// Keys stay in the order in which they were added. Who makes one includes <nlohmann/json.hpp>, which takes the
/// compiler a second.
using Json = nlohmann::ordered_json;

/// NULL and absent: null; booleans, numbers and strings as they are; times as "2026-01-31T12:00:00Z" with microseconds
/// where there are any, intervals as seconds; references as the text of the path; embedded instances as objects.
Json to_json(const cim::Value& value);
/// {"class": ..., "path": ..., "properties": {...}} under the names of the class; "path" only where `path` is given.
Json to_json(const cim::Instance& instance, const cim::ObjectPath* path);
/// Name, superclass, qualifiers, properties and methods with their types.
Json to_json(const cim::Class& cls);
/// The text, bytes that are no UTF-8 being replaced.
std::string dump(const Json& json);

/// A time as to_json() has it: one with asterisks, of which more is not known, as CIM writes it.
std::string format_time(const cim::DateTime& time);

}  // namespace lunaria::cli
