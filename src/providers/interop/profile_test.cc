// The profiles that are registered, and how clients find their way from them.

#include "cim/object_manager.h"
#include "providers/interop/registered_profiles.h"
#include "providers/interop/server_model.h"
#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using cim::Value;

class ProfileTest : public Bed {
 protected:
  cim::ObjectPath profile(const std::string& id, std::string_view class_name = "MSFTSM_RegisteredProfile") {
    return {kInterop, std::string(class_name), {{"InstanceID", Value(id)}}};
  }
  /// `role`: of `from`, "" for any.
  std::vector<cim::Instance> associators(const cim::ObjectPath& from, const std::string& association,
                                         const std::string& role = {}) {
    cim::EnumerationRequest request;
    request.kind = cim::EnumerationRequest::Kind::kAssociators;
    request.name_space = from.name_space();
    request.object = from;
    request.filter.association_class = association;
    request.filter.role = role;
    cim::CollectingSink sink;
    const auto done = finish(manager->enumerate(context, request, sink));
    EXPECT_TRUE(done) << done.error().to_string();
    return std::move(sink.instances());
  }
};

TEST_F(ProfileTest, EveryVersionIsAnInstance) {
  for (const char* id :
       {"SNIA:Server:1.4.0", "SNIA:Server:1.5.0", "SNIA:Server:1.6.0", "DMTF:Indications:1.2.2",
        "DMTF:Profile Registration:1.0.0", "SNIA:SMI-S:1.4.0", "SNIA:SMI-S:1.5.0", "SNIA:SMI-S:1.6.0"}) {
    const auto instance = get(profile(id));
    ASSERT_TRUE(instance) << id;
    EXPECT_FALSE(text_of(*instance, "RegisteredName").empty());
  }
  EXPECT_TRUE(get(profile("SNIA:Indication:1.6.0", "MSFTSM_RegisteredSubProfile")));
  EXPECT_FALSE(get(profile("SNIA:Array:1.6.0"))) << "nothing is claimed that does not work";
}

TEST_F(ProfileTest, TheServerProfileLeadsToOneObjectManager) {
  const auto central = associators(profile("SNIA:Server:1.6.0"), "CIM_ElementConformsToProfile", "ConformantStandard");
  ASSERT_EQ(central.size(), 1U);
  EXPECT_EQ(central[0].class_name(), "MSFTSM_ObjectManager");
}

TEST_F(ProfileTest, TheObjectManagerLeadsToItsProfilesAndItsFiguresWhereverItIsMet) {
  for (const cim::NamespaceName& space : {kInterop, kStorage}) {
    const cim::ObjectPath path = only(space, "MSFTSM_ObjectManager");
    EXPECT_EQ(associators(path, "CIM_ElementConformsToProfile").size(), 3U) << space.text();
    const auto figures = associators(path, "CIM_ElementStatisticalData");
    ASSERT_EQ(figures.size(), cim::kCountedOperations) << space.text();
    const auto owners = associators(figures.front().path(space), "CIM_ElementStatisticalData");
    ASSERT_EQ(owners.size(), 1U);
    EXPECT_EQ(owners.front().path(space), path);
  }
}

TEST_F(ProfileTest, PartsAreFoundBothWays) {
  EXPECT_EQ(associators(profile("SNIA:Server:1.5.0"), "CIM_SubProfileRequiresProfile").size(), 2U);
  EXPECT_EQ(associators(profile("SNIA:Server:1.5.0"), "MSFTSM_ReferencedProfile").size(), 2U);
  const auto parents =
      associators(profile("SNIA:Indication:1.5.0", "MSFTSM_RegisteredSubProfile"), "MSFTSM_ReferencedProfile");
  ASSERT_EQ(parents.size(), 1U);
  EXPECT_EQ(text_of(parents[0], "InstanceID"), "SNIA:Server:1.5.0");
}

TEST_F(ProfileTest, TheSpecificationLeadsToTheProfileThatKeepsToItsVersion) {
  const auto keeping = associators(profile("SNIA:SMI-S:1.5.0"), "CIM_ElementConformsToProfile", "ConformantStandard");
  ASSERT_EQ(keeping.size(), 1U);
  EXPECT_EQ(text_of(keeping[0], "InstanceID"), "SNIA:Server:1.5.0");
}

TEST_F(ProfileTest, ProfileRegistrationIsAboutProfiles) {
  const auto registered = list(kInterop, "CIM_RegisteredProfile").size();
  EXPECT_EQ(
      associators(profile("DMTF:Profile Registration:1.0.0"), "CIM_ElementConformsToProfile", "ConformantStandard")
          .size(),
      registered);
  const auto elements = conformant_elements(must(service->server(viewer())), "SNIA:Profile Registration:1.6.0");
  EXPECT_EQ(elements.size(), registered);
  for (const ConformantElement& each : elements) {
    EXPECT_EQ(each.type, 4U) << "central and scoping";
  }
}

TEST_F(ProfileTest, TheObjectManagerLeadsToItsNamespacesAndItsMechanism) {
  for (const cim::NamespaceName& space : {kInterop, kStorage}) {
    const cim::ObjectPath path = only(space, "MSFTSM_ObjectManager");
    EXPECT_EQ(associators(path, "CIM_NamespaceInManager").size(), repository.namespaces().size());
    const auto mechanisms = associators(path, "CIM_CommMechanismForManager");
    ASSERT_EQ(mechanisms.size(), 1U);
    EXPECT_EQ(number_of(mechanisms[0], "CommunicationMechanism"), 2U);
    EXPECT_EQ(associators(path, "CIM_HostedService").size(), 1U);
  }
}

TEST_F(ProfileTest, SoftwareHasTheVersionOfTheServer) {
  const auto software = get(software_path());
  ASSERT_TRUE(software);
  EXPECT_EQ(text_of(*software, "VersionString"), must(service->server(viewer())).version);
}

TEST_F(ProfileTest, TheIndicationServiceHasCapabilities) {
  const cim::Instance capabilities = *get(only(kInterop, "CIM_IndicationServiceCapabilities"));
  EXPECT_EQ(flag_of(capabilities, "FilterCreationEnabledIsSettable"), false);
  EXPECT_EQ(flag_of(capabilities, "DeliveryRetryAttemptsIsSettable"), true);
  EXPECT_EQ(flag_of(capabilities, "SubscriptionsPersisted"), true);
  const auto links = list(kInterop, "CIM_ElementCapabilities");
  ASSERT_EQ(links.size(), 3U) << "the WBEM server and its protocol, too";
  EXPECT_TRUE(get(*value_of(links[0], "Capabilities").as_reference()));
  EXPECT_EQ(value_of(links[0], "ManagedElement").as_reference()->class_name(), "CIM_IndicationService");
}

class ConformantInstances : public ProfileTest {
 protected:
  using Answer = Result<cim::MethodResult, cim::Error>;
  Answer open(const std::string& id, Values values = {}, std::string_view class_name = "MSFTSM_RegisteredProfile") {
    return invoke(profile(id, class_name), "OpenConformantInstances", values);
  }
  Answer pull(const std::string& context, std::uint32_t count, const std::string& id = "SNIA:Server:1.6.0") {
    return invoke(profile(id), "PullConformantInstances",
                  {{"EnumerationContext", Value(context)}, {"MaxObjectCount", Value(count)}});
  }
  static std::string context_of(const Answer& answer) {
    return std::string(answer->out.find("EnumerationContext")->string_or_empty());
  }
  static std::size_t count_of(const Answer& answer) {
    return answer->out.find("InstanceWithPathList")->elements().size();
  }
  static std::string first_of(const Answer& answer) {
    return std::string(answer->out.find("InstanceWithPathList")->elements()[0].string_or_empty());
  }
  static bool ended(const Answer& answer) { return answer->out.find("EndOfSequence")->as_bool().value_or(false); }
  static Values at_most(std::uint32_t count) { return {{"MaxObjectCount", Value(count)}}; }
};

TEST_F(ConformantInstances, AreToldAtOnceWhereTheyMay) {
  context.host = "example:5989";
  const Answer answer = open("SNIA:Server:1.6.0", at_most(10));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->return_value.as_unsigned(), 0U);
  ASSERT_EQ(count_of(answer), 1U);
  EXPECT_TRUE(ended(answer));
  EXPECT_TRUE(answer->out.find("EnumerationContext")->is_null());
  EXPECT_EQ(answer->out.find("InstanceType")->elements()[0].as_unsigned(), 4U) << "central and scoping";
  const std::string instance = first_of(answer);
  EXPECT_TRUE(instance.starts_with("//example:5989/root/interop:MSFTSM_ObjectManager.")) << instance;
  EXPECT_NE(instance.find("\nStarted"), std::string::npos);
}

TEST_F(ConformantInstances, ArePulledByWhoOpened) {
  const Answer opened = open("SNIA:Server:1.6.0");
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(count_of(opened), 0U);
  EXPECT_FALSE(ended(opened));
  const std::string id = context_of(opened);
  EXPECT_EQ(status_of(pull(id, 1, "SNIA:Server:1.5.0")), cim::Status::kInvalidEnumerationContext);
  context.principal = "somebody";
  EXPECT_EQ(status_of(pull(id, 1)), cim::Status::kInvalidEnumerationContext);
  context.principal = "root";
  const Answer kept = pull(id, 0);
  ASSERT_TRUE(kept);
  EXPECT_EQ(context_of(kept), id);
  EXPECT_FALSE(ended(kept));
  const Answer last = pull(id, 5);
  ASSERT_TRUE(last);
  EXPECT_EQ(count_of(last), 1U);
  EXPECT_TRUE(ended(last));
  EXPECT_EQ(status_of(pull(id, 5)), cim::Status::kInvalidEnumerationContext);
}

TEST_F(ConformantInstances, EndWhenTheyAreClosedOrForgotten) {
  const Answer opened = open("SNIA:Server:1.6.0", {{"OperationTimeout", Value(std::uint32_t{10})}});
  ASSERT_TRUE(opened);
  world.run_for(std::chrono::seconds(9));
  EXPECT_TRUE(pull(context_of(opened), 0)) << "which begins the time anew";
  world.run_for(std::chrono::seconds(9));
  EXPECT_TRUE(pull(context_of(opened), 0));
  world.run_for(std::chrono::seconds(10));
  EXPECT_EQ(status_of(pull(context_of(opened), 0)), cim::Status::kInvalidEnumerationContext);

  const std::string id = context_of(open("SNIA:Server:1.6.0"));
  const Values which = {{"EnumerationContext", Value(id)}};
  EXPECT_EQ(code(profile("SNIA:Server:1.6.0"), "CloseConformantInstances", which), 0U);
  EXPECT_EQ(status_of(invoke(profile("SNIA:Server:1.6.0"), "CloseConformantInstances", which)),
            cim::Status::kInvalidEnumerationContext);
  EXPECT_EQ(status_of(pull(id, 1)), cim::Status::kInvalidEnumerationContext);
}

TEST_F(ConformantInstances, AreOfTheClassAndWithThePropertiesThatWereAskedFor) {
  Values wanted = at_most(10);
  wanted.push_back({"ResultClass", Value("CIM_Service")});
  wanted.push_back({"IncludedPropertyList", Value::array_of(std::vector<std::string>{"Started"})});
  const Answer services = open("SNIA:Server:1.6.0", wanted);
  ASSERT_TRUE(services) << services.error().to_string();
  ASSERT_EQ(count_of(services), 1U);
  const std::string instance = first_of(services);
  const std::size_t end = instance.find('\n');
  EXPECT_EQ(instance.substr(end), "\nStarted");
  EXPECT_TRUE(get(*cim::ObjectPath::parse(instance.substr(0, end)))) << "the path is whole, whatever was asked for";
  wanted[1].value = Value("CIM_System");
  const Answer none = open("SNIA:Server:1.6.0", wanted);
  ASSERT_TRUE(none);
  EXPECT_EQ(count_of(none), 0U);
  EXPECT_TRUE(ended(none));
  wanted[1].value = Value("No_Such");
  EXPECT_EQ(status_of(open("SNIA:Server:1.6.0", wanted)), cim::Status::kInvalidParameter);
}

TEST_F(ConformantInstances, OfAPartAreFoundFromItsParent) {
  const auto elements = conformant_elements(must(service->server(viewer())), "SNIA:Indication:1.6.0");
  ASSERT_EQ(elements.size(), 2U);
  EXPECT_EQ(elements[0].type, 2U);
  EXPECT_EQ(elements[0].path.class_name(), "CIM_IndicationService");
  EXPECT_EQ(elements[1].type, 3U);
  EXPECT_EQ(elements[1].path.class_name(), "MSFTSM_ObjectManager");
  EXPECT_TRUE(conformant_elements(must(service->server(viewer())), "SNIA:Array:1.6.0").empty());
  const Answer part = open("SNIA:Profile Registration:1.6.0", at_most(3), "MSFTSM_RegisteredSubProfile");
  ASSERT_TRUE(part) << part.error().to_string();
  EXPECT_EQ(count_of(part), 3U);
  EXPECT_FALSE(ended(part));
}

TEST_F(ConformantInstances, RefuseWhatTheyCannotDo) {
  EXPECT_EQ(status_of(open("SNIA:Server:1.6.0", {{"ContinueOnError", Value(true)}})),
            cim::Status::kContinuationOnErrorNotSupported);
  for (const std::uint32_t seconds : {0U, 301U, 4'000'000'000U}) {
    EXPECT_EQ(status_of(open("SNIA:Server:1.6.0", {{"OperationTimeout", Value(seconds)}})),
              cim::Status::kInvalidOperationTimeout);
  }
  EXPECT_EQ(status_of(open("SNIA:Nothing:1.6.0")), cim::Status::kNotFound);
  EXPECT_EQ(status_of(pull("1-1", 1)), cim::Status::kInvalidEnumerationContext);
  EXPECT_EQ(status_of(invoke({kInterop, "MSFTSM_RegisteredProfile"}, "OpenConformantInstances")),
            cim::Status::kMethodNotAvailable);
}

TEST_F(ConformantInstances, OfOneUserLeaveRoomForOthers) {
  context.role = cim::Role::kViewer;
  std::size_t opened = 0;
  for (int user = 0; opened < kConformantEnumerationsMax; ++user) {
    context.principal = "viewer" + std::to_string(user);
    for (std::size_t i = 0; i < kConformantEnumerationsPerPrincipalMax; ++i, ++opened) {
      ASSERT_TRUE(open("SNIA:Server:1.6.0")) << opened;
    }
    EXPECT_EQ(status_of(open("SNIA:Server:1.6.0")), cim::Status::kServerLimitsExceeded);
    EXPECT_TRUE(open("SNIA:Server:1.6.0", at_most(1))) << "what needs no enumeration is told still";
  }
  context.principal = "somebody";
  EXPECT_EQ(status_of(open("SNIA:Server:1.6.0")), cim::Status::kServerLimitsExceeded) << "over all users";
}

}  // namespace
}  // namespace lunaria::providers
