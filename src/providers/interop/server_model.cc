#include "providers/interop/server_model.h"

#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "providers/indication/subscriptions.h"
#include "providers/interop/authentication_mechanisms.h"
#include "providers/interop/identity.h"
#include "providers/interop/namespace_provider.h"
#include "providers/interop/wbem_server_model.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace mechanism_names = schema::cim_cimxml_communication_mechanism;
constexpr std::string_view kInterop = "root/interop";
constexpr std::string_view kMechanismName = "Lunaria:CIM-XML";
constexpr std::string_view kSoftwareId = "Lunaria:lunariad";
constexpr std::string_view kIndicationCapabilitiesId = "Lunaria:IndicationServiceCapabilities";

cim::ObjectPath mechanism_path(const service::Server& server, const cim::NamespaceName& space) {
  return hosted_path(server, space, mechanism_names::kClass, std::string(kMechanismName));
}

cim::Instance dependency(const cim::ClassPtr& cls, cim::ObjectPath antecedent, cim::ObjectPath dependent) {
  namespace names = schema::cim_dependency;
  cim::Instance instance(cls);
  set(instance, names::kAntecedent, cim::Value(std::move(antecedent)));
  set(instance, names::kDependent, cim::Value(std::move(dependent)));
  return instance;
}

}  // namespace

cim::ObjectPath hosted_path(const service::Server& server, const cim::NamespaceName& space, std::string_view cls,
                            std::string name) {
  namespace keys = schema::cim_service;
  return {space,
          std::string(cls),
          {{std::string(keys::kSystemCreationClassName), cim::Value(schema::msftsm_system::kClass)},
           {std::string(keys::kSystemName), cim::Value(system_name(server))},
           {std::string(keys::kCreationClassName), cim::Value(cls)},
           {std::string(keys::kName), cim::Value(std::move(name))}}};
}

cim::ObjectPath system_path(const service::Server& server, const cim::NamespaceName& space) {
  namespace names = schema::msftsm_system;
  return {space,
          std::string(names::kClass),
          {{std::string(names::kCreationClassName), cim::Value(names::kClass)},
           {std::string(names::kName), cim::Value(system_name(server))}}};
}

cim::ObjectPath object_manager_path(const service::Server& server, const cim::NamespaceName& space) {
  return hosted_path(server, space, schema::msftsm_object_manager::kClass, object_manager_name(server));
}

cim::ObjectPath indication_service_path(const service::Server& server) {
  return hosted_path(server, cim::NamespaceName(kInterop), schema::cim_indication_service::kClass,
                     std::string(kIndicationServiceName));
}

cim::ObjectPath software_path() {
  namespace names = schema::msftsm_software_identity;
  return {cim::NamespaceName(kInterop),
          std::string(names::kClass),
          {{std::string(names::kInstanceID), cim::Value(kSoftwareId)}}};
}

std::vector<cim::Instance> communication_mechanisms(const ComputedFacts& facts, const cim::ProviderCall& call) {
  namespace names = mechanism_names;
  using Profiles = names::FunctionalProfilesSupported;
  cim::Instance instance(call.cls);
  set(instance, names::kSystemCreationClassName, schema::msftsm_system::kClass);
  set(instance, names::kSystemName, system_name(facts.server));
  set(instance, names::kCreationClassName, names::kClass);
  set(instance, names::kName, kMechanismName);
  set(instance, names::kElementName, "CIM-XML over HTTP and HTTPS");
  set(instance, names::kEnabledState, names::EnabledState::kEnabled);
  set(instance, names::kRequestedState, names::RequestedState::kNotApplicable);
  set(instance, names::kOperationalStatus,
      cim::Value::array(cim::Type::kUint16, {enum_value(names::OperationalStatus::kOK)}));
  set(instance, names::kHealthState, names::HealthState::kOK);
  set(instance, names::kCommunicationMechanism, names::CommunicationMechanism::kCIMXML);
  set(instance, names::kFunctionalProfilesSupported,
      cim::Value::array(cim::Type::kUint16,
                        {enum_value(Profiles::kBasicRead), enum_value(Profiles::kBasicWrite),
                         enum_value(Profiles::kSchemaManipulation), enum_value(Profiles::kInstanceManipulation),
                         enum_value(Profiles::kAssociationTraversal), enum_value(Profiles::kQueryExecution),
                         enum_value(Profiles::kQualifierDeclaration), enum_value(Profiles::kIndications)}));
  set(instance, names::kMultipleOperationsSupported, false);
  set_authentication_mechanisms(instance, facts.authentication, names::kAuthenticationMechanismsSupported,
                                names::kAuthenticationMechanismDescriptions);
  set(instance, names::kVersion, "1.4");
  set(instance, names::kCIMXMLProtocolVersion, std::uint16_t{1});
  set(instance, names::kCIMValidated, false);
  set(instance, names::kAdvertiseTypes,
      cim::Value::array(cim::Type::kUint16, {enum_value(names::AdvertiseTypes::kNotAdvertised)}));
  return {instance};
}

std::vector<cim::Instance> mechanisms_for_manager(const ComputedFacts& facts, const cim::ProviderCall& call) {
  return {dependency(call.cls, object_manager_path(facts.server, call.name_space),
                     mechanism_path(facts.server, call.name_space))};
}

std::vector<cim::Instance> namespaces_in_manager(const ComputedFacts& facts, const cim::ProviderCall& call) {
  const cim::ClassPtr cls = facts.repository.find_class(call.name_space, schema::msftsm_namespace::kClass);
  std::vector<cim::Instance> instances;
  for (const cim::NamespaceName& name : facts.repository.namespaces()) {
    instances.push_back(dependency(call.cls, object_manager_path(facts.server, call.name_space),
                                   namespace_instance(cls, facts.server, name).path(call.name_space)));
  }
  return instances;
}

std::vector<cim::Instance> hosted_services(const ComputedFacts& facts, const cim::ProviderCall& call) {
  const cim::ObjectPath system = system_path(facts.server, call.name_space);
  std::vector<cim::Instance> instances{
      dependency(call.cls, system, object_manager_path(facts.server, call.name_space))};
  if (call.name_space == cim::NamespaceName(kInterop)) {
    instances.push_back(dependency(call.cls, system, indication_service_path(facts.server)));
    instances.push_back(dependency(call.cls, system, wbem_server_path(facts.server, call.name_space)));
    instances.push_back(dependency(call.cls, system, protocol_service_path(facts.server, call.name_space)));
  }
  return instances;
}

std::vector<cim::Instance> hosted_access_points(const ComputedFacts& facts, const cim::ProviderCall& call) {
  return {
      dependency(call.cls, system_path(facts.server, call.name_space), mechanism_path(facts.server, call.name_space))};
}

std::vector<cim::Instance> indication_service_capabilities(const ComputedFacts& /*facts*/,
                                                           const cim::ProviderCall& call) {
  namespace names = schema::cim_indication_service_capabilities;
  cim::Instance instance(call.cls);
  set(instance, names::kInstanceID, kIndicationCapabilitiesId);
  set(instance, names::kElementName, "Indication service of Lunaria");
  set(instance, names::kCaption, "Indication service of Lunaria");
  set(instance, names::kDescription, "What clients may change of the indication service, and how much it holds");
  set(instance, names::kFilterCreationEnabledIsSettable, false);
  set(instance, names::kDeliveryRetryAttemptsIsSettable, true);
  set(instance, names::kDeliveryRetryIntervalIsSettable, true);
  set(instance, names::kSubscriptionRemovalActionIsSettable, true);
  set(instance, names::kSubscriptionRemovalTimeIntervalIsSettable, true);
  set(instance, names::kMaxListenerDestinations, std::uint32_t{kStoredIndicationObjectsMax});
  set(instance, names::kMaxActiveSubscriptions, std::uint32_t{kStoredIndicationObjectsMax});
  set(instance, names::kSubscriptionsPersisted, true);
  return {instance};
}

std::vector<cim::Instance> element_capabilities(const ComputedFacts& facts, const cim::ProviderCall& call) {
  namespace ends = schema::cim_element_capabilities;
  const auto with = [&](cim::ObjectPath element, cim::ObjectPath capabilities) {
    cim::Instance instance(call.cls);
    set(instance, ends::kManagedElement, cim::Value(std::move(element)));
    set(instance, ends::kCapabilities, cim::Value(std::move(capabilities)));
    return instance;
  };
  return {with(indication_service_path(facts.server),
               {call.name_space,
                std::string(schema::cim_indication_service_capabilities::kClass),
                {{std::string(schema::cim_capabilities::kInstanceID), cim::Value(kIndicationCapabilitiesId)}}}),
          with(wbem_server_path(facts.server, call.name_space), wbem_server_capabilities_path(call.name_space)),
          with(protocol_service_path(facts.server, call.name_space), cimxml_capabilities_path(call.name_space))};
}

std::vector<cim::Instance> software_identities(const ComputedFacts& facts, const cim::ProviderCall& call) {
  namespace names = schema::msftsm_software_identity;
  cim::Instance instance(call.cls);
  set(instance, names::kInstanceID, kSoftwareId);
  set(instance, names::kElementName, "Lunaria");
  set(instance, names::kDescription, "iSCSI target server");
  set(instance, names::kManufacturer, "Lunaria");
  set(instance, names::kVersionString, facts.server.version);
  std::string_view rest = facts.server.version;
  for (const std::string_view property : {names::kMajorVersion, names::kMinorVersion, names::kRevisionNumber}) {
    std::uint16_t number = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    set(instance, property, number);
    rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()));
    rest.remove_prefix(rest.starts_with('.') ? 1 : 0);
  }
  set(instance, names::kOperationalStatus,
      cim::Value::array(cim::Type::kUint16, {enum_value(names::OperationalStatus::kOK)}));
  set(instance, names::kHealthState, names::HealthState::kOK);
  set(instance, names::kClassifications,
      cim::Value::array(cim::Type::kUint16, {enum_value(names::Classifications::kApplicationSoftware)}));
  return {instance};
}

}  // namespace lunaria::providers
