#pragma once

// Ids of what the service keeps. Disk and target ids are the data plane's: one number for one thing everywhere.

#include <cstdint>

#include "target/config.h"

namespace lunaria::service {

/// Handed out ascending from 1, never reused, also after deletion (WT_Disk.WTD).
using DiskId = target::UnitId;
/// Likewise.
using TargetId = target::TargetId;
/// Likewise.
enum class JobId : std::uint64_t {};

}  // namespace lunaria::service
