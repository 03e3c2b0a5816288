#include "cim/stored_schema.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cim/mof/compiler.h"
#include "cim/object_store_for_test.h"
#include "cim/repository_provider.h"
#include "cim/run_for_test.h"

namespace lunaria::cim {
namespace {

constexpr const char* kShipped = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Abstract : boolean = false, Scope(class, association, indication), Flavor(Restricted);
Qualifier Description : string, Scope(any), Flavor(Translatable);
Qualifier Required : boolean = false, Scope(property);
[Abstract] class T_Base { [Key] uint32 Id; string Name; };
)";

std::string status_of(const Result<void, Error>& result) {
  return result ? "ok" : std::string(status_name(result.error().status)).substr(8);
}

/// An object manager's schema, as it stands after a start.
struct Started {
  explicit Started(MemoryObjectStore& objects) : store(objects) {
    EXPECT_TRUE(repository.add_namespace(interop));
    mof::MemorySourceLoader loader;
    loader.add("shipped", kShipped);
    const auto compiled = mof::Compiler(repository, loader, interop).compile("shipped");
    EXPECT_TRUE(compiled) << compiled.error().to_string();
    EXPECT_TRUE(run(schema.load()));
  }

  std::string create_namespace(const char* name) {
    return status_of(run(schema.create_namespace(context, name_of(name))));
  }
  std::string delete_namespace(const char* name) {
    return status_of(run(schema.delete_namespace(context, name_of(name))));
  }
  /// A declaration as a client would send it.
  static ClassDeclaration declared(const char* name, const char* superclass, std::vector<const char*> properties) {
    ClassDeclaration declaration;
    declaration.name = name;
    declaration.superclass = superclass;
    for (const char* property : properties) {
      declaration.properties.emplace_back().name = property;
    }
    return declaration;
  }
  std::string create(const NamespaceName& space, const ClassDeclaration& declaration) {
    return status_of(run(schema.create_class(context, space, declaration)));
  }
  std::string modify(const NamespaceName& space, const ClassDeclaration& declaration) {
    return status_of(run(schema.modify_class(context, space, declaration)));
  }
  std::string remove(const NamespaceName& space, const char* name) {
    return status_of(run(schema.delete_class(context, space, name)));
  }
  bool is_served(const NamespaceName& space, const char* name) const { return providers.find(space, name) != nullptr; }
  static const NamespaceName& name_of(const char* name) {
    static NamespaceName last;
    last = NamespaceName(name);
    return last;
  }

  MemoryObjectStore& store;
  const NamespaceName interop{"root/interop"};
  Repository repository;
  ProviderTable providers;
  RepositoryProvider instances{repository, store, nullptr};
  MemoryLog log;
  StoredSchema schema{{repository, providers, instances, store, log}};
  OperationContext context;
};

TEST(StoredSchema, SurvivesARestart) {
  MemoryObjectStore store;
  const NamespaceName mine("root/mine");
  {
    Started first(store);
    EXPECT_EQ(first.create_namespace("root/mine"), "ok");
    EXPECT_EQ(first.create_namespace("ROOT/mine"), "ALREADY_EXISTS");
    EXPECT_EQ(first.create_namespace("root/ m"), "INVALID_PARAMETER");
    EXPECT_EQ(first.create(first.interop, Started::declared("T_Below", "T_Base", {"More"})), "ok");
    EXPECT_EQ(first.create(mine, Started::declared("T_Own", "", {"A"})), "ok");
    EXPECT_EQ(first.create(mine, Started::declared("T_Inner", "T_Own", {"B"})), "ok");
    EXPECT_EQ(first.modify(mine, Started::declared("T_Own", "", {"A", "C"})), "ok");
  }
  Started second(store);
  EXPECT_FALSE(second.log.contains("unreadable"));
  EXPECT_TRUE(second.repository.find_class(second.interop, "T_Below")->is_a("T_Base"));
  EXPECT_TRUE(second.repository.find_class(mine, "T_Inner")->find_property("C"));
  EXPECT_TRUE(second.is_served(mine, "T_Inner"));
  EXPECT_TRUE(second.is_served(second.interop, "T_Below"));
  EXPECT_FALSE(second.is_served(second.interop, "T_Base"));
  EXPECT_TRUE(second.repository.find_qualifier_type(mine, "Key")) << "namespaces have the standard qualifiers";
  EXPECT_EQ(second.delete_namespace("root/mine"), "NAMESPACE_NOT_EMPTY");
  EXPECT_EQ(second.remove(mine, "T_Own"), "CLASS_HAS_CHILDREN");
  EXPECT_EQ(second.remove(mine, "T_Inner"), "ok");
  EXPECT_EQ(second.remove(mine, "T_Own"), "ok");
  EXPECT_EQ(second.delete_namespace("root/mine"), "ok");
  Started third(store);
  EXPECT_FALSE(third.repository.has_namespace(mine));
}

TEST(StoredSchema, LeavesTheShippedSchemaAlone) {
  MemoryObjectStore store;
  Started started(store);
  EXPECT_EQ(started.modify(started.interop, Started::declared("T_Base", "", {"Id"})), "NOT_SUPPORTED");
  EXPECT_EQ(started.remove(started.interop, "T_Base"), "NOT_SUPPORTED");
  EXPECT_EQ(started.delete_namespace("root/interop"), "NOT_SUPPORTED");
  EXPECT_EQ(started.delete_namespace("root/none"), "NOT_FOUND");
  EXPECT_EQ(status_of(run(started.schema.delete_qualifier_type(started.context, started.interop, "Description"))),
            "NOT_SUPPORTED");
  EXPECT_TRUE(store.schema().empty());
}

TEST(StoredSchema, LooksAtTheInstancesThatAreThere) {
  MemoryObjectStore store;
  Started started(store);
  EXPECT_EQ(started.create(started.interop, Started::declared("T_Below", "T_Base", {"A", "B"})), "ok");
  ASSERT_TRUE(run(store.insert({started.interop, "T_Below"}, {"k", "record"})));
  EXPECT_EQ(started.remove(started.interop, "T_Below"), "CLASS_HAS_INSTANCES");
  EXPECT_EQ(started.modify(started.interop, Started::declared("T_Below", "T_Base", {"A"})), "CLASS_HAS_INSTANCES");
  EXPECT_EQ(started.modify(started.interop, Started::declared("T_Below", "T_Base", {"A", "B", "C"})), "ok");
  ClassDeclaration abstract = Started::declared("T_Below", "T_Base", {"A", "B", "C"});
  abstract.qualifiers.push_back({"Abstract", Value(true), {}});
  EXPECT_EQ(started.modify(started.interop, abstract), "CLASS_HAS_INSTANCES");
  ASSERT_TRUE(*run(store.erase({started.interop, "T_Below"}, "k")));
  EXPECT_EQ(started.modify(started.interop, abstract), "ok");
  EXPECT_FALSE(started.is_served(started.interop, "T_Below"));
}

TEST(StoredSchema, ChangesNothingWhenTheStoreFails) {
  MemoryObjectStore store;
  Started started(store);
  store.fail_with(Error(Status::kFailed, "the disk is full"));
  EXPECT_EQ(started.create(started.interop, Started::declared("T_Below", "T_Base", {})), "FAILED");
  EXPECT_FALSE(started.repository.find_class(started.interop, "T_Below"));
  EXPECT_EQ(started.create_namespace("root/mine"), "FAILED");
  EXPECT_FALSE(started.repository.has_namespace(NamespaceName("root/mine")));
}

TEST(StoredSchema, TellsWhatDoesNotFitAnyMore) {
  MemoryObjectStore store;
  ASSERT_TRUE(run(
      store.put_schema({SchemaElementKind::kClass, NamespaceName("root/interop"), "T_A", "class T_A : T_Gone { };"})));
  ASSERT_TRUE(run(
      store.put_schema({SchemaElementKind::kClass, NamespaceName("root/interop"), "T_B", "class T_B : T_Base { };"})));
  Started started(store);
  EXPECT_TRUE(started.log.contains("no superclass T_Gone"));
  EXPECT_TRUE(started.is_served(started.interop, "T_B"));
}

/// "+root/a" and "-root/a".
class NamespaceEvents final : public NamespaceListener {
 public:
  void on_namespace_created(const NamespaceName& name) override { events.push_back('+' + name.text()); }
  void on_namespace_deleted(const NamespaceName& name) override { events.push_back('-' + name.text()); }
  std::vector<std::string> events;
};

TEST(StoredSchema, TellsOfNamespacesThatCameAndWent) {
  MemoryObjectStore store;
  Started first(store);
  NamespaceEvents listener;
  first.schema.tell_of_namespaces(&listener);
  EXPECT_EQ(first.create_namespace("root/mine"), "ok");
  EXPECT_EQ(first.create_namespace("root/mine"), "ALREADY_EXISTS");
  EXPECT_EQ(first.create_namespace("root/ m"), "INVALID_PARAMETER");
  EXPECT_EQ(first.delete_namespace("root/interop"), "NOT_SUPPORTED");
  store.fail_with(Error(Status::kFailed, "no space"));
  EXPECT_EQ(first.create_namespace("root/more"), "FAILED");
  EXPECT_EQ(first.delete_namespace("root/mine"), "FAILED");
  store.fail_with(Error());
  EXPECT_EQ(listener.events, (std::vector<std::string>{"+root/mine"})) << "what failed did not happen";
  EXPECT_EQ(first.delete_namespace("root/mine"), "ok");
  first.schema.tell_of_namespaces(nullptr);
  EXPECT_EQ(first.create_namespace("root/quiet"), "ok");
  EXPECT_EQ(listener.events, (std::vector<std::string>{"+root/mine", "-root/mine"}));
}

}  // namespace
}  // namespace lunaria::cim
