#pragma once

// Where images may be. Judged by what a path leads to, never by how it is written: a symbolic link, /proc/self/root or
// a second mount would else lead to the server's own files, and to images that are served already. Blocks.

#include <string>

#include "service/error.h"
#include "service/volume_store.h"

namespace lunaria::service {

/// The path to keep of an image that a client names: the real one, so that nothing on the way can be exchanged
/// afterwards; of a device the name that root has given it in /dev, for the real one may be another's after a restart.
/// kInvalidArgument for what is no path of a file (check_path()), and for what lies inside `state_directory`, by
/// whatever name, but below its disks/.
Outcome<std::string> place_of_image(VolumeStore& volumes, const std::string& path, const std::string& state_directory);

}  // namespace lunaria::service
