#pragma once

// The profiles that the server keeps to, one instance for each version that clients ask for, and what they hang
// together with. Only what works is here.

#include <string_view>

#include "providers/interop/computed_provider.h"
#include "providers/interop/conformant_enumerations.h"

namespace lunaria::providers {

/// What keeps to the profile of that InstanceID, and what it is looked for from; empty for an unknown one.
std::vector<ConformantElement> conformant_elements(const service::Server& server, std::string_view instance_id);

// One for each class.

std::vector<cim::Instance> registered_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> registered_sub_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> referenced_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> sub_profiles_require_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> elements_conform_to_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
/// Of the namespace of storage, from what keeps to a profile there to the profile in root/interop.
std::vector<cim::Instance> elements_conform_to_profiles_ex(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> element_software_identities(const ComputedFacts& facts, const cim::ProviderCall& call);

}  // namespace lunaria::providers
