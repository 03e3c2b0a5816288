#pragma once

// A job of the service as an instance of MSISCSITARGET_ConcreteJob, and its error as one of CIM_Error.

#include "cim/instance.h"
#include "runtime/clock.h"
#include "service/job.h"

namespace lunaria::providers {

/// All properties; the elapsed time of a job that goes on is taken at `now`.
cim::Instance job_instance(const cim::ClassPtr& cls, const service::Job& job, runtime::WallTime now);
cim::Instance error_instance(const cim::ClassPtr& cls, const service::Error& error);

}  // namespace lunaria::providers
