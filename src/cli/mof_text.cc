#include "cli/mof_text.h"

#include <fmt/format.h>

#include "cim/mof/writer.h"

namespace lunaria::cli {

std::string mof_text(const cim::Value& value) {
  return cim::mof::to_mof(value);
}

std::string mof_text(const cim::Instance& instance, const cim::ObjectPath* path) {
  const std::string text = cim::mof::to_mof(instance);
  return path == nullptr ? text : fmt::format("// {}\n{}", path->to_string(), text);
}

std::string mof_text(const cim::Class& cls) {
  return cim::mof::to_mof(cls, {.local_only = false, .declaration_of = {}});
}

std::string mof_text(const cim::QualifierType& type) {
  return cim::mof::to_mof(type);
}

}  // namespace lunaria::cli
