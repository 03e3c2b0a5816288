#include "daemon/stored_objects.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/gate.h"
#include "sim/world.h"

namespace lunaria::daemon {
namespace {

const cim::InstanceSet kSet{cim::NamespaceName("root/a"), "T_A"};

/// A store over a real file in a world of virtual time.
class StoredObjectsTest : public testing::Test {
 protected:
  StoredObjectsTest() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code error;
    const bool has_memory = std::filesystem::is_directory(memory, error);
    std::string name = (has_memory ? memory : std::filesystem::temp_directory_path()) / "lunaria-stored-XXXXXX";
    directory_ = mkdtemp(name.data());
    run(open());
  }
  ~StoredObjectsTest() override {
    run(close());
    std::filesystem::remove_all(directory_);
  }

  void run(runtime::Task<void> task) {
    runtime::spawn(gate_, std::move(task));
    world_.run_until_idle();
    EXPECT_EQ(gate_.count(), 0U);
  }
  runtime::Task<void> open() {
    const auto opened = co_await objects_.open(directory_ / "objects.db");
    EXPECT_TRUE(opened) << opened.error();
  }
  runtime::Task<void> close() { co_await objects_.close(); }
  runtime::Task<void> insert(std::string key) {
    const auto done = co_await objects_.insert(kSet, {std::move(key), "record"});
    outcomes_.emplace_back(done ? "ok" : cim::status_name(done.error().status));
  }
  runtime::Task<void> find(std::string key) {
    const auto found = co_await objects_.find(kSet, std::move(key));
    outcomes_.emplace_back(found && *found ? **found : "nothing");
  }
  runtime::Task<void> put_class() {
    cim::SchemaElement element{cim::SchemaElementKind::kClass, kSet.name_space, kSet.class_name, "class T_A {};"};
    const auto done = co_await objects_.put_schema(std::move(element));
    EXPECT_TRUE(done);
  }
  runtime::Task<void> remove_class() {
    const auto done = co_await objects_.remove_schema(cim::SchemaElementKind::kClass, kSet.name_space, kSet.class_name);
    outcomes_.emplace_back(done ? "ok" : cim::status_name(done.error().status));
  }
  runtime::Task<void> erase(std::string key) {
    const auto done = co_await objects_.erase(kSet, std::move(key));
    EXPECT_TRUE(done && *done);
  }

  sim::World world_;
  sim::SimShard& shard_ = world_.add_shard();
  std::filesystem::path directory_;
  runtime::Gate gate_;
  StoredObjects objects_{shard_};
  std::vector<std::string> outcomes_;
};

TEST_F(StoredObjectsTest, AnswersCallsInTheirOrder) {
  run(insert("a"));
  run(put_class());
  runtime::spawn(gate_, find("a"));
  runtime::spawn(gate_, insert("a"));
  runtime::spawn(gate_, insert("a"));
  runtime::spawn(gate_, find("a"));
  runtime::spawn(gate_, remove_class());
  world_.run_until_idle();
  run(erase("a"));
  run(remove_class());
  run(insert("a"));
  EXPECT_EQ(outcomes_,
            (std::vector<std::string>{"CIM_ERR_INVALID_CLASS", "nothing", "ok", "CIM_ERR_ALREADY_EXISTS", "record",
                                      "CIM_ERR_CLASS_HAS_INSTANCES", "ok", "CIM_ERR_INVALID_CLASS"}));
}

}  // namespace
}  // namespace lunaria::daemon
