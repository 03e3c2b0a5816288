#include "service/image_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "service/names.h"

namespace lunaria::service {
namespace {

constexpr const char* kDevices = "/dev";

/// Whether it is `outer` or below it. By components: /srv/disks2 is not within /srv/disks.
bool is_within(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  return std::ranges::mismatch(outer, inner).in1 == outer.end();
}

/// The name to keep of what `path` leads to. A device that root has named with a link (/dev/vg0/lv1, /dev/disk/by-id/x)
/// keeps that name: behind what it leads to now, /dev/dm-3, another device may be after the next start.
std::string name_to_keep(VolumeStore& volumes, const std::filesystem::path& path, const std::string& real) {
  const Outcome<std::string> directory = volumes.real_path(path.parent_path().native());
  if (!directory) {
    return real;
  }
  std::string name = (std::filesystem::path(*directory) / path.filename()).native();
  const bool is_device_link = name != real && is_within(name, kDevices) && is_within(real, kDevices);
  return is_device_link && volumes.has_names_of_root(*directory) ? name : real;
}

/// Refuses what lies inside the state directory but below its disks/.
Outcome<void> check_outside_state(VolumeStore& volumes, const std::string& real, const std::string& state_directory) {
  for (std::filesystem::path above = std::filesystem::path(real).parent_path(); above.has_relative_path();
       above = above.parent_path()) {
    if (!volumes.are_same(above.native(), state_directory)) {
      continue;
    }
    const std::string inside = std::filesystem::path(real).lexically_relative(above).native();
    if (Outcome<void> checked = check_path(fmt::format("{}/{}", state_directory, inside), state_directory); !checked) {
      return checked;
    }
  }
  return check_path(real, state_directory);
}

}  // namespace

Outcome<std::string> place_of_image(VolumeStore& volumes, const std::string& path, const std::string& state_directory) {
  if (Outcome<void> checked = check_path(path, state_directory); !checked) {
    return fail(checked.error());
  }
  Outcome<std::string> real = volumes.real_path(path);
  if (!real) {
    return real;
  }
  if (Outcome<void> checked = check_outside_state(volumes, *real, state_directory); !checked) {
    return fail(checked.error());
  }
  return name_to_keep(volumes, path, *real);
}

}  // namespace lunaria::service
