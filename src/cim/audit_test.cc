#include "cim/audit.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cim/mof/compiler.h"
#include "cim/object_manager.h"
#include "cim/run_for_test.h"
#include "cim/test_provider.h"

namespace lunaria::cim {
namespace {

constexpr const char* kSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Write : boolean = false, Scope(property);
Qualifier In : boolean = true, Scope(parameter);
Qualifier Out : boolean = false, Scope(parameter);
class T_User {
  [Key] string Name; [Write] string Password; [Write] string Caption;
  uint32 SetPassword(string Password, T_User REF Like, [Out, In(false)] string Hint);
};
)";

/// An object manager for one class with something secret in it.
class Audit : public testing::Test {
 protected:
  Audit() {
    EXPECT_TRUE(repository_.add_namespace(space_));
    mof::MemorySourceLoader loader;
    loader.add("schema", kSchema);
    const auto compiled = mof::Compiler(repository_, loader, space_).compile("schema");
    EXPECT_TRUE(compiled) << compiled.error().to_string();
    providers_.add(space_, "T_User", provider_);
    provider_.add(user("ann"));
    context_.principal = "carol";
    context_.role = Role::kOperator;
    context_.authentication = Authentication::kClientCertificate;
    context_.peer_address = "192.0.2.9:50000";
    context_.front = "cim-xml";
    context_.transport = "https";
    context_.wall_time = runtime::WallTime(std::chrono::seconds(1'000'000));
  }

  Instance user(const char* name) const {
    Instance instance(repository_.find_class(space_, "T_User"));
    EXPECT_TRUE(instance.set("Name", Value(name)));
    EXPECT_TRUE(instance.set("Password", Value("hunter2")));
    return instance;
  }
  const AuditRecord& last() const { return trail_.records().back(); }
  /// Everything a record says, in one text.
  static std::string all_of(const AuditRecord& record) {
    std::string text = record.user + record.peer + std::string(record.operation) + record.name_space +
                       record.class_name + record.method + record.object + record.result + record.reason +
                       record.return_value;
    for (const auto& list : {record.elements, record.references}) {
      for (const std::string& entry : list) {
        text += entry;
      }
    }
    return text;
  }

  const NamespaceName space_{"root/test"};
  const ObjectPath ann_ = ObjectPath::parse("root/test:T_User.Name=\"ann\"").value();
  Repository repository_;
  TestProvider provider_;
  ProviderTable providers_;
  AdmissionControl admission_{{.operations_max = 8}, {{}, {}}};
  MemoryAuditTrail trail_;
  bool is_denied_ = false;
  OperationContext context_;
  ObjectManager manager_{repository_,
                         providers_,
                         admission_,
                         [this](const OperationContext&, const OperationRequest&) -> Result<void, Error> {
                           if (is_denied_) {
                             return fail(Error(Status::kAccessDenied, "hunter2 is what the client sent"));
                           }
                           return {};
                         },
                         {.audit = &trail_}};
};

TEST_F(Audit, SaysWhoDidWhatToWhichObject) {
  ASSERT_TRUE(run(manager_.delete_instance(context_, ann_)));
  ASSERT_EQ(trail_.records().size(), 1U);
  EXPECT_EQ(last().time, context_.wall_time);
  EXPECT_EQ(last().user, "carol");
  EXPECT_EQ(last().role, Role::kOperator);
  EXPECT_EQ(last().authentication, Authentication::kClientCertificate);
  EXPECT_EQ(last().peer, "192.0.2.9:50000");
  EXPECT_EQ(last().front, "cim-xml");
  EXPECT_EQ(last().transport, "https");
  EXPECT_EQ(last().operation, "DeleteInstance");
  EXPECT_EQ(last().name_space, "root/test");
  EXPECT_EQ(last().class_name, "T_User");
  EXPECT_EQ(last().object, ann_.to_string());
  EXPECT_EQ(last().result, "ok");
}

TEST_F(Audit, NamesWhatWasMadeAndWhichPropertiesWereGivenButNoValue) {
  const Instance bob = user("bob");
  ASSERT_TRUE(run(manager_.create_instance(context_, space_, bob)));
  EXPECT_EQ(last().operation, "CreateInstance");
  EXPECT_EQ(last().elements, (std::vector<std::string>{"Name", "Password"}));
  EXPECT_NE(last().object.find("bob"), std::string::npos);
  EXPECT_EQ(all_of(last()).find("hunter2"), std::string::npos);

  const PropertyList listed(std::vector<std::string>{"Password"});
  ASSERT_TRUE(run(manager_.modify_instance(context_, ann_, user("ann"), listed)));
  EXPECT_EQ(last().operation, "ModifyInstance");
  EXPECT_EQ(last().elements, std::vector<std::string>{"Password"});
  EXPECT_EQ(all_of(last()).find("hunter2"), std::string::npos);

  const Value secret("hunter2");
  ASSERT_TRUE(run(manager_.set_property(context_, ann_, "Password", secret)));
  EXPECT_EQ(last().operation, "SetProperty");
  EXPECT_EQ(last().elements, std::vector<std::string>{"Password"});
  EXPECT_EQ(all_of(last()).find("hunter2"), std::string::npos);
  EXPECT_EQ(trail_.records().size(), 3U) << "one record each";
}

TEST_F(Audit, OfAMethodNamesParametersAndTellsWhereReferencesLead) {
  ParameterValues in;
  in.set("Password", Value("hunter2"));
  in.set("Like", Value(ann_));
  ASSERT_TRUE(run(manager_.invoke_method(context_, ann_, "SetPassword", in)));
  EXPECT_EQ(last().operation, "InvokeMethod");
  EXPECT_EQ(last().method, "SetPassword");
  EXPECT_EQ(last().elements, (std::vector<std::string>{"Password", "Like"}));
  ASSERT_FALSE(last().references.empty());
  EXPECT_EQ(last().references.front(), "Like=" + ann_.to_string());
  EXPECT_EQ(last().return_value, "0");
  EXPECT_EQ(all_of(last()).find("hunter2"), std::string::npos);
}

TEST_F(Audit, OfAMethodThatAnswersAnInstanceNamesIt) {
  AuditRecord record;
  add_answer(record, MethodResult{.return_value = Value(std::make_shared<const Instance>(user("bob"))), .out = {}});
  EXPECT_EQ(record.references, std::vector<std::string>{"ReturnValue=T_User.Name=\"bob\""});
  EXPECT_EQ(all_of(record).find("hunter2"), std::string::npos);
}

TEST_F(Audit, RecordsWhatFailedAndWhatWasRefusedWithoutTheMessage) {
  const ObjectPath nobody = ObjectPath::parse("root/test:T_User.Name=\"zoe\"").value();
  provider_.fail_with(Error(Status::kNotFound, "no hunter2"));
  EXPECT_FALSE(run(manager_.delete_instance(context_, nobody)));
  EXPECT_EQ(last().result, "CIM_ERR_NOT_FOUND");
  is_denied_ = true;
  EXPECT_FALSE(run(manager_.delete_instance(context_, ann_)));
  EXPECT_EQ(last().result, "CIM_ERR_ACCESS_DENIED");
  EXPECT_EQ(all_of(last()).find("hunter2"), std::string::npos);
  is_denied_ = false;
  admission_.close();
  EXPECT_FALSE(run(manager_.delete_instance(context_, ann_)));
  EXPECT_EQ(last().result, "CIM_ERR_SERVER_IS_SHUTTING_DOWN");
  EXPECT_EQ(trail_.records().size(), 3U);
}

TEST_F(Audit, RecordsChangesOfTheSchema) {
  ClassDeclaration made;
  made.name = "T_Made";
  EXPECT_FALSE(run(manager_.create_class(context_, space_, made))) << "there is no editor here";
  EXPECT_EQ(last().operation, "CreateClass");
  EXPECT_EQ(last().class_name, "T_Made");
  EXPECT_EQ(last().result, "CIM_ERR_NOT_SUPPORTED");
  EXPECT_FALSE(run(manager_.modify_class(context_, space_, made)));
  EXPECT_EQ(last().operation, "ModifyClass");
  EXPECT_FALSE(run(manager_.delete_class(context_, space_, "T_Made")));
  EXPECT_EQ(last().operation, "DeleteClass");
  EXPECT_FALSE(run(manager_.set_qualifier(context_, space_, *repository_.find_qualifier_type(space_, "Key"))));
  EXPECT_EQ(last().operation, "SetQualifier");
  EXPECT_EQ(last().elements, std::vector<std::string>{"Key"});
  EXPECT_FALSE(run(manager_.delete_qualifier(context_, space_, "Key")));
  EXPECT_EQ(last().operation, "DeleteQualifier");
  EXPECT_EQ(trail_.records().size(), 5U);
}

TEST_F(Audit, RecordsAReadOnlyWhereTheRoleDoesNotAllowIt) {
  EXPECT_TRUE(run(manager_.get_instance(context_, ann_, {})));
  EXPECT_TRUE(manager_.get_class(context_, space_, "T_User"));
  EXPECT_TRUE(trail_.records().empty());
  provider_.fail_with(Error(Status::kNotFound, "gone"));
  EXPECT_FALSE(run(manager_.get_instance(context_, ann_, {})));
  EXPECT_TRUE(trail_.records().empty());
  provider_.fail_with(Error(Status::kAccessDenied, "only administrators see users"));
  EXPECT_FALSE(run(manager_.get_instance(context_, ann_, {})));
  ASSERT_EQ(trail_.records().size(), 1U);
  EXPECT_EQ(last().operation, "GetInstance");
  EXPECT_EQ(last().result, "CIM_ERR_ACCESS_DENIED");
  EXPECT_FALSE(run(manager_.get_property(context_, ann_, "Caption")));
  EXPECT_EQ(last().operation, "GetProperty");
  is_denied_ = true;
  EXPECT_FALSE(manager_.get_class(context_, space_, "T_User"));
  EXPECT_EQ(last().operation, "GetClass");
  EXPECT_EQ(trail_.records().size(), 3U);
}

}  // namespace
}  // namespace lunaria::cim
