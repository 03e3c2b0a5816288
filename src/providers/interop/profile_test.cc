// The profiles that are registered, and how clients find their way from them.

#include "cim/object_manager.h"
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
  std::vector<cim::Instance> associators(const cim::ObjectPath& from, const std::string& association) {
    cim::EnumerationRequest request;
    request.kind = cim::EnumerationRequest::Kind::kAssociators;
    request.name_space = from.name_space();
    request.object = from;
    request.filter.association_class = association;
    cim::CollectingSink sink;
    const auto done = finish(manager->enumerate(context, request, sink));
    EXPECT_TRUE(done) << done.error().to_string();
    return std::move(sink.instances());
  }
};

TEST_F(ProfileTest, EveryVersionIsAnInstance) {
  for (const char* id : {"SNIA:Server:1.4.0", "SNIA:Server:1.5.0", "SNIA:Server:1.6.0", "DMTF:Indications:1.2.2",
                         "DMTF:Profile Registration:1.0.0"}) {
    const auto instance = get(profile(id));
    ASSERT_TRUE(instance) << id;
    EXPECT_FALSE(text_of(*instance, "RegisteredName").empty());
  }
  EXPECT_TRUE(get(profile("SNIA:Indication:1.6.0", "MSFTSM_RegisteredSubProfile")));
  EXPECT_FALSE(get(profile("SNIA:Array:1.6.0"))) << "nothing is claimed that does not work";
}

TEST_F(ProfileTest, TheServerProfileLeadsToTheObjectManager) {
  const auto central = associators(profile("SNIA:Server:1.6.0"), "CIM_ElementConformsToProfile");
  ASSERT_EQ(central.size(), 1U);
  EXPECT_EQ(central[0].class_name(), "MSFTSM_ObjectManager");
}

TEST_F(ProfileTest, PartsAreFoundBothWays) {
  EXPECT_EQ(associators(profile("SNIA:Server:1.5.0"), "CIM_SubProfileRequiresProfile").size(), 2U);
  EXPECT_EQ(associators(profile("SNIA:Server:1.5.0"), "MSFTSM_ReferencedProfile").size(), 2U);
  const auto parents =
      associators(profile("SNIA:Indication:1.5.0", "MSFTSM_RegisteredSubProfile"), "MSFTSM_ReferencedProfile");
  ASSERT_EQ(parents.size(), 1U);
  EXPECT_EQ(text_of(parents[0], "InstanceID"), "SNIA:Server:1.5.0");
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

}  // namespace
}  // namespace lunaria::providers
