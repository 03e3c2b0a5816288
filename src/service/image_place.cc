#include "service/image_place.h"

#include <fmt/format.h>

#include <filesystem>

#include "service/names.h"

namespace lunaria::service {

Outcome<std::string> place_of_image(VolumeStore& volumes, const std::string& path, const std::string& state_directory) {
  if (Outcome<void> checked = check_path(path, state_directory); !checked) {
    return fail(checked.error());
  }
  Outcome<std::string> real = volumes.real_path(path);
  if (!real) {
    return real;
  }
  for (std::filesystem::path above = std::filesystem::path(*real).parent_path(); above.has_relative_path();
       above = above.parent_path()) {
    if (!volumes.are_same(above.native(), state_directory)) {
      continue;
    }
    const std::string inside = std::filesystem::path(*real).lexically_relative(above).native();
    if (Outcome<void> checked = check_path(fmt::format("{}/{}", state_directory, inside), state_directory); !checked) {
      return fail(checked.error());
    }
  }
  if (Outcome<void> checked = check_path(*real, state_directory); !checked) {
    return fail(checked.error());
  }
  return real;
}

}  // namespace lunaria::service
