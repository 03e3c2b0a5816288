// Method calls and namespaces as subscribers hear of them, and who hears of what.

#include <algorithm>

#include "cim/namespace_class.h"
#include "providers/testing/indication_bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using namespace std::chrono_literals;
using cim::Status;
using cim::Value;

cim::InstancePtr embedded(const cim::Instance& indication, std::string_view property) {
  return value_of(indication, property).as_instance();
}

TEST_F(IndicationServiceTest, AMethodCallIsToldBeforeAndAfter) {
  listen("SELECT * FROM CIM_InstMethodCall");
  make_disk("d");
  const cim::ObjectPath path{kLunaria, "LUNARIA_Disk", {{"Name", Value("d")}}};
  const std::uint64_t size = number_of(*get(path), "Size");
  EXPECT_EQ(code(path, "Resize", {{"Size", Value(2 * size)}}), 0U);
  settle();
  ASSERT_EQ(exporter.encoded.size(), 2U);
  const cim::Instance& before = exporter.encoded[0];
  EXPECT_EQ(flag_of(before, "PreCall"), true);
  EXPECT_EQ(text_of(before, "MethodName"), "Resize");
  EXPECT_EQ(text_of(before, "SourceInstanceModelPath"), "root/lunaria:LUNARIA_Disk.Name=\"d\"");
  EXPECT_EQ(number_of(*embedded(before, "SourceInstance"), "Size"), size);
  EXPECT_EQ(number_of(*embedded(before, "MethodParameters"), "Size"), 2 * size);
  const cim::Instance& after = exporter.encoded[1];
  EXPECT_EQ(flag_of(after, "PreCall"), false);
  EXPECT_EQ(text_of(after, "ReturnValue"), "0");
  EXPECT_EQ(number_of(*embedded(after, "SourceInstance"), "Size"), 2 * size);

  EXPECT_EQ(status_of(invoke(path, "Resize", {{"Size", Value(size)}})), Status::kInvalidParameter)
      << "smaller, without AllowShrink";
  settle();
  ASSERT_EQ(exporter.encoded.size(), 4U);
  const cim::Value errors = value_of(exporter.encoded[3], "Error");
  ASSERT_EQ(errors.elements().size(), 1U);
  EXPECT_EQ(number_of(*errors.elements()[0].as_instance(), "CIMStatusCode"), 4U);
}

TEST_F(IndicationServiceTest, AFilterCanAskForTheParametersOfACall) {
  listen(
      "SELECT * FROM CIM_InstMethodCall WHERE SourceInstance ISA LUNARIA_Disk AND PreCall = TRUE AND "
      "MethodParameters.RemoveFile = TRUE");
  make_disk("d");
  make_disk("e");
  EXPECT_EQ(code({kLunaria, "LUNARIA_Disk", {{"Name", Value("d")}}}, "Delete", {{"RemoveFile", Value(true)}}), 0U);
  EXPECT_EQ(code({kLunaria, "LUNARIA_Disk", {{"Name", Value("e")}}}, "Delete", {{"RemoveFile", Value(false)}}), 0U);
  settle();
  EXPECT_EQ(told(), (std::vector<std::string>{"CIM_InstMethodCall root/lunaria:LUNARIA_Disk.Name=\"d\""}));
}

TEST_F(IndicationServiceTest, APasswordIsNeverTold) {
  listen("SELECT * FROM CIM_InstIndication");
  EXPECT_EQ(code({kLunaria, "LUNARIA_User"}, "Create", {{"Name", Value("vera")}, {"Password", Value("correct horse")}}),
            0U);
  const cim::ObjectPath vera{kLunaria, "LUNARIA_User", {{"Name", Value("vera")}}};
  EXPECT_EQ(code(vera, "SetPassword", {{"Password", Value("battery staple")}}), 0U);
  settle();
  ASSERT_EQ(told(), (std::vector<std::string>{"CIM_InstCreation root/lunaria:LUNARIA_User.Name=\"vera\"",
                                              "CIM_InstMethodCall root/lunaria:LUNARIA_User.Name=\"vera\"",
                                              "CIM_InstMethodCall root/lunaria:LUNARIA_User.Name=\"vera\""}));
  EXPECT_TRUE(embedded(exporter.encoded[1], "MethodParameters")->values().empty());
  EXPECT_TRUE(embedded(exporter.encoded[2], "MethodParameters")->values().empty());
}

/// Only administrators may list users.
TEST_F(IndicationServiceTest, OperatorsHearNothingOfUsers) {
  context.role = cim::Role::kOperator;
  listen("SELECT * FROM CIM_InstCreation");
  context.role = cim::Role::kAdministrator;
  must(service->add_user(admin(), {"vera", Secret("correct horse"), security::Role::kViewer}));
  make_target("t");
  settle();
  EXPECT_EQ(told(), (std::vector<std::string>{"CIM_InstCreation root/lunaria:LUNARIA_Target.Name=\"t\""}));
}

TEST_F(IndicationServiceTest, AdministratorsHearOfUsersAfterARestartToo) {
  listen("SELECT * FROM CIM_InstCreation");
  end();
  end_life();
  begin_life();
  begin();
  must(service->add_user(admin(), {"vera", Secret("correct horse"), security::Role::kViewer}));
  settle();
  EXPECT_EQ(told(), (std::vector<std::string>{"CIM_InstCreation root/lunaria:LUNARIA_User.Name=\"vera\""}));
}

TEST_F(IndicationServiceTest, AnAdministratorsSubscriptionThatAnOperatorTurnsElsewhereHearsNothingOfUsers) {
  listen("SELECT * FROM CIM_InstCreation");
  context.role = cim::Role::kOperator;
  const cim::ObjectPath destination = only(kInterop, "CIM_ListenerDestinationCIMXML");
  ASSERT_TRUE(modify(destination, {{"Destination", Value("http://192.0.2.66:5988/")}}));
  context.role = cim::Role::kAdministrator;
  must(service->add_user(admin(), {"vera", Secret("correct horse"), security::Role::kViewer}));
  settle();
  EXPECT_TRUE(told().empty());
  end();
  end_life();
  begin_life();
  begin();
  must(service->add_user(admin(), {"otto", Secret("correct horse"), security::Role::kViewer}));
  settle();
  EXPECT_TRUE(told().empty()) << "nor after a restart";
}

TEST_F(IndicationServiceTest, WhatWaitsForAnAdministratorIsNotGivenToTheOperatorWhoTurnsItElsewhere) {
  exporter.inner.is_dead[kUrl] = true;
  listen("SELECT * FROM CIM_InstCreation");
  must(service->add_user(admin(), {"vera", Secret("correct horse"), security::Role::kViewer}));
  make_target("t");
  settle();
  EXPECT_EQ(messages.messages.size(), 2U);
  context.role = cim::Role::kOperator;
  const cim::ObjectPath destination = only(kInterop, "CIM_ListenerDestinationCIMXML");
  ASSERT_TRUE(modify(destination, {{"Destination", Value("http://192.0.2.66:5988/")}}));
  settle();
  EXPECT_EQ(exporter.inner.received["http://192.0.2.66:5988/"], (std::vector<std::string>{"2"})) << "the target";
  EXPECT_TRUE(messages.messages.empty());
}

TEST_F(IndicationServiceTest, WhatAnOperatorMakesInPlaceOfAnAdministratorsIsAnOperators) {
  const cim::ObjectPath path = listen("SELECT * FROM CIM_InstCreation");
  const cim::ObjectPath filter = *value_of(*get(path), "Filter").as_reference();
  const cim::ObjectPath handler = *value_of(*get(path), "Handler").as_reference();
  ASSERT_TRUE(remove(path));
  context.role = cim::Role::kOperator;
  ASSERT_TRUE(subscribe(filter, handler));
  context.role = cim::Role::kAdministrator;
  EXPECT_EQ(status_of(subscribe(filter, handler)), Status::kAlreadyExists) << "which changes nothing";
  must(service->add_user(admin(), {"vera", Secret("correct horse"), security::Role::kViewer}));
  settle();
  EXPECT_TRUE(told().empty());
}

/// An administrator of the catalogue.
class OwnerTest : public IndicationServiceTest {
 protected:
  void SetUp() override {
    IndicationServiceTest::SetUp();
    add("root", security::Role::kAdministrator);
    add("exadm", security::Role::kAdministrator);
    act("exadm");
  }
  void add(const std::string& name, security::Role role) {
    must(service->add_user(admin(), {name, Secret("correct horse"), role}));
  }
  void act(const std::string& name, cim::Role role = cim::Role::kAdministrator) {
    context.principal = name;
    context.role = role;
    context.authentication = cim::Authentication::kPassword;
  }
  void restart() {
    end();
    end_life();
    begin_life();
    begin();
  }
  /// Whether an event that only administrators may read is told, and one that everybody may.
  std::pair<bool, bool> hears() {
    exporter.encoded.clear();
    add("u" + std::to_string(++count_), security::Role::kViewer);
    make_target("t" + std::to_string(count_));
    settle();
    const auto is_told = [this](std::string_view class_name) {
      return std::ranges::any_of(told(), [&](const std::string& each) { return each.contains(class_name); });
    };
    return {is_told("LUNARIA_User"), is_told("LUNARIA_Target")};
  }
  static constexpr std::pair<bool, bool> kAll{true, true};
  static constexpr std::pair<bool, bool> kNoUsers{false, true};
  static constexpr std::pair<bool, bool> kNothing{false, false};

 private:
  int count_ = 0;
};

TEST_F(OwnerTest, ASubscriptionHearsWhatItsOwnersRoleMayReadNow) {
  listen("SELECT * FROM CIM_InstIndication");
  EXPECT_EQ(hears(), kAll);
  exporter.encoded.clear();
  must(service->set_role(admin(), "exadm", security::Role::kViewer));
  settle();
  EXPECT_TRUE(told().empty()) << "not even of that";
  EXPECT_EQ(hears(), kNoUsers);
  restart();
  EXPECT_EQ(hears(), kNoUsers);
  must(service->set_role(admin(), "exadm", security::Role::kAdministrator));
  EXPECT_EQ(hears(), kAll);
}

TEST_F(OwnerTest, WhatARemovedUserOwnsTellsNobodyAnything) {
  exporter.inner.is_dead[kUrl] = true;
  listen("SELECT * FROM CIM_InstCreation");
  EXPECT_EQ(hears(), kAll);
  EXPECT_FALSE(messages.messages.empty());
  must(service->delete_user(admin(), "exadm"));
  settle();
  EXPECT_TRUE(messages.messages.empty()) << "nor what waits";
  EXPECT_EQ(hears(), kNothing);
  add("exadm", security::Role::kAdministrator);
  EXPECT_EQ(hears(), kNothing) << "that is somebody else";
  restart();
  EXPECT_EQ(hears(), kNothing);
}

TEST_F(OwnerTest, ADestinationCountsToo) {
  const auto destination = make_destination();
  act("root");
  const auto filter = make_filter("SELECT * FROM CIM_InstCreation");
  ASSERT_TRUE(filter && destination);
  ASSERT_TRUE(subscribe(*filter, *destination));
  EXPECT_EQ(hears(), kAll);
  must(service->set_role(admin(), "exadm", security::Role::kOperator));
  EXPECT_EQ(hears(), kNoUsers);
  must(service->delete_user(admin(), "exadm"));
  EXPECT_EQ(hears(), kNothing);
}

TEST_F(OwnerTest, WhoeverChangesItOwnsItUnlessThatGivesItMoreRights) {
  listen("SELECT * FROM CIM_InstCreation");
  const cim::ObjectPath destination = only(kInterop, "CIM_ListenerDestinationCIMXML");
  const cim::ObjectPath subscription = only(kInterop, "CIM_IndicationSubscription");
  act("root");
  ASSERT_TRUE(modify(destination, {{"Destination", Value("http://192.0.2.66:5988/")}}));
  ASSERT_TRUE(modify(subscription, {{"SubscriptionState", Value(std::uint16_t{2})}}));
  restart();
  must(service->delete_user(admin(), "exadm"));
  EXPECT_EQ(hears(), kAll) << "they are root's";
  add("otto", security::Role::kOperator);
  act("otto", cim::Role::kOperator);
  ASSERT_TRUE(modify(destination, {{"Destination", Value("http://192.0.2.67:5988/")}}));
  EXPECT_EQ(hears(), kNoUsers);
  act("root");
  ASSERT_TRUE(modify(destination, {{"Destination", Value("http://192.0.2.68:5988/")}}));
  EXPECT_EQ(hears(), kNoUsers) << "what was an operator's stays one's";
  must(service->delete_user(admin(), "otto"));
  EXPECT_EQ(hears(), kNothing);
}

TEST_F(OwnerTest, WhoIsNotOfTheCatalogueKeepsTheRoleThatWasThere) {
  add("pam", security::Role::kViewer);
  act("pam");
  context.authentication = cim::Authentication::kPam;
  listen("SELECT * FROM CIM_InstCreation");
  EXPECT_EQ(hears(), kAll);
  must(service->delete_user(admin(), "pam"));
  EXPECT_EQ(hears(), kAll) << "another one of that name";
}

TEST_F(IndicationServiceTest, NamespacesAreToldOfWhereverTheyAreSeen) {
  repository.add_everywhere(cim::NamespaceClassProvider::make_class());
  ASSERT_TRUE(repository.add_namespace(cim::NamespaceName("root")));
  ASSERT_TRUE(repository.add_namespace(cim::NamespaceName("root/a/b")));
  const auto destination = make_destination();
  ASSERT_TRUE(destination);
  ASSERT_TRUE(make_one("CIM_FilterCollectionSubscription",
                       {{"Filter", Value(only(kInterop, "CIM_FilterCollection"))}, {"Handler", Value(*destination)}}));
  exporter.encoded.clear();
  const cim::NamespaceName made("root/a");
  ASSERT_TRUE(repository.add_namespace(made));
  shard.run([&] { indications->namespaces().on_namespace_created(made); });
  settle();
  ASSERT_EQ(exporter.encoded.size(), 6U);
  const std::vector<std::pair<cim::NamespaceName, std::string>> models = {
      {kInterop, "MSFTSM_Namespace"}, {kInterop, "CIM_WBEMServerNamespace"}, {kStorage, "MSFTSM_Namespace"}};
  for (std::size_t i = 0; i < models.size(); ++i) {
    EXPECT_EQ(exporter.encoded[i].class_name(), "CIM_InstCreation");
    const cim::InstancePtr source = embedded(exporter.encoded[i], "SourceInstance");
    EXPECT_EQ(source->class_name(), models[i].second);
    EXPECT_EQ(text_of(*source, "Name"), "root/a");
    EXPECT_EQ(source->path(models[i].first).to_string(), text_of(exporter.encoded[i], "SourceInstanceModelPath"));
  }
  const std::vector<std::string> all = told();
  EXPECT_EQ(std::vector<std::string>(all.begin() + 3, all.end()),
            (std::vector<std::string>{"CIM_InstCreation root:__Namespace.Name=\"a\"",
                                      "CIM_InstDeletion root:__Namespace.Name=\"a/b\"",
                                      "CIM_InstCreation root/a:__Namespace.Name=\"b\""}));
}

TEST_F(IndicationServiceTest, ANamespaceThatGoesIsToldOf) {
  listen("SELECT * FROM CIM_InstDeletion WHERE SourceInstance ISA CIM_Namespace", {}, "root/interop");
  const cim::NamespaceName gone("root/gone");
  shard.run([&] { indications->namespaces().on_namespace_deleted(gone); });
  settle();
  ASSERT_EQ(exporter.encoded.size(), 1U);
  EXPECT_EQ(text_of(*embedded(exporter.encoded[0], "SourceInstance"), "Name"), "root/gone");
}

}  // namespace
}  // namespace lunaria::providers
