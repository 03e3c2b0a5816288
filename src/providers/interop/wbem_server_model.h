#pragma once

// What hangs together with CIM_WBEMServer (DSP1092): its namespaces, what it can do, the protocol that it speaks and
// what that can do. All in root/interop. The classes are those of the CIM schema 2.39.

#include <string>

#include "providers/interop/computed_provider.h"

namespace lunaria::providers {

cim::ObjectPath wbem_server_path(const service::Server& server, const cim::NamespaceName& space);
cim::ObjectPath protocol_service_path(const service::Server& server, const cim::NamespaceName& space);
/// InstanceID of CIM_WBEMServerNamespace.
std::string wbem_server_namespace_id(const cim::NamespaceName& name);
cim::ObjectPath wbem_server_namespace_path(const cim::NamespaceName& space, const cim::NamespaceName& name);
cim::ObjectPath wbem_server_capabilities_path(const cim::NamespaceName& space);
cim::ObjectPath cimxml_capabilities_path(const cim::NamespaceName& space);

// One for each class.

std::vector<cim::Instance> wbem_server_capabilities(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> protocol_services(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> cimxml_capabilities(const ComputedFacts& facts, const cim::ProviderCall& call);
/// From the WBEM server to its namespaces.
std::vector<cim::Instance> hosted_dependencies(const ComputedFacts& facts, const cim::ProviderCall& call);

}  // namespace lunaria::providers
