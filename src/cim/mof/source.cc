#include "cim/mof/source.h"

#include <fmt/format.h>

namespace lunaria::cim::mof {

std::string CompileError::to_string() const {
  const std::string place = fmt::format("{}:{}:{}: ", file, line, column);
  return text.empty() ? place + message : fmt::format("{}{}, at '{}'", place, message, text);
}

std::string CompileErrors::to_string() const {
  std::string lines;
  for (const CompileError& error : all) {
    lines += lines.empty() ? "" : "\n";
    lines += error.to_string();
  }
  return lines;
}

std::optional<std::string> MemorySourceLoader::load(std::string_view name, std::string_view /*included_from*/) {
  const auto found = sources_.find(name);
  return found != sources_.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace lunaria::cim::mof
