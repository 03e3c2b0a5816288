#pragma once

// The profiles that the server keeps to, one instance for each version that clients ask for, and what they hang
// together with. Only what works is here.

#include "providers/interop/computed_provider.h"

namespace lunaria::providers {

// One for each class.

std::vector<cim::Instance> registered_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> registered_sub_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> referenced_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> sub_profiles_require_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> elements_conform_to_profiles(const ComputedFacts& facts, const cim::ProviderCall& call);
std::vector<cim::Instance> element_software_identities(const ComputedFacts& facts, const cim::ProviderCall& call);

}  // namespace lunaria::providers
