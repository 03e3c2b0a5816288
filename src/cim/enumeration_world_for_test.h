#pragma once

// A small schema with associations over two namespaces, and an Enumerator in front of it: for the tests of associations
// and of pulled enumerations. Not part of the product.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cim/enumerator.h"
#include "cim/mof/compiler.h"
#include "cim/test_provider.h"
#include "runtime/gate.h"
#include "sim/world.h"

namespace lunaria::cim {

inline constexpr const char* kAssociationSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride);
class A_System { [Key] string Name; string Caption; };
class A_Disk { [Key] uint32 Id; string Label; };
class A_FastDisk : A_Disk { uint32 Speed; };
class A_Lonely { [Key] string Name; };
[Association] class A_Has { [Key] A_System REF Whole; [Key] A_Disk REF Part; };
[Association] class A_Mirrors { [Key] A_Disk REF Source; [Key] A_Disk REF Copy; };
)";

class EnumerationWorld : public testing::Test {
 protected:
  EnumerationWorld() {
    for (const NamespaceName& name : {space, other_space}) {
      EXPECT_TRUE(repository.add_namespace(name));
      mof::MemorySourceLoader loader;
      loader.add("schema", kAssociationSchema);
      mof::Compiler compiler(repository, loader, name);
      const auto compiled = compiler.compile("schema");
      EXPECT_TRUE(compiled) << compiled.error().to_string();
    }
    for (const char* name : {"A_System", "A_Disk", "A_FastDisk"}) {
      providers.add(space, name, objects);
    }
    providers.add(space, "A_Has", links);
    providers.add(space, "A_Mirrors", links);
    providers.add(other_space, "A_Disk", other_objects);
  }

  Instance system(std::string_view name) const {
    Instance instance(repository.find_class(space, "A_System"));
    EXPECT_TRUE(instance.set("Name", Value(name)));
    return instance;
  }
  Instance disk(std::uint32_t id, const char* cls = "A_Disk", const NamespaceName* place = nullptr) const {
    Instance instance(repository.find_class(place == nullptr ? space : *place, cls));
    EXPECT_TRUE(instance.set("Id", Value(id)));
    EXPECT_TRUE(instance.set("Label", Value("disk " + std::to_string(id))));
    return instance;
  }
  Instance link(const char* cls, const ObjectPath& first, const ObjectPath& second) const {
    Instance instance(repository.find_class(space, cls));
    instance.set(0, Value(first));
    instance.set(1, Value(second));
    return instance;
  }
  static ObjectPath path(std::string_view text) { return ObjectPath::parse(text).value(); }

  /// Runs a task on the shard until it is done; the world must be able to finish it.
  template <class T>
  T finish(runtime::Task<T> task) {
    std::optional<T> result;
    shard.run([&] { EXPECT_TRUE(runtime::spawn(gate, store(std::move(task), result))); });
    EXPECT_TRUE(world.run_until([&result] { return result.has_value(); }, std::chrono::seconds(1)));
    return std::move(*result);
  }
  void finish(runtime::Task<void> task) {
    bool done = false;
    shard.run([&] { EXPECT_TRUE(runtime::spawn(gate, mark(std::move(task), done))); });
    EXPECT_TRUE(world.run_until([&done] { return done; }, std::chrono::seconds(1)));
  }

  template <class T>
  static std::string status_of(const Result<T, Error>& result) {
    return result ? "ok" : std::string(status_name(result.error().status)).substr(8);
  }

  const NamespaceName space{"root/test"};
  const NamespaceName other_space{"root/elsewhere"};
  sim::World world;
  sim::SimShard& shard = world.add_shard();
  runtime::Gate gate;
  Repository repository;
  TestProvider objects;
  TestProvider links;
  TestProvider other_objects;
  ProviderTable providers;
  OperationContext context;
  Enumerator enumerator{repository, providers};

 private:
  template <class T>
  static runtime::Task<void> store(runtime::Task<T> task, std::optional<T>& result) {
    auto value = co_await std::move(task);
    result.emplace(std::move(value));
  }
  static runtime::Task<void> mark(runtime::Task<void> task, bool& done) {
    co_await std::move(task);
    done = true;
  }
};

}  // namespace lunaria::cim
