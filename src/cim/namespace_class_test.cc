#include "cim/namespace_class.h"

#include <string>
#include <vector>

#include "cim/enumeration_world_for_test.h"
#include "cim/object_manager.h"

namespace lunaria::cim {
namespace {

/// Keeps what it was asked for.
class FakeEditor final : public SchemaEditor {
 public:
  explicit FakeEditor(Repository& repository) : repository_(repository) {}

  runtime::Task<Result<void, Error>> create_namespace(const OperationContext& /*context*/,
                                                      const NamespaceName& name) override {
    co_return repository_.add_namespace(name);
  }
  runtime::Task<Result<void, Error>> delete_namespace(const OperationContext& /*context*/,
                                                      const NamespaceName& name) override {
    deleted = name.text();
    co_return Result<void, Error>();
  }
  runtime::Task<Result<void, Error>> create_class(const OperationContext& /*context*/, const NamespaceName& name_space,
                                                  const ClassDeclaration& declaration) override {
    const auto made = repository_.add_class(name_space, declaration);
    if (!made) {
      co_return fail(made.error());
    }
    co_return Result<void, Error>();
  }
  runtime::Task<Result<void, Error>> modify_class(const OperationContext& /*context*/,
                                                  const NamespaceName& /*name_space*/,
                                                  const ClassDeclaration& declaration) override {
    co_return fail(Error(Status::kClassHasInstances, declaration.name));
  }
  runtime::Task<Result<void, Error>> delete_class(const OperationContext& /*context*/,
                                                  const NamespaceName& /*name_space*/,
                                                  std::string_view class_name) override {
    co_return fail(Error(Status::kClassHasChildren, std::string(class_name)));
  }
  runtime::Task<Result<void, Error>> set_qualifier_type(const OperationContext& /*context*/,
                                                        const NamespaceName& name_space,
                                                        const QualifierType& declaration) override {
    co_return repository_.add_qualifier_type(name_space, declaration);
  }
  runtime::Task<Result<void, Error>> delete_qualifier_type(const OperationContext& /*context*/,
                                                           const NamespaceName& /*name_space*/,
                                                           std::string_view name) override {
    co_return fail(Error(Status::kNotFound, std::string(name)));
  }

  std::string deleted;

 private:
  Repository& repository_;
};

class Namespaces : public EnumerationWorld {
 protected:
  Namespaces() {
    for (const char* name : {"root", "root/a", "root/a/b/c", "root/ab"}) {
      EXPECT_TRUE(repository.add_namespace(NamespaceName(name)));
    }
    repository.add_everywhere(NamespaceClassProvider::make_class());
    providers.add_everywhere(NamespaceClassProvider::kClass, provider);
  }

  std::string below(const char* name_space) {
    const NamespaceName name(name_space);
    CollectingSink sink;
    EXPECT_TRUE(finish(manager.enumerate_instances(context, name, "__NAMESPACE", {}, sink)));
    std::string names;
    for (const Instance& instance : sink.instances()) {
      names += std::string(instance.find("Name")->string_or_empty()) + ' ';
    }
    return names;
  }
  std::string get(std::string_view text) {
    const ObjectPath object = path(text);
    return status_of(finish(manager.get_instance(context, object, {})));
  }
  std::string create(const char* name_space, std::string_view name) {
    InstanceBuilder builder("__Namespace");
    builder.add("Name", Value(name), true);
    const Instance made = builder.build();
    const NamespaceName space_name(name_space);
    return status_of(finish(manager.create_instance(context, space_name, made)));
  }
  std::string remove(std::string_view text) {
    const ObjectPath object = path(text);
    return status_of(finish(manager.delete_instance(context, object)));
  }

  FakeEditor editor{repository};
  NamespaceClassProvider provider{repository, &editor};
  AdmissionControl admission{{}, {}};
  ObjectManager manager{repository,
                        providers,
                        admission,
                        [](const OperationContext&, const OperationRequest&) { return Result<void, Error>(); },
                        {.schema_editor = &editor}};
};

TEST_F(Namespaces, AreSeenFromTheOneAbove) {
  EXPECT_EQ(below("root"), "test elsewhere a ab ");
  EXPECT_EQ(below("root/a"), "b/c ");
  EXPECT_EQ(below("root/ab"), "");
  const auto spelled = finish(manager.get_instance(context, path("root:__Namespace.Name=\"A\""), {}));
  ASSERT_TRUE(spelled);
  EXPECT_EQ(spelled->find("Name")->string_or_empty(), "a");
  EXPECT_EQ(get("root/a:__namespace.name=\"b\""), "NOT_FOUND");
  EXPECT_EQ(get("root/a:__namespace.name=\"b/c\""), "ok");
}

TEST(NamespacePlaces, AreBetweenTheNearestAboveAndTheNearestBelow) {
  const std::vector<NamespaceName> all = {NamespaceName("root"),       NamespaceName("root/a/b"),
                                          NamespaceName("root/a/b/c"), NamespaceName("root/a/d"),
                                          NamespaceName("root/ab"),    NamespaceName("other")};
  const auto texts = [&](const char* name) {
    const NamespacePlace place = place_among(all, NamespaceName(name));
    std::string text = place.outer ? place.outer->text() : "-";
    for (const NamespaceName& each : place.inner) {
      text += ' ' + each.text();
    }
    return text;
  };
  EXPECT_EQ(texts("root/a"), "root root/a/b root/a/d");
  EXPECT_EQ(texts("ROOT/A/B"), "root root/a/b/c");
  EXPECT_EQ(texts("root/a/b/c"), "root/a/b");
  EXPECT_EQ(texts("root"), "- root/a/b root/a/d root/ab");
  EXPECT_EQ(texts("another"), "-");
}

TEST_F(Namespaces, AreMadeAndRemovedThere) {
  EXPECT_EQ(create("root/a", "d"), "ok");
  EXPECT_TRUE(repository.has_namespace(NamespaceName("root/a/d")));
  EXPECT_EQ(below("root/a/d"), "") << "a new one has the class, too";
  EXPECT_EQ(create("root", "A"), "ALREADY_EXISTS");
  EXPECT_EQ(create("root", ""), "INVALID_PARAMETER");
  EXPECT_EQ(remove("root/a:__Namespace.Name=\"d\""), "ok");
  EXPECT_EQ(editor.deleted, "root/a/d");
  EXPECT_EQ(remove("root/a:__Namespace.Name=\"x\""), "NOT_FOUND");
}

TEST_F(Namespaces, HaveTheClassWithoutListingIt) {
  EXPECT_TRUE(manager.get_class(context, space, "__Namespace"));
  const auto names = manager.enumerate_class_names(context, space, "", true);
  ASSERT_TRUE(names);
  EXPECT_EQ(std::ranges::count(*names, "__Namespace"), 0);
}

TEST_F(Namespaces, TakeChangesOfTheirSchemaFromTheEditor) {
  ClassDeclaration declaration;
  declaration.name = "N_New";
  EXPECT_EQ(status_of(finish(manager.create_class(context, space, declaration))), "ok");
  EXPECT_TRUE(repository.find_class(space, "N_New"));
  EXPECT_EQ(status_of(finish(manager.modify_class(context, space, declaration))), "CLASS_HAS_INSTANCES");
  EXPECT_EQ(status_of(finish(manager.delete_class(context, space, "N_New"))), "CLASS_HAS_CHILDREN");
  QualifierType mine;
  mine.name = "Mine";
  EXPECT_EQ(status_of(finish(manager.set_qualifier(context, space, mine))), "ok");
  EXPECT_TRUE(repository.find_qualifier_type(space, "mine"));
  EXPECT_EQ(status_of(finish(manager.delete_qualifier(context, space, "Yours"))), "NOT_FOUND");
  const NamespaceName nowhere("root/none");
  EXPECT_EQ(status_of(finish(manager.create_class(context, nowhere, declaration))), "INVALID_NAMESPACE");
}

}  // namespace
}  // namespace lunaria::cim
