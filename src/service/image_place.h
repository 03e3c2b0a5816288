#pragma once

// Where images may be, and whose: an image can be read over iSCSI, so that whoever may name any file of the server can
// read its password hashes. The only place that decides it. Judged by what a path leads to, never by how it is written:
// a symbolic link, /proc/self/root or a second mount would else lead to the server's own files, and to images that are
// served already. Blocks.

#include <string>

#include "security/principal.h"
#include "service/error.h"
#include "service/volume_store.h"

namespace lunaria::service {

struct Settings;

/// The path to keep of an image that a client names: the real one, so that nothing on the way can be exchanged
/// afterwards; of a device the name that root has given it in /dev, for the real one may be another's after a restart.
/// kInvalidArgument for what is no path of a file (check_path()), and for what lies inside the state directory, by
/// whatever name, but below its disks/. kPermissionDenied where the role needs kUseAnyPath and has it not: the answer
/// is then the same whatever is there, and nothing was opened.
Outcome<std::string> place_of_image(VolumeStore& volumes, const std::string& path, const Settings& settings,
                                    security::Role role);

}  // namespace lunaria::service
