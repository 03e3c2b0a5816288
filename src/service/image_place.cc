#include "service/image_place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "service/names.h"
#include "service/service.h"

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

/// Where operators may have images.
std::vector<std::string> places_of_operators(const Settings& settings) {
  std::vector<std::string> places = {settings.state_directory + "/disks"};
  places.insert(places.end(), settings.image_directories.begin(), settings.image_directories.end());
  return places;
}

/// The name to keep of what an operator names, if it is that place or in it. What the place leads to is asked for each
/// time: a volume may get another number while the server runs.
std::optional<std::string> name_within(VolumeStore& volumes, const std::string& place, const std::string& path,
                                       const std::string& real) {
  const Outcome<std::string> real_place = volumes.real_path(place);
  if (!real_place) {
    return std::nullopt;
  }
  if (real == *real_place) {
    return name_to_keep(volumes, place, real);  // one device, by the name that the administrator gave
  }
  std::string name = name_to_keep(volumes, path, real);
  if (is_within(real, *real_place)) {
    return is_within(name, *real_place) ? name : real;
  }
  // The links in a directory of devices lead out of it; only root's come here.
  const bool is_link_there = std::filesystem::path(name).parent_path() == *real_place;
  return is_link_there ? std::optional(std::move(name)) : std::nullopt;
}

/// The name to keep of what an operator names; nothing where operators may not have images.
std::optional<std::string> name_for_operator(VolumeStore& volumes, const std::string& path, const std::string& real,
                                             const Settings& settings) {
  for (const std::string& place : places_of_operators(settings)) {
    if (std::optional<std::string> name = name_within(volumes, place, path, real)) {
      return name;
    }
  }
  return std::nullopt;
}

Error not_for_operators(const std::string& path, const Settings& settings) {
  return {
      ErrorCode::kPermissionDenied,
      fmt::format("An operator may create and import images only in {}; {} is elsewhere. Ask an administrator to do "
                  "it, or to add the place to the image-directories of lunariad.",
                  fmt::join(places_of_operators(settings), ", "), path)};
}

}  // namespace

Outcome<std::string> place_of_image(VolumeStore& volumes, const std::string& path, const Settings& settings,
                                    security::Role role) {
  if (Outcome<void> checked = check_path(path, settings.state_directory); !checked) {
    return fail(checked.error());
  }
  Outcome<std::string> real = volumes.real_path(path);
  std::optional<std::string> name;
  if (security::may(role, security::Permission::kUseAnyPath)) {
    if (!real) {
      return real;
    }
    name = name_to_keep(volumes, path, *real);
  } else if (real) {
    name = name_for_operator(volumes, path, *real, settings);
  }
  if (!name) {
    return fail(not_for_operators(path, settings));
  }
  if (Outcome<void> checked = check_outside_state(volumes, *real, settings.state_directory); !checked) {
    return fail(checked.error());
  }
  return *std::move(name);
}

}  // namespace lunaria::service
