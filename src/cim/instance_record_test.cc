#include "cim/instance_record.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cim/query/sample_for_test.h"

namespace lunaria::cim {
namespace {

/// With NULL for what is absent.
Instance complete(Instance instance) {
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    const Property& property = instance.cls()->property(i);
    if (instance.value(i).is_absent()) {
      instance.set(i, Value::null(property.type, property.is_array));
    }
  }
  return instance;
}

TEST(InstanceRecord, ReadsBackEveryKindOfValue) {
  const query::Sample sample;
  for (const Instance& instance : sample.instances) {
    const auto record = encode_instance(instance);
    ASSERT_TRUE(record);
    const auto read = decode_instance(*record, instance.cls(), sample.repository, sample.name_space);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, complete(instance));
  }
}

TEST(InstanceRecord, KeepsWhatIsNullAndWhatIsAbsentInEmbeddedInstances) {
  const query::Sample sample;
  Instance instance(sample.thing().cls());
  ASSERT_TRUE(instance.set("Name", Value::null(Type::kString)));
  ASSERT_TRUE(instance.set("Status", Value::array(Type::kUint16, {Value::null(Type::kUint16)})));
  Instance outer(sample.thing().cls());
  ASSERT_TRUE(outer.set("Any", Value(std::make_shared<const Instance>(instance), Type::kEmbeddedObject)));
  const auto read = decode_instance(*encode_instance(outer), outer.cls(), sample.repository, sample.name_space);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read->find("Any")->as_instance(), instance);
  EXPECT_EQ(read->find("Any")->as_instance()->find("Id"), nullptr);
}

TEST(InstanceRecord, ReadsAsNullWhatItDoesNotHold) {
  const query::Sample sample;
  Instance instance(sample.thing().cls());
  ASSERT_TRUE(instance.set("Name", Value::null(Type::kString)));
  const std::string record = *encode_instance(instance);
  EXPECT_EQ(record, *encode_instance(Instance(instance.cls()))) << "NULL takes no room";
  const auto read = decode_instance(record, instance.cls(), sample.repository, sample.name_space);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, complete(instance));
  EXPECT_EQ(read->find("Status")->type(), Type::kUint16);
  EXPECT_TRUE(read->find("Status")->is_array());
}

TEST(InstanceRecord, FitsAChangedClass) {
  const query::Sample sample;
  const auto record = encode_instance(sample.thing());
  ClassDeclaration other;
  other.name = "T_Thing";
  for (const char* name : {"Extra", "Name", "Level"}) {
    PropertyDeclaration property;
    property.name = name;
    property.type = std::string_view(name) == "Level" ? Type::kUint8 : Type::kString;
    other.properties.push_back(property);
  }
  Repository repository;
  ASSERT_TRUE(repository.add_namespace(sample.name_space));
  const auto cls = repository.add_class(sample.name_space, other);
  ASSERT_TRUE(cls);
  const auto read = decode_instance(*record, *cls, repository, sample.name_space);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->find("Name")->string_or_empty(), "Disk one");
  EXPECT_EQ(*read->find("Level"), Value::null(Type::kUint8)) << "the type is another one now";
  EXPECT_EQ(*read->find("Extra"), Value::null(Type::kString));
}

TEST(InstanceRecord, RefusesDamage) {
  const query::Sample sample;
  const std::string record = *encode_instance(sample.thing());
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(decode_instance(std::string_view(record).substr(0, size), sample.thing().cls(), sample.repository,
                                 sample.name_space))
        << size;
  }
  EXPECT_FALSE(decode_instance(record + 'x', sample.thing().cls(), sample.repository, sample.name_space));
}

TEST(InstanceRecord, DoesNotHoldClasses) {
  const query::Sample sample;
  Instance instance(sample.thing().cls());
  ASSERT_TRUE(instance.set("Any", Value(sample.thing().cls())));
  const auto record = encode_instance(instance);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().status, Status::kNotSupported);
}

}  // namespace
}  // namespace lunaria::cim
