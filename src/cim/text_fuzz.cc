// Any text as an object path, a namespace, a datetime and every other type of value: what is accepted reads back from
// its own text as the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "cim/name.h"
#include "cim/object_path.h"
#include "cim/value.h"

namespace {

using lunaria::cim::NamespaceName;
using lunaria::cim::ObjectPath;
using lunaria::cim::Type;
using lunaria::cim::Value;

void try_path(std::string_view text) {
  const auto path = ObjectPath::parse(text);
  if (!path) {
    return;
  }
  const auto again = ObjectPath::parse(path->to_string());
  lunaria::check(again && again->canonical() == path->canonical(), "a path reads back");
  lunaria::check(again->hash() == path->hash(), "equal paths have equal hashes");
}

void try_value(Type type, std::string_view text) {
  const auto value = Value::parse(type, text);
  if (!value) {
    return;
  }
  const auto again = Value::parse(type, value->to_text());
  lunaria::check(again && again->to_text() == value->to_text(), "a value reads back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  try_path(text);
  const NamespaceName name(text);
  lunaria::check(NamespaceName(name.text()) == name, "a normalised namespace stays as it is");
  for (auto type = Type::kNone; type <= Type::kEmbeddedObject;
       type = static_cast<Type>(static_cast<unsigned>(type) + 1)) {
    try_value(type, text);
  }
  return 0;
}
