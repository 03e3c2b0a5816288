#include "providers/wt/host_provider.h"

#include "providers/chap_properties.h"
#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
namespace names = schema::wt_host;
using cim::Status;
using cim::Value;

constexpr const char* kSecret = "forward-secret";
constexpr const char* kOtherSecret = "reverse-secret";

class HostProviderTest : public Bed {
 protected:
  const cim::ObjectPath cls = class_path(names::kClass);
  const cim::ObjectPath host = host_path("one");

  auto new_host(const std::string& name, const std::string& group = "") {
    return invoke(cls, names::new_host::kMethod,
                  {{names::new_host::kHostName, Value(name)}, {names::new_host::kResourceGroup, Value(group)}});
  }
  Status add(std::uint32_t disk, const cim::ObjectPath& path) {
    return status_of(invoke(path, names::add_wt_disk::kMethod, {{names::add_wt_disk::kWTD, Value(disk)}}));
  }
  Status drop(std::uint32_t disk) {
    return status_of(invoke(host, names::remove_wt_disk::kMethod, {{names::remove_wt_disk::kWTD, Value(disk)}}));
  }
  Status set_lun(std::uint32_t disk, std::uint32_t lun) {
    return status_of(invoke(
        host, names::set_wt_disk_lun_mapping::kMethod,
        {{names::set_wt_disk_lun_mapping::kWTD, Value(disk)}, {names::set_wt_disk_lun_mapping::kLUN, Value(lun)}}));
  }
  Status change(const Values& values) { return status_of(modify(host, values)); }
  Value property(std::string_view name) { return value_of(*get(host), name); }
  service::Target target() { return must(service->find_target(viewer(), "one")); }
  /// disk -> LUN of the target.
  std::map<std::uint32_t, std::uint16_t> luns() {
    std::map<std::uint32_t, std::uint16_t> map;
    for (const service::Mapping& mapping : target().mappings) {
      map[std::to_underlying(mapping.disk)] = mapping.lun;
    }
    return map;
  }
};

TEST_F(HostProviderTest, MakesATargetAndShowsIt) {
  const auto result = new_host("one");
  ASSERT_TRUE(result) << result.error().to_string();
  const auto stored = get(host);
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(*result->return_value.as_instance(), *stored);
  EXPECT_EQ(text_of(*stored, names::kHostName), "one");
  EXPECT_EQ(text_of(*stored, names::kTargetIQN), target().iqn);
  EXPECT_EQ(text_of(*stored, names::kGuid), target().guid.to_string());
  EXPECT_EQ(flag_of(*stored, names::kEnabled), true);
  EXPECT_EQ(number_of(*stored, names::kStatus), 0U);
  EXPECT_TRUE(property(names::kLastLogIn).is_null());
  EXPECT_TRUE(property(names::kIdleDuration).is_null());
  EXPECT_TRUE(property(names::kCHAPSecret).is_null());
  EXPECT_EQ(number_of(*stored, names::kPrimaryAuthenticationMethod), 2U);
  const target::NegotiationPreferences offered = target().preferences;
  EXPECT_EQ(number_of(*stored, names::kTargetMaxBurstLength), offered.max_burst_length);
  EXPECT_EQ(number_of(*stored, names::kMaxOutstandingR2T), offered.max_outstanding_r2t);
  EXPECT_EQ(flag_of(*stored, names::kInitialR2TPreference), offered.initial_r2t);
}

TEST_F(HostProviderTest, RefusesTargetsThatCannotBe) {
  ASSERT_TRUE(new_host("one"));
  EXPECT_EQ(status_of(new_host("ONE")), Status::kAlreadyExists);
  EXPECT_EQ(status_of(new_host("")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(new_host(std::string(224, 'x'))), Status::kInvalidParameter);
  EXPECT_EQ(status_of(new_host("line\nbreak")), Status::kInvalidParameter);
  EXPECT_EQ(status_of(new_host("two", "group")), Status::kNotSupported);
  EXPECT_EQ(status_of(invoke(cls, names::new_host::kMethod)), Status::kInvalidParameter);
  EXPECT_EQ(list_names(kWmi, names::kClass), std::vector{host});
}

TEST_F(HostProviderTest, IsFoundByItsNameOnly) {
  ASSERT_TRUE(new_host("one"));
  EXPECT_TRUE(get(host_path("One")));
  EXPECT_EQ(status_of(get(host_path(target().iqn))), Status::kNotFound);
  EXPECT_EQ(status_of(get(host_path("two"))), Status::kNotFound);
  EXPECT_EQ(status_of(get(host_path(""))), Status::kNotFound);
  EXPECT_EQ(status_of(modify(host_path("two"), {{names::kEnabled, Value(true)}})), Status::kNotFound);
  EXPECT_EQ(status_of(remove(host_path("two"))), Status::kNotFound);
}

TEST_F(HostProviderTest, MapsAndUnmapsDisks) {
  ASSERT_TRUE(new_host("one"));
  for (const char* name : {"a", "b", "c"}) {
    make_disk(name);
  }
  EXPECT_EQ(add(1, host), Status{});
  EXPECT_EQ(add(2, host), Status{});
  EXPECT_EQ(set_lun(1, 7), Status{});
  EXPECT_EQ(add(3, host), Status{}) << "takes the lowest free LUN";
  EXPECT_EQ(luns(), (std::map<std::uint32_t, std::uint16_t>{{1, 7}, {2, 1}, {3, 0}}));

  EXPECT_EQ(add(1, host), Status::kAlreadyExists);
  EXPECT_EQ(add(99, host), Status::kNotFound);
  EXPECT_EQ(add(1, host_path("two")), Status::kNotFound);
  EXPECT_EQ(status_of(invoke(host, names::add_wt_disk::kMethod)), Status::kInvalidParameter);
  EXPECT_EQ(status_of(invoke(cls, names::add_wt_disk::kMethod, {{names::add_wt_disk::kWTD, Value(std::uint32_t{1})}})),
            Status::kMethodNotAvailable);

  EXPECT_EQ(set_lun(1, 16383), Status{});
  EXPECT_EQ(set_lun(1, 16383), Status{}) << "no change";
  EXPECT_EQ(set_lun(1, 1), Status::kAlreadyExists);
  EXPECT_EQ(set_lun(1, 16384), Status::kInvalidParameter);
  EXPECT_EQ(set_lun(1, 65535), Status::kInvalidParameter);
  EXPECT_EQ(set_lun(1, 65536), Status::kInvalidParameter) << "not 0 by truncation";
  EXPECT_EQ(set_lun(1, 0xFFFF'FFFF), Status::kInvalidParameter);
  EXPECT_EQ(set_lun(99, 5), Status::kNotFound);

  EXPECT_EQ(drop(2), Status{});
  EXPECT_EQ(drop(2), Status::kNotFound);
  EXPECT_EQ(drop(99), Status::kNotFound);
  const auto all = invoke(host, names::remove_all_wt_disks::kMethod);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->return_value.is_absent());
  EXPECT_TRUE(luns().empty());
  EXPECT_TRUE(invoke(host, names::remove_all_wt_disks::kMethod)) << "nothing is left to unmap";
  EXPECT_EQ(list(kWmi, "WT_Disk").size(), 3U) << "disks stay";
}

TEST_F(HostProviderTest, ChangesWhatIsWritable) {
  ASSERT_TRUE(new_host("one"));
  ASSERT_EQ(change({{names::kDescription, Value("text")},
                    {names::kEnabled, Value(false)},
                    {names::kTargetIQN, Value("iqn.2026-11.com.example:other")},
                    {names::kTargetMaxRecvDataSegmentLength, Value(std::uint32_t{512})},
                    {names::kTargetFirstBurstLength, Value(std::uint32_t{1024})},
                    {names::kTargetMaxBurstLength, Value(std::uint32_t{2048})},
                    {names::kNumRecvBuffers, Value(std::uint32_t{20})},
                    {names::kEnforceIdleTimeoutDetection, Value(false)}}),
            Status{});
  const service::Target now = target();
  EXPECT_EQ(now.description, "text");
  EXPECT_FALSE(now.enabled);
  EXPECT_EQ(now.iqn, "iqn.2026-11.com.example:other");
  EXPECT_EQ(now.preferences.max_recv_data_segment_length, 512U);
  EXPECT_EQ(now.preferences.first_burst_length, 1024U);
  EXPECT_EQ(now.preferences.max_burst_length, 2048U);
  EXPECT_FALSE(now.preferences.enforce_idle_timeout_detection);
  EXPECT_EQ(now.preferences.max_outstanding_r2t, target::NegotiationPreferences().max_outstanding_r2t);
  EXPECT_EQ(now.receive_buffer_count, 20U);
  EXPECT_EQ(property(names::kNumRecvBuffers), Value(std::uint32_t{20}));
}

TEST_F(HostProviderTest, RefusesChangesThatCannotBe) {
  ASSERT_TRUE(new_host("one"));
  ASSERT_TRUE(new_host("two"));
  const std::string taken = must(service->find_target(viewer(), "two")).iqn;
  const service::Target before = target();
  const std::vector<std::pair<Named, Status>> cases = {
      {{names::kTargetIQN, Value("nonsense")}, Status::kInvalidParameter},
      {{names::kTargetIQN, Value("")}, Status::kInvalidParameter},
      {{names::kTargetIQN, Value::null(cim::Type::kString)}, Status::kInvalidParameter},
      {{names::kTargetIQN, Value(taken)}, Status::kAlreadyExists},
      {{names::kEnabled, Value::null(cim::Type::kBoolean)}, Status::kInvalidParameter},
      {{names::kTargetMaxRecvDataSegmentLength, Value(std::uint32_t{511})}, Status::kInvalidParameter},
      {{names::kTargetMaxRecvDataSegmentLength, Value(std::uint32_t{1 << 24})}, Status::kInvalidParameter},
      {{names::kTargetFirstBurstLength, Value(std::uint32_t{0})}, Status::kInvalidParameter},
      {{names::kTargetMaxBurstLength, Value(std::uint32_t{512})}, Status::kInvalidParameter},  // below first burst
      {{names::kTargetMaxBurstLength, Value::null(cim::Type::kUint32)}, Status::kInvalidParameter},
      {{names::kNumRecvBuffers, Value(std::uint32_t{0})}, Status::kInvalidParameter},
      {{names::kNumRecvBuffers, Value(std::uint32_t{1025})}, Status::kInvalidParameter},
      {{names::kEnableCHAP, Value(true)}, Status::kInvalidParameter},         // no name, no secret
      {{names::kEnableReverseCHAP, Value(true)}, Status::kInvalidParameter},  // without EnableCHAP
      {{names::kCHAPSecret, Value("11-bytes-xx")}, Status::kInvalidParameter},
      {{names::kCHAPSecret, Value("17-bytes-xxxxxxxx")}, Status::kInvalidParameter},
      {{names::kReverseCHAPSecret, Value("short")}, Status::kInvalidParameter},
      {{names::kCHAPUserName, Value(std::string(256, 'x'))}, Status::kInvalidParameter},
      {{names::kDescription, Value(std::string(1025, 'x'))}, Status::kInvalidParameter},
      {{names::kStatus, Value(std::int32_t{1})}, Status::kNotSupported},
      {{names::kMaxOutstandingR2T, Value(std::uint32_t{1})}, Status::kNotSupported},
      {{"NoSuch", Value(true)}, Status::kNoSuchProperty},
  };
  for (const auto& [value, status] : cases) {
    EXPECT_EQ(change({{names::kDescription, Value("must not stay")}, value}), status) << value.name;
  }
  EXPECT_EQ(target(), before) << "all of a change or none";
}

TEST_F(HostProviderTest, KeepsTheRulesOfChap) {
  ASSERT_TRUE(new_host("one"));
  const Values forward = {
      {names::kEnableCHAP, Value(true)}, {names::kCHAPUserName, Value("client")}, {names::kCHAPSecret, Value(kSecret)}};
  ASSERT_EQ(change(forward), Status{});
  EXPECT_EQ(property(names::kPrimaryAuthenticationMethod), Value(std::uint16_t{4}));
  EXPECT_EQ(change({{names::kReverseCHAPSecret, Value(kSecret)}}), Status::kInvalidParameter) << "must differ";
  ASSERT_EQ(change({{names::kEnableReverseCHAP, Value(true)},
                    {names::kReverseCHAPUserName, Value("target")},
                    {names::kReverseCHAPSecret, Value(kOtherSecret)}}),
            Status{});
  EXPECT_EQ(change({{names::kEnableCHAP, Value(false)}}), Status::kInvalidParameter) << "reverse CHAP needs it";
  EXPECT_EQ(change({{names::kCHAPSecret, Value::null(cim::Type::kString)}}), Status::kInvalidParameter) << "in use";
  const auto* served = data_plane->find_target(target().iqn);
  ASSERT_TRUE(served != nullptr && served->chap && served->reverse_chap);
  EXPECT_EQ(served->chap->secret.reveal(), kSecret);
  EXPECT_EQ(served->reverse_chap->secret.reveal(), kOtherSecret);
}

TEST_F(HostProviderTest, NeverShowsASecretAndTakesTheMaskAsNoChange) {
  ASSERT_TRUE(new_host("one"));
  ASSERT_EQ(change({{names::kEnableCHAP, Value(true)},
                    {names::kCHAPUserName, Value("client")},
                    {names::kCHAPSecret, Value(kSecret)}}),
            Status{});
  const cim::Instance shown = *get(host);
  EXPECT_EQ(text_of(shown, names::kCHAPSecret), kSecretMask);
  for (const Value& value : shown.values()) {
    EXPECT_NE(value.string_or_empty(), kSecret);
  }
  ASSERT_EQ(change({{names::kCHAPSecret, Value(kSecretMask)}, {names::kDescription, Value("back")}}), Status{});
  const auto* served = data_plane->find_target(target().iqn);
  ASSERT_TRUE(served->chap);
  EXPECT_EQ(served->chap->secret.reveal(), kSecret);
  ASSERT_EQ(change({{names::kEnableCHAP, Value(false)}, {names::kCHAPSecret, Value::null(cim::Type::kString)}}),
            Status{});
  EXPECT_TRUE(property(names::kCHAPSecret).is_null());
}

TEST_F(HostProviderTest, EmbedsItsSessionsWithTheirConnections) {
  namespace session = schema::wt_session;
  ASSERT_TRUE(new_host("one"));
  ASSERT_TRUE(new_host("two"));
  log_in(5, target().id, "iqn.2026-11.com.example:client");
  const cim::Instance shown = *get(host);
  EXPECT_EQ(number_of(shown, names::kStatus), 1U);
  EXPECT_EQ(number_of(shown, names::kIdleDuration), 0U);
  EXPECT_FALSE(value_of(shown, names::kLastLogIn).is_null());
  const Value sessions = value_of(shown, names::kSessions);
  ASSERT_EQ(sessions.elements().size(), 1U);
  const cim::InstancePtr one = sessions.elements()[0].as_instance();
  EXPECT_EQ(number_of(*one, session::kTSIH), 5U);
  EXPECT_EQ(text_of(*one, session::kHostName), "one");
  EXPECT_EQ(value_of(*one, session::kConnections).elements().size(), 1U);
  EXPECT_TRUE(value_of(*get(host_path("two")), names::kSessions).elements().empty());
  for (const cim::Instance& each : list(kWmi, names::kClass)) {
    EXPECT_EQ(each, *get(each.path(kWmi)));
  }
  EXPECT_EQ(list(kWmi, names::kClass, cim::PropertyList{{"Enabled"}})[0].find(names::kSessions), nullptr);

  EXPECT_EQ(change({{names::kTargetIQN, Value("iqn.2026-11.com.example:other")}}), Status::kFailed)
      << "not renamed below a session";
  EXPECT_EQ(status_of(remove(host)), Status::kFailed) << "in use";
  data_plane->close_session(5);
  world.run_for(std::chrono::seconds(3));
  EXPECT_EQ(property(names::kIdleDuration), Value(std::uint32_t{3}));
}

TEST_F(HostProviderTest, IsDeletedWithItsMappingsAndInitiators) {
  ASSERT_TRUE(new_host("one"));
  make_disk("a");
  ASSERT_EQ(add(1, host), Status{});
  must(service->add_access_rule(op(), target().id, {service::AccessMethod::kIqn, "*"}));
  ASSERT_TRUE(remove(host));
  EXPECT_EQ(status_of(get(host)), Status::kNotFound);
  EXPECT_TRUE(list(kWmi, "WT_LUNMapping").empty());
  EXPECT_TRUE(list(kWmi, "WT_IDMethod").empty());
  EXPECT_EQ(list(kWmi, "WT_Disk").size(), 1U);
}

}  // namespace
}  // namespace lunaria::providers
