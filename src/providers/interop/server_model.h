#pragma once

// How the server itself is reached and what it consists of (SNIA Server profile): its communication mechanism, and the
// associations between system, object manager, namespaces, mechanism and software.

#include <string>
#include <string_view>

#include "providers/interop/computed_provider.h"

namespace lunaria::providers {

/// Of what the system of the object manager hosts.
cim::ObjectPath hosted_path(const service::Server& server, const cim::NamespaceName& space, std::string_view cls,
                            std::string name);
cim::ObjectPath system_path(const service::Server& server, const cim::NamespaceName& space);
cim::ObjectPath object_manager_path(const service::Server& server, const cim::NamespaceName& space);
/// Of CIM_IndicationService, which is in root/interop only.
cim::ObjectPath indication_service_path(const service::Server& server);
cim::ObjectPath software_path();

// One for each class.

std::vector<cim::Instance> communication_mechanisms(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> mechanisms_for_manager(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> namespaces_in_manager(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> hosted_services(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> hosted_access_points(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> indication_service_capabilities(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> element_capabilities(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> software_identities(const ComputedFacts& facts, const cim::ProviderCall& call);

}  // namespace lunaria::providers
