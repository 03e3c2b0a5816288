#include "providers/interop/wbem_server_model.h"

#include <array>
#include <string_view>
#include <utility>

#include "cim/limits.h"
#include "cim/repository.h"
#include "providers/interop/authentication_mechanisms.h"
#include "providers/interop/identity.h"
#include "providers/interop/server_model.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

constexpr std::string_view kServerCapabilitiesId = "Lunaria:WBEMServerCapabilities";
constexpr std::string_view kProtocolCapabilitiesId = "Lunaria:CIMXMLCapabilities";
constexpr std::string_view kProtocolName = "Lunaria:CIM-XML";

/// The path of what InstanceID alone identifies.
cim::ObjectPath identified_path(const cim::NamespaceName& space, std::string_view class_name, std::string id) {
  return {space,
          std::string(class_name),
          {{std::string(schema::cim_capabilities::kInstanceID), cim::Value(std::move(id))}}};
}

/// What operations there are (DSP0223): all that have a number.
cim::Value operation_capabilities(const cim::ClassPtr& cls) {
  namespace names = schema::cim_generic_operation_capabilities_structure;
  using Cql = names::CQLSupport;
  cim::Instance instance(cls);
  set(instance, names::kFQLSupported, true);
  set(instance, names::kContinueOnErrorSupported, true);
  set(instance, names::kMinimumOperationTimeout, std::uint32_t{1});
  set(instance, names::kMaximumOperationTimeout, cim::limits::kOperationTimeoutMaxS);
  constexpr auto kFeatures = std::to_array<Cql>(
      {Cql::kBasicQuery, Cql::kSimpleJoin, Cql::kComplexJoin, Cql::kSubquery, Cql::kResultSetOperations,
       Cql::kExtendedSelectList, Cql::kEmbeddedProperties, Cql::kAggregations, Cql::kRegularExpressionLike,
       Cql::kArrayRange, Cql::kSatisfiesArray, Cql::kForeignNamespaceSupport, Cql::kArithmeticExpression,
       Cql::kFullUnicodeSupport, Cql::kConversionUtilities, Cql::kPropertyScoping});
  std::vector<cim::Value> features;
  features.reserve(kFeatures.size());
  for (const Cql feature : kFeatures) {
    features.push_back(enum_value(feature));
  }
  set(instance, names::kCQLSupport, cim::Value::array(cim::Type::kUint32, std::move(features)));
  std::vector<std::uint32_t> operations;
  for (std::uint32_t each = std::to_underlying(names::OperationsSupported::kGetInstance);
       each <= std::to_underlying(names::OperationsSupported::kEnumerateQualifierTypes); ++each) {
    operations.push_back(each);
  }
  set(instance, names::kOperationsSupported, cim::Value::array_of(operations));
  set_null(instance, names::kOtherOperationsSupportedDescriptions);
  return cim::Value(std::move(instance));
}

}  // namespace

cim::ObjectPath wbem_server_path(const service::Server& server, const cim::NamespaceName& space) {
  return hosted_path(server, space, schema::cim_wbem_server::kClass, object_manager_name(server));
}

cim::ObjectPath protocol_service_path(const service::Server& server, const cim::NamespaceName& space) {
  return hosted_path(server, space, schema::cim_protocol_service::kClass, std::string(kProtocolName));
}

std::string wbem_server_namespace_id(const cim::NamespaceName& name) {
  return std::string(kInstanceIdPrefix) + "namespace:" + name.text();
}

cim::ObjectPath wbem_server_namespace_path(const cim::NamespaceName& space, const cim::NamespaceName& name) {
  return identified_path(space, schema::cim_wbem_server_namespace::kClass, wbem_server_namespace_id(name));
}

cim::ObjectPath wbem_server_capabilities_path(const cim::NamespaceName& space) {
  return identified_path(space, schema::cim_wbem_server_capabilities::kClass, std::string(kServerCapabilitiesId));
}

cim::ObjectPath cimxml_capabilities_path(const cim::NamespaceName& space) {
  return identified_path(space, schema::cim_cimxml_capabilities::kClass, std::string(kProtocolCapabilitiesId));
}

std::vector<cim::Instance> wbem_server_capabilities(const ComputedFacts& /*facts*/, const cim::ProviderCall& call) {
  namespace names = schema::cim_wbem_server_capabilities;
  using Operation = names::OperationsSupported;
  using State = names::RequestedStatesSupported;
  cim::Instance instance(call.cls);
  set(instance, names::kInstanceID, kServerCapabilitiesId);
  set(instance, names::kCaption, "WBEM server of Lunaria");
  set(instance, names::kElementName, "WBEM server of Lunaria");
  set(instance, names::kDescription, "What clients can do with the WBEM server itself");
  set(instance, names::kOperationsSupported,
      cim::Value::array(cim::Type::kUint16,
                        {enum_value(Operation::kRequestStateChange), enum_value(Operation::kCreateWBEMServerNamespace),
                         enum_value(Operation::kDeleteNamespace)}));
  set(instance, names::kRequestedStatesSupported,
      cim::Value::array(cim::Type::kUint16,
                        {enum_value(State::kEnabled), enum_value(State::kDisabled), enum_value(State::kShutDown)}));
  set(instance, names::kElementNameEditSupported, false);
  return {instance};
}

/// It cannot be stopped by itself, only with the WBEM server.
std::vector<cim::Instance> protocol_services(const ComputedFacts& facts, const cim::ProviderCall& call) {
  namespace names = schema::cim_protocol_service;
  cim::Instance instance(call.cls);
  set(instance, names::kSystemCreationClassName, schema::msftsm_system::kClass);
  set(instance, names::kSystemName, system_name(facts.server));
  set(instance, names::kCreationClassName, names::kClass);
  set(instance, names::kName, kProtocolName);
  set(instance, names::kCaption, "CIM-XML over HTTP and HTTPS");
  set(instance, names::kElementName, "CIM-XML over HTTP and HTTPS");
  set(instance, names::kDescription, "Carries the operations of WBEM clients (DSP0200, DSP0201)");
  set_time(instance, names::kInstallDate, facts.server.created);
  set(instance, names::kProtocol, names::Protocol::kCIMXML);
  set(instance, names::kEnabledState, names::EnabledState::kEnabled);
  set(instance, names::kRequestedState, names::RequestedState::kNotApplicable);
  set(instance, names::kEnabledDefault, names::EnabledDefault::kNotApplicable);
  set(instance, names::kStartMode, names::start_mode::kAutomatic);
  set(instance, names::kStarted, true);
  set(instance, names::kStatus, names::status::kOK);
  set(instance, names::kStatusDescriptions,
      cim::Value::array(cim::Type::kString, {cim::Value("The protocol is spoken")}));
  set(instance, names::kOperationalStatus,
      cim::Value::array(cim::Type::kUint16, {enum_value(names::OperationalStatus::kOK)}));
  set(instance, names::kHealthState, names::HealthState::kOK);
  return {instance};
}

std::vector<cim::Instance> cimxml_capabilities(const ComputedFacts& facts, const cim::ProviderCall& call) {
  namespace names = schema::cim_cimxml_capabilities;
  cim::Instance instance(call.cls);
  set(instance, names::kInstanceID, kProtocolCapabilitiesId);
  set(instance, names::kCaption, "CIM-XML of Lunaria");
  set(instance, names::kElementName, "CIM-XML of Lunaria");
  set(instance, names::kDescription, "What CIM-XML (DSP0200, DSP0201) can do here");
  set(instance, names::kWBEMProtocolVersionsSupported, cim::Value::array(cim::Type::kString, {cim::Value("1.4.0")}));
  set_authentication_mechanisms(instance, facts.authentication, names::kAuthenticationMechanismsSupported,
                                names::kAuthenticationMechanismsDescriptions);
  set(instance, names::kGenericOperationCapabilities,
      operation_capabilities(
          facts.repository.find_class(call.name_space, schema::cim_generic_operation_capabilities_structure::kClass)));
  set(instance, names::kMultipleOperationsSupported, false);
  set(instance, names::kValidated, false);
  set(instance, names::kListeningPortManagementSupported, false);
  set(instance, names::kElementNameEditSupported, false);
  return {instance};
}

std::vector<cim::Instance> hosted_dependencies(const ComputedFacts& facts, const cim::ProviderCall& call) {
  namespace ends = schema::cim_dependency;
  std::vector<cim::Instance> instances;
  for (const cim::NamespaceName& name : facts.repository.namespaces()) {
    cim::Instance instance(call.cls);
    set(instance, ends::kAntecedent, cim::Value(wbem_server_path(facts.server, call.name_space)));
    set(instance, ends::kDependent, cim::Value(wbem_server_namespace_path(call.name_space, name)));
    instances.push_back(std::move(instance));
  }
  return instances;
}

}  // namespace lunaria::providers
