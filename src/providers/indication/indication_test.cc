// The indication service as clients see it: filters, destinations and subscriptions, and what they hear of.

#include <cerrno>
#include <set>

#include "providers/testing/indication_bed.h"
#include "service/limits.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using namespace std::chrono_literals;
using cim::Status;
using cim::Value;

TEST_F(IndicationServiceTest, ADiskIsToldOfFromItsCreationToItsEnd) {
  listen("SELECT * FROM CIM_InstIndication WHERE SourceInstance ISA LUNARIA_Disk");
  const service::Disk disk = make_disk("d");
  service::SetDisk change;
  change.id = disk.id;
  change.description = "changed";
  must(service->set_disk(admin(), change));
  must(service->delete_disk(admin(), {.id = disk.id}));
  settle();
  ASSERT_EQ(exporter.encoded.size(), 3U);
  EXPECT_EQ(exporter.encoded[0].class_name(), "CIM_InstCreation");
  const cim::Instance& modification = exporter.encoded[1];
  ASSERT_EQ(modification.class_name(), "CIM_InstModification");
  EXPECT_EQ(text_of(*value_of(modification, "PreviousInstance").as_instance(), "Description"), "");
  EXPECT_EQ(text_of(*value_of(modification, "SourceInstance").as_instance(), "Description"), "changed");
  EXPECT_EQ(text_of(modification, "SourceInstanceModelPath"), "root/lunaria:LUNARIA_Disk.Name=\"d\"");
  EXPECT_EQ(value_of(modification, "SequenceNumber").as_signed(), 1);
  EXPECT_EQ(text_of(modification, "SequenceContext"), text_of(exporter.encoded[0], "SequenceContext"));
  EXPECT_EQ(exporter.encoded[2].class_name(), "CIM_InstDeletion");
  EXPECT_EQ(delivered(), 3U);
}

TEST_F(IndicationServiceTest, AChangeIsAnsweredWhenItsIndicationIsKept) {
  listen("SELECT * FROM CIM_InstModification WHERE SourceInstance ISA LUNARIA_Disk");
  make_disk("d");
  messages.is_slow = true;
  exporter.inner.is_silent[kUrl] = true;
  const cim::ObjectPath disk{kLunaria, "LUNARIA_Disk", {{"Name", Value("d")}}};
  const auto change = build("LUNARIA_Disk", {{"Description", Value("changed")}});
  std::optional<Result<void, cim::Error>> answer;
  shard.run([&] {
    runtime::spawn(gate, collect(manager->modify_instance(context, disk, change, {{"Description"}}), answer));
  });
  world.run_for(1s);
  EXPECT_FALSE(answer.has_value());
  shard.run([&] { messages.written.set(); });
  settle();
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(*answer);
  EXPECT_EQ(messages.messages.size(), 1U);
  EXPECT_EQ(delivered(), 0U) << "nobody waits for the listener";
}

TEST_F(IndicationServiceTest, TheObjectManagerIsToldOfWhenItBeginsToCount) {
  listen("SELECT * FROM CIM_InstModification WHERE SourceInstance ISA MSFTSM_ObjectManager", {}, "root/interop");
  const auto managers = list_names(kInterop, "MSFTSM_ObjectManager");
  ASSERT_TRUE(modify(managers.front(), {{"GatherStatisticalData", Value(true)}}));
  settle();
  ASSERT_EQ(exporter.encoded.size(), 1U);
  EXPECT_EQ(flag_of(*value_of(exporter.encoded[0], "PreviousInstance").as_instance(), "GatherStatisticalData"), false);
  const auto source = value_of(exporter.encoded[0], "SourceInstance").as_instance();
  EXPECT_EQ(flag_of(*source, "GatherStatisticalData"), true);
  EXPECT_EQ(flag_of(*source, "Started"), true);
}

TEST_F(IndicationServiceTest, WhatClientsMakeSurvivesARestart) {
  const cim::ObjectPath subscription = listen("SELECT * FROM CIM_InstCreation");
  end();
  end_life();
  begin_life();
  begin();
  ASSERT_TRUE(get(subscription));
  make_target("t");
  settle();
  EXPECT_GE(delivered(), 1U);
}

TEST_F(IndicationServiceTest, StopsWithTheSubscription) {
  const cim::ObjectPath subscription = listen("SELECT * FROM CIM_InstCreation");
  ASSERT_TRUE(remove(subscription));
  make_target("t");
  settle();
  EXPECT_EQ(delivered(), 0U);
}

TEST_F(IndicationServiceTest, ADisabledSubscriptionIsSilent) {
  const cim::ObjectPath path = listen("SELECT * FROM CIM_InstCreation");
  ASSERT_TRUE(modify(path, {{"SubscriptionState", Value(std::uint16_t{4})}}));
  make_target("t");
  settle();
  EXPECT_EQ(delivered(), 0U);
  EXPECT_EQ(status_of(modify(path, {{"SubscriptionState", Value(std::uint16_t{9})}})), Status::kInvalidParameter);
}

TEST_F(IndicationServiceTest, WhatIsTakenBackFromASubscriptionIsItsDefaultAgain) {
  const cim::ObjectPath path =
      listen("SELECT * FROM CIM_InstCreation",
             {{"SubscriptionState", Value(std::uint16_t{4})}, {"SubscriptionInfo", Value("kept for the client")}});
  const cim::PropertyList properties = {{"SubscriptionState", "RepeatNotificationPolicy", "SubscriptionInfo"}};
  const auto reset = [&](const cim::Instance& changes) {
    ASSERT_TRUE(finish(manager->modify_instance(context, path, changes, properties)));
    const auto now = get(path);
    EXPECT_EQ(number_of(*now, "SubscriptionState"), 2U);
    EXPECT_EQ(number_of(*now, "RepeatNotificationPolicy"), 2U);
    EXPECT_TRUE(value_of(*now, "SubscriptionInfo").is_null());
  };
  reset(build("CIM_IndicationSubscription", {}));
  ASSERT_TRUE(modify(path, {{"SubscriptionState", Value(std::uint16_t{4})}}));
  reset(build("CIM_IndicationSubscription", {{"SubscriptionState", Value::null(cim::Type::kUint16)},
                                             {"RepeatNotificationPolicy", Value::null(cim::Type::kUint16)}}));
  make_target("t");
  settle();
  EXPECT_EQ(delivered(), 1U) << "it is enabled again";
}

TEST_F(IndicationServiceTest, ASubscriptionEndsWithItsDuration) {
  const cim::ObjectPath path =
      listen("SELECT * FROM CIM_InstCreation", {{"SubscriptionDuration", Value(std::uint64_t{60})}});
  EXPECT_EQ(number_of(*get(path), "SubscriptionTimeRemaining"), 60U);
  world.run_for(61s);
  make_target("t");
  settle();
  EXPECT_EQ(delivered(), 0U);
  EXPECT_EQ(status_of(get(path)), Status::kNotFound);
}

TEST_F(IndicationServiceTest, ASubscriptionIsGoneAtItsEndThoughNothingHappens) {
  const cim::ObjectPath path =
      listen("SELECT * FROM CIM_InstCreation", {{"SubscriptionDuration", Value(std::uint64_t{3600})}});
  const cim::ObjectPath filter = *value_of(*get(path), "Filter").as_reference();
  const cim::ObjectPath handler = *value_of(*get(path), "Handler").as_reference();
  world.run_for(3599s);
  EXPECT_TRUE(get(path));
  world.run_for(2s);
  EXPECT_EQ(status_of(get(path)), Status::kNotFound);
  ASSERT_TRUE(subscribe(filter, handler, {{"SubscriptionDuration", Value(std::uint64_t{10})}}));
  world.run_for(11s);
  EXPECT_EQ(status_of(get(path)), Status::kNotFound) << "the next one as well";
  EXPECT_TRUE(remove(filter));
}

TEST_F(IndicationServiceTest, ASubscriptionThatEndedWhileNobodyRanIsGoneAfterTheStart) {
  const cim::ObjectPath path =
      listen("SELECT * FROM CIM_InstCreation", {{"SubscriptionDuration", Value(std::uint64_t{60})}});
  end();
  end_life();
  world.run_for(61s);
  begin_life();
  begin();
  settle();
  EXPECT_EQ(status_of(get(path)), Status::kNotFound);
}

TEST_F(IndicationServiceTest, ASubscriptionThatCannotBeRemovedAtItsEndIsRemovedLater) {
  const cim::ObjectPath path =
      listen("SELECT * FROM CIM_InstCreation", {{"SubscriptionDuration", Value(std::uint64_t{60})}});
  store.fail_with(cim::Error(Status::kFailed, "the disk is full"));
  world.run_for(61s);
  make_target("t");
  settle();
  EXPECT_EQ(delivered(), 0U);
  EXPECT_TRUE(get(path));
  store.fail_with(cim::Error(Status::kFailed, ""));
  world.run_for(61s);
  EXPECT_EQ(status_of(get(path)), Status::kNotFound);
}

TEST_F(IndicationServiceTest, BadFiltersAreRefused) {
  EXPECT_EQ(status_of(make_filter("SELECT nonsense")), Status::kInvalidQuery);
  EXPECT_EQ(status_of(make_filter("SELECT * FROM CIM_IndicationFilter")), Status::kInvalidQuery);
  EXPECT_EQ(status_of(make_filter("SELECT * FROM No_Such")), Status::kInvalidQuery);
  const auto fetching =
      make_filter("SELECT * FROM CIM_InstIndication WHERE InstanceOf('CIM_System.Name=1') IS NULL", "DMTF:CQL");
  ASSERT_EQ(status_of(fetching), Status::kInvalidQuery);
  EXPECT_TRUE(fetching.error().message.starts_with("InstanceOf is not for filters: ")) << fetching.error().message;
  EXPECT_EQ(status_of(make_filter("SELECT * FROM CIM_InstCreation", "SQL")), Status::kQueryLanguageNotSupported);
  EXPECT_EQ(status_of(make_filter("SELECT * FROM CIM_InstCreation", "WQL", "root/none")), Status::kInvalidParameter);
  EXPECT_TRUE(make_filter("SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA 'WT_Disk'", "WQL"));
}

TEST_F(IndicationServiceTest, BadDestinationsAndSubscriptionsAreRefused) {
  EXPECT_EQ(status_of(make_one("CIM_ListenerDestinationCIMXML", {{"Destination", Value("gopher://x")}})),
            Status::kInvalidParameter);
  const auto filter = make_filter("SELECT * FROM CIM_InstCreation");
  const auto destination = make_destination();
  ASSERT_TRUE(filter && destination);
  EXPECT_EQ(status_of(make_destination()), Status::kAlreadyExists);
  cim::ObjectPath nobody = *destination;
  nobody.set_keys({{"SystemCreationClassName", Value("x")},
                   {"SystemName", Value("x")},
                   {"CreationClassName", Value("x")},
                   {"Name", Value("nobody")}});
  EXPECT_EQ(status_of(subscribe(*filter, nobody)), Status::kInvalidParameter);
  for (const char* property : {"SubscriptionDuration", "FailureTriggerTimeInterval"}) {
    for (const std::uint64_t seconds : {std::uint64_t{3'153'600'001}, UINT64_MAX}) {
      EXPECT_EQ(status_of(subscribe(*filter, *destination, {{property, Value(seconds)}})), Status::kInvalidParameter);
    }
  }
  ASSERT_TRUE(subscribe(*filter, *destination));
  EXPECT_EQ(status_of(subscribe(*filter, *destination)), Status::kAlreadyExists);
  EXPECT_EQ(status_of(remove(*filter)), Status::kFailed) << "a subscription refers to it";
  EXPECT_EQ(status_of(remove(*destination)), Status::kFailed);
}

TEST_F(IndicationServiceTest, AFilterStaysOrIsNotSubscribedToWhenBothAreAskedForAtOnce) {
  store.take_time(&shard);
  const auto filter = make_filter("SELECT * FROM CIM_InstCreation");
  const auto destination = make_destination();
  ASSERT_TRUE(filter && destination);
  const cim::Instance subscription =
      build("CIM_IndicationSubscription", {{"Filter", Value(*filter)}, {"Handler", Value(*destination)}});
  std::optional<Result<void, cim::Error>> removed;
  std::optional<Result<cim::ObjectPath, cim::Error>> made;
  shard.run([&] {
    runtime::spawn(gate, collect(manager->delete_instance(context, *filter), removed));
    runtime::spawn(gate, collect(manager->create_instance(context, kInterop, subscription), made));
  });
  ASSERT_TRUE(world.run_until([&] { return removed && made; }));
  EXPECT_NE(removed->has_value(), made->has_value());
}

TEST_F(IndicationServiceTest, ATransientDestinationGoesWithItsLastSubscription) {
  const auto filter = make_filter("SELECT * FROM CIM_InstCreation");
  const auto destination = make_destination({{"PersistenceType", Value(std::uint16_t{3})}});
  ASSERT_TRUE(filter && destination);
  const auto path = subscribe(*filter, *destination);
  ASSERT_TRUE(path);
  ASSERT_TRUE(remove(*path));
  EXPECT_EQ(status_of(get(*destination)), Status::kNotFound);
}

TEST_F(IndicationServiceTest, TheServersOwnFiltersCanBeSubscribedToTogether) {
  const auto filters = list(kInterop, "CIM_IndicationFilter");
  ASSERT_EQ(filters.size(), static_filters().size());
  EXPECT_EQ(status_of(remove(filters.front().path(kInterop))), Status::kNotSupported);
  EXPECT_EQ(list(kInterop, "CIM_MemberOfCollection").size(), static_filters().size());
  const auto destination = make_destination();
  ASSERT_TRUE(destination);
  ASSERT_TRUE(make_one("CIM_FilterCollectionSubscription",
                       {{"Filter", Value(only(kInterop, "CIM_FilterCollection"))}, {"Handler", Value(*destination)}}));
  make_target("t");
  settle();
  EXPECT_EQ(delivered(), 2U) << "WT_Host and LUNARIA_Target";
}

TEST_F(IndicationServiceTest, NobodyMakesAFilterThatTheServerHas) {
  for (const StaticFilter& each : static_filters()) {
    EXPECT_EQ(status_of(make_one("CIM_IndicationFilter", {{"Name", Value(each.name)},
                                                          {"Query", Value("SELECT * FROM CIM_InstCreation")},
                                                          {"QueryLanguage", Value("DMTF:CQL")}})),
              Status::kAlreadyExists);
  }
  EXPECT_EQ(list(kInterop, "CIM_IndicationFilter").size(), static_filters().size());
}

TEST_F(IndicationServiceTest, AStoredFilterThatTheServerHasItselfIsNotShown) {
  cim::Instance shadow = list(kInterop, "CIM_IndicationFilter").back();
  const cim::ObjectPath path = shadow.path(kInterop);
  const std::string query = text_of(shadow, "Query");
  ASSERT_TRUE(shadow.set("Query", Value("SELECT * FROM CIM_InstCreation")));
  ASSERT_TRUE(finish(stored->create_instance({context, kInterop, shadow.cls(), nullptr}, shadow)));
  end();
  end_life();
  begin_life();
  begin();
  EXPECT_EQ(list(kInterop, "CIM_IndicationFilter").size(), static_filters().size());
  EXPECT_EQ(text_of(*get(path), "Query"), query);
  EXPECT_EQ(status_of(remove(path)), Status::kNotSupported);
  EXPECT_TRUE(log.contains("indication.filter_shadowed"));
}

TEST_F(IndicationServiceTest, WhatBelongsToTheServiceIsFoundFromIt) {
  const cim::ObjectPath subscription = listen("SELECT * FROM CIM_InstCreation");
  const cim::ObjectPath service_path = only(kInterop, "CIM_IndicationService");
  cim::EnumerationRequest request;
  request.kind = cim::EnumerationRequest::Kind::kAssociators;
  request.name_space = kInterop;
  request.object = service_path;
  const auto found = [&](std::string_view association) {
    request.filter.association_class = association;
    cim::CollectingSink sink;
    EXPECT_TRUE(finish(manager->enumerate(context, request, sink)));
    std::set<std::string> paths;
    for (const cim::Instance& each : sink.instances()) {
      paths.insert(each.path(kInterop).canonical());
    }
    return paths;
  };
  std::set<std::string> expected;
  for (const char* class_name : {"CIM_IndicationFilter", "CIM_FilterCollection", "CIM_ListenerDestination"}) {
    for (const cim::ObjectPath& each : list_names(kInterop, class_name)) {
      expected.insert(each.canonical());
    }
  }
  EXPECT_EQ(expected.size(), static_filters().size() + 3U);
  EXPECT_EQ(found("CIM_ServiceAffectsElement"), expected);
  EXPECT_EQ(found("CIM_OwningCollectionElement"),
            std::set<std::string>{only(kInterop, "CIM_FilterCollection").canonical()});
  request.object = *value_of(*get(subscription), "Filter").as_reference();
  EXPECT_EQ(found("CIM_ServiceAffectsElement"), std::set<std::string>{service_path.canonical()});
}

TEST_F(IndicationServiceTest, AFailedDiskIsAnAlert) {
  listen("SELECT * FROM CIM_AlertIndication");
  const service::Disk disk = make_disk("d");
  shard.run([&] { data_plane->observer(target::VolumeFailed{disk.id, "it burned"}); });
  settle();
  ASSERT_EQ(exporter.encoded.size(), 1U);
  EXPECT_EQ(text_of(exporter.encoded[0], "Message"), "Disk d has failed: it burned");
  EXPECT_EQ(number_of(exporter.encoded[0], "PerceivedSeverity"), 6U);
  EXPECT_EQ(text_of(exporter.encoded[0], "AlertingManagedElement"), "root/lunaria:LUNARIA_Disk.Name=\"d\"");
  EXPECT_EQ(delivered(), 1U);
}

TEST_F(IndicationServiceTest, ADiskThatIsFailedAtTheStartIsAnAlertAndNoModification) {
  const service::Disk disk = make_disk("d");
  const service::Disk disabled = make_disk("off");
  service::SetDisk change;
  change.id = disabled.id;
  change.enabled = false;
  must(service->set_disk(admin(), change));
  listen("SELECT * FROM CIM_Indication");
  for (int i = 0; i < 2; ++i) {
    end();
    end_life();
    if (i == 0) {
      ASSERT_TRUE(disks.rename(disk.path, "/away"));
      ASSERT_TRUE(disks.rename(disabled.path, "/gone"));
    }
    exporter.encoded.clear();
    begin_life();
    begin();
    settle();
    ASSERT_EQ(exporter.encoded.size(), 1U) << "at each start";
    EXPECT_EQ(text_of(exporter.encoded[0], "EventID"), "Lunaria:DiskFailed");
    EXPECT_EQ(text_of(exporter.encoded[0], "AlertingManagedElement"), "root/lunaria:LUNARIA_Disk.Name=\"d\"");
  }
  EXPECT_EQ(delivered(), 2U);
}

TEST_F(IndicationServiceTest, APortalThatIsFailedAtTheStartIsAnAlert) {
  listen("SELECT * FROM CIM_AlertIndication");
  end();
  end_life();
  data_plane->portal_failures = {{*IpEndpoint::parse("127.0.0.1:3260"), {EADDRINUSE}}};
  begin_life();
  begin();
  settle();
  ASSERT_EQ(exporter.encoded.size(), 1U);
  EXPECT_EQ(text_of(exporter.encoded[0], "EventID"), "Lunaria:PortalFailed");
  EXPECT_EQ(text_of(exporter.encoded[0], "AlertingManagedElement"),
            "root/lunaria:LUNARIA_Portal.Address=\"127.0.0.1\"");
  EXPECT_EQ(number_of(exporter.encoded[0], "AlertType"), 2U);
  EXPECT_NE(text_of(exporter.encoded[0], "Message").find("EADDRINUSE"), std::string::npos);
  EXPECT_EQ(delivered(), 1U);
  world.run_for(service::kPortalRetryMax);
  EXPECT_EQ(exporter.encoded.size(), 1U) << "once, however often it is tried";
}

TEST_F(IndicationServiceTest, InitiatorsThatCannotProveWhoTheyAreAreAnAlert) {
  listen("SELECT * FROM CIM_AlertIndication");
  const service::Target target = make_target("t");
  const auto reject = [&](const std::string& iqn) {
    shard.run([&] {
      data_plane->observer(
          target::LoginRejected{"iqn.x:a", iqn, *IpEndpoint::parse("192.0.2.9:50000"), "CHAP failed", true, 1});
    });
  };
  for (int i = 0; i < 100; ++i) {
    reject(target.iqn);
  }
  settle();
  ASSERT_EQ(exporter.encoded.size(), 1U);
  const cim::Instance first = exporter.encoded[0];
  EXPECT_EQ(text_of(first, "EventID"), "Lunaria:InitiatorLoginFailed");
  EXPECT_EQ(text_of(first, "MessageID"), "Lunaria:InitiatorLoginFailed");
  EXPECT_EQ(text_of(first, "OwningEntity"), "Lunaria");
  EXPECT_EQ(number_of(first, "AlertType"), 8U);
  EXPECT_EQ(number_of(first, "PerceivedSeverity"), 3U);
  EXPECT_EQ(text_of(first, "AlertingManagedElement"), "root/lunaria:LUNARIA_Target.Name=\"t\"");
  EXPECT_EQ(text_of(first, "Message"),
            "Initiator iqn.x:a at 192.0.2.9 could not prove who it is to target " + target.iqn + ": CHAP failed");
  world.run_for(service::kLoginFailureInterval);
  ASSERT_EQ(exporter.encoded.size(), 2U);
  EXPECT_EQ(text_of(exporter.encoded[1], "Message"), text_of(first, "Message") + " (99 times since the last alert)");
  world.run_for(2 * service::kLoginFailureInterval);
  reject("");
  settle();
  ASSERT_EQ(exporter.encoded.size(), 3U);
  EXPECT_EQ(text_of(exporter.encoded[2], "AlertingManagedElement"), "root/lunaria:LUNARIA_PortalGroup.Tag=1");
  EXPECT_EQ(text_of(exporter.encoded[2], "Message"),
            "Initiator iqn.x:a at 192.0.2.9 could not prove who it is to discover targets: CHAP failed");
}

TEST_F(IndicationServiceTest, AManagementClientThatIsThrottledIsAnAlert) {
  listen("SELECT * FROM CIM_AlertIndication");
  for (int i = 0; i < 3; ++i) {
    shard.run([&] { service->note_throttled_login(*IpAddress::parse("192.0.2.9")); });
  }
  settle();
  ASSERT_EQ(exporter.encoded.size(), 1U);
  EXPECT_EQ(text_of(exporter.encoded[0], "EventID"), "Lunaria:ManagementLoginThrottled");
  EXPECT_EQ(number_of(exporter.encoded[0], "AlertType"), 8U);
  const auto element = cim::ObjectPath::parse(text_of(exporter.encoded[0], "AlertingManagedElement"));
  ASSERT_TRUE(element);
  EXPECT_EQ(*element, only(kInterop, "MSFTSM_ObjectManager"));
  EXPECT_EQ(text_of(exporter.encoded[0], "Message"),
            "Management clients at 192.0.2.9 are refused for a while: too many wrong credentials");
}

TEST_F(IndicationServiceTest, SpaceThatMeetsAThresholdIsAnAlert) {
  listen("SELECT * FROM CIM_AlertIndication");
  const service::Disk disk = make_disk("d");
  shard.run([&] {
    data_plane->observer(target::SpaceReached{disk.id, {scsi::SpaceReached::Resource::kUsed, 70, 64}});
    data_plane->observer(target::SpaceReached{target::UnitId{999}, {scsi::SpaceReached::Resource::kUsed, 70, 64}});
  });
  settle();
  ASSERT_EQ(exporter.encoded.size(), 1U) << "the other disk has gone";
  EXPECT_EQ(text_of(exporter.encoded[0], "Message"),
            "Disk d meets a threshold of its space: 70 bytes are taken; its threshold is 64");
  EXPECT_EQ(number_of(exporter.encoded[0], "PerceivedSeverity"), 3U);
  EXPECT_EQ(text_of(exporter.encoded[0], "EventID"), "Lunaria:DiskSpace");
}

TEST_F(IndicationServiceTest, StateChangesOfServicesAreTold) {
  const auto filter = make_filter("SELECT * FROM CIM_InstModification WHERE SourceInstance ISA CIM_Service", "DMTF:CQL",
                                  "root/cimv2/storage/iscsitarget");
  const auto destination = make_destination();
  ASSERT_TRUE(filter && destination);
  ASSERT_TRUE(subscribe(*filter, *destination));
  EXPECT_EQ(code(only(kStorage, "MSISCSITARGET_ReplicationService"), "StopService"), 0U);
  settle();
  ASSERT_FALSE(exporter.encoded.empty());
  const auto last = value_of(exporter.encoded.back(), "SourceInstance").as_instance();
  EXPECT_EQ(last->class_name(), "MSISCSITARGET_ReplicationService");
  EXPECT_EQ(flag_of(*last, "Started"), false);
}

TEST_F(IndicationServiceTest, ADeadListenersSubscriptionIsDisabledAfterTheTimeThatIsSet) {
  const cim::ObjectPath service_path = only(kInterop, "CIM_IndicationService");
  ASSERT_TRUE(modify(service_path, {{"DeliveryRetryInterval", Value(std::uint32_t{10})},
                                    {"SubscriptionRemovalTimeInterval", Value(std::uint32_t{25})}}));
  const cim::ObjectPath path = listen("SELECT * FROM CIM_InstCreation");
  exporter.inner.is_dead[kUrl] = true;
  make_target("t");
  world.run_for(15s);
  EXPECT_EQ(number_of(*get(path), "SubscriptionState"), 2U);
  world.run_for(20s);
  EXPECT_EQ(number_of(*get(path), "SubscriptionState"), 4U);
}

TEST_F(IndicationServiceTest, SettingsOfTheServiceAreKeptAndBounded) {
  const cim::ObjectPath path = only(kInterop, "CIM_IndicationService");
  ASSERT_TRUE(modify(path, {{"DeliveryRetryAttempts", Value(std::uint16_t{7})}}));
  EXPECT_EQ(status_of(modify(path, {{"DeliveryRetryInterval", Value(std::uint32_t{0})}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(modify(path, {{"SubscriptionRemovalAction", Value(std::uint16_t{9})}})),
            Status::kInvalidParameter);
  end();
  end_life();
  begin_life();
  begin();
  EXPECT_EQ(number_of(*get(path), "DeliveryRetryAttempts"), 7U);
  EXPECT_EQ(code(path, "StopService"), 1U);
}

}  // namespace
}  // namespace lunaria::providers
