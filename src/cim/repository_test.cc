#include "cim/repository.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cim/mof/compiler.h"
#include "cim/mof/writer.h"

namespace lunaria::cim {
namespace {

constexpr const char* kSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Override : string, Scope(property, reference, method), Flavor(Restricted);
Qualifier Description : string, Scope(any), Flavor(Translatable);
Qualifier Terminal : boolean = false, Scope(class);
Qualifier ArrayType : string = "Bag", Scope(property);
Qualifier Unused : string, Scope(any);
class T_Top { [Key] uint32 Id; string Name; uint32 Do(string Text); };
class T_Middle : T_Top { [Override("Name"), Description("m")] string Name; uint8 More; };
class T_Low : T_Middle { string Last; };
class T_Alone { [Key] string Id; };
)";

class RuntimeSchema : public testing::Test {
 protected:
  RuntimeSchema() {
    EXPECT_TRUE(repository_.add_namespace(space_));
    mof::MemorySourceLoader loader;
    loader.add("schema", kSchema);
    const auto compiled = mof::Compiler(repository_, loader, space_).compile("schema");
    EXPECT_TRUE(compiled) << compiled.error().to_string();
  }

  /// The declaration of a class, with its text changed.
  ClassDeclaration declared(std::string_view name) const {
    return declaration_of(*repository_.find_class(space_, name));
  }
  static std::string status_of(const Result<SchemaChange, Error>& change) {
    return change ? "ok" : std::string(status_name(change.error().status)).substr(8);
  }

  const NamespaceName space_{"root/test"};
  Repository repository_;
};

TEST_F(RuntimeSchema, KnowsWhatAClassDeclares) {
  for (const ClassPtr& cls : repository_.classes(space_)) {
    const auto change = repository_.plan_modified_class(space_, declaration_of(*cls));
    ASSERT_TRUE(change) << change.error().message;
    EXPECT_EQ(mof::to_mof(*change->classes.front()), mof::to_mof(*cls));
  }
}

TEST_F(RuntimeSchema, TakesAChangeIntoSubclasses) {
  ClassDeclaration top = declared("T_Top");
  PropertyDeclaration added;
  added.name = "Added";
  top.properties.push_back(added);
  const auto change = repository_.plan_modified_class(space_, top);
  ASSERT_TRUE(change) << change.error().message;
  EXPECT_FALSE(repository_.find_class(space_, "T_Low")->find_property("Added")) << "not in force yet";
  const ClassPtr before = repository_.find_class(space_, "T_Low");
  repository_.apply(*change);
  const ClassPtr low = repository_.find_class(space_, "T_Low");
  EXPECT_TRUE(low->find_property("Added"));
  EXPECT_EQ(low->superclass(), repository_.find_class(space_, "T_Middle"));
  EXPECT_FALSE(before->find_property("Added")) << "who has the old one keeps it";
  EXPECT_EQ(repository_.with_descendants(space_, "T_Top").size(), 3U);
  EXPECT_EQ(repository_.classes(space_).size(), 4U);
}

TEST_F(RuntimeSchema, RefusesWhatSubclassesCannotTake) {
  ClassDeclaration top = declared("T_Top");
  top.properties.erase(top.properties.begin() + 1);  // T_Middle overrides it
  EXPECT_EQ(status_of(repository_.plan_modified_class(space_, top)), "CLASS_HAS_CHILDREN");
  ClassDeclaration moved = declared("T_Middle");
  moved.superclass = "T_Alone";
  EXPECT_EQ(status_of(repository_.plan_modified_class(space_, moved)), "INVALID_SUPERCLASS");
  ClassDeclaration none;
  none.name = "T_None";
  EXPECT_EQ(status_of(repository_.plan_modified_class(space_, none)), "NOT_FOUND");
  EXPECT_EQ(status_of(repository_.plan_removed_class(space_, "T_Middle")), "CLASS_HAS_CHILDREN");
  EXPECT_EQ(status_of(repository_.plan_removed_class(space_, "T_None")), "NOT_FOUND");
  EXPECT_EQ(status_of(repository_.plan_class(space_, declared("T_Low"))), "ALREADY_EXISTS");
  none.superclass = "T_Nobody";
  EXPECT_EQ(status_of(repository_.plan_class(space_, none)), "INVALID_SUPERCLASS");
}

TEST_F(RuntimeSchema, RemovesClassesFromTheBottom) {
  for (const char* name : {"T_Low", "T_Middle", "T_Top"}) {
    const auto change = repository_.plan_removed_class(space_, name);
    ASSERT_TRUE(change) << change.error().message;
    repository_.apply(*change);
    EXPECT_FALSE(repository_.find_class(space_, name));
  }
  EXPECT_EQ(repository_.classes(space_).size(), 1U);
  EXPECT_EQ(repository_.subclasses(space_, "").size(), 1U);
  EXPECT_EQ(repository_.remove_namespace(space_).error().status, Status::kNamespaceNotEmpty);
  repository_.apply(*repository_.plan_removed_class(space_, "T_Alone"));
  ASSERT_TRUE(repository_.add_namespace(NamespaceName("root/test/below")));
  EXPECT_EQ(repository_.remove_namespace(space_).error().status, Status::kNamespaceNotEmpty);
  EXPECT_TRUE(repository_.remove_namespace(NamespaceName("root/test/below")));
  EXPECT_TRUE(repository_.remove_namespace(space_));
  EXPECT_FALSE(repository_.has_namespace(space_));
}

TEST_F(RuntimeSchema, GuardsQualifiersInUse) {
  QualifierType used = *repository_.find_qualifier_type(space_, "Description");
  EXPECT_TRUE(repository_.plan_qualifier_type(space_, used)->is_empty()) << "the same again";
  used.flavor.overridable = false;
  EXPECT_EQ(status_of(repository_.plan_qualifier_type(space_, used)), "NOT_SUPPORTED");
  EXPECT_EQ(status_of(repository_.plan_removed_qualifier_type(space_, "Description")), "FAILED");
  EXPECT_EQ(status_of(repository_.plan_removed_qualifier_type(space_, "Nothing")), "NOT_FOUND");
  QualifierType unused = *repository_.find_qualifier_type(space_, "Unused");
  unused.type = Type::kUint8;
  unused.default_value = Value::null(Type::kUint8);
  const auto change = repository_.plan_qualifier_type(space_, unused);
  ASSERT_TRUE(change);
  repository_.apply(*change);
  EXPECT_EQ(repository_.find_qualifier_type(space_, "unused")->type, Type::kUint8);
  repository_.apply(*repository_.plan_removed_qualifier_type(space_, "UNUSED"));
  EXPECT_FALSE(repository_.find_qualifier_type(space_, "Unused"));
}

}  // namespace
}  // namespace lunaria::cim
