#include "providers/interop/registered_profiles.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "providers/interop/server_model.h"
#include "providers/interop/wbem_server_model.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::msftsm_registered_profile;
using Organization = names::RegisteredOrganization;

constexpr std::string_view kInterop = "root/interop";
constexpr std::string_view kServer = "Server";

/// What keeps to a profile itself.
enum class Central : std::uint8_t { kObjectManager, kWbemServer, kIndicationService, kProfiles, kServerProfile };

struct Profile {
  Organization organization;
  std::string_view name;
  std::string_view version;
  Central central;
  std::string_view parent{};  ///< name of the SNIA profile of the same version that it is part of
};

constexpr auto kProfiles = std::to_array<Profile>({
    {Organization::kSNIA, kServer, "1.4.0", Central::kObjectManager},
    {Organization::kSNIA, kServer, "1.5.0", Central::kObjectManager},
    {Organization::kSNIA, kServer, "1.6.0", Central::kObjectManager},
    {Organization::kSNIA, "SMI-S", "1.4.0", Central::kServerProfile},
    {Organization::kSNIA, "SMI-S", "1.5.0", Central::kServerProfile},
    {Organization::kSNIA, "SMI-S", "1.6.0", Central::kServerProfile},
    {Organization::kDMTF, "Profile Registration", "1.0.0", Central::kProfiles},
    {Organization::kDMTF, "Indications", "1.2.2", Central::kIndicationService},
    {Organization::kDMTF, "WBEM Server", "1.0.0", Central::kWbemServer},
    {Organization::kSNIA, "Profile Registration", "1.4.0", Central::kProfiles, kServer},
    {Organization::kSNIA, "Profile Registration", "1.5.0", Central::kProfiles, kServer},
    {Organization::kSNIA, "Profile Registration", "1.6.0", Central::kProfiles, kServer},
    {Organization::kSNIA, "Indication", "1.4.0", Central::kIndicationService, kServer},
    {Organization::kSNIA, "Indication", "1.5.0", Central::kIndicationService, kServer},
    {Organization::kSNIA, "Indication", "1.6.0", Central::kIndicationService, kServer},
});

std::string id_of(const Profile& profile) {
  return std::string(profile.organization == Organization::kSNIA ? "SNIA:" : "DMTF:") + std::string(profile.name) +
         ':' + std::string(profile.version);
}

cim::ObjectPath path_of(std::string id, std::string_view class_name) {
  return {cim::NamespaceName(kInterop),
          std::string(class_name),
          {{std::string(names::kInstanceID), cim::Value(std::move(id))}}};
}

cim::ObjectPath path_of(const Profile& profile) {
  return path_of(id_of(profile),
                 profile.parent.empty() ? names::kClass : schema::msftsm_registered_sub_profile::kClass);
}

/// Of a profile that is no part.
cim::ObjectPath snia_path(std::string_view name, std::string_view version) {
  return path_of("SNIA:" + std::string(name) + ':' + std::string(version), names::kClass);
}

cim::ObjectPath parent_path(const Profile& profile) {
  return snia_path(profile.parent, profile.version);
}

/// What keeps to the profile. To the specification SMI-S those profiles of its version keep that are no parts.
std::vector<cim::ObjectPath> central_paths(const service::Server& server, const Profile& profile) {
  switch (profile.central) {
    case Central::kObjectManager:
      return {object_manager_path(server, cim::NamespaceName(kInterop))};
    case Central::kWbemServer:
      return {wbem_server_path(server, cim::NamespaceName(kInterop))};
    case Central::kIndicationService:
      return {indication_service_path(server)};
    case Central::kServerProfile:
      return {snia_path(kServer, profile.version)};
    case Central::kProfiles:
      break;
  }
  std::vector<cim::ObjectPath> all;
  for (const Profile& each : kProfiles) {
    all.push_back(path_of(each));
  }
  return all;
}

std::vector<cim::Instance> profiles(const cim::ClassPtr& cls, bool are_parts) {
  std::vector<cim::Instance> instances;
  for (const Profile& each : kProfiles) {
    if (each.parent.empty() == are_parts) {
      continue;
    }
    cim::Instance instance(cls);
    set(instance, names::kInstanceID, id_of(each));
    set(instance, names::kElementName, std::string(each.name) + ' ' + std::string(each.version));
    set(instance, names::kRegisteredOrganization, each.organization);
    set_null(instance, names::kOtherRegisteredOrganization);
    set(instance, names::kRegisteredName, each.name);
    set(instance, names::kRegisteredVersion, each.version);
    set(instance, names::kAdvertiseTypes,
        cim::Value::array(cim::Type::kUint16, {enum_value(names::AdvertiseTypes::kNotAdvertised)}));
    instances.push_back(std::move(instance));
  }
  return instances;
}

cim::Instance pair_of(const cim::ClassPtr& cls, std::string_view first, cim::ObjectPath first_path,
                      std::string_view second, cim::ObjectPath second_path) {
  cim::Instance instance(cls);
  set(instance, first, cim::Value(std::move(first_path)));
  set(instance, second, cim::Value(std::move(second_path)));
  return instance;
}

}  // namespace

std::vector<cim::Instance> registered_profiles(const ComputedFacts& /*facts*/, const cim::ProviderCall& call) {
  return profiles(call.cls, false);
}

std::vector<cim::Instance> registered_sub_profiles(const ComputedFacts& /*facts*/, const cim::ProviderCall& call) {
  return profiles(call.cls, true);
}

/// From a part to the profile that refers to it.
std::vector<cim::Instance> referenced_profiles(const ComputedFacts& /*facts*/, const cim::ProviderCall& call) {
  namespace ends = schema::msftsm_referenced_profile;
  std::vector<cim::Instance> instances;
  for (const Profile& each : kProfiles) {
    if (!each.parent.empty()) {
      instances.push_back(pair_of(call.cls, ends::kAntecedent, path_of(each), ends::kDependent, parent_path(each)));
    }
  }
  return instances;
}

std::vector<cim::Instance> sub_profiles_require_profiles(const ComputedFacts& /*facts*/,
                                                         const cim::ProviderCall& call) {
  namespace ends = schema::msftsm_sub_profile_requires_profile;
  std::vector<cim::Instance> instances;
  for (const Profile& each : kProfiles) {
    if (!each.parent.empty()) {
      instances.push_back(pair_of(call.cls, ends::kAntecedent, parent_path(each), ends::kDependent, path_of(each)));
    }
  }
  return instances;
}

/// Parts are found through the profile that they belong to.
std::vector<cim::Instance> elements_conform_to_profiles(const ComputedFacts& facts, const cim::ProviderCall& call) {
  namespace ends = schema::msftsm_element_conforms_to_profile;
  std::vector<cim::Instance> instances;
  for (const Profile& each : kProfiles) {
    if (!each.parent.empty()) {
      continue;
    }
    for (cim::ObjectPath& element : central_paths(facts.server, each)) {
      instances.push_back(
          pair_of(call.cls, ends::kConformantStandard, path_of(each), ends::kManagedElement, std::move(element)));
    }
  }
  return instances;
}

/// The object manager as it shows beside storage: it is the same one.
std::vector<cim::Instance> elements_conform_to_profiles_ex(const ComputedFacts& facts, const cim::ProviderCall& call) {
  namespace ends = schema::msftsm_element_conforms_to_profile_ex;
  std::vector<cim::Instance> instances;
  for (const Profile& each : kProfiles) {
    if (each.parent.empty() && each.central == Central::kObjectManager) {
      instances.push_back(pair_of(call.cls, ends::kConformantStandard, path_of(each), ends::kManagedElement,
                                  object_manager_path(facts.server, call.name_space)));
    }
  }
  return instances;
}

std::vector<ConformantElement> conformant_elements(const service::Server& server, std::string_view instance_id) {
  namespace types = names::open_conformant_instances;
  const auto found = std::ranges::find_if(kProfiles, [&](const Profile& each) { return id_of(each) == instance_id; });
  if (found == kProfiles.end()) {
    return {};
  }
  // Whoever looks for a part begins at what its parent is about; profiles are registered beside each other.
  const bool has_scope = !found->parent.empty() && found->central != Central::kProfiles;
  const auto type = has_scope ? types::InstanceType::kCentralInstance : types::InstanceType::kCentralAndScopingInstance;
  std::vector<ConformantElement> elements;
  for (cim::ObjectPath& path : central_paths(server, *found)) {
    elements.push_back({std::to_underlying(type), std::move(path)});
  }
  if (has_scope) {
    elements.push_back({std::to_underlying(types::InstanceType::kScopingInstance),
                        object_manager_path(server, cim::NamespaceName(kInterop))});
  }
  return elements;
}

std::vector<cim::Instance> element_software_identities(const ComputedFacts& /*facts*/, const cim::ProviderCall& call) {
  namespace ends = schema::msftsm_element_software_identity;
  std::vector<cim::Instance> instances;
  for (const Profile& each : kProfiles) {
    instances.push_back(pair_of(call.cls, ends::kAntecedent, software_path(), ends::kDependent, path_of(each)));
  }
  return instances;
}

}  // namespace lunaria::providers
