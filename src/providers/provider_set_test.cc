// What holds for all classes: every property is set or known to be NULL, every method answers, every role is respected.

#include "providers/provider_set.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "cim/query/query.h"
#include "providers/errors.h"
#include "providers/principals.h"
#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using cim::Status;
using cim::Value;

const std::set<std::string> kServiceNulls = {"PrimaryOwnerName", "PrimaryOwnerContact", "OtherEnabledState",
                                             "TimeOfLastStateChange"};
const std::set<std::string> kProfileNulls = {"Caption", "Description", "OtherRegisteredOrganization",
                                             "AdvertiseTypeDescriptions"};

const std::set<std::string> kCapabilityNulls = {"MaxElementNameLen", "ElementNameMask"};
const std::set<std::string> kProtocolCapabilityNulls = {
    "MaxElementNameLen", "ElementNameMask",   "RequestedStatesSupported",
    "MaxConnections",    "MaxListeningPorts", "AuthenticationMechanismsDescriptions"};

/// Properties that read as NULL in a server where everything is set up; README.md says why.
const std::map<std::string, std::set<std::string>, std::less<>> kNullProperties = {
    {"WT_Disk",
     {"ParentPath", "ParentWTD", "DVTimeStamp", "DVDeviceId", "LMSnapshotId", "AsyncOpStartTime", "AsyncOpEndTime",
      "DeviceVolumeGuid"}},
    {"WT_VDSLunInformation", {"DiskSignature"}},
    {"WT_Host", {"SecondaryAuthenticationMethod"}},
    {"LUNARIA_AccessRule", {"Failure"}},
    {"LUNARIA_Disk", {"Failure"}},
    {"LUNARIA_Portal", {"Failure"}},
    {"MSFTSM_ObjectManager", {"PrimaryOwnerName", "PrimaryOwnerContact", "OtherEnabledState"}},
    {"MSFTSM_System", {"PrimaryOwnerName", "PrimaryOwnerContact", "OtherEnabledState", "TimeOfLastStateChange"}},
    {"MSFTSM_Namespace", {"DescriptionOfClassType"}},
    {"CIM_WBEMServer", {"PrimaryOwnerName", "PrimaryOwnerContact", "OtherEnabledState"}},
    {"CIM_WBEMServerNamespace", {"SchemaInformation"}},
    {"CIM_WBEMServerCapabilities", kCapabilityNulls},
    {"CIM_CIMXMLCapabilities", kProtocolCapabilityNulls},
    {"CIM_GenericOperationCapabilitiesStructure", {"OtherOperationsSupportedDescriptions"}},
    {"CIM_ProtocolService",
     {"PrimaryOwnerName", "PrimaryOwnerContact", "OtherEnabledState", "TimeOfLastStateChange", "OtherProtocol",
      "MaxConnections", "CurrentActiveConnections"}},
    {"MSISCSITARGET_StorageConfigurationService", kServiceNulls},
    {"MSISCSITARGET_ControllerConfigurationService", kServiceNulls},
    {"MSISCSITARGET_iSCSIConfigurationService", kServiceNulls},
    {"MSISCSITARGET_StorageHardwareIDManagementService", kServiceNulls},
    {"MSISCSITARGET_ReplicationService", kServiceNulls},
    {"CIM_CIMXMLCommunicationMechanism",
     {"Caption", "InstallDate", "StatusDescriptions", "OtherEnabledState", "TimeOfLastStateChange",
      "OtherCommunicationMechanismDescription", "FunctionalProfileDescriptions", "AuthenticationMechanismDescriptions",
      "AdvertiseTypeDescriptions", "Description", "Status", "EnabledDefault"}},
    {"MSFTSM_SoftwareIdentity",
     {"Caption", "InstallDate", "Name", "StatusDescriptions", "Status", "BuildNumber", "TargetOperatingSystems",
      "Languages", "ClassificationDescriptions", "SerialNumber", "ReleaseDate"}},
    {"MSFTSM_ElementSoftwareIdentity", {"UpgradeCondition", "OtherUpgradeCondition"}},
    {"MSFTSM_RegisteredProfile", kProfileNulls},
    {"MSFTSM_RegisteredSubProfile", kProfileNulls},
    {"MSISCSITARGET_ConcreteJob",
     {"ScheduledStartTime", "JobRunTimes", "RunMonth", "RunDay", "RunDayOfWeek", "RunStartInterval", "LocalOrUtcTime",
      "UntilTime", "Notify", "Priority", "OtherRecoveryAction"}},
    {"CIM_Error",
     {"OtherErrorType", "MessageArguments", "ProbableCause", "ProbableCauseDescription", "RecommendedActions",
      "ErrorSource", "OtherErrorSourceFormat"}},
};

/// Properties that are NULL in some instances of a class and not in others.
bool is_sometimes_null(const std::string& class_name, const std::string& property) {
  return class_name == "CIM_CIMOMStatisticalData" && property == "OtherOperationType";
}

constexpr const char* kClient = "iqn.2026-11.com.example:client";

/// One thing of each sort, everything set that can be set.
class ProviderSetTest : public Bed {
 protected:
  void SetUp() override {
    Bed::SetUp();
    const service::Disk disk = make_disk("a");
    const service::Target target = make_target("one");
    must(service->map_disk(op(), {target.id, disk.id, std::nullopt, false}));
    names.set("host.example.com", {"192.0.2.9"}, std::chrono::seconds(3600));
    must(service->add_access_rule(op(), target.id, {service::AccessMethod::kDnsName, "host.example.com"}));
    must(service->set_mapping_initiator(op(), {target.id, disk.id, kClient, std::uint16_t{3}, false}));
    service::SetInitiator initiator;
    initiator.name = kClient;
    initiator.chap = {true, "client", Secret("another forward")};
    initiator.reverse_chap = {true, "target", Secret("another reverse")};
    must(service->create_initiator(op(), std::move(initiator)));
    service::SetPortalGroup group;
    group.chap = {true, "finder", Secret("discovery forward")};
    group.reverse_chap = {true, "target", Secret("discovery reverse")};
    must(service->set_portal_group(admin(), std::move(group)));
    service::SetTarget chap;
    chap.id = target.id;
    chap.chap = {true, "client", Secret("forward-secret")};
    chap.reverse_chap = {true, "target", Secret("reverse-secret")};
    chap.portal_groups = {1};
    chap.redirects = {{std::nullopt, true, "192.0.2.77:3260"}};
    must(service->set_target(op(), std::move(chap)));
    log_in(300, target.id, kClient);
    must(service->add_user(admin(), {"ann", Secret("a long password"), security::Role::kViewer}));
    make_failed_job();
    service::SetServer counting;
    counting.gathers_statistics = true;
    must(service->set_server(admin(), counting));
  }

  void make_failed_job() {
    managed->hold = true;
    managed->result = fail(service::Error{service::ErrorCode::kIo, "stuck"});
    const auto result =
        must(service->request_state_change(admin(), service::ServiceKind::kObjectManager, {.requested_state = 3}));
    EXPECT_EQ(result.code, service::StateChangeCode::kJobStarted);
    shard.run([&] { managed->release.set(); });
    world.run_for(std::chrono::seconds(1));
    managed->hold = false;
    managed->result = service::Outcome<void>();
    must(service->stop_service(admin(), service::ServiceKind::kObjectManager));
    must(service->start_service(admin(), service::ServiceKind::kObjectManager));
  }

  /// Every class that somebody serves.
  std::vector<std::pair<cim::NamespaceName, cim::ClassPtr>> served() const {
    std::vector<std::pair<cim::NamespaceName, cim::ClassPtr>> found;
    for (const cim::NamespaceName& name_space : repository.namespaces()) {
      for (const cim::ClassPtr& cls : repository.classes(name_space)) {
        if (!cls->is_abstract() && table->find(name_space, cls->name()) != nullptr) {
          found.emplace_back(name_space, cls);
        }
      }
    }
    return found;
  }

  /// The service refuses calls from then on; the providers stay.
  runtime::Task<bool> stop_quietly() {
    co_await service->stop();
    co_return true;
  }
  /// A query lists those of the class's instances, in their order, of which its condition is true.
  void expect_rows(const cim::NamespaceName& name_space, std::string_view language, const std::string& text,
                   const std::vector<cim::Instance>& instances) {
    const auto query = cim::query::Query::parse(language, text);
    ASSERT_TRUE(query) << query.error().message;
    std::vector<cim::Instance> expected;
    std::ranges::copy_if(instances, std::back_inserter(expected), [&](const cim::Instance& each) {
      return query->matches(each, {.name_space = name_space, .host = {}, .wall_time = {}});
    });
    const cim::EnumerationRequest wanted{.kind = cim::EnumerationRequest::Kind::kQuery,
                                         .name_space = name_space,
                                         .query = {.language = std::string(language), .text = text}};
    cim::CollectingSink sink;
    const auto done = finish(manager->enumerate(context, wanted, sink));
    EXPECT_TRUE(done) << text << ": " << done.error().to_string();
    EXPECT_FALSE(expected.empty()) << text;
    EXPECT_TRUE(sink.instances() == expected) << text << ": " << sink.instances().size() << " rows";
  }
  static bool may_be_null(const std::string& class_name, const std::string& property) {
    const auto found = kNullProperties.find(class_name);
    return found != kNullProperties.end() && found->second.contains(property);
  }
  /// Every property set, NULL exactly where it is known to be; embedded instances too.
  void expect_complete(const cim::Instance& instance) {
    for (std::size_t i = 0; i < instance.values().size(); ++i) {
      const std::string& name = instance.cls()->property(i).name;
      const Value& value = instance.value(i);
      const std::string where = instance.class_name() + '.' + name;
      EXPECT_FALSE(value.is_absent()) << where;
      if (!is_sometimes_null(instance.class_name(), name)) {
        EXPECT_EQ(value.is_null(), may_be_null(instance.class_name(), name)) << where;
      }
      if (const cim::InstancePtr embedded = value.as_instance()) {
        expect_complete(*embedded);
      }
      for (const Value& element : value.elements()) {
        if (const cim::InstancePtr embedded = element.as_instance()) {
          expect_complete(*embedded);
        }
      }
    }
  }
};

TEST_F(ProviderSetTest, ServesEveryConcreteClassThatIsNotOnlyEmbedded) {
  const std::set<std::string> embedded_only = {"WT_VDSLunInformation", "WT_VPDIdentificationDescriptor", "CIM_Error",
                                               "CIM_GenericOperationCapabilitiesStructure",
                                               "CIM_SchemaInformationStructure"};
  // Indications exist only in messages; what they are subscribed to with is served by IndicationProviders; of the
  // profile, service and capabilities classes there are no instances but those of subclasses.
  const std::set<std::string> elsewhere = {"CIM_AuthenticationService",
                                           "CIM_ControllerConfigurationService",
                                           "CIM_EnabledLogicalElementCapabilities",
                                           "CIM_IdentityManagementService",
                                           "CIM_ProtocolServiceCapabilities",
                                           "CIM_ReplicationService",
                                           "CIM_SecurityService",
                                           "CIM_StorageConfigurationService",
                                           "CIM_StorageHardwareIDManagementService",
                                           "CIM_WBEMProtocolServiceCapabilities",
                                           "CIM_iSCSIConfigurationService",
                                           "CIM_InstCreation",
                                           "CIM_InstDeletion",
                                           "CIM_InstMethodCall",
                                           "CIM_InstModification",
                                           "CIM_AlertIndication",
                                           "CIM_FilterCollection",
                                           "CIM_FilterCollectionSubscription",
                                           "CIM_IndicationFilter",
                                           "CIM_IndicationService",
                                           "CIM_IndicationSubscription",
                                           "CIM_ListenerDestinationCIMXML",
                                           "CIM_MemberOfCollection",
                                           "CIM_OwningCollectionElement",
                                           "CIM_RegisteredProfile",
                                           "CIM_RegisteredSubProfile",
                                           "CIM_ReferencedProfile",
                                           "CIM_ServiceAffectsElement",
                                           "CIM_SubProfileRequiresProfile"};
  for (const cim::NamespaceName& name_space : repository.namespaces()) {
    for (const cim::ClassPtr& cls : repository.classes(name_space)) {
      const bool makes_others = cls->name() == "CIM_Namespace";  // abstract: what it creates is of its subclass
      const bool expected = makes_others || (!cls->is_abstract() && !embedded_only.contains(cls->name()) &&
                                             !elsewhere.contains(cls->name()));
      EXPECT_EQ(table->find(name_space, cls->name()) != nullptr, expected) << cls->name();
    }
  }
}

TEST_F(ProviderSetTest, EveryPropertyIsSetOrKnownToBeNull) {
  for (const auto& [name_space, cls] : served()) {
    const auto instances = list(name_space, cls->name());
    EXPECT_FALSE(instances.empty()) << cls->name();
    if (!instances.empty()) {
      expect_complete(instances.front());
    }
  }
  const auto error = invoke(only(kInterop, "MSISCSITARGET_ConcreteJob"), "GetError");
  expect_complete(*error->out.find("Error")->as_instance());
}

TEST_F(ProviderSetTest, ReadingOneGivesWhatEnumerationGave) {
  for (const auto& [name_space, cls] : served()) {
    const auto names = list_names(name_space, cls->name());
    const auto instances = list(name_space, cls->name());
    ASSERT_EQ(names.size(), instances.size()) << cls->name();
    for (std::size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(names[i], instances[i].path(name_space));
      const auto one = get(names[i]);
      ASSERT_TRUE(one) << names[i].to_string() << ": " << one.error().to_string();
      EXPECT_EQ(*one, instances[i]) << names[i].to_string();
    }
  }
}

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
  return text;
}

/// As a query writes it; "" for what has no literal.
std::string literal(const Value& value) {
  if (value.is_null() || value.is_array()) {
    return "";
  }
  if (const std::string* text = value.as_string()) {
    std::string quoted = "'";
    for (const char c : *text) {
      quoted += (c == '\'' || c == '\\') ? std::string{'\\', c} : std::string{c};
    }
    return quoted + '\'';
  }
  return value.as_bool() || cim::is_integer(value.type()) ? value.to_text() : "";
}

TEST_F(ProviderSetTest, AQueryFindsWhatTheListHolds) {
  constexpr std::size_t kAskedFor = 2;  // of each class
  for (const auto& [name_space, cls] : served()) {
    const auto instances = list(name_space, cls->name());
    for (std::size_t i = 0; i < instances.size() * cls->properties().size(); ++i) {
      const cim::Instance& instance = instances[i / cls->properties().size()];
      const cim::Property& property = cls->property(i % cls->properties().size());
      const cim::Value* value = instance.find(property.name);
      const std::string text = value != nullptr ? literal(*value) : "";
      if (i / cls->properties().size() >= kAskedFor || text.empty()) {
        continue;
      }
      expect_rows(name_space, "DMTF:CQL", "SELECT * FROM " + cls->name() + " WHERE " + property.name + " = " + text,
                  instances);
      expect_rows(name_space, "WQL",
                  "SELECT * FROM " + cls->name() + " WHERE NOT " + property.name + " <> " + upper_case(text),
                  instances);
      expect_rows(name_space, "WQL",
                  "SELECT * FROM " + cls->name() + " WHERE " + property.name + " = " + upper_case(text), instances);
    }
  }
}

TEST_F(ProviderSetTest, AQueryByAllKeysFindsOne) {
  for (const auto& [name_space, cls] : served()) {
    for (const cim::Instance& instance : list(name_space, cls->name())) {
      std::string where;
      for (const cim::KeyBinding& key : instance.path(name_space).keys()) {
        where += (where.empty() ? "" : " AND ") + key.name + " = " + literal(key.value);
      }
      if (!cls->is_association() && !where.empty()) {
        expect_rows(name_space, "DMTF:CQL", "SELECT * FROM " + cls->name() + " WHERE " + where, {instance});
      }
    }
  }
}

TEST_F(ProviderSetTest, EveryMethodAnswersSomethingDefined) {
  make_disk("b");
  must(service->unmap_all(op(), service::TargetId{1}));
  for (const auto& [name_space, cls] : served()) {
    const auto paths = list_names(name_space, cls->name());
    for (const cim::MethodPtr& method : cls->methods()) {
      const std::string where = cls->name() + '.' + method->name;
      ASSERT_FALSE(paths.empty()) << where;
      const auto on_instance = invoke(paths.front(), method->name);
      const bool is_good = on_instance.has_value() || on_instance.error().status == Status::kInvalidParameter ||
                           on_instance.error().status == Status::kNotSupported;
      EXPECT_TRUE(is_good) << where << ": " << on_instance.error().to_string();
      if (on_instance && method->return_type != cim::Type::kNone) {
        EXPECT_EQ(on_instance->return_value.type(), method->return_type) << where;
      }
      if (method->name == "StopService" && on_instance && on_instance->return_value == Value(std::uint32_t{0})) {
        EXPECT_EQ(code(paths.front(), "StartService"), 0U) << where << ": or it answers no other method";
      }
      const Status on_class = status_of(invoke(cim::ObjectPath(name_space, cls->name()), method->name));
      if (method->is_static) {
        EXPECT_NE(on_class, Status::kMethodNotAvailable) << where;
      } else {
        // A missing Required parameter is found first.
        EXPECT_TRUE(on_class == Status::kMethodNotAvailable || on_class == Status::kInvalidParameter) << where;
      }
    }
  }
}

TEST_F(ProviderSetTest, AViewerReadsEverythingAndChangesNothing) {
  context.role = cim::Role::kViewer;
  const Values disk = {{"DevicePath", Value("/srv/x.img")},
                       {"VhdType", Value(std::uint16_t{3})},
                       {"MaxInternalSize", Value(64 * kMebibyte)}};
  const cim::ObjectPath rule = only(kWmi, "WT_IDMethod");
  const cim::ObjectPath mapping = only(kWmi, "WT_LUNMapping");
  EXPECT_EQ(status_of(invoke(class_path("WT_Disk"), "CreateVhdWTDisk", disk)), Status::kAccessDenied);
  EXPECT_EQ(status_of(invoke(disk_path(1), "Extend", {{"AdditionalSizeInMB", Value(std::uint32_t{1})}})),
            Status::kAccessDenied);
  EXPECT_EQ(status_of(modify(disk_path(1), {{"Enabled", Value(false)}})), Status::kAccessDenied);
  EXPECT_EQ(status_of(remove(disk_path(1))), Status::kAccessDenied);
  EXPECT_EQ(status_of(invoke(class_path("WT_Host"), "NewHost", {{"HostName", Value("two")}})), Status::kAccessDenied);
  EXPECT_EQ(status_of(invoke(host_path("one"), "RemoveAllWTDisks")), Status::kAccessDenied);
  EXPECT_EQ(status_of(modify(host_path("one"), {{"Enabled", Value(false)}})), Status::kAccessDenied);
  EXPECT_EQ(status_of(remove(host_path("one"))), Status::kAccessDenied);
  EXPECT_EQ(status_of(create(
                "WT_IDMethod",
                {{"HostName", Value("one")}, {"Method", Value(std::int32_t{2})}, {"Value", Value("192.0.2.1")}})),
            Status::kAccessDenied);
  EXPECT_EQ(status_of(remove(rule)), Status::kAccessDenied);
  EXPECT_EQ(status_of(modify(mapping, {{"LUN", Value(std::uint32_t{3})}})), Status::kAccessDenied);
  EXPECT_EQ(status_of(remove(mapping)), Status::kAccessDenied);
  EXPECT_EQ(status_of(modify(only(kWmi, "WT_General"), {{"Name", Value("x")}})), Status::kAccessDenied);
  EXPECT_EQ(status_of(remove(only(kInterop, "MSISCSITARGET_ConcreteJob"))), Status::kAccessDenied);
  for (const auto& [name_space, cls] : served()) {
    if (cls->name() != schema::lunaria_user::kClass) {
      EXPECT_FALSE(list(name_space, cls->name()).empty()) << cls->name();
    }
  }
  cim::CollectingSink sink;
  const cim::NamespaceName own("root/lunaria");
  EXPECT_EQ(status_of(finish(manager->enumerate_instances(context, own, schema::lunaria_user::kClass, {}, sink))),
            Status::kAccessDenied)
      << "users are for administrators";
}

/// Takes `left` instances, then is gone.
class ShortSink final : public cim::InstanceSink {
 public:
  explicit ShortSink(std::size_t left) : left_(left) {}
  Delivery deliver(cim::Instance&& /*instance*/) override {
    ++taken;
    return taken < left_ ? Delivery::kGoOn : Delivery::kGone;
  }
  std::size_t taken = 0;

 private:
  std::size_t left_;
};

TEST_F(ProviderSetTest, AnEnumerationEndsWhenTheReceiverHasGone) {
  for (const auto& [name_space, cls] : served()) {
    ShortSink sink(1);
    EXPECT_TRUE(finish(manager->enumerate_instances(context, name_space, cls->name(), {}, sink))) << cls->name();
    EXPECT_EQ(sink.taken, 1U) << cls->name();
  }
}

TEST_F(ProviderSetTest, AServiceThatEndsSaysSo) {
  EXPECT_TRUE(finish(stop_quietly()));
  EXPECT_EQ(status_of(get(disk_path(1))), Status::kServerIsShuttingDown);
  EXPECT_EQ(status_of(remove(disk_path(1))), Status::kServerIsShuttingDown);
  service.reset();
}

TEST(Errors, EveryCodeHasItsStatus) {
  using Code = service::ErrorCode;
  const std::vector<std::pair<Code, Status>> table = {
      {Code::kNotFound, Status::kNotFound},
      {Code::kInvalidArgument, Status::kInvalidParameter},
      {Code::kAlreadyExists, Status::kAlreadyExists},
      {Code::kInUse, Status::kFailed},
      {Code::kPermissionDenied, Status::kAccessDenied},
      {Code::kNotSupported, Status::kNotSupported},
      {Code::kNoSpace, Status::kFailed},
      {Code::kIo, Status::kFailed},
      {Code::kBusy, Status::kFailed},
      {Code::kShuttingDown, Status::kServerIsShuttingDown},
  };
  for (const auto& [code, status] : table) {
    EXPECT_EQ(to_cim({code, "why"}), cim::Error(status, "why"));
  }
}

TEST(Principals, CarryRoleAndOrigin) {
  cim::OperationContext context;
  context.principal = "ann";
  context.role = cim::Role::kOperator;
  context.peer = cim::Peer::kRemote;
  context.peer_address = "192.0.2.9:50000";
  EXPECT_EQ(to_principal(context), (security::Principal{"ann", security::Role::kOperator,
                                                        security::Authentication::kPassword, "192.0.2.9:50000"}));
  context.peer = cim::Peer::kLocalSocket;
  context.authentication = cim::Authentication::kPeerCredentials;
  context.peer_address.clear();
  context.role = cim::Role::kAdministrator;
  EXPECT_EQ(to_principal(context), (security::Principal{"ann", security::Role::kAdministrator,
                                                        security::Authentication::kPeerCredentials, "local socket"}));
}

TEST(Mebibytes, AreRoundedAndCapped) {
  EXPECT_EQ(mebibytes_down(0), 0U);
  EXPECT_EQ(mebibytes_up(0), 0U);
  EXPECT_EQ(mebibytes_down(kMebibyte - 1), 0U);
  EXPECT_EQ(mebibytes_up(1), 1U);
  EXPECT_EQ(mebibytes_up(kMebibyte), 1U);
  EXPECT_EQ(mebibytes_up(kMebibyte + 1), 2U);
  EXPECT_EQ(mebibytes_down(std::uint64_t{1} << 52), 0xFFFF'FFFFU);
  EXPECT_EQ(mebibytes_down(~std::uint64_t{0}), 0xFFFF'FFFFU);
}

}  // namespace
}  // namespace lunaria::providers
