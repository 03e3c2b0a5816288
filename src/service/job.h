#pragma once

// Job: work that outlives the call that asked for it (CIM_ConcreteJob). Plain values; rows are durable.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "runtime/clock.h"
#include "service/error.h"
#include "service/ids.h"

namespace lunaria::service {

/// The numbers are CIM_ConcreteJob.JobState's.
enum class JobState : std::uint16_t {
  kNew = 2,
  kRunning = 4,
  kCompleted = 7,
  kException = 10,
};

constexpr bool is_finished(JobState state) {
  return state == JobState::kCompleted || state == JobState::kException;
}

/// A finished job is kept this long so that clients can read how it ended.
inline constexpr std::chrono::seconds kJobTimeBeforeRemoval = std::chrono::minutes(5);

struct Job {
  JobId id{};
  std::string name;   ///< what it does, e.g. "Stop ObjectManager"
  std::string owner;  ///< the principal who asked
  JobState state = JobState::kNew;
  std::uint8_t percent_complete = 0;  ///< 0..100
  std::optional<Error> error;         ///< set in kException
  runtime::WallTime submitted{};
  std::optional<runtime::WallTime> started;
  std::optional<runtime::WallTime> finished;
  friend bool operator==(const Job&, const Job&) = default;
};

}  // namespace lunaria::service
