#pragma once

// Key values of the infrastructure's instances. All derive from the installation's UUID, so that they stay the same
// over restarts, upgrades and changes of the host's name.

#include <optional>
#include <string>
#include <string_view>

#include "cim/object_path.h"
#include "service/ids.h"
#include "service/server.h"

namespace lunaria::providers {

/// What InstanceID begins with: the organisation, then a colon.
inline constexpr std::string_view kInstanceIdPrefix = "Lunaria:";

/// Name of CIM_IndicationService.
inline constexpr std::string_view kIndicationServiceName = "Lunaria:IndicationService";
/// Class of the system that the storage services belong to.
inline constexpr std::string_view kArrayClass = "MSFTSM_ComputerSystem";

/// Name of MSFTSM_System and of the array; SystemName of all that it hosts.
std::string system_name(const service::Server& server);
/// Name of MSFTSM_ObjectManager.
std::string object_manager_name(const service::Server& server);

/// InstanceID of MSISCSITARGET_ConcreteJob: "Lunaria:job-7".
std::string job_instance_id(service::JobId id);
/// The job of an InstanceID exactly as job_instance_id() writes it.
std::optional<service::JobId> parse_job_instance_id(std::string_view instance_id);
cim::ObjectPath job_path(const cim::NamespaceName& name_space, service::JobId id);

}  // namespace lunaria::providers
