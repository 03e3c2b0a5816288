#include "cim/instance_record.h"

#include <gtest/gtest.h>

#include <string>

#include "cim/query/sample_for_test.h"

namespace lunaria::cim {
namespace {

TEST(InstanceRecord, ReadsBackEveryKindOfValue) {
  const query::Sample sample;
  for (const Instance& instance : sample.instances) {
    const auto record = encode_instance(instance);
    ASSERT_TRUE(record);
    const auto read = decode_instance(*record, instance.cls(), sample.repository, sample.name_space);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, instance);
  }
}

TEST(InstanceRecord, KeepsWhatIsNullAndWhatIsAbsent) {
  const query::Sample sample;
  Instance instance(sample.thing().cls());
  ASSERT_TRUE(instance.set("Name", Value::null(Type::kString)));
  ASSERT_TRUE(instance.set("Status", Value::array(Type::kUint16, {Value::null(Type::kUint16)})));
  const auto read = decode_instance(*encode_instance(instance), instance.cls(), sample.repository, sample.name_space);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, instance);
  EXPECT_EQ(read->find("Id"), nullptr);
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
  EXPECT_EQ(read->find("Level"), nullptr) << "the type is another one now";
  EXPECT_EQ(read->find("Extra"), nullptr);
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
