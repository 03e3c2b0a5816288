// The classes of root/lunaria that say who may do what, where.

#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using cim::Status;
using cim::Value;

constexpr const char* kClient = "iqn.2026-11.com.example:client";

class LunariaAccessTest : public Bed {
 protected:
  void SetUp() override {
    Bed::SetUp();
    target = make_target("one");
    disk = make_disk("a");
    must(service->map_disk(op(), {target.id, disk.id, std::nullopt, false}));
  }
  const target::TargetConfig& config() { return *data_plane->find_target(target.iqn); }
  static Value tag(std::uint16_t number) { return Value(number); }

  service::Target target;
  service::Disk disk;
};

TEST_F(LunariaAccessTest, InitiatorsAreMadeChangedAndForgotten) {
  const auto made = create_own("LUNARIA_Initiator", {{"Name", Value("IQN.2026-11.com.example:Client")},
                                                     {"EnableCHAP", Value(true)},
                                                     {"CHAPUserName", Value("client")},
                                                     {"CHAPSecret", Value("0123456789abcdef01234")}});
  ASSERT_TRUE(made) << made.error().to_string();
  const cim::Instance shown = *get(*made);
  EXPECT_EQ(text_of(shown, "Name"), kClient);
  EXPECT_EQ(text_of(shown, "CHAPSecret"), "********");
  EXPECT_EQ(flag_of(shown, "Enabled"), true);
  EXPECT_EQ(data_plane->config->initiators[0].chap->secret.reveal(), "0123456789abcdef01234");
  EXPECT_TRUE(modify(*made, {{"CHAPSecret", Value("********")}, {"Description", Value("a host")}}));
  EXPECT_EQ(data_plane->config->initiators[0].chap->secret.reveal(), "0123456789abcdef01234")
      << "the mask is no secret";
  EXPECT_TRUE(modify(*made, {{"Enabled", Value(false)}}));
  EXPECT_FALSE(data_plane->config->initiators[0].enabled);
  EXPECT_EQ(status_of(modify(*made, {{"EnableReverseCHAP", Value(true)}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(modify(*made, {{"Enabled", Value::null(cim::Type::kBoolean)}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(create_own("LUNARIA_Initiator", {{"Name", Value(kClient)}})), Status::kAlreadyExists);
  EXPECT_EQ(status_of(create_own("LUNARIA_Initiator", {{"Name", Value("client")}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(create_own("LUNARIA_Initiator", {})), Status::kInvalidParameter);
  EXPECT_TRUE(remove(*made));
  EXPECT_EQ(status_of(get(*made)), Status::kNotFound);
  EXPECT_EQ(status_of(remove(*made)), Status::kNotFound);
  EXPECT_EQ(status_of(modify(*made, {{"Enabled", Value(true)}})), Status::kNotFound);
}

TEST_F(LunariaAccessTest, InitiatorsAndDisksHaveLimits) {
  const auto made =
      create_own("LUNARIA_Initiator", {{"Name", Value(kClient)}, {"IOPSLimit", Value(std::uint64_t{500})}});
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(data_plane->config->initiators[0].rate_limit, (scsi::RateLimit{500, 0, 0, 0}));
  EXPECT_TRUE(
      modify(*made, {{"IOPSLimit", Value(std::uint64_t{0})}, {"BandwidthLimit", Value(std::uint64_t{1} << 20)}}));
  EXPECT_EQ(data_plane->config->initiators[0].rate_limit, (scsi::RateLimit{0, 0, 1 << 20, 0}));
  EXPECT_EQ(number_of(*get(*made), "BandwidthLimit"), 1U << 20);
  EXPECT_EQ(status_of(modify(*made, {{"BandwidthLimit", Value(std::uint64_t{1})}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(modify(*made, {{"IOPSLimit", Value::null(cim::Type::kUint64)}})), Status::kInvalidParameter);
  const cim::ObjectPath path(kLunaria, "LUNARIA_Disk", {{"Name", Value(disk.name)}});
  EXPECT_TRUE(modify(path, {{"IOPSLimit", Value(std::uint64_t{7})},
                            {"IOPSBurst", Value(std::uint64_t{8})},
                            {"SpaceThreshold", Value(std::uint64_t{1} << 30)},
                            {"UsedThreshold", Value(std::uint64_t{1} << 31)}}));
  const scsi::UnitOptions options = data_plane->units.at(disk.id).config.options;
  EXPECT_EQ(options.rate_limit, (scsi::RateLimit{7, 8, 0, 0}));
  EXPECT_EQ(options.space_threshold, std::uint64_t{1} << 30);
  EXPECT_EQ(options.used_threshold, std::uint64_t{1} << 31);
  EXPECT_EQ(number_of(*get(path), "SpaceThreshold"), std::uint64_t{1} << 30);
  EXPECT_EQ(number_of(*get(path), "UsedThreshold"), std::uint64_t{1} << 31);
}

TEST_F(LunariaAccessTest, PortalGroupsHoldPortalsAndAskDiscoveryForProof) {
  const auto made = create_own("LUNARIA_PortalGroup", {{"Tag", tag(2)}, {"Description", Value("storage network")}});
  ASSERT_TRUE(made) << made.error().to_string();
  const cim::ObjectPath portal(kLunaria, "LUNARIA_Portal", {{"Address", Value("192.0.2.1")}});
  EXPECT_TRUE(
      modify(portal, {{"PortalGroupTag", tag(2)}, {"Listen", Value(true)}, {"Port", Value(std::uint32_t{3261})}}));
  EXPECT_EQ(number_of(*get(portal), "PortalGroupTag"), 2U);
  EXPECT_EQ(value_of(*get(*made), "Portals").elements()[0].string_or_empty(), "192.0.2.1:3261");
  EXPECT_TRUE(modify(
      *made, {{"EnableCHAP", Value(true)}, {"CHAPUserName", Value("finder")}, {"CHAPSecret", Value("0123456789ab")}}));
  EXPECT_EQ(data_plane->config->portal_groups[1].discovery_chap->name, "finder");
  EXPECT_EQ(status_of(remove(*made)), Status::kFailed) << "it has a portal";
  EXPECT_TRUE(modify(portal, {{"PortalGroupTag", tag(1)}}));
  EXPECT_TRUE(remove(*made));
  EXPECT_EQ(status_of(modify(portal, {{"PortalGroupTag", tag(2)}})), Status::kNotFound);
  EXPECT_EQ(status_of(modify(portal, {{"Port", Value(std::uint32_t{70000})}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(create_own("LUNARIA_PortalGroup", {{"Tag", tag(0)}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(create_own("LUNARIA_PortalGroup", {{"Tag", tag(1)}})), Status::kAlreadyExists);
  EXPECT_EQ(status_of(create_own("LUNARIA_PortalGroup", {})), Status::kInvalidParameter);
}

TEST_F(LunariaAccessTest, TargetsAreOfferedAtGroupsByChoice) {
  ASSERT_TRUE(create_own("LUNARIA_PortalGroup", {{"Tag", tag(2)}}));
  const cim::ObjectPath path(kLunaria, "LUNARIA_Target", {{"Name", Value("one")}});
  EXPECT_TRUE(value_of(*get(path), "PortalGroupTags").elements().empty());
  EXPECT_TRUE(modify(path, {{"PortalGroupTags", Value::array_of(std::vector<std::uint16_t>{2})}}));
  EXPECT_EQ(config().portal_groups, (std::vector<std::uint16_t>{2}));
  EXPECT_EQ(status_of(modify(path, {{"PortalGroupTags", Value::array_of(std::vector<std::uint16_t>{9})}})),
            Status::kNotFound);
  EXPECT_TRUE(modify(path, {{"PortalGroupTags", Value::null(cim::Type::kUint16, true)}}));
  EXPECT_TRUE(config().portal_groups.empty());
}

TEST_F(LunariaAccessTest, TargetsOfferConnectionsAndRecoveryByChoice) {
  const cim::ObjectPath path(kLunaria, "LUNARIA_Target", {{"Name", Value("one")}});
  EXPECT_EQ(value_of(*get(path), "MaxConnectionsPerSession"), Value(std::uint32_t{1}));
  EXPECT_TRUE(modify(path, {{"MaxConnectionsPerSession", Value(std::uint32_t{4})}}));
  EXPECT_TRUE(modify(path, {{"ErrorRecoveryLevel", Value(std::uint32_t{2})}}));
  EXPECT_EQ(config().preferences.max_connections, 4);
  EXPECT_EQ(config().preferences.error_recovery_level, 2);
  EXPECT_EQ(value_of(*get(path), "ErrorRecoveryLevel"), Value(std::uint32_t{2}));
  EXPECT_EQ(value_of(*get(path), "ImmediateData"), Value(true));
  EXPECT_TRUE(modify(path, {{"ImmediateData", Value(false)}, {"InitialR2T", Value(false)}}));
  EXPECT_FALSE(config().preferences.immediate_data);
  EXPECT_FALSE(config().preferences.initial_r2t);
  EXPECT_EQ(config().preferences.max_connections, 4) << "what was not named stays";
  for (const auto& [name, number] :
       {std::pair{"ErrorRecoveryLevel", 3U}, {"MaxConnectionsPerSession", 0U}, {"MaxConnectionsPerSession", 65536U}}) {
    EXPECT_EQ(status_of(modify(path, {{name, Value(number)}})), Status::kInvalidParameter) << name << number;
  }
}

TEST_F(LunariaAccessTest, RedirectsAreMadeChangedAndEnded) {
  const Values wanted = {{"TargetName", Value("one")}, {"PortalGroupTag", tag(0)}, {"Address", Value("192.0.2.77")}};
  const auto made = create_own("LUNARIA_Redirect", wanted);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(config().redirects, (std::vector<target::Redirect>{{std::nullopt, false, "192.0.2.77:3260"}}));
  EXPECT_EQ(status_of(create_own("LUNARIA_Redirect", wanted)), Status::kAlreadyExists);
  EXPECT_TRUE(modify(*made, {{"Permanent", Value(true)}}));
  EXPECT_TRUE(modify(*made, {{"Address", Value("array.example.com")}}));
  EXPECT_EQ(config().redirects, (std::vector<target::Redirect>{{std::nullopt, true, "array.example.com:3260"}}));
  EXPECT_EQ(status_of(modify(*made, {{"Address", Value("127.0.0.1")}})), Status::kInvalidParameter) << "a circle";
  EXPECT_EQ(status_of(create_own("LUNARIA_Redirect", {{"TargetName", Value("one")}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(create_own("LUNARIA_Redirect", {{"TargetName", Value("two")}, {"Address", Value("192.0.2.7")}})),
            Status::kNotFound);
  EXPECT_TRUE(remove(*made));
  EXPECT_TRUE(config().redirects.empty());
  EXPECT_EQ(status_of(remove(*made)), Status::kNotFound);
}

TEST_F(LunariaAccessTest, MappingsAreShownToNamedInitiators) {
  const cim::ObjectPath mapping(kLunaria, "LUNARIA_Mapping", {{"TargetName", Value("one")}, {"DiskName", Value("a")}});
  EXPECT_TRUE(modify(mapping, {{"NamedOnly", Value(true)}}));
  const Values wanted = {{"TargetName", Value("one")},
                         {"DiskName", Value("a")},
                         {"InitiatorName", Value(kClient)},
                         {"LUN", Value(std::uint32_t{7})}};
  const auto made = create_own("LUNARIA_MappingInitiator", wanted);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(config().luns[0], (target::LunMapping{0, disk.id, false, true, {{kClient, 7, false}}}));
  EXPECT_EQ(status_of(create_own("LUNARIA_MappingInitiator", wanted)), Status::kAlreadyExists);
  EXPECT_TRUE(modify(*made, {{"ReadOnly", Value(true)}}));
  EXPECT_EQ(config().luns[0].initiators[0], (target::InitiatorLun{kClient, 7, true}));
  EXPECT_TRUE(modify(*made, {{"LUN", Value::null(cim::Type::kUint32)}}));
  EXPECT_EQ(config().luns[0].initiators[0], (target::InitiatorLun{kClient, std::nullopt, true}));
  EXPECT_EQ(status_of(modify(*made, {{"LUN", Value(std::uint32_t{16384})}})), Status::kInvalidParameter);
  EXPECT_TRUE(remove(*made));
  EXPECT_TRUE(config().luns[0].initiators.empty());
  EXPECT_EQ(status_of(remove(*made)), Status::kNotFound);
  Values unmapped = wanted;
  unmapped[1].value = Value("b");
  EXPECT_EQ(status_of(create_own("LUNARIA_MappingInitiator", unmapped)), Status::kNotFound);
}

TEST_F(LunariaAccessTest, RulesShowWhatTheirNamesMean) {
  names.set("host.example.com", {"192.0.2.7"}, std::chrono::seconds(3600));
  must(service->add_access_rule(op(), target.id, {service::AccessMethod::kDnsName, "host.example.com"}));
  must(service->add_access_rule(op(), target.id, {service::AccessMethod::kDnsName, "silent.example.com"}));
  must(service->add_access_rule(op(), target.id, {service::AccessMethod::kIqn, "*"}));
  const std::vector<cim::Instance> rules = list(kLunaria, "LUNARIA_AccessRule");
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(value_of(rules[0], "Addresses").elements()[0].string_or_empty(), "192.0.2.7");
  EXPECT_TRUE(value_of(rules[1], "Addresses").elements().empty());
  EXPECT_EQ(text_of(rules[1], "Failure"), "timeout");
  EXPECT_TRUE(value_of(rules[2], "Addresses").is_null());
  EXPECT_EQ(status_of(remove(rules[0].path(kLunaria))), Status::kNotSupported) << "WT_IDMethod does that";
}

TEST_F(LunariaAccessTest, RolesSayWhatTheyMayDoAndWhichTheCallerHas) {
  const std::vector<std::vector<std::string>> permissions = {
      {"Read"},
      {"Read", "ChangeStorage"},
      {"Read", "ChangeStorage", "UseAnyPath", "ControlServices", "ChangeSchema", "ChangeSecurity"}};
  const std::vector<std::string> names = {"viewer", "operator", "administrator"};
  for (const cim::Role held : {cim::Role::kViewer, cim::Role::kOperator, cim::Role::kAdministrator}) {
    context.role = held;
    const auto roles = list(kLunaria, "LUNARIA_Role");
    ASSERT_EQ(roles.size(), names.size());
    for (std::size_t i = 0; i < roles.size(); ++i) {
      EXPECT_EQ(text_of(roles[i], "Name"), names[i]);
      EXPECT_EQ(value_of(roles[i], "Permissions"), Value::array_of(permissions[i]));
      EXPECT_EQ(flag_of(roles[i], "HeldByCaller"), static_cast<std::size_t>(held) >= i);
      EXPECT_EQ(text_of(*get(roles[i].path(kLunaria)), "Name"), names[i]);
    }
  }
  EXPECT_EQ(status_of(get(*cim::ObjectPath::parse("root/lunaria:LUNARIA_Role.Name=\"root\""))), Status::kNotFound);
  EXPECT_EQ(status_of(create_own("LUNARIA_Role", {{"Name", Value("root")}})), Status::kNotSupported);
  EXPECT_EQ(status_of(remove(*cim::ObjectPath::parse("root/lunaria:LUNARIA_Role.Name=\"viewer\""))),
            Status::kNotSupported);
}

}  // namespace
}  // namespace lunaria::providers
