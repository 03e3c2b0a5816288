// Every command: what it asks the server, and what it prints.

#include <filesystem>
#include <fstream>

#include "cli/requests.h"
#include "cli/testing/cli_fixture.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace disk = schema::lunaria_disk;
namespace host = schema::wt_host;

class Commands : public CliFixture {
 protected:
  Commands() {
    add_disk("data", "");
    add_disk("old", "The file is missing");
    server_.add(kWmiSpace, host::kClass,
                {{std::string(host::kHostName), cim::Value("web")},
                 {std::string(host::kTargetIQN), cim::Value("iqn.2024-01.example:web")},
                 {std::string(host::kCHAPSecret), cim::Value("********")},
                 {std::string(host::kEnabled), cim::Value(true)}});
    server_.add(kLunariaSpace, schema::lunaria_user::kClass,
                {{"Name", cim::Value("alice")}, {"Role", cim::Value("viewer")}});
    server_.add(kInteropSpace, schema::msftsm_object_manager::kClass,
                {{"SystemCreationClassName", cim::Value("S")},
                 {"SystemName", cim::Value("s")},
                 {"CreationClassName", cim::Value("C")},
                 {"Name", cim::Value("om")},
                 {"Started", cim::Value(true)},
                 {"EnabledState", cim::Value(std::uint16_t{2})},
                 {"RequestedState", cim::Value(std::uint16_t{3})}});
    for (const std::string_view service :
         {"StorageConfigurationService", "ControllerConfigurationService", "iSCSIConfigurationService",
          "StorageHardwareIDManagementService", "ReplicationService"}) {
      server_.add(kStorageSpace, "MSISCSITARGET_" + std::string(service),
                  {{"SystemCreationClassName", cim::Value("S")},
                   {"SystemName", cim::Value("s")},
                   {"CreationClassName", cim::Value("C")},
                   {"Name", cim::Value(service)},
                   {"Started", cim::Value(true)},
                   {"EnabledState", cim::Value(std::uint16_t{2})},
                   {"RequestedState", cim::Value(std::uint16_t{12})}});
    }
    server_.add(kWmiSpace, schema::wt_portal::kClass,
                {{"Address", cim::Value("192.0.2.1")},
                 {"Port", cim::Value(std::uint32_t{3260})},
                 {"Listen", cim::Value(true)}});
    server_.add(kLunariaSpace, schema::lunaria_portal::kClass,
                {{"Address", cim::Value("192.0.2.1")},
                 {"Port", cim::Value(std::uint32_t{3260})},
                 {"Listen", cim::Value(true)},
                 {"PortalGroupTag", cim::Value(std::uint16_t{1})}});
    server_.add(
        kLunariaSpace, schema::lunaria_target::kClass,
        {{"Name", cim::Value("web")}, {"PortalGroupTags", cim::Value::array_of(std::vector<std::uint16_t>{2})}});
    server_.add(kWmiSpace, schema::wt_general::kClass, {{"Version", cim::Value("0.1.0")}, {"Name", cim::Value("box")}});
    wbem::cimxml::ResponseMessage made;
    made.return_value = cim::Value(std::uint32_t{0});
    made.parameters.push_back({"Disk", cim::Value(path_of("", disk::kClass, {{"Name", cim::Value("data")}})), true});
    server_.answer_method("Create", made);
    server_.answer_method("Import", made);
  }
  void add_disk(const std::string& name, const std::string& failure) {
    server_.add(
        kLunariaSpace, disk::kClass,
        {{std::string(disk::kName), cim::Value(name)},
         {std::string(disk::kSize), cim::Value(std::uint64_t{10} << 30)},
         {std::string(disk::kFailure), failure.empty() ? cim::Value::null(cim::Type::kString) : cim::Value(failure)}});
  }
  std::string only_request(const std::vector<std::string>& words) {
    const std::size_t before = server_.requests().size();
    const Ran ran = run_words(words);
    EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
    return before < server_.requests().size() ? server_.requests()[before] : std::string();
  }
};

TEST_F(Commands, DiskCreateSendsWhatWasGiven) {
  EXPECT_EQ(only_request({"disk", "create", "data", "--size", "10GiB"}),
            "InvokeMethod root/lunaria:LUNARIA_Disk Create Name=\"data\" Size=10737418240 Kind=\"thin\"");
  EXPECT_EQ(only_request({"disk", "create", "data", "--size", "1MB", "--kind", "preallocated", "--path", "/srv/a.img",
                          "--block-size", "4096", "--caching", "direct", "--read-only", "--description", "a b"}),
            "InvokeMethod root/lunaria:LUNARIA_Disk Create Caching=\"direct\" Description=\"a b\" "
            "LogicalBlockSize=4096 ReadOnly=TRUE Name=\"data\" Size=1000000 Kind=\"preallocated\" "
            "Path=\"/srv/a.img\"");
}

TEST_F(Commands, DiskCreatePrintsTheDiskThatWasMade) {
  EXPECT_THAT(run_line({"disk", "create", "data", "--size", "1GiB"}).out, HasSubstr("lunaria map TARGET data"));
  const Json json = run_json({"disk", "create", "data", "--size", "1GiB"});
  EXPECT_EQ(json["name"], "data");
  EXPECT_EQ(json["size"], 10737418240ULL);
}

TEST_F(Commands, SubscriptionsNeedAPlaceAndAName) {
  EXPECT_EQ(run_line({"cim", "subscribe"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"cim", "listen", "--listen", "nowhere"}).code, ExitCode::kUsage);
  const Ran gone = run_line({"cim", "unsubscribe", "monitor"});
  EXPECT_EQ(gone.code, ExitCode::kNotFound);
  EXPECT_THAT(gone.err, HasSubstr("there is no subscription called 'monitor'"));
}

TEST_F(Commands, DiskImportSendsThePath) {
  EXPECT_EQ(only_request({"disk", "import", "/srv/a.img", "--name", "a"}),
            "InvokeMethod root/lunaria:LUNARIA_Disk Import Path=\"/srv/a.img\" Name=\"a\"");
}

TEST_F(Commands, DiskListShowsSizesForPeopleAndForScripts) {
  EXPECT_THAT(run_line({"disk", "list"}).out, HasSubstr("10 GiB"));
  EXPECT_THAT(run_line({"disk", "list", "--bytes"}).out, HasSubstr("10737418240"));
  const Json json = run_json({"disk", "list"});
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[1]["failure"], "The file is missing");
  EXPECT_TRUE(json[0]["failure"].is_null());
}

TEST_F(Commands, DiskChangesGoToTheDisk) {
  const std::string data = "root/lunaria:LUNARIA_Disk.Name=\"data\"";
  EXPECT_EQ(only_request({"disk", "show", "data"}), "GetInstance " + data);
  EXPECT_EQ(only_request({"disk", "resize", "data", "--size", "2TiB", "--allow-shrink"}),
            "InvokeMethod " + data + " Resize Size=2199023255552 AllowShrink=TRUE");
  EXPECT_EQ(only_request({"disk", "enable", "data"}), "ModifyInstance " + data + " Enabled=TRUE");
  EXPECT_EQ(only_request({"disk", "disable", "data"}), "ModifyInstance " + data + " Enabled=FALSE");
  EXPECT_EQ(only_request({"disk", "set", "data", "--read-only", "on", "--description", "x"}),
            "ModifyInstance " + data + " Description=\"x\" ReadOnly=TRUE");
  EXPECT_EQ(only_request({"disk", "repair", "data"}), "InvokeMethod " + data + " Repair");
  EXPECT_EQ(only_request({"disk", "delete", "data", "--remove-file"}),
            "InvokeMethod " + data + " Delete RemoveFile=TRUE");
  EXPECT_EQ(only_request({"disk", "delete", "data"}), "InvokeMethod " + data + " Delete RemoveFile=FALSE");
}

TEST_F(Commands, DiskSetWithoutAChangeIsRefused) {
  EXPECT_EQ(run_line({"disk", "set", "data"}).code, ExitCode::kUsage);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(Commands, AMissingDiskIsNotFound) {
  const Ran ran = run_line({"disk", "show", "none"});
  EXPECT_EQ(ran.code, ExitCode::kNotFound);
  EXPECT_TRUE(ran.out.empty());
  EXPECT_THAT(ran.err, HasSubstr("none"));
}

TEST_F(Commands, TargetCreateSetsWhatNewHostCannot) {
  EXPECT_EQ(run_line({"target", "create", "web", "--iqn", "iqn.2024-01.example:x"}).code, ExitCode::kOk);
  EXPECT_THAT(server_.requests(),
              ElementsAre("InvokeMethod root/wmi:WT_Host NewHost HostName=\"web\"",
                          "ModifyInstance root/wmi:WT_Host.HostName=\"web\" TargetIQN=\"iqn.2024-01.example:x\"",
                          "GetInstance root/wmi:WT_Host.HostName=\"web\""));
}

TEST_F(Commands, TargetShowNeverShowsASecret) {
  const Json json = run_json({"target", "show", "web"});
  EXPECT_EQ(json["chap_secret_set"], true);
  EXPECT_EQ(json["reverse_chap_secret_set"], false);
  EXPECT_TRUE(json["mappings"].is_array());
  EXPECT_TRUE(json["initiators"].is_array());
  EXPECT_THAT(run_line({"target", "show", "web"}).out, HasSubstr("Nobody may log in."));
}

TEST_F(Commands, TargetSetSendsSettingsWithTheirTypes) {
  EXPECT_EQ(only_request({"target", "set", "web", "--enabled", "off", "--max-burst-length", "262144"}),
            "ModifyInstance root/wmi:WT_Host.HostName=\"web\" Enabled=FALSE TargetMaxBurstLength=262144");
  EXPECT_EQ(only_request({"target", "set", "web", "--no-chap"}),
            "ModifyInstance root/wmi:WT_Host.HostName=\"web\" EnableCHAP=FALSE");
  EXPECT_EQ(run_line({"target", "set", "web", "--max-burst-length", "4294967296"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"target", "set", "web"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"target", "set", "web", "--no-chap", "--chap-user", "x"}).code, ExitCode::kUsage);
}

TEST_F(Commands, ChapSecretsAreAskedForTwice) {
  terminal_.type("twelve chars");
  terminal_.type("twelve chars");
  EXPECT_EQ(only_request({"target", "set", "web", "--chap-user", "u"}),
            "ModifyInstance root/wmi:WT_Host.HostName=\"web\" EnableCHAP=TRUE CHAPUserName=\"u\" "
            "CHAPSecret=\"twelve chars\"");
  EXPECT_EQ(terminal_.prompts().size(), 2U);
  terminal_.type("one");
  terminal_.type("another");
  EXPECT_EQ(run_line({"target", "set", "web", "--chap-user", "u"}).code, ExitCode::kUsage);
}

TEST_F(Commands, ChapSecretsComeFromAFileToo) {
  const std::string path = testing::TempDir() + "/lunaria_cli_secret";
  std::ofstream(path) << "from the file\r\nsecond line\n";
  EXPECT_EQ(only_request({"target", "set", "web", "--reverse-chap-secret-file", path}),
            "ModifyInstance root/wmi:WT_Host.HostName=\"web\" EnableReverseCHAP=TRUE "
            "ReverseCHAPSecret=\"from the file\"");
  std::ofstream(path) << "";
  EXPECT_EQ(run_line({"target", "set", "web", "--chap-secret-file", path}).code, ExitCode::kUsage);
  std::ofstream(path) << std::string(5000, 'x');
  EXPECT_EQ(run_line({"target", "set", "web", "--chap-secret-file", path}).code, ExitCode::kUsage);
  std::filesystem::remove(path);
  EXPECT_EQ(run_line({"target", "set", "web", "--chap-secret-file", path}).code, ExitCode::kUsage);
}

TEST_F(Commands, MapAndUnmapAreInstances) {
  const Json json = run_json({"map", "web", "data", "--lun", "7"});
  EXPECT_EQ(json["lun"], 7);
  EXPECT_EQ(server_.requests()[0],
            "CreateInstance root/lunaria:LUNARIA_Mapping TargetName=\"web\" DiskName=\"data\" ReadOnly=FALSE "
            "NamedOnly=FALSE LUN=7");
  EXPECT_EQ(run_line({"map", "web", "data"}).code, ExitCode::kExists);
  EXPECT_EQ(run_line({"unmap", "web", "data"}).code, ExitCode::kOk);
  EXPECT_EQ(run_line({"unmap", "web", "data"}).code, ExitCode::kNotFound);
  EXPECT_EQ(run_line({"map", "web", "data", "--lun", "16384"}).code, ExitCode::kUsage);
}

TEST_F(Commands, AllowAndDenyKnowTheKindOfInitiator) {
  const std::string rule = "CreateInstance root/wmi:WT_IDMethod HostName=\"web\" Method=";
  EXPECT_EQ(only_request({"allow", "web", "--iqn", "iqn.2024-01.example:i"}),
            rule + "4 Value=\"iqn.2024-01.example:i\"");
  EXPECT_EQ(only_request({"allow", "web", "--anyone"}), rule + "4 Value=\"*\"");
  EXPECT_EQ(only_request({"allow", "web", "--address", "192.0.2.7"}), rule + "2 Value=\"192.0.2.7\"");
  EXPECT_EQ(only_request({"allow", "web", "--address", "2001:DB8::7"}), rule + "5 Value=\"2001:db8::7\"");
  EXPECT_EQ(only_request({"allow", "web", "--address", "192.0.2.0/24"}), rule + "2 Value=\"192.0.2.0/24\"");
  EXPECT_EQ(only_request({"allow", "web", "--dns", "host.example.com"}), rule + "1 Value=\"host.example.com\"");
  EXPECT_EQ(only_request({"allow", "web", "--mac", "00-1B-21-AA-BB-CC"}), rule + "3 Value=\"00:1b:21:aa:bb:cc\"");
  EXPECT_EQ(run_line({"allow", "web", "--mac", "00:1b:21"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"deny", "web", "--anyone"}).code, ExitCode::kOk);
  EXPECT_EQ(run_line({"deny", "web", "--anyone"}).code, ExitCode::kNotFound);
  EXPECT_EQ(run_line({"allow", "web"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"allow", "web", "--anyone", "--iqn", "x"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"allow", "web", "--address", "example.org"}).code, ExitCode::kUsage);
}

TEST_F(Commands, PortalSetChangesWhatWasGiven) {
  EXPECT_EQ(run_json({"portal", "list"})[0]["port"], 3260);
  EXPECT_EQ(only_request({"portal", "set", "192.0.2.1", "--port", "3261", "--listen", "off"}),
            "ModifyInstance root/lunaria:LUNARIA_Portal.Address=\"192.0.2.1\" Port=3261 Listen=FALSE");
  EXPECT_EQ(only_request({"portal", "set", "192.0.2.1", "--group", "2"}),
            "ModifyInstance root/lunaria:LUNARIA_Portal.Address=\"192.0.2.1\" PortalGroupTag=2");
  EXPECT_EQ(run_line({"portal", "set", "192.0.2.1", "--group", "0"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"portal", "set", "192.0.2.1", "--port", "65536"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"portal", "set", "192.0.2.1:3260", "--listen", "on"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"portal", "set", "192.0.2.1"}).code, ExitCode::kUsage);
}

TEST_F(Commands, AccessListNamesTheMethods) {
  server_.add(kLunariaSpace, schema::lunaria_access_rule::kClass,
              {{"TargetName", cim::Value("web")},
               {"Method", cim::Value(std::int32_t{1})},
               {"Value", cim::Value("host.example.com")},
               {"Addresses", cim::Value::array_of(std::vector<std::string>{"192.0.2.7"})}});
  const Json json = run_json({"access", "list", "web"});
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json[0]["method"], "dns");
  EXPECT_EQ(json[0]["addresses"][0], "192.0.2.7");
  EXPECT_EQ(run_json({"access", "list", "other"}).size(), 0U);
  EXPECT_EQ(run_json({"target", "show", "web"})["initiators"][0]["initiator"], "host.example.com");
}

TEST_F(Commands, TargetsAreOfferedAtPortalGroups) {
  EXPECT_EQ(run_line({"target", "set", "web", "--portal-group", "1", "--portal-group", "3"}).code, ExitCode::kOk);
  EXPECT_EQ(run_json({"target", "show", "web"})["portal_groups"][0]["tags"], Json::array({1, 3}));
  EXPECT_EQ(run_line({"target", "set", "--portal-group", "4", "web"}).code, ExitCode::kOk) << "one number an option";
  EXPECT_EQ(run_line({"target", "set", "web", "--all-portal-groups"}).code, ExitCode::kOk);
  EXPECT_EQ(run_json({"target", "show", "web"})["portal_groups"][0]["tags"], Json::array());
  EXPECT_EQ(run_line({"target", "set", "web", "--portal-group", "0"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"target", "set", "web", "--portal-group", "1", "--all-portal-groups"}).code, ExitCode::kUsage);
}

TEST_F(Commands, TargetsOfferConnectionsAndRecovery) {
  EXPECT_EQ(run_line({"target", "set", "web", "--max-connections", "4", "--error-recovery-level", "2"}).code,
            ExitCode::kOk);
  const Json shown = run_json({"target", "show", "web"})["sessions_may_have"][0];
  EXPECT_EQ(shown["max_connections"], 4);
  EXPECT_EQ(shown["error_recovery_level"], 2);
  EXPECT_EQ(only_request({"target", "set", "web", "--immediate-data", "off", "--initial-r2t", "on"}),
            "ModifyInstance root/lunaria:LUNARIA_Target.Name=\"web\" ImmediateData=FALSE InitialR2T=TRUE");
}

TEST_F(Commands, PortalGroupsAreInstances) {
  EXPECT_EQ(run_json({"portal-group", "create", "2", "--description", "backup"})["description"], "backup");
  EXPECT_EQ(server_.requests()[0], "CreateInstance root/lunaria:LUNARIA_PortalGroup Description=\"backup\" Tag=2");
  terminal_.type("twelve chars");
  terminal_.type("twelve chars");
  EXPECT_EQ(only_request({"portal-group", "set", "2", "--chap-user", "finder"}),
            "ModifyInstance root/lunaria:LUNARIA_PortalGroup.Tag=2 EnableCHAP=TRUE CHAPUserName=\"finder\" "
            "CHAPSecret=\"twelve chars\"");
  EXPECT_EQ(run_json({"portal-group", "show", "2"})["chap_user"], "finder");
  EXPECT_EQ(run_json({"portal-group", "list"}).size(), 1U);
  EXPECT_EQ(run_line({"portal-group", "set", "2"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"portal-group", "show", "65536"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"portal-group", "delete", "2"}).code, ExitCode::kOk);
  EXPECT_EQ(run_line({"portal-group", "delete", "2"}).code, ExitCode::kNotFound);
}

TEST_F(Commands, InitiatorsAreInstances) {
  EXPECT_THAT(run_line({"initiator", "list"}).out, HasSubstr("Nothing is set"));
  EXPECT_EQ(run_json({"initiator", "create", "iqn.a", "--enabled", "off"})["name"], "iqn.a");
  EXPECT_EQ(server_.requests()[1], "CreateInstance root/lunaria:LUNARIA_Initiator Enabled=FALSE Name=\"iqn.a\"");
  EXPECT_EQ(only_request({"initiator", "set", "iqn.a", "--enabled", "on", "--no-chap"}),
            "ModifyInstance root/lunaria:LUNARIA_Initiator.Name=\"iqn.a\" Enabled=TRUE EnableCHAP=FALSE");
  EXPECT_EQ(run_json({"initiator", "show", "iqn.a"})["enabled"], true);
  EXPECT_EQ(only_request({"initiator", "set", "iqn.a", "--iops-limit", "500", "--bandwidth-limit", "10MiB"}),
            "ModifyInstance root/lunaria:LUNARIA_Initiator.Name=\"iqn.a\" IOPSLimit=500 BandwidthLimit=10485760");
  EXPECT_EQ(only_request({"initiator", "set", "iqn.a", "--no-iops-limit", "--no-bandwidth-limit"}),
            "ModifyInstance root/lunaria:LUNARIA_Initiator.Name=\"iqn.a\" IOPSLimit=0 IOPSBurst=0 BandwidthLimit=0 "
            "BandwidthBurst=0");
  EXPECT_EQ(run_line({"initiator", "set", "iqn.a"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"initiator", "create", "iqn.a", "--chap-secret", "x"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"initiator", "delete", "iqn.a"}).code, ExitCode::kOk);
  EXPECT_EQ(run_line({"initiator", "show", "iqn.a"}).code, ExitCode::kNotFound);
}

TEST_F(Commands, RedirectsAreMadeOrChanged) {
  EXPECT_EQ(only_request({"redirect", "set", "web", "192.0.2.9"}),
            "CreateInstance root/lunaria:LUNARIA_Redirect Address=\"192.0.2.9\" Permanent=FALSE TargetName=\"web\" "
            "PortalGroupTag=0");
  EXPECT_EQ(run_line({"redirect", "set", "web", "192.0.2.8", "--permanent"}).code, ExitCode::kOk);
  const Json json = run_json({"redirect", "list", "web"});
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json[0]["address"], "192.0.2.8");
  EXPECT_EQ(json[0]["permanent"], true);
  EXPECT_EQ(run_line({"redirect", "delete", "web", "--group", "2"}).code, ExitCode::kNotFound);
  EXPECT_EQ(run_line({"redirect", "delete", "web"}).code, ExitCode::kOk);
  EXPECT_EQ(run_json({"redirect", "list"}).size(), 0U);
}

TEST_F(Commands, MasksNameInitiatorsForMappings) {
  EXPECT_EQ(run_line({"map", "web", "data"}).code, ExitCode::kOk);
  const Ran added = run_line({"mask", "add", "web", "data", "iqn.a", "--lun", "0"});
  EXPECT_EQ(added.code, ExitCode::kOk) << added.err;
  EXPECT_THAT(added.out, HasSubstr("Others see it as well"));
  EXPECT_EQ(only_request({"mapping", "set", "web", "data", "--named-only", "on", "--lun", "3"}),
            "ModifyInstance root/lunaria:LUNARIA_Mapping.TargetName=\"web\",DiskName=\"data\" LUN=3 NamedOnly=TRUE");
  EXPECT_EQ(run_json({"mapping", "list", "web"})[0]["named_only"], true);
  EXPECT_EQ(run_json({"mask", "list"})[0]["lun"], 0);
  EXPECT_EQ(run_line({"mask", "add", "web", "data", "iqn.b", "--lun", "16384"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"mapping", "set", "web", "data"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"mask", "remove", "web", "data", "iqn.a"}).code, ExitCode::kOk);
  EXPECT_EQ(run_line({"mask", "remove", "web", "data", "iqn.a"}).code, ExitCode::kNotFound);
}

TEST_F(Commands, UsersAreMadeWithPasswordsThatWereTyped) {
  terminal_.type("correct horse");
  terminal_.type("correct horse");
  wbem::cimxml::ResponseMessage made;
  made.return_value = cim::Value(std::uint32_t{0});
  server_.answer_method("Create", made);
  const Ran ran = run_line({"user", "add", "alice", "--role", "viewer"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(server_.requests()[0],
            "InvokeMethod root/lunaria:LUNARIA_User Create Name=\"alice\" Password=\"correct horse\" Role=\"viewer\"");
  EXPECT_THAT(ran.out + ran.err, testing::Not(HasSubstr("horse")));
  terminal_.type("battery staple");
  terminal_.type("battery staple");
  EXPECT_EQ(only_request({"user", "passwd", "alice"}),
            "InvokeMethod root/lunaria:LUNARIA_User.Name=\"alice\" SetPassword Password=\"battery staple\"");
  EXPECT_EQ(only_request({"user", "role", "alice", "operator"}),
            "ModifyInstance root/lunaria:LUNARIA_User.Name=\"alice\" Role=\"operator\"");
  EXPECT_EQ(run_json({"user", "list"})[0]["role"], "operator");
  EXPECT_EQ(run_line({"user", "delete", "alice"}).code, ExitCode::kOk);
  EXPECT_THAT(run_line({"user", "list"}).out, HasSubstr("There are no users"));
}

TEST_F(Commands, SessionsShowTheirConnections) {
  namespace names = schema::wt_connection;
  cim::InstanceBuilder connection{std::string(names::kClass)};
  connection.add("InitiatorIPAddress", cim::Value("2001:db8::9"));
  connection.add("InitiatorPort", cim::Value(std::uint32_t{40000}));
  connection.add("AuthenticationMethodUsed", cim::Value(std::uint16_t{4}));
  server_.add(kWmiSpace, schema::wt_session::kClass,
              {{"TSIH", cim::Value(std::uint16_t{3})},
               {"InitiatorIQN", cim::Value("iqn.2024-01.example:i")},
               {"SessionType", cim::Value(std::uint32_t{1})},
               {"Connections", cim::Value::array(cim::Type::kEmbeddedInstance, {cim::Value(connection.build())})}});
  const Json json = run_json({"session", "list"});
  EXPECT_EQ(json[0]["addresses"][0], "[2001:db8::9]:40000");
  EXPECT_EQ(json[0]["authentication"], "CHAP");
  EXPECT_EQ(json[0]["type"], "normal");
}

TEST_F(Commands, ServiceChangesFindTheObjectManagerFirst) {
  EXPECT_EQ(run_line({"service", "stop"}).code, ExitCode::kOk);
  ASSERT_EQ(server_.requests().size(), 2U);
  EXPECT_EQ(server_.requests()[0], "EnumerateInstances root/interop:MSFTSM_ObjectManager");
  EXPECT_THAT(server_.requests()[1], HasSubstr("StopService"));
  const Json json = run_json({"service", "status"});
  EXPECT_EQ(json["state"], "running");
  EXPECT_EQ(json["requested"], "stop");
}

TEST_F(Commands, ServicesOfTheStorageModelAreListedStartedAndStoppedByName) {
  const Json json = run_json({"service", "list"});
  ASSERT_EQ(json.size(), 6U);
  EXPECT_EQ(json[0]["name"], "object-manager");
  EXPECT_EQ(json[5]["name"], "replication");
  EXPECT_EQ(json[5]["state"], "running");
  const std::size_t before = server_.requests().size();
  const Ran ran = run_line({"service", "stop", "replication"});
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, HasSubstr("replication service takes no calls"));
  EXPECT_THAT(server_.requests().at(before + 1), HasSubstr("MSISCSITARGET_ReplicationService"));
  EXPECT_EQ(run_line({"service", "stop", "iscsi"}).code, ExitCode::kUsage);
}

TEST_F(Commands, ServiceAnswersOtherThanZeroAreFailures) {
  const std::map<std::uint32_t, ExitCode> expected{
      {1, ExitCode::kNotSupported}, {2, ExitCode::kFailed}, {4099, ExitCode::kExists}, {4, ExitCode::kFailed}};
  for (const auto& [number, code] : expected) {
    wbem::cimxml::ResponseMessage answer;
    answer.return_value = cim::Value(number);
    server_.answer_method("StartService", answer);
    const Ran ran = run_line({"service", "start"});
    EXPECT_EQ(ran.code, code);
    EXPECT_THAT(ran.err, HasSubstr(std::to_string(number)));
  }
}

TEST_F(Commands, StatusPutsFailedDisksFirst) {
  const Json json = run_json({"status"});
  EXPECT_EQ(json["object_manager"]["state"], "running");
  EXPECT_EQ(json["server"][0]["version"], "0.1.0");
  EXPECT_EQ(json["disks"][0]["name"], "old");
  EXPECT_EQ(json["disks"][1]["name"], "data");
  EXPECT_EQ(json["targets"][0]["name"], "web");
  EXPECT_TRUE(json["sessions"].empty());
}

TEST_F(Commands, GenericOperationsTypeTheirValues) {
  ASSERT_EQ(run_line({"cim", "set", "WT_Host.HostName=\"web\"", "NumRecvBuffers=12", "enabled=false"}).code,
            ExitCode::kOk);
  EXPECT_EQ(server_.requests().back(),
            "ModifyInstance root/wmi:WT_Host.HostName=\"web\" NumRecvBuffers=12 Enabled=FALSE");
  const Ran made = run_line({"cim", "create", "WT_IDMethod", "HostName=web", "Method=IQN", "Value=*"});
  EXPECT_EQ(made.out, "root/wmi:WT_IDMethod.HostName=\"web\",Method=4,Value=\"*\"\n") << made.err;
  EXPECT_EQ(run_line({"cim", "delete", "WT_IDMethod.HostName=\"web\",Method=4,Value=\"*\""}).code, ExitCode::kOk);
  EXPECT_EQ(run_json({"cim", "invoke", "LUNARIA_Disk.Name=\"data\"", "Resize", "Size=5"})["return_value"], 0);
  EXPECT_EQ(run_line({"cim", "invoke", "LUNARIA_Disk", "Grow"}).code, ExitCode::kNotFound);
  EXPECT_EQ(run_line({"cim", "get", "LUNARIA_Disk"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"cim", "classes", "LUNARIA_Disk", "LUNARIA_User"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"cim", "get", "a b"}).code, ExitCode::kUsage);
}

TEST_F(Commands, GenericOperationsShowMofAndJson) {
  EXPECT_THAT(run_line({"cim", "get-class", "LUNARIA_Disk"}).out, HasSubstr("uint32 Resize("));
  EXPECT_EQ(run_json({"cim", "get-class", "LUNARIA_Disk"})["properties"][0]["name"], "Name");
  EXPECT_EQ(run_json({"cim", "get-class", "root/lunaria:LUNARIA_Disk"})["properties"][0]["name"], "Name");
  EXPECT_EQ(run_line({"cim", "get-class", "root/interop:LUNARIA_Disk"}).code, ExitCode::kNotFound);
  EXPECT_THAT(run_line({"cim", "instances", "WT_Portal"}).out, HasSubstr("  Port = 3260;\n"));
  EXPECT_EQ(run_json({"cim", "get", "WT_Portal.Address=\"192.0.2.1\""})["properties"]["Listen"], true);
  EXPECT_EQ(run_line({"cim", "names", "WT_Host"}).out, "root/wmi:WT_Host.HostName=\"web\"\n");
  EXPECT_THAT(run_line({"cim", "classes", "--namespace", "root/lunaria"}).out, HasSubstr("LUNARIA_Mapping\n"));
  EXPECT_EQ(run_json({"cim", "namespaces"}), Json::array());
}

TEST_F(Commands, AssociationsAreFollowedAsTheOptionsSay) {
  EXPECT_EQ(only_request({"cim", "associators", "WT_Host.HostName=\"web\"", "--assoc-class", "WT_Disk",
                          "--result-class", "WT_Host", "--role", "a", "--result-role", "b"}),
            "Associators root/wmi:WT_Host.HostName=\"web\" WT_Disk|WT_Host|a|b");
  EXPECT_EQ(only_request({"cim", "references", "WT_Host.HostName=\"web\"", "--names"}),
            "ReferenceNames root/wmi:WT_Host.HostName=\"web\" |||");
  EXPECT_EQ(run_json({"cim", "associators", "WT_Host.HostName=\"web\"", "--names"}), Json::array());
  EXPECT_EQ(run_line({"cim", "associators", "a b"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"cim", "references", "WT_Host.HostName=\"web\"", "--result-class", "Nobody"}).code,
            ExitCode::kFailed);
}

TEST_F(Commands, QueriesAndFiltersGoToTheServer) {
  EXPECT_EQ(run_line({"cim", "query", "SELECT * FROM WT_Host", "--namespace", "root/wmi"}).code,
            ExitCode::kNotSupported)
      << "the fake server knows no query language";
  EXPECT_EQ(server_.requests().back(), "ExecQuery root/wmi DMTF:CQL SELECT * FROM WT_Host");
  EXPECT_FALSE(run_json({"cim", "query", "SELECT * FROM meta_class", "--namespace", "root/wmi"}).empty());
  EXPECT_EQ(run_json({"cim", "instances", "WT_Portal", "--filter", "Port > 1"}).size(), 1U);
  ASSERT_GE(server_.requests().size(), 2U);
  EXPECT_EQ(server_.requests()[server_.requests().size() - 2],
            "OpenEnumerateInstances root/wmi:WT_Portal where Port > 1");
  EXPECT_EQ(server_.requests().back(), "PullInstancesWithPath");
}

TEST_F(Commands, SchemaIsShownAndNotTakenAwayWhereItIsFixed) {
  EXPECT_EQ(run_line({"cim", "qualifiers", "key", "--namespace", "root/wmi"}).out,
            "Qualifier Key : boolean = FALSE, Scope(property, reference), Flavor(DisableOverride, ToSubclass);\n");
  EXPECT_GT(run_json({"cim", "qualifiers", "--namespace", "root/wmi"}).size(), 20U);
  EXPECT_EQ(run_line({"cim", "qualifiers", "Nope"}).code, ExitCode::kNotFound);
  EXPECT_EQ(run_line({"cim", "delete-class", "WT_Host"}).code, ExitCode::kNotSupported);
  EXPECT_EQ(run_line({"cim", "delete-qualifier", "Key"}).code, ExitCode::kNotSupported);
  EXPECT_EQ(run_line({"cim", "delete-namespace", "root/none"}).code, ExitCode::kNotFound);
  EXPECT_EQ(only_request({"cim", "create-namespace", "root/mine"}),
            "CreateInstance root/interop:MSFTSM_Namespace Name=\"root/mine\"");
}

TEST_F(Commands, AFailureOfTheServerIsEveryCommandsFailure) {
  server_.fail_with({ExitCode::kDenied, "not you", "ask somebody"});
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"disk", "list"},
                                             {"target", "list"},
                                             {"session", "list"},
                                             {"portal", "list"},
                                             {"user", "list"},
                                             {"service", "list"},
                                             {"map", "a", "b"},
                                             {"unmap", "a", "b"},
                                             {"allow", "a", "--anyone"},
                                             {"deny", "a", "--anyone"},
                                             {"access", "list"},
                                             {"mapping", "list"},
                                             {"mapping", "set", "a", "b", "--lun", "1"},
                                             {"mask", "list"},
                                             {"mask", "add", "a", "b", "iqn.c"},
                                             {"mask", "remove", "a", "b", "iqn.c"},
                                             {"initiator", "list"},
                                             {"initiator", "create", "iqn.c"},
                                             {"portal-group", "list"},
                                             {"portal-group", "create", "2"},
                                             {"redirect", "list"},
                                             {"redirect", "set", "a", "192.0.2.1"},
                                             {"redirect", "delete", "a"},
                                             {"cim", "instances", "WT_Host"},
                                             {"target", "create", "x"},
                                             {"disk", "create", "x", "--size", "1GiB"},
                                             {"cim", "namespaces"},
                                             {"target", "delete", "web"}}) {
    const Ran ran = run_words(words);
    EXPECT_EQ(ran.code, ExitCode::kDenied) << words[0];
    EXPECT_EQ(ran.err, "lunaria: not you\nask somebody\n");
    EXPECT_TRUE(ran.out.empty());
  }
}

}  // namespace
}  // namespace lunaria::cli
