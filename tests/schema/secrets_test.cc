// Method parameters that hold secrets: marked by the qualifier Secret, so that indications of method calls leave them
// out.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "cim/repository.h"
#include "cim/secrecy.h"
#include "compile.h"
#include "schema/schema.h"

namespace lunaria::schema {
namespace {

bool is_marked(const cim::Parameter& parameter) {
  return parameter.qualifiers.is_set(cim::kSecretQualifier);
}

/// Calls `look` for every parameter of every method that is declared, shipped or not.
template <class Look>
void walk(const Look& look) {
  const cim::NamespaceName everything("root/everything");
  cim::Repository repository;
  ASSERT_EQ(compile_folder(repository, everything, "all_classes.mof"), "");
  for (const ShippedNamespace& shipped : shipped_namespaces()) {
    ASSERT_EQ(compile_shipped(repository, shipped), "");
  }
  for (const cim::NamespaceName& space : repository.namespaces()) {
    for (const cim::ClassPtr& cls : repository.classes(space)) {
      for (const cim::MethodPtr& method : cls->methods()) {
        for (const cim::Parameter& parameter : method->parameters) {
          look(cls->name() + '.' + method->name + '.' + parameter.name, parameter);
        }
      }
    }
  }
}

TEST(Secrets, ParametersThatSoundLikeOneAreMarked) {
  std::size_t marked = 0;
  walk([&](const std::string& element, const cim::Parameter& parameter) {
    marked += is_marked(parameter) ? 1 : 0;
    // A path to a secret is none. It is left out of indications all the same.
    EXPECT_TRUE(is_marked(parameter) || parameter.name == "SharedSecretPath" || !cim::is_secret_name(parameter.name))
        << element << ": add the qualifier Secret";
    EXPECT_TRUE(!is_marked(parameter) || cim::is_secret(parameter)) << element;
  });
  EXPECT_GE(marked, 5U);
}

// A parameter that comes new is not here. Look what clients put into it: a secret gets the qualifier Secret in MOF, all
// else is added here and told to whoever subscribes to method calls.
TEST(Secrets, EveryOtherParameterWasLookedAt) {
  const std::set<std::string> harmless{"Active",
                                       "AdditionalSizeInMB",
                                       "Alias",
                                       "AllowShrink",
                                       "AppID",
                                       "AvailableExtents",
                                       "BlockSize",
                                       "CacheParent",
                                       "Caching",
                                       "Candidates",
                                       "ClearData",
                                       "ClearPartTable",
                                       "Collection",
                                       "Component",
                                       "ConnectionType",
                                       "ConnectivityCollection",
                                       "Consistency",
                                       "ContinueOnError",
                                       "CopyState",
                                       "CopyType",
                                       "Criteria",
                                       "DefaultConsistency",
                                       "DefaultGroupPersistency",
                                       "DefaultInstance",
                                       "DeleteChildrenProtocolControllers",
                                       "DeleteOnEmptyElement",
                                       "DeleteOnKill",
                                       "DeleteOnUnassociated",
                                       "DeleteUnits",
                                       "DeltaInMB",
                                       "Description",
                                       "Device",
                                       "DeviceAccesses",
                                       "DeviceNumber",
                                       "DeviceNumbers",
                                       "DevicePath",
                                       "Disk",
                                       "ElementName",
                                       "ElementNames",
                                       "ElementType",
                                       "Enabled",
                                       "Encrypted",
                                       "EndOfSequence",
                                       "EnumerationContext",
                                       "Error",
                                       "Errors",
                                       "Features",
                                       "Force",
                                       "GatewayID",
                                       "GatewayIDType",
                                       "Goal",
                                       "GroupFeatures",
                                       "GroupName",
                                       "HardwareID",
                                       "HardwareIDs",
                                       "Host",
                                       "HostAccessible",
                                       "HostName",
                                       "IDType",
                                       "Id",
                                       "Identifier",
                                       "Identity",
                                       "InElements",
                                       "InExtents",
                                       "InPool",
                                       "InPools",
                                       "IncludedPropertyList",
                                       "InitiatorPortIDs",
                                       "Initiators",
                                       "InstanceNamespace",
                                       "InstanceType",
                                       "InstanceWithPathList",
                                       "Job",
                                       "Kind",
                                       "LUN",
                                       "LUNames",
                                       "LastError",
                                       "LocalAccessPoints",
                                       "LocalElement",
                                       "LocalElementRole",
                                       "LocalOrRemote",
                                       "Locality",
                                       "LogicalBlockSize",
                                       "LogicalSectorSize",
                                       "LogicalUnits",
                                       "MaxInternalSize",
                                       "MaxObjectCount",
                                       "MaxValue",
                                       "MaximumStripeDepth",
                                       "MaximumStripeLength",
                                       "MaximumVolumeSize",
                                       "Members",
                                       "MethodName",
                                       "MinimumStripeDepth",
                                       "MinimumStripeLength",
                                       "MinimumVolumeSize",
                                       "Mode",
                                       "Modes",
                                       "MountPoints",
                                       "Name",
                                       "Namespace",
                                       "NamespaceTemplate",
                                       "NetworkPortal",
                                       "NetworkPortals",
                                       "NewGatewayPathID",
                                       "NewSetting",
                                       "Online",
                                       "Operation",
                                       "OperationTimeout",
                                       "Options",
                                       "OtherConnectionType",
                                       "OtherElement",
                                       "OtherElementAccessPoint",
                                       "OtherGatewayIDType",
                                       "OtherIDType",
                                       "OtherUsageDescription",
                                       "ParentPath",
                                       "ParityLayout",
                                       "Path",
                                       "Persistent",
                                       "PhysicalBlockSize",
                                       "PhysicalSectorSize",
                                       "PipeElementName",
                                       "Pool",
                                       "Ports",
                                       "PowerState",
                                       "Privilege",
                                       "ProgressPercent",
                                       "PropertyName",
                                       "Protocol",
                                       "ProtocolController",
                                       "ProtocolControllers",
                                       "Quiesce",
                                       "ReadOnly",
                                       "RelationshipName",
                                       "RemoteAccessPoints",
                                       "RemoteComputerSystem",
                                       "Removable",
                                       "RemoveElements",
                                       "RemoveFile",
                                       "ReplicaBuffer",
                                       "ReplicationEntity",
                                       "ReplicationEntityPath",
                                       "ReplicationGroup",
                                       "ReplicationPipe",
                                       "ReplicationSettingData",
                                       "ReplicationType",
                                       "RequestedState",
                                       "ResourceGroup",
                                       "ResultClass",
                                       "Role",
                                       "RollbackLastError",
                                       "SelectedStatistics",
                                       "ServiceAccessPoint",
                                       "ServiceAccessPointPath",
                                       "ServiceAccessPoints",
                                       "Setting",
                                       "SettingType",
                                       "SettingsState",
                                       "SettingsStates",
                                       "SharedSecretPath",
                                       "Shrink",
                                       "Size",
                                       "SizeInMB",
                                       "Sizes",
                                       "SourceAccessPoint",
                                       "SourceElement",
                                       "SourceElements",
                                       "SourceEndpoint",
                                       "SourceGroup",
                                       "SourceGroupName",
                                       "SourceSystem",
                                       "StorageID",
                                       "StripeDepthDivisor",
                                       "StripeDepths",
                                       "StripeLengthDivisor",
                                       "StripeLengths",
                                       "SupportedConnectionFeatures",
                                       "SupportedConsistency",
                                       "SupportedCopyStates",
                                       "SupportedGroupOperations",
                                       "SupportedListOperations",
                                       "SupportedOperations",
                                       "SupportedReplicationTypes",
                                       "SupportedThinProvisioningFeatures",
                                       "SupportedValues",
                                       "SyncPair",
                                       "SyncType",
                                       "SyncTypes",
                                       "Synchronization",
                                       "SynchronizationType",
                                       "Synchronizations",
                                       "System",
                                       "Systems",
                                       "TargetAccessPoint",
                                       "TargetElement",
                                       "TargetElementCount",
                                       "TargetElements",
                                       "TargetEndpoint",
                                       "TargetGroup",
                                       "TargetGroups",
                                       "TargetPool",
                                       "TargetPools",
                                       "TargetPortIDs",
                                       "TargetSettingGoal",
                                       "TargetSystem",
                                       "Targets",
                                       "TheElement",
                                       "TheElements",
                                       "ThePool",
                                       "Time",
                                       "TimeoutPeriod",
                                       "Type",
                                       "Usage",
                                       "UsageValue",
                                       "User",
                                       "UserName",
                                       "VhdType",
                                       "VolumeSizeDivisor",
                                       "WTD",
                                       "WaitForCopyState",
                                       "connection",
                                       "iSCSINode",
                                       "iSCSIPort",
                                       "iSCSITargetServer"};
  std::set<std::string> found;
  walk([&](const std::string& /*element*/, const cim::Parameter& parameter) {
    if (!is_marked(parameter)) {
      found.insert(parameter.name);
    }
  });
  EXPECT_THAT(found, testing::ContainerEq(harmless));
}

}  // namespace
}  // namespace lunaria::schema
