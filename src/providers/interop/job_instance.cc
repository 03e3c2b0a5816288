#include "providers/interop/job_instance.h"

#include <array>
#include <vector>

#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::msiscsitarget_concrete_job;

struct Condition {
  std::vector<names::OperationalStatus> operational;
  std::vector<std::string_view> descriptions;
  std::string_view status;
  std::string_view text;  ///< JobStatus
};

Condition condition_of(service::JobState state) {
  using Operational = names::OperationalStatus;
  switch (state) {
    case service::JobState::kNew:
      return {{Operational::kDormant}, {"The job has not begun"}, names::status::kOK, "New"};
    case service::JobState::kRunning:
      return {{Operational::kOK}, {"The job goes on"}, names::status::kOK, "Running"};
    case service::JobState::kCompleted:
      return {{Operational::kOK, Operational::kCompleted},
              {"The job ended well", "The job is over"},
              names::status::kOK,
              "Completed"};
    case service::JobState::kException:
      return {{Operational::kError, Operational::kCompleted},
              {"The job failed", "The job is over"},
              names::status::kError,
              "Failed"};
  }
  return {{Operational::kUnknown}, {"Unknown"}, names::status::kUnknown, "Unknown"};
}

void set_condition(cim::Instance& instance, const service::Job& job) {
  const Condition condition = condition_of(job.state);
  std::vector<cim::Value> operational;
  for (const names::OperationalStatus status : condition.operational) {
    operational.push_back(enum_value(status));
  }
  set(instance, names::kOperationalStatus, cim::Value::array(cim::Type::kUint16, std::move(operational)));
  set(instance, names::kStatusDescriptions, cim::Value::array_of(condition.descriptions));
  set(instance, names::kStatus, condition.status);
  set(instance, names::kJobStatus, condition.text);
  set(instance, names::kHealthState,
      job.state == service::JobState::kException ? names::HealthState::kMajorFailure : names::HealthState::kOK);
  set(instance, names::kJobState, cim::Value(std::to_underlying(job.state)));
  if (job.error) {
    set(instance, names::kErrorCode, cim::Value(std::uint16_t{std::to_underlying(to_status(job.error->code))}));
    set(instance, names::kErrorDescription, job.error->message);
  } else {
    set(instance, names::kErrorCode, cim::Value(std::uint16_t{0}));
    set_null(instance, names::kErrorDescription);
  }
}

void set_times(cim::Instance& instance, const service::Job& job, runtime::WallTime now) {
  set_time(instance, names::kInstallDate, job.submitted);
  set_time(instance, names::kTimeSubmitted, job.submitted);
  set_time(instance, names::kStartTime, job.started);
  set_time(instance, names::kTimeOfLastStateChange, job.finished ? *job.finished : job.started.value_or(job.submitted));
  const auto elapsed = job.started ? job.finished.value_or(now) - *job.started : runtime::WallTime::duration();
  set(instance, names::kElapsedTime, cim::Value(cim::DateTime::interval(elapsed)));
  set(instance, names::kTimeBeforeRemoval, cim::Value(cim::DateTime::interval(service::kJobTimeBeforeRemoval)));
}

/// Jobs run at once, once: there is no schedule.
void set_no_schedule(cim::Instance& instance) {
  constexpr auto kSchedule = std::to_array<std::string_view>(
      {names::kScheduledStartTime, names::kJobRunTimes, names::kRunMonth, names::kRunDay, names::kRunDayOfWeek,
       names::kRunStartInterval, names::kLocalOrUtcTime, names::kUntilTime, names::kNotify, names::kPriority,
       names::kOtherRecoveryAction});
  for (const std::string_view property : kSchedule) {
    set_null(instance, property);
  }
}

}  // namespace

cim::Instance job_instance(const cim::ClassPtr& cls, const service::Job& job, runtime::WallTime now) {
  cim::Instance instance(cls);
  set(instance, names::kInstanceID, job_instance_id(job.id));
  set(instance, names::kName, job.name);
  set(instance, names::kCaption, "Job");
  set(instance, names::kElementName, job.name);
  set(instance, names::kDescription, job.name + ", asked for by " + job.owner);
  set(instance, names::kOwner, job.owner);
  set(instance, names::kPercentComplete, cim::Value(std::uint16_t{job.percent_complete}));
  set(instance, names::kDeleteOnCompletion, true);
  set(instance, names::kRecoveryAction, names::RecoveryAction::kDoNotContinue);
  set_condition(instance, job);
  set_times(instance, job, now);
  set_no_schedule(instance);
  return instance;
}

cim::Instance error_instance(const cim::ClassPtr& cls, const service::Error& error) {
  namespace error_names = schema::cim_error;
  const cim::Status status = to_status(error.code);
  cim::Instance instance = cim::Instance::with_defaults(cls);
  for (const cim::PropertyPtr& property : cls->properties()) {
    if (instance.find(property->name) == nullptr) {
      set_null(instance, property->name);
    }
  }
  set(instance, error_names::kErrorType, error_names::ErrorType::kSoftwareError);
  set(instance, error_names::kOwningEntity, "Lunaria");
  set(instance, error_names::kMessageID, service::to_string(error.code));
  set(instance, error_names::kMessage, error.message);
  set(instance, error_names::kPerceivedSeverity, error_names::PerceivedSeverity::kMajor);
  set(instance, error_names::kCIMStatusCode, cim::Value(std::uint32_t{std::to_underlying(status)}));
  set(instance, error_names::kCIMStatusCodeDescription, cim::status_name(status));
  return instance;
}

}  // namespace lunaria::providers
