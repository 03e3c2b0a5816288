// Compares the schema, as the MOF compiler reads it, with the facts in expected/. See README.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cim/repository.h"
#include "compile.h"
#include "facts.h"
#include "schema/schema.h"

namespace lunaria::schema {
namespace {

using Json = nlohmann::json;

const std::filesystem::path kFolder = std::filesystem::path(LUNARIA_SOURCE_DIR) / "tests/schema";
const cim::NamespaceName kEverything("root/everything");

Json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  return Json::parse(file, nullptr, false);
}

// The facts by class name, before the deliberate differences.
std::map<std::string, Json> read_expected() {
  std::map<std::string, Json> result;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder / "expected")) {
    result.emplace(entry.path().stem().string(), read_json(entry.path()));
  }
  return result;
}

// The facts by class name, as this schema is meant to have them.
std::map<std::string, Json> read_intended() {
  auto facts = read_expected();
  for (const Json& difference : read_json(kFolder / "differences.json")) {
    Json& expected = facts[difference["class"].get<std::string>()];
    expected.erase("source");
    const Json::json_pointer at(difference["at"].get<std::string>());
    if (difference["here"].is_null()) {
      expected.at(at.parent_pointer()).erase(at.back());
    } else {
      expected[at] = difference["here"];
    }
  }
  for (auto& [name, expected] : facts) {
    expected.erase("source");
  }
  return facts;
}

// One line for each element that differs; "" when all is as it should be.
std::string deviations(const Json& expected, const Json& actual) {
  std::ostringstream text;
  std::set<std::string> sections;
  for (const Json* side : {&expected, &actual}) {
    for (const auto& [key, value] : side->items()) {
      sections.insert(key);
    }
  }
  const Json absent = "absent";
  const auto compare = [&text, &absent](const std::string& what, const Json& left, const Json& right,
                                        const std::string& key) {
    const Json& wanted = left.contains(key) ? left[key] : absent;
    const Json& found = right.contains(key) ? right[key] : absent;
    if (wanted != found) {
      text << what << key << "\n  expected " << wanted << "\n  found    " << found << '\n';
    }
  };
  for (const std::string& section : sections) {
    if (section != "properties" && section != "methods") {
      compare("", expected, actual, section);
      continue;
    }
    std::set<std::string> names;
    for (const Json* side : {&expected, &actual}) {
      for (const auto& [key, value] : (*side)[section].items()) {
        names.insert(key);
      }
    }
    for (const std::string& name : names) {
      compare(section + ' ', expected[section], actual[section], name);
    }
  }
  return text.str();
}

std::vector<std::string> class_names(const cim::Repository& repository, const cim::NamespaceName& name_space) {
  std::vector<std::string> names;
  for (const auto& cim_class : repository.classes(name_space)) {
    names.push_back(cim_class->name());
  }
  std::ranges::sort(names);
  return names;
}

void expect_described(const cim::QualifierSet& qualifiers, const std::string& element) {
  const cim::Qualifier* const description = qualifiers.find("Description");
  EXPECT_TRUE(description != nullptr && !description->value.string_or_empty().empty()) << element;
}

/// Classes of DMTF's schema that the reference does not name: indications, and how the server itself is reached.
const std::set<std::string>& beyond_the_reference() {
  static const std::set<std::string> kNames{"CIM_AbstractIndicationSubscription",
                                            "CIM_AlertIndication",
                                            "CIM_CIMOMStatisticalData",
                                            "CIM_CIMXMLCapabilities",
                                            "CIM_CIMXMLCommunicationMechanism",
                                            "CIM_Collection",
                                            "CIM_ElementStatisticalData",
                                            "CIM_EnabledLogicalElementCapabilities",
                                            "CIM_FilterCollection",
                                            "CIM_FilterCollectionSubscription",
                                            "CIM_GenericOperationCapabilitiesStructure",
                                            "CIM_Indication",
                                            "CIM_IndicationFilter",
                                            "CIM_IndicationService",
                                            "CIM_IndicationServiceCapabilities",
                                            "CIM_IndicationSubscription",
                                            "CIM_InstCreation",
                                            "CIM_InstDeletion",
                                            "CIM_InstIndication",
                                            "CIM_InstMethodCall",
                                            "CIM_InstModification",
                                            "CIM_ListenerDestination",
                                            "CIM_ListenerDestinationCIMXML",
                                            "CIM_MemberOfCollection",
                                            "CIM_OwningCollectionElement",
                                            "CIM_ProcessIndication",
                                            "CIM_ProtocolService",
                                            "CIM_ProtocolServiceCapabilities",
                                            "CIM_SchemaInformationStructure",
                                            "CIM_ServiceAffectsElement",
                                            "CIM_StatisticalData",
                                            "CIM_WBEMProtocolServiceCapabilities",
                                            "CIM_WBEMServer",
                                            "CIM_WBEMServerCapabilities",
                                            "CIM_WBEMServerNamespace"};
  return kNames;
}

/// Classes that are served for their state alone: what else they declare, and the classes that it names, comes with the
/// storage model.
bool is_served_for_its_state(const std::string& class_name) {
  static const std::set<std::string> kNames{"CIM_AuthenticationService",
                                            "CIM_ControllerConfigurationService",
                                            "CIM_IdentityManagementService",
                                            "CIM_ReplicationService",
                                            "CIM_SecurityService",
                                            "CIM_StorageConfigurationService",
                                            "CIM_StorageHardwareIDManagementService",
                                            "CIM_iSCSIConfigurationService",
                                            "MSISCSITARGET_ControllerConfigurationService",
                                            "MSISCSITARGET_ReplicationService",
                                            "MSISCSITARGET_StorageConfigurationService",
                                            "MSISCSITARGET_StorageHardwareIDManagementService",
                                            "MSISCSITARGET_iSCSIConfigurationService"};
  return kNames.contains(class_name);
}

TEST(Schema, EveryClassHasTheFactsOfTheReference) {
  cim::Repository repository;
  ASSERT_EQ(compile_folder(repository, kEverything, "all_classes.mof"), "");
  const auto intended = read_intended();
  std::vector<std::string> expected_names;
  for (const auto& [name, expected] : intended) {
    expected_names.push_back(name);
    const auto cim_class = repository.find_class(kEverything, name);
    ASSERT_NE(cim_class, nullptr) << name;
    EXPECT_EQ(deviations(expected, facts_of(*cim_class, expected)), "") << name;
  }
  expected_names.insert(expected_names.end(), beyond_the_reference().begin(), beyond_the_reference().end());
  std::ranges::sort(expected_names);
  EXPECT_EQ(class_names(repository, kEverything), expected_names);
}

TEST(Schema, EveryShippedClassHasTheFactsOfTheReference) {
  const auto intended = read_intended();
  for (const ShippedNamespace& shipped : shipped_namespaces()) {
    cim::Repository repository;
    const cim::NamespaceName name_space(shipped.name);
    ASSERT_EQ(compile_shipped(repository, shipped), "");
    for (const auto& cim_class : repository.classes(name_space)) {
      if (cim_class->name().starts_with("LUNARIA_") || beyond_the_reference().contains(cim_class->name())) {
        continue;  // there is no reference
      }
      const auto expected = intended.find(cim_class->name());
      ASSERT_NE(expected, intended.end()) << cim_class->name();
      EXPECT_EQ(deviations(expected->second, facts_of(*cim_class, expected->second)), "") << cim_class->name();
    }
  }
}

TEST(Schema, EveryNamespaceServesWhatItHasProvidersFor) {
  const std::vector<std::string> interop{"CIM_AbstractIndicationSubscription",
                                         "CIM_AlertIndication",
                                         "CIM_CIMOMStatisticalData",
                                         "CIM_CIMXMLCapabilities",
                                         "CIM_CIMXMLCommunicationMechanism",
                                         "CIM_Capabilities",
                                         "CIM_Collection",
                                         "CIM_CommMechanismForManager",
                                         "CIM_ConcreteJob",
                                         "CIM_Dependency",
                                         "CIM_ElementCapabilities",
                                         "CIM_ElementConformsToProfile",
                                         "CIM_ElementSoftwareIdentity",
                                         "CIM_ElementStatisticalData",
                                         "CIM_EnabledLogicalElement",
                                         "CIM_EnabledLogicalElementCapabilities",
                                         "CIM_Error",
                                         "CIM_FilterCollection",
                                         "CIM_FilterCollectionSubscription",
                                         "CIM_GenericOperationCapabilitiesStructure",
                                         "CIM_HostedAccessPoint",
                                         "CIM_HostedDependency",
                                         "CIM_HostedService",
                                         "CIM_Indication",
                                         "CIM_IndicationFilter",
                                         "CIM_IndicationService",
                                         "CIM_IndicationServiceCapabilities",
                                         "CIM_IndicationSubscription",
                                         "CIM_InstCreation",
                                         "CIM_InstDeletion",
                                         "CIM_InstIndication",
                                         "CIM_InstMethodCall",
                                         "CIM_InstModification",
                                         "CIM_Job",
                                         "CIM_ListenerDestination",
                                         "CIM_ListenerDestinationCIMXML",
                                         "CIM_LogicalElement",
                                         "CIM_ManagedElement",
                                         "CIM_ManagedSystemElement",
                                         "CIM_MemberOfCollection",
                                         "CIM_Namespace",
                                         "CIM_NamespaceInManager",
                                         "CIM_ObjectManager",
                                         "CIM_ObjectManagerCommunicationMechanism",
                                         "CIM_OwningCollectionElement",
                                         "CIM_ProcessIndication",
                                         "CIM_ProtocolService",
                                         "CIM_ProtocolServiceCapabilities",
                                         "CIM_ReferencedProfile",
                                         "CIM_RegisteredProfile",
                                         "CIM_RegisteredSubProfile",
                                         "CIM_SchemaInformationStructure",
                                         "CIM_Service",
                                         "CIM_ServiceAccessBySAP",
                                         "CIM_ServiceAccessPoint",
                                         "CIM_ServiceAffectsElement",
                                         "CIM_SoftwareIdentity",
                                         "CIM_StatisticalData",
                                         "CIM_SubProfileRequiresProfile",
                                         "CIM_System",
                                         "CIM_WBEMProtocolServiceCapabilities",
                                         "CIM_WBEMServer",
                                         "CIM_WBEMServerCapabilities",
                                         "CIM_WBEMServerNamespace",
                                         "CIM_WBEMService",
                                         "LUNARIA_ElementCapabilities",
                                         "LUNARIA_HostedDependency",
                                         "MSFTSM_CommMechanismForManager",
                                         "MSFTSM_ElementConformsToProfile",
                                         "MSFTSM_ElementSoftwareIdentity",
                                         "MSFTSM_HostedAccessPoint",
                                         "MSFTSM_HostedService",
                                         "MSFTSM_Namespace",
                                         "MSFTSM_NamespaceInManager",
                                         "MSFTSM_ObjectManager",
                                         "MSFTSM_ReferencedProfile",
                                         "MSFTSM_RegisteredProfile",
                                         "MSFTSM_RegisteredSubProfile",
                                         "MSFTSM_SoftwareIdentity",
                                         "MSFTSM_SubProfileRequiresProfile",
                                         "MSFTSM_System",
                                         "MSISCSITARGET_ConcreteJob"};
  const std::vector<std::string> storage{"CIM_AuthenticationService",
                                         "CIM_CIMOMStatisticalData",
                                         "CIM_CIMXMLCommunicationMechanism",
                                         "CIM_CommMechanismForManager",
                                         "CIM_ConcreteJob",
                                         "CIM_ControllerConfigurationService",
                                         "CIM_Dependency",
                                         "CIM_ElementConformsToProfile",
                                         "CIM_ElementStatisticalData",
                                         "CIM_EnabledLogicalElement",
                                         "CIM_Error",
                                         "CIM_HostedAccessPoint",
                                         "CIM_HostedDependency",
                                         "CIM_HostedService",
                                         "CIM_IdentityManagementService",
                                         "CIM_Job",
                                         "CIM_LogicalElement",
                                         "CIM_ManagedElement",
                                         "CIM_ManagedSystemElement",
                                         "CIM_Namespace",
                                         "CIM_NamespaceInManager",
                                         "CIM_ObjectManager",
                                         "CIM_ObjectManagerCommunicationMechanism",
                                         "CIM_RegisteredProfile",
                                         "CIM_ReplicationService",
                                         "CIM_SecurityService",
                                         "CIM_Service",
                                         "CIM_ServiceAccessBySAP",
                                         "CIM_ServiceAccessPoint",
                                         "CIM_StatisticalData",
                                         "CIM_StorageConfigurationService",
                                         "CIM_StorageHardwareIDManagementService",
                                         "CIM_System",
                                         "CIM_WBEMService",
                                         "CIM_iSCSIConfigurationService",
                                         "MSFTSM_CommMechanismForManager",
                                         "MSFTSM_ElementConformsToProfileEx",
                                         "MSFTSM_HostedAccessPoint",
                                         "MSFTSM_HostedService",
                                         "MSFTSM_Namespace",
                                         "MSFTSM_NamespaceInManager",
                                         "MSFTSM_ObjectManager",
                                         "MSFTSM_System",
                                         "MSISCSITARGET_ConcreteJob",
                                         "MSISCSITARGET_ControllerConfigurationService",
                                         "MSISCSITARGET_ReplicationService",
                                         "MSISCSITARGET_StorageConfigurationService",
                                         "MSISCSITARGET_StorageHardwareIDManagementService",
                                         "MSISCSITARGET_iSCSIConfigurationService"};
  const std::vector<std::string> target{"WT_Connection",
                                        "WT_Disk",
                                        "WT_General",
                                        "WT_Host",
                                        "WT_IDMethod",
                                        "WT_LUNMapping",
                                        "WT_Portal",
                                        "WT_Session",
                                        "WT_VDSLunInformation",
                                        "WT_VPDIdentificationDescriptor"};
  const std::vector<std::string> own{
      "LUNARIA_AccessRule", "LUNARIA_Disk",        "LUNARIA_Initiator", "LUNARIA_Mapping", "LUNARIA_MappingInitiator",
      "LUNARIA_Portal",     "LUNARIA_PortalGroup", "LUNARIA_Redirect",  "LUNARIA_Role",    "LUNARIA_Target",
      "LUNARIA_User"};
  const std::map<std::string_view, std::vector<std::string>> served{{"root/interop", interop},
                                                                    {"root/cimv2/storage/iscsitarget", storage},
                                                                    {"root/wmi", target},
                                                                    {"root/lunaria", own}};
  ASSERT_EQ(shipped_namespaces().size(), served.size());
  for (const ShippedNamespace& shipped : shipped_namespaces()) {
    cim::Repository repository;
    ASSERT_EQ(compile_shipped(repository, shipped), "");
    EXPECT_EQ(class_names(repository, cim::NamespaceName(shipped.name)), served.at(shipped.name)) << shipped.name;
  }
}

TEST(Schema, EverythingShippedIsDescribed) {
  for (const ShippedNamespace& shipped : shipped_namespaces()) {
    cim::Repository repository;
    ASSERT_EQ(compile_shipped(repository, shipped), "");
    for (const auto& cim_class : repository.classes(cim::NamespaceName(shipped.name))) {
      const auto& entries = cim_class->qualifiers().entries();
      EXPECT_TRUE(is_served_for_its_state(cim_class->name()) ||
                  std::ranges::any_of(
                      entries,
                      [](const auto& entry) { return !entry.is_propagated && entry.qualifier->name == "Description"; }))
          << cim_class->name();
      for (const auto& property : cim_class->properties()) {
        expect_described(property->qualifiers, cim_class->name() + '.' + property->name);
      }
      for (const auto& method : cim_class->methods()) {
        if (is_served_for_its_state(method->class_origin)) {
          continue;
        }
        expect_described(method->qualifiers, cim_class->name() + '.' + method->name);
        for (const cim::Parameter& parameter : method->parameters) {
          expect_described(parameter.qualifiers, cim_class->name() + '.' + method->name + '.' + parameter.name);
        }
      }
    }
  }
}

TEST(Schema, EveryShippedClassRefersToShippedClassesOnly) {
  for (const ShippedNamespace& shipped : shipped_namespaces()) {
    cim::Repository repository;
    const cim::NamespaceName name_space(shipped.name);
    ASSERT_EQ(compile_shipped(repository, shipped), "");
    const auto expect_known = [&](const std::string& class_name, const std::string& element) {
      EXPECT_TRUE(class_name.empty() || repository.find_class(name_space, class_name) != nullptr)
          << element << " refers to " << class_name;
    };
    for (const auto& cim_class : repository.classes(name_space)) {
      for (const auto& property : cim_class->properties()) {
        expect_known(property->object_class, cim_class->name() + '.' + property->name);
      }
      for (const auto& method : cim_class->methods()) {
        if (is_served_for_its_state(method->class_origin)) {
          continue;
        }
        expect_known(method->return_class, cim_class->name() + '.' + method->name);
        for (const cim::Parameter& parameter : method->parameters) {
          expect_known(parameter.object_class, cim_class->name() + '.' + method->name + '.' + parameter.name);
        }
      }
    }
  }
}

TEST(Differences, EachContradictsTheReferenceAsItIsAndSaysWhy) {
  const auto facts = read_expected();
  const Json differences = read_json(kFolder / "differences.json");
  ASSERT_TRUE(differences.is_array());
  for (const Json& difference : differences) {
    const Json& expected = facts.at(difference["class"].get<std::string>());
    const Json::json_pointer at(difference["at"].get<std::string>());
    EXPECT_EQ(expected.contains(at) ? expected.at(at) : Json(), difference["reference"]) << difference;
    EXPECT_NE(difference["reference"], difference["here"]) << difference;
    EXPECT_FALSE(difference["why"].get<std::string>().empty()) << difference;
  }
}

}  // namespace
}  // namespace lunaria::schema
