// MSFTSM_ObjectManager, MSFTSM_Namespace, MSFTSM_System and MSISCSITARGET_ConcreteJob.

#include "providers/interop/identity.h"
#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using namespace std::chrono_literals;
using cim::Status;
using cim::Value;

class ObjectManagerTest : public Bed {
 protected:
  cim::ObjectPath path(const cim::NamespaceName& name_space = kInterop) {
    return only(name_space, schema::msftsm_object_manager::kClass);
  }
  cim::Instance state() { return *get(path()); }
  static Values state_change(std::uint16_t state) {
    return {{schema::msftsm_object_manager::request_state_change::kRequestedState, Value(state)}};
  }
  std::uint64_t request(std::uint16_t state, std::optional<cim::DateTime> timeout = std::nullopt) {
    namespace change = schema::msftsm_object_manager::request_state_change;
    Values values = state_change(state);
    if (timeout) {
      values.push_back({change::kTimeoutPeriod, Value(*timeout)});
    }
    return code(path(), change::kMethod, values);
  }
};

TEST_F(ObjectManagerTest, IsOneWithKeysThatOutliveRestartsAndNames) {
  namespace names = schema::msftsm_object_manager;
  const cim::ObjectPath before = path();
  const service::Server server = must(service->server(viewer()));
  EXPECT_EQ(before.key(names::kName)->string_or_empty(), server.guid.to_string());
  EXPECT_EQ(before.key(names::kSystemName)->string_or_empty(),
            only(kInterop, "MSFTSM_System").key("Name")->string_or_empty());
  service::SetServer change;
  change.name = "renamed";
  must(service->set_server(admin(), change));
  end_life();
  settings.host_name = "elsewhere.example.org";
  begin_life();
  EXPECT_EQ(path(), before);
  cim::ObjectPath elsewhere = path(kStorage);
  elsewhere.set_name_space(kInterop);
  EXPECT_EQ(elsewhere, before) << "the same in both namespaces";
}

TEST_F(ObjectManagerTest, IsFoundThroughItsAncestors) {
  EXPECT_EQ(list(kInterop, "CIM_ObjectManager").size(), 1U);
  EXPECT_EQ(list(kInterop, "CIM_Service").size(), 3U) << "the WBEM server and its protocol, too";
  EXPECT_EQ(list(kStorage, "CIM_ManagedElement").size(),
            3U + kStorageServiceCount + repository.namespaces().size() + cim::kCountedOperations)
      << "manager, system, mechanism, storage services, namespaces, figures";
}

TEST_F(ObjectManagerTest, TellsItsState) {
  namespace names = schema::msftsm_object_manager;
  const cim::Instance now = state();
  EXPECT_EQ(flag_of(now, names::kStarted), true);
  EXPECT_EQ(number_of(now, names::kEnabledState), 2U);
  EXPECT_EQ(number_of(now, names::kEnabledDefault), 2U);
  EXPECT_EQ(number_of(now, names::kRequestedState), 5U) << "nothing was asked for yet, but requests are taken";
  EXPECT_EQ(value_of(now, names::kOperationalStatus), Value::array_of(std::vector<std::uint16_t>{2}));
  EXPECT_EQ(text_of(now, names::kStartMode), "Automatic");
}

TEST_F(ObjectManagerTest, StopsAndStarts) {
  namespace names = schema::msftsm_object_manager;
  EXPECT_EQ(code(path(), names::stop_service::kMethod), 0U);
  EXPECT_EQ(managed->stops, 1);
  cim::Instance now = state();
  EXPECT_EQ(flag_of(now, names::kStarted), false);
  EXPECT_EQ(number_of(now, names::kEnabledState), 3U);
  EXPECT_EQ(number_of(now, names::kRequestedState), 3U);
  EXPECT_EQ(text_of(now, names::kStatus), "Stopped");
  EXPECT_FALSE(value_of(now, names::kTimeOfLastStateChange).is_null());
  EXPECT_EQ(code(path(), names::stop_service::kMethod), 0U) << "stopped already";

  end_life();
  begin_life();
  now = state();
  EXPECT_EQ(flag_of(now, names::kStarted), true) << "the default decides";
  EXPECT_EQ(number_of(now, names::kRequestedState), 3U) << "the record stays";

  EXPECT_EQ(code(path(), names::start_service::kMethod), 0U);
  EXPECT_EQ(number_of(state(), names::kRequestedState), 2U);
}

TEST_F(ObjectManagerTest, AFailedOrMissingServiceAnswersItsCode) {
  namespace names = schema::msftsm_object_manager;
  managed->result = fail(service::Error{service::ErrorCode::kIo, "broken"});
  const std::uint64_t failed = code(path(), names::stop_service::kMethod);
  EXPECT_GT(failed, 1U);
}

TEST_F(ObjectManagerTest, RequestStateChangeAnswersByItsTable) {
  for (const std::uint16_t state : std::initializer_list<std::uint16_t>{6, 7, 8, 9, 10, 11}) {
    EXPECT_EQ(request(state), 1U) << state;
  }
  for (const std::uint16_t state : std::initializer_list<std::uint16_t>{0, 1, 5, 12, 13, 32768, 65535}) {
    EXPECT_EQ(request(state), 5U) << state;
  }
  EXPECT_EQ(code(path(), "RequestStateChange"), 5U) << "no state at all";
  EXPECT_EQ(request(3, cim::DateTime::interval(10s)), 4098U);
  EXPECT_EQ(request(3, cim::DateTime::timestamp({})), 5U);
  EXPECT_EQ(managed->stops, 0);
  EXPECT_EQ(request(3, cim::DateTime()), 0U) << "an interval of nothing is no limit";
  EXPECT_EQ(request(3), 0U);
  EXPECT_EQ(managed->stops, 1);
  EXPECT_EQ(request(2), 0U);
}

TEST_F(ObjectManagerTest, ALongChangeIsAJobThatCanBeFollowed) {
  namespace names = schema::msiscsitarget_concrete_job;
  namespace change = schema::msftsm_object_manager::request_state_change;
  managed->hold = true;
  const auto begun = invoke(path(), change::kMethod, state_change(3));
  ASSERT_TRUE(begun) << begun.error().to_string();
  EXPECT_EQ(begun->return_value, Value(std::uint32_t{4096}));
  const Value* reference = begun->out.find(change::kJob);
  ASSERT_NE(reference, nullptr);
  const cim::ObjectPath job = *reference->as_reference();
  EXPECT_EQ(list_names(kInterop, names::kClass), std::vector{job});
  EXPECT_EQ(number_of(*get(job), names::kJobState), 4U);
  EXPECT_EQ(code(path(), change::kMethod, state_change(2)), 4099U) << "busy";
  EXPECT_EQ(status_of(remove(job)), Status::kFailed) << "it goes on";
  for (const std::uint16_t state : std::initializer_list<std::uint16_t>{2, 3, 4, 5, 6}) {
    EXPECT_EQ(code(job, "RequestStateChange", state_change(state)), 1U) << state;
  }
  EXPECT_EQ(code(job, names::kill_job::kMethod), 1U);

  shard.run([&] { managed->release.set(); });
  world.run_for(1s);
  cim::Instance done = *get(job);
  EXPECT_EQ(number_of(done, names::kJobState), 7U);
  EXPECT_EQ(number_of(done, names::kPercentComplete), 100U);
  EXPECT_EQ(value_of(done, names::kOperationalStatus), Value::array_of(std::vector<std::uint16_t>{2, 17}));
  EXPECT_EQ(code(job, "RequestStateChange", state_change(4)), 4097U);
  EXPECT_EQ(code(job, "RequestStateChange", state_change(1)), 5U);
  EXPECT_EQ(code(job, "RequestStateChange", state_change(7)), 5U);
  EXPECT_EQ(code(job, "RequestStateChange"), 5U);
  const auto error = invoke(job, names::get_error::kMethod);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->return_value, Value(std::uint32_t{0}));
  EXPECT_EQ(error->out.find(names::get_error::kError), nullptr) << "it ended well";
  cim::ObjectPath elsewhere = job;
  elsewhere.set_name_space(kStorage);
  EXPECT_TRUE(get(elsewhere));
  ASSERT_TRUE(remove(job));
  EXPECT_EQ(status_of(get(job)), Status::kNotFound);
}

TEST_F(ObjectManagerTest, AJobThatFailedTellsWhy) {
  namespace names = schema::msiscsitarget_concrete_job;
  namespace error_names = schema::cim_error;
  managed->hold = true;
  managed->result = fail(service::Error{service::ErrorCode::kIo, "the listener is stuck"});
  ASSERT_EQ(request(3), 4096U);
  shard.run([&] { managed->release.set(); });
  world.run_for(1s);
  const cim::ObjectPath job = only(kInterop, names::kClass);
  const cim::Instance failed = *get(job);
  EXPECT_EQ(number_of(failed, names::kJobState), 10U);
  EXPECT_EQ(number_of(failed, names::kErrorCode), 1U);
  EXPECT_EQ(value_of(failed, names::kOperationalStatus), Value::array_of(std::vector<std::uint16_t>{6, 17}));
  const auto result = invoke(job, names::get_error::kMethod);
  ASSERT_TRUE(result);
  const Value* error = result->out.find(names::get_error::kError);
  ASSERT_NE(error, nullptr);
  ASSERT_NE(error->as_instance(), nullptr);
  EXPECT_EQ(text_of(*error->as_instance(), error_names::kMessage), "the listener is stuck");
  EXPECT_EQ(number_of(*error->as_instance(), error_names::kCIMStatusCode), 1U);
}

TEST_F(ObjectManagerTest, KeepsTheDefaultAndNotWhatItDoesNotKnow) {
  namespace names = schema::msftsm_object_manager;
  ASSERT_TRUE(modify(path(), {{names::kEnabledDefault, Value(std::uint16_t{3})}}));
  EXPECT_EQ(number_of(state(), names::kEnabledDefault), 3U);
  EXPECT_EQ(text_of(state(), names::kStartMode), "Manual");
  EXPECT_EQ(flag_of(state(), names::kStarted), true) << "it is about the next start";
  EXPECT_EQ(status_of(modify(path(), {{names::kEnabledDefault, Value(std::uint16_t{6})}})), Status::kNotSupported);
  EXPECT_EQ(status_of(modify(path(), {{names::kEnabledDefault, Value::null(cim::Type::kUint16)}})),
            Status::kInvalidParameter);
  EXPECT_EQ(status_of(modify(path(), {{names::kPrimaryOwnerName, Value("me")}})), Status::kNotSupported);
  EXPECT_EQ(status_of(modify(path(), {{names::kStarted, Value(false)}})), Status::kNotSupported);
  EXPECT_EQ(status_of(remove(path())), Status::kNotSupported);
}

TEST_F(ObjectManagerTest, AnotherNameIsNotFound) {
  const cim::ObjectPath here = path();
  for (std::size_t i = 0; i < here.keys().size(); ++i) {
    std::vector<cim::KeyBinding> keys = here.keys();
    keys[i].value = Value("other");
    const cim::ObjectPath other(kInterop, here.class_name(), keys);
    EXPECT_EQ(status_of(get(other)), Status::kNotFound) << other.to_string();
    for (const char* method : {"StartService", "StopService", "RequestStateChange"}) {
      EXPECT_EQ(status_of(invoke(other, method)), Status::kNotFound) << method;
    }
  }
  EXPECT_EQ(managed->stops, 0);
  EXPECT_EQ(status_of(invoke({kInterop, here.class_name()}, "StopService")), Status::kMethodNotAvailable);
}

TEST_F(ObjectManagerTest, OnlyAnAdministratorStopsIt) {
  for (const cim::Role role : {cim::Role::kViewer, cim::Role::kOperator}) {
    context.role = role;
    EXPECT_EQ(status_of(invoke(path(), "StopService")), Status::kAccessDenied);
    EXPECT_EQ(status_of(invoke(path(), "StartService")), Status::kAccessDenied);
    EXPECT_EQ(status_of(invoke(path(), "RequestStateChange", state_change(3))), Status::kAccessDenied);
  }
  EXPECT_EQ(managed->stops, 0);
}

class InfrastructureTest : public Bed {};

TEST_F(InfrastructureTest, ShowsEveryNamespaceOnce) {
  namespace names = schema::msftsm_namespace;
  std::set<std::string> expected;
  for (const schema::ShippedNamespace& shipped : schema::shipped_namespaces()) {
    expected.emplace(shipped.name);
  }
  for (const cim::NamespaceName& name_space : {kInterop, kStorage}) {
    std::set<std::string> shown;
    for (const cim::ObjectPath& path : list_names(name_space, names::kClass)) {
      const auto instance = get(path);
      ASSERT_TRUE(instance) << path.to_string();
      shown.insert(text_of(*instance, names::kName));
    }
    EXPECT_EQ(shown, expected);
  }
  cim::ObjectPath other = list_names(kInterop, names::kClass).front();
  std::vector<cim::KeyBinding> keys = other.keys();
  keys.back().value = Value("root/nowhere");
  other.set_keys(keys);
  EXPECT_EQ(status_of(get(other)), Status::kNotFound);
}

TEST_F(InfrastructureTest, TheSystemIsNotSwitchedFromHere) {
  namespace names = schema::msftsm_system;
  const cim::ObjectPath path = only(kInterop, names::kClass);
  EXPECT_EQ(value_of(*get(path), names::kOtherIdentifyingInfo).elements()[0], Value("array.example.com"));
  EXPECT_EQ(code(path, "RequestStateChange", {{"RequestedState", Value(std::uint16_t{4})}}), 1U);
  EXPECT_EQ(status_of(modify(path, {{names::kPrimaryOwnerName, Value("me")}})), Status::kNotSupported);
  EXPECT_TRUE(modify(path, {{names::kPrimaryOwnerName, Value::null(cim::Type::kString)}}));
  EXPECT_EQ(status_of(remove(path)), Status::kNotSupported);
}

TEST_F(InfrastructureTest, WaysToProveWhoOneIsAreTold) {
  namespace mechanism = schema::cim_cimxml_communication_mechanism;
  namespace capabilities = schema::cim_cimxml_capabilities;
  const auto told = [&](std::string_view cls, std::string_view supported, std::string_view descriptions) {
    const auto instance = get(only(kInterop, cls));
    return std::pair(value_of(*instance, supported), value_of(*instance, descriptions));
  };
  const auto of_mechanism = [&] {
    return told(mechanism::kClass, mechanism::kAuthenticationMechanismsSupported,
                mechanism::kAuthenticationMechanismDescriptions);
  };
  const auto of_capabilities = [&] {
    return told(capabilities::kClass, capabilities::kAuthenticationMechanismsSupported,
                capabilities::kAuthenticationMechanismsDescriptions);
  };
  const Value no_text = Value::null(cim::Type::kString);
  EXPECT_EQ(of_mechanism().first, Value::array_of(std::vector<std::uint16_t>{3}));
  EXPECT_EQ(of_mechanism().second, Value::null(cim::Type::kString, true));
  end_life();
  authentication = {.negotiate = true, .client_certificates = true};
  begin_life();
  const Value texts =
      Value::array(cim::Type::kString, {no_text, Value("Kerberos (HTTP Negotiate)"), Value("TLS client certificate")});
  EXPECT_EQ(of_mechanism(), std::pair(Value::array_of(std::vector<std::uint16_t>{3, 1, 1}), texts));
  EXPECT_EQ(of_capabilities(), std::pair(Value::array_of(std::vector<std::int16_t>{3, 1, 1}), texts));
}

TEST_F(InfrastructureTest, AJobHasOneName) {
  const auto job = [](const std::string& id) {
    return cim::ObjectPath(kInterop, "MSISCSITARGET_ConcreteJob", {{"InstanceID", Value(id)}});
  };
  EXPECT_EQ(parse_job_instance_id("Lunaria:job-7"), service::JobId{7});
  for (const char* id : {"", "Lunaria:job-", "Lunaria:job-07", "Lunaria:job-7x", "Lunaria:job-+7", "lunaria:job-7",
                         "Lunaria:job-99999999999999999999", "Lunaria:job--1", "7"}) {
    EXPECT_FALSE(parse_job_instance_id(id)) << id;
    EXPECT_EQ(status_of(get(job(id))), Status::kNotFound) << id;
    EXPECT_EQ(status_of(remove(job(id))), Status::kNotFound) << id;
  }
  EXPECT_EQ(status_of(get(job("Lunaria:job-7"))), Status::kNotFound);
}

}  // namespace
}  // namespace lunaria::providers
