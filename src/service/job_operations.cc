// Jobs: records of work that outlives its call.

#include <fmt/format.h>

#include <algorithm>

#include "service/core.h"
#include "service/event.h"

namespace lunaria::service {
namespace {

bool is_expired(const catalogue::JobRow& row, runtime::WallTime now) {
  return is_finished(static_cast<JobState>(row.state)) && row.finished && now - *row.finished > kJobTimeBeforeRemoval;
}

const catalogue::JobRow* find_job(const Core& core, JobId id) {
  const auto found = core.contents.jobs.find(static_cast<catalogue::JobId>(id));
  return found == core.contents.jobs.end() || is_expired(found->second, core.now()) ? nullptr : &found->second;
}

Error no_job(JobId id) {
  return {ErrorCode::kNotFound, fmt::format("There is no job {}.", static_cast<std::uint64_t>(id))};
}

Reply<std::vector<Job>> list_jobs_now(Core& core) {
  std::vector<Job> jobs;
  for (const auto& [id, row] : core.contents.jobs) {
    if (!is_expired(row, core.now())) {
      jobs.push_back(job_value(row));
    }
  }
  co_return jobs;
}

Reply<Job> get_job_now(Core& core, JobId id) {
  const catalogue::JobRow* row = find_job(core, id);
  if (row == nullptr) {
    co_return fail(no_job(id));
  }
  co_return job_value(*row);
}

Reply<void> delete_job_locked(Core& core, JobId id) {
  const catalogue::JobRow* row = find_job(core, id);
  if (row == nullptr) {
    co_return fail(no_job(id));
  }
  const Job before = job_value(*row);
  if (!is_finished(before.state)) {
    co_return fail(Error{ErrorCode::kInUse, fmt::format("Job {} ({}) is still running. Wait for its end.",
                                                        static_cast<std::uint64_t>(id), before.name)});
  }
  Outcome<void> done = co_await core.commit({catalogue::RemoveJob{row->id}});
  if (done) {
    core.events.publish(JobChanged{before, std::nullopt});
  }
  co_return done;
}

}  // namespace

Job job_value(const catalogue::JobRow& row) {
  Job job;
  job.id = static_cast<JobId>(row.id);
  job.name = row.name;
  job.owner = row.owner;
  job.state = static_cast<JobState>(row.state);
  job.percent_complete = row.percent_complete;
  if (row.error_code) {
    job.error = Error{static_cast<ErrorCode>(*row.error_code), row.error_message};
  }
  job.submitted = row.submitted;
  job.started = row.started;
  job.finished = row.finished;
  return job;
}

Reply<JobId> begin_job(Core& core, std::string name, std::string owner) {
  const runtime::AsyncMutex::Lock lock = co_await core.mutex.acquire();
  catalogue::JobRow row;
  row.id = next_id(core.contents.last_job);
  row.name = std::move(name);
  row.owner = std::move(owner);
  row.state = static_cast<std::uint16_t>(JobState::kRunning);
  row.submitted = core.now();
  row.started = row.submitted;
  catalogue::Changes changes = expired_jobs(core);
  changes.push_back(row);
  const Outcome<void> done = co_await core.commit(std::move(changes));
  if (!done) {
    co_return fail(done.error());
  }
  core.events.publish(JobChanged{std::nullopt, job_value(row)});
  co_return static_cast<JobId>(row.id);
}

runtime::Task<void> end_job(Core& core, JobId id, std::optional<Error> error) {
  const runtime::AsyncMutex::Lock lock = co_await core.mutex.acquire();
  catalogue::JobRow row = core.contents.jobs.at(static_cast<catalogue::JobId>(id));
  const Job before = job_value(row);
  row.state = static_cast<std::uint16_t>(error ? JobState::kException : JobState::kCompleted);
  row.percent_complete = error ? row.percent_complete : 100;
  row.finished = core.now();
  if (error) {
    row.error_code = static_cast<std::uint8_t>(error->code);
    row.error_message = error->message;
  }
  const Outcome<void> done = co_await core.commit({row});
  if (!done) {
    core.environment.log.error("service.job_not_recorded", {{"job", row.name}, {"reason", done.error().message}});
    co_return;
  }
  core.events.publish(JobChanged{before, job_value(row)});
}

catalogue::Changes expired_jobs(const Core& core) {
  catalogue::Changes changes;
  for (const auto& [id, row] : core.contents.jobs) {
    if (is_expired(row, core.now())) {
      changes.push_back(catalogue::RemoveJob{id});
    }
  }
  return changes;
}

Reply<std::vector<Job>> Service::list_jobs(security::Principal principal) {
  return core_->look(std::move(principal), list_jobs_now(*core_));
}

Reply<Job> Service::get_job(security::Principal principal, JobId id) {
  return core_->look(std::move(principal), get_job_now(*core_, id));
}

Reply<void> Service::delete_job(security::Principal principal, JobId id) {
  Action action{security::Permission::kChangeStorage, "job.delete",
                fmt::format("job {}", static_cast<std::uint64_t>(id))};
  return core_->change(std::move(principal), std::move(action), delete_job_locked(*core_, id));
}

}  // namespace lunaria::service
