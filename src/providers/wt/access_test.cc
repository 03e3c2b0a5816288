// WT_IDMethod, WT_LUNMapping, WT_Portal, WT_Session, WT_Connection and WT_General.

#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using cim::Status;
using cim::Value;

class IdMethodTest : public Bed {
 protected:
  void SetUp() override {
    Bed::SetUp();
    make_target("one");
  }
  static Values entry(std::int32_t method, const std::string& value, const std::string& host = "one") {
    namespace names = schema::wt_id_method;
    return {{names::kHostName, Value(host)}, {names::kMethod, Value(method)}, {names::kValue, Value(value)}};
  }
  static cim::ObjectPath path(std::int32_t method, const std::string& value, const std::string& host = "one") {
    std::vector<cim::KeyBinding> keys;
    for (const Named& each : entry(method, value, host)) {
      keys.push_back({std::string(each.name), each.value});
    }
    return {kWmi, std::string(schema::wt_id_method::kClass), keys};
  }
  auto add(std::int32_t method, const std::string& value, const std::string& host = "one") {
    return create(schema::wt_id_method::kClass, entry(method, value, host));
  }
};

TEST_F(IdMethodTest, AddsFindsAndRemovesWhoMayLogIn) {
  const auto added = add(4, "iqn.2026-11.com.example:Client");
  ASSERT_TRUE(added) << added.error().to_string();
  EXPECT_EQ(*added, path(4, "iqn.2026-11.com.example:client")) << "in canonical form";
  ASSERT_TRUE(add(2, "192.0.2.7"));
  ASSERT_TRUE(add(5, "2001:DB8::1"));
  ASSERT_TRUE(add(4, "*"));
  EXPECT_EQ(list_names(kWmi, "WT_IDMethod").size(), 4U);
  for (const cim::ObjectPath& each : list_names(kWmi, "WT_IDMethod")) {
    EXPECT_TRUE(get(each)) << each.to_string();
  }
  EXPECT_TRUE(get(path(4, "IQN.2026-11.com.example:client")));
  ASSERT_TRUE(remove(path(4, "iqn.2026-11.com.example:CLIENT")));
  EXPECT_EQ(status_of(get(*added)), Status::kNotFound);
  EXPECT_EQ(status_of(remove(*added)), Status::kNotFound);
}

TEST_F(IdMethodTest, RefusesWhatCannotBe) {
  ASSERT_TRUE(add(4, "*"));
  EXPECT_EQ(status_of(add(4, "*")), Status::kAlreadyExists);
  EXPECT_EQ(status_of(add(4, "*", "two")), Status::kNotFound);
  EXPECT_EQ(status_of(add(0, "x")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(add(6, "x")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(add(-1, "x")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(add(4, "")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(add(4, "client")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(add(2, "2001:db8::1")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(add(5, "192.0.2.7")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(add(1, "192.0.2.1")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(add(3, "01:11:22:33:44:55")), Status::kInvalidParameter);
  Values incomplete = entry(4, "*");
  incomplete.pop_back();
  EXPECT_EQ(status_of(create("WT_IDMethod", incomplete)), Status::kInvalidParameter);
  EXPECT_EQ(status_of(create("WT_IDMethod", {})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(get(path(9, "*"))), Status::kNotFound);
  EXPECT_EQ(status_of(remove(path(9, "*"))), Status::kNotFound);
  EXPECT_EQ(status_of(get(path(4, "*", "two"))), Status::kNotFound);
  EXPECT_EQ(status_of(remove(path(4, "*", "two"))), Status::kNotFound);
  EXPECT_EQ(list_names(kWmi, "WT_IDMethod").size(), 1U);
}

class LunMappingTest : public Bed {
 protected:
  void SetUp() override {
    Bed::SetUp();
    make_target("one");
    make_disk("a");
    make_disk("b");
  }
  static Values entry(std::uint32_t disk, std::optional<std::uint32_t> lun, const std::string& host = "one") {
    namespace names = schema::wt_lun_mapping;
    Values values = {{names::kHostName, Value(host)}, {names::kWTD, Value(disk)}};
    if (lun) {
      values.push_back({names::kLUN, Value(*lun)});
    }
    return values;
  }
  static cim::ObjectPath path(std::uint32_t disk, const std::string& host = "one") {
    namespace names = schema::wt_lun_mapping;
    return {kWmi,
            std::string(names::kClass),
            {{std::string(names::kHostName), Value(host)}, {std::string(names::kWTD), Value(disk)}}};
  }
  Status map(std::uint32_t disk, std::optional<std::uint32_t> lun, const std::string& host = "one") {
    return status_of(create(schema::wt_lun_mapping::kClass, entry(disk, lun, host)));
  }
  Status renumber(std::uint32_t disk, Value lun) {
    return status_of(modify(path(disk), {{schema::wt_lun_mapping::kLUN, std::move(lun)}}));
  }
  std::uint64_t lun_of(std::uint32_t disk) { return number_of(*get(path(disk)), schema::wt_lun_mapping::kLUN); }
};

TEST_F(LunMappingTest, MapsRenumbersAndUnmaps) {
  ASSERT_EQ(map(1, 5), Status{});
  ASSERT_EQ(map(2, std::nullopt), Status{});
  EXPECT_EQ(lun_of(1), 5U);
  EXPECT_EQ(lun_of(2), 0U);
  EXPECT_EQ(renumber(1, Value(std::uint32_t{16383})), Status{});
  EXPECT_EQ(lun_of(1), 16383U);
  EXPECT_EQ(list(kWmi, "WT_LUNMapping").size(), 2U);
  EXPECT_EQ(must(service->list_mappings(viewer())).size(), 2U) << "one state in both views";
  ASSERT_TRUE(remove(path(1)));
  EXPECT_EQ(status_of(get(path(1))), Status::kNotFound);
  EXPECT_EQ(status_of(remove(path(1))), Status::kNotFound);
}

TEST_F(LunMappingTest, TakesNullForTheLowestFreeLun) {
  Values values = entry(1, std::nullopt);
  values.push_back({schema::wt_lun_mapping::kLUN, Value::null(cim::Type::kUint32)});
  const auto made = create("WT_LUNMapping", values);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(*made, path(1));
  EXPECT_EQ(lun_of(1), 0U);
}

TEST_F(LunMappingTest, RefusesWhatCannotBe) {
  ASSERT_EQ(map(1, 5), Status{});
  EXPECT_EQ(map(1, 6), Status::kAlreadyExists);
  EXPECT_EQ(map(2, 5), Status::kAlreadyExists);
  EXPECT_EQ(map(9, 6), Status::kNotFound);
  EXPECT_EQ(map(2, 6, "two"), Status::kNotFound);
  EXPECT_EQ(map(2, 16384), Status::kInvalidParameter);
  EXPECT_EQ(map(2, 65536), Status::kInvalidParameter) << "not 0 by truncation";
  EXPECT_EQ(map(2, 0xFFFF'FFFF), Status::kInvalidParameter);
  EXPECT_EQ(status_of(create("WT_LUNMapping", {})), Status::kInvalidParameter);
  ASSERT_EQ(map(2, 0), Status{});
  EXPECT_EQ(renumber(2, Value(std::uint32_t{5})), Status::kAlreadyExists);
  EXPECT_EQ(renumber(2, Value(std::uint32_t{16384})), Status::kInvalidParameter);
  EXPECT_EQ(renumber(2, Value(std::uint32_t{65536})), Status::kInvalidParameter);
  EXPECT_EQ(renumber(2, Value::null(cim::Type::kUint32)), Status::kInvalidParameter);
  EXPECT_EQ(renumber(9, Value(std::uint32_t{6})), Status::kNotFound);
  EXPECT_EQ(status_of(get(path(1, "two"))), Status::kNotFound);
  EXPECT_EQ(status_of(remove(path(1, "two"))), Status::kNotFound);
  EXPECT_EQ(lun_of(2), 0U);
}

class PortalTest : public Bed {
 protected:
  static cim::ObjectPath path(const std::string& address) {
    return {kWmi, "WT_Portal", {{std::string(schema::wt_portal::kAddress), Value(address)}}};
  }
  Status change(const std::string& address, const Values& values) { return status_of(modify(path(address), values)); }
};

TEST_F(PortalTest, ShowsTheLocalAddressesAndSetsPortAndListen) {
  namespace names = schema::wt_portal;
  EXPECT_EQ(list_names(kWmi, "WT_Portal"), (std::vector{path("127.0.0.1"), path("192.0.2.1")}));
  cim::Instance portal = *get(path("192.0.2.1"));
  EXPECT_EQ(number_of(portal, names::kPort), 3260U);
  EXPECT_EQ(flag_of(portal, names::kListen), false);
  ASSERT_EQ(change("192.0.2.1", {{names::kPort, Value(std::uint32_t{65535})}, {names::kListen, Value(true)}}),
            Status{});
  portal = *get(path("192.0.2.1"));
  EXPECT_EQ(number_of(portal, names::kPort), 65535U);
  EXPECT_EQ(flag_of(portal, names::kListen), true);
  EXPECT_EQ(change("192.0.2.1", {{names::kPort, Value(std::uint32_t{0})}}), Status::kInvalidParameter);
  EXPECT_EQ(change("192.0.2.1", {{names::kPort, Value(std::uint32_t{65536})}}), Status::kInvalidParameter);
  EXPECT_EQ(change("192.0.2.1", {{names::kListen, Value::null(cim::Type::kBoolean)}}), Status::kInvalidParameter);
  EXPECT_EQ(change("192.0.2.2", {{names::kListen, Value(true)}}), Status::kNotFound);
  EXPECT_EQ(change("nowhere", {{names::kListen, Value(true)}}), Status::kNotFound);
  EXPECT_EQ(status_of(get(path("nowhere"))), Status::kNotFound);
  EXPECT_EQ(status_of(create("WT_Portal", {{names::kAddress, Value("192.0.2.3")}})), Status::kNotSupported);
  EXPECT_EQ(status_of(remove(path("192.0.2.1"))), Status::kNotSupported);
}

TEST_F(PortalTest, SaysWhenAPortIsNotToBeHad) {
  namespace names = schema::wt_portal;
  data_plane->portal_failures = {{*IpEndpoint::parse("192.0.2.1:3260"), runtime::IoError{}}};
  EXPECT_EQ(change("192.0.2.1", {{names::kListen, Value(true)}}), Status::kFailed);
  EXPECT_EQ(flag_of(*get(path("192.0.2.1")), names::kListen), false) << "nobody can connect";
}

TEST_F(PortalTest, AnAddressThatHasVanishedIsNotShown) {
  addresses.pop_back();
  EXPECT_EQ(list_names(kWmi, "WT_Portal"), std::vector{path("127.0.0.1")});
  EXPECT_EQ(status_of(get(path("192.0.2.1"))), Status::kNotFound);
}

class SessionTest : public Bed {};

TEST_F(SessionTest, ShowsSessionsAndConnections) {
  namespace names = schema::wt_session;
  namespace connection = schema::wt_connection;
  const service::Target target = make_target("one");
  EXPECT_TRUE(list(kWmi, "WT_Session").empty());
  log_in(300, target.id, "iqn.2026-11.com.example:client");
  target::SessionStatus& discovery = data_plane->live_sessions.emplace_back();
  discovery.tsih = 301;
  discovery.discovery = true;
  const auto sessions = list(kWmi, "WT_Session");
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(number_of(sessions[0], names::kTSIH), 300U);
  EXPECT_EQ(number_of(sessions[0], names::kISID), 0x00023d000001U);
  EXPECT_EQ(number_of(sessions[0], names::kSessionType), 1U);
  EXPECT_EQ(text_of(sessions[0], names::kHostName), "one");
  EXPECT_EQ(text_of(sessions[0], names::kInitiatorIQN), "iqn.2026-11.com.example:client");
  EXPECT_EQ(number_of(sessions[0], names::kCurrentConnections), 1U);
  EXPECT_EQ(number_of(sessions[1], names::kSessionType), 0U);
  EXPECT_EQ(text_of(sessions[1], names::kHostName), "");
  EXPECT_EQ(*get(sessions[0].path(kWmi)), sessions[0]);
  EXPECT_EQ(list(kWmi, "WT_Session", cim::PropertyList{{"ISID"}})[0].find(names::kConnections), nullptr);

  const auto connections = list(kWmi, "WT_Connection");
  ASSERT_EQ(connections.size(), 1U);
  EXPECT_EQ(*get(connections[0].path(kWmi)), connections[0]);
  EXPECT_EQ(*value_of(sessions[0], names::kConnections).elements()[0].as_instance(), connections[0]);
  EXPECT_EQ(text_of(connections[0], connection::kInitiatorIPAddress), "192.0.2.9");
  EXPECT_EQ(number_of(connections[0], connection::kTargetPort), 3260U);
  EXPECT_EQ(number_of(connections[0], connection::kHeaderDigestMethod), 3U);
  EXPECT_EQ(number_of(connections[0], connection::kDataDigestMethod), 2U);
  EXPECT_EQ(number_of(connections[0], connection::kAuthenticationMethodUsed), 4U);
}

TEST_F(SessionTest, WhoIsNotThereIsNotFoundAndNothingIsChanged) {
  const service::Target target = make_target("one");
  log_in(300, target.id, "iqn.2026-11.com.example:client");
  const auto session = [](std::uint16_t tsih) { return cim::ObjectPath(kWmi, "WT_Session", {{"TSIH", Value(tsih)}}); };
  const auto connection = [](std::uint16_t cid, std::uint16_t tsih) {
    return cim::ObjectPath(kWmi, "WT_Connection", {{"CID", Value(cid)}, {"TSIH", Value(tsih)}});
  };
  EXPECT_EQ(status_of(get(session(0))), Status::kNotFound);
  EXPECT_EQ(status_of(get(session(301))), Status::kNotFound);
  EXPECT_EQ(status_of(get(connection(7, 301))), Status::kNotFound);
  EXPECT_EQ(status_of(get(connection(8, 300))), Status::kNotFound);
  EXPECT_TRUE(get(connection(7, 300)));
  EXPECT_EQ(status_of(remove(session(300))), Status::kNotSupported);
  EXPECT_EQ(status_of(remove(connection(7, 300))), Status::kNotSupported);
  EXPECT_EQ(status_of(create("WT_Session", {{"TSIH", Value(std::uint16_t{9})}})), Status::kNotSupported);
}

class GeneralTest : public Bed {
 protected:
  const cim::ObjectPath path{kWmi, "WT_General", {}};
};

TEST_F(GeneralTest, ShowsTheServerWithoutAKey) {
  namespace names = schema::wt_general;
  EXPECT_EQ(only(kWmi, "WT_General"), path);
  const cim::Instance general = *get(path);
  const service::Server server = must(service->server(viewer()));
  EXPECT_EQ(text_of(general, names::kVersion), "1.2.3");
  EXPECT_EQ(text_of(general, names::kGuid), server.guid.to_string());
  EXPECT_EQ(text_of(general, names::kName), server.name);
  EXPECT_EQ(value_of(general, names::kAuthenticationMethodsSupported),
            Value::array_of(std::vector<std::uint16_t>{2, 4}));
}

TEST_F(GeneralTest, SetsNameAndReachability) {
  namespace names = schema::wt_general;
  ASSERT_TRUE(modify(path, {{names::kName, Value("array-2")}, {names::kIsRemoteManageable, Value(true)}}));
  EXPECT_EQ(must(service->server(viewer())).name, "array-2");
  EXPECT_TRUE(must(service->server(viewer())).remotely_manageable);
  EXPECT_EQ(status_of(modify(path, {{names::kName, Value("")}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(modify(path, {{names::kName, Value("no spaces")}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(modify(path, {{names::kIsRemoteManageable, Value::null(cim::Type::kBoolean)}})),
            Status::kInvalidParameter);
  EXPECT_EQ(status_of(modify(path, {{names::kVersion, Value("2")}})), Status::kNotSupported);
  EXPECT_EQ(status_of(remove(path)), Status::kNotSupported);
  EXPECT_EQ(status_of(create("WT_General", {})), Status::kNotSupported);

  context.peer = cim::Peer::kRemote;
  EXPECT_EQ(status_of(modify(path, {{names::kIsRemoteManageable, Value(false)}})), Status::kFailed);
  EXPECT_TRUE(must(service->server(viewer())).remotely_manageable) << "this connection would be cut";
  context.peer = cim::Peer::kLoopback;
  EXPECT_TRUE(modify(path, {{names::kIsRemoteManageable, Value(false)}}));
}

}  // namespace
}  // namespace lunaria::providers
