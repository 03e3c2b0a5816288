// What counts as a secret among parameters and properties, and what is left of instances that hold some.

#include "cim/secrecy.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "cim/instance.h"

namespace lunaria::cim {
namespace {

QualifierSet marked(bool value) {
  QualifierSet set;
  set.add(std::make_shared<const Qualifier>(Qualifier{std::string(kSecretQualifier), Value(value), {}}));
  return set;
}

TEST(Secrecy, HearsASecretInAName) {
  for (const char* name : {"Password", "CHAPSecret", "new_password", "passphrase", "PrivateKey", "accessTOKEN",
                           "Passwd", "ClientCredentials", "UnlockPassCode"}) {
    EXPECT_TRUE(is_secret_name(name)) << name;
  }
  for (const char* name : {"", "Name", "Size", "DevicePath", "InitiatorPortIDs", "Description", "Mapping", "Pass"}) {
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

TEST(Secrecy, TakesTheQualifierWhateverTheName) {
  Parameter parameter;
  parameter.name = "Answer";
  EXPECT_FALSE(is_secret(parameter));
  parameter.qualifiers = marked(true);
  EXPECT_TRUE(is_secret(parameter));
  parameter.qualifiers = marked(false);
  EXPECT_FALSE(is_secret(parameter));
  parameter.name = "Password";
  EXPECT_TRUE(is_secret(parameter)) << "false takes nothing from a name";
  Property property;
  property.name = "Answer";
  property.qualifiers = marked(true);
  EXPECT_TRUE(is_secret(property));
}

TEST(Secrecy, CodesThatMethodsReturnAreNone) {
  Method method;
  method.name = "SetPassword";
  EXPECT_FALSE(returns_secret(method));
  method.return_type = Type::kString;
  EXPECT_TRUE(returns_secret(method));
  method.name = "Describe";
  EXPECT_FALSE(returns_secret(method));
  method.qualifiers = marked(true);
  EXPECT_TRUE(returns_secret(method));
}

Instance account(const char* name, const Value& more) {
  InstanceBuilder builder("X_Account");
  builder.add("Name", Value(name));
  builder.add("Password", Value("hidden"));
  builder.add("More", more);
  return builder.build();
}

TEST(Secrecy, SecretsOfEmbeddedInstancesGoHoweverDeep) {
  const Instance inner = account("inner", Value("plain"));
  const Instance middle = account("middle", Value::array(Type::kEmbeddedInstance, {Value(inner), Value(inner)}));
  const Value shown = without_secrets(Value(account("outer", Value(middle))));
  const InstancePtr outer = shown.as_instance();
  ASSERT_NE(outer, nullptr);
  EXPECT_EQ(outer->find("Name")->string_or_empty(), "outer");
  EXPECT_EQ(outer->find("Password"), nullptr);
  const InstancePtr second = outer->find("More")->as_instance();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->find("Password"), nullptr);
  ASSERT_EQ(second->find("More")->elements().size(), 2U);
  for (const Value& each : second->find("More")->elements()) {
    EXPECT_EQ(each.as_instance()->find("Password"), nullptr);
    EXPECT_EQ(each.as_instance()->find("More")->string_or_empty(), "plain");
  }
}

TEST(Secrecy, OtherValuesStayAsTheyAre) {
  for (const Value& value : {Value("text"), Value(true), Value::null(Type::kEmbeddedInstance),
                             Value::array(Type::kUint32, {Value(std::uint32_t{1})}), Value()}) {
    EXPECT_EQ(without_secrets(value), value);
    EXPECT_EQ(without_secrets(value).type(), value.type());
  }
  const Value object(std::make_shared<const Instance>(account("a", Value("b"))), Type::kEmbeddedObject);
  EXPECT_EQ(without_secrets(object).type(), Type::kEmbeddedObject);
}

}  // namespace
}  // namespace lunaria::cim
