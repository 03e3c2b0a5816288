#include "catalogue/object_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace lunaria::catalogue {
namespace {

class ObjectFileTest : public testing::Test {
 protected:
  ObjectFileTest() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code error;
    const bool has_memory = std::filesystem::is_directory(memory, error);
    std::string name = (has_memory ? memory : std::filesystem::temp_directory_path()) / "lunaria-objects-XXXXXX";
    directory_ = mkdtemp(name.data());
    reopen();
  }
  ~ObjectFileTest() override {
    file_.reset();
    std::filesystem::remove_all(directory_);
  }
  void reopen() {
    file_.reset();
    auto opened = ObjectFile::open({.path = directory_ / "objects.db", .vfs = {}});
    ASSERT_TRUE(opened) << opened.error().message;
    file_ = std::move(*opened);
  }

  std::filesystem::path directory_;
  std::unique_ptr<ObjectFile> file_;
};

TEST_F(ObjectFileTest, KeepsTheSchemaInOrder) {
  ASSERT_TRUE(file_->put_schema({2, "root/a", "T_B", "first"}));
  ASSERT_TRUE(file_->put_schema({2, "root/a", "T_A", "second"}));
  ASSERT_TRUE(file_->put_schema({2, "ROOT/a", "t_b", "changed"}));
  ASSERT_TRUE(file_->put_schema({1, "root/a", "T_B", "a qualifier"}));
  ASSERT_TRUE(file_->remove_schema(2, "root/A", "T_a"));
  reopen();
  const auto rows = file_->schema();
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].text, "changed");
  EXPECT_EQ((*rows)[1].text, "a qualifier");
}

TEST_F(ObjectFileTest, KeepsInstancesBySetAndKey) {
  EXPECT_EQ(*file_->insert("root/a", "T_A", {"k", "r"}), InsertOutcome::kNoSet);
  ASSERT_TRUE(file_->open_set("root/a", "T_A"));
  ASSERT_TRUE(file_->open_set("root/a", "T_B"));
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(*file_->insert("root/a", "T_A", {"k", bytes}), InsertOutcome::kInserted);
  EXPECT_EQ(*file_->insert("root/a", "T_A", {"k", "other"}), InsertOutcome::kExists);
  EXPECT_EQ(*file_->insert("root/a", "T_B", {"k", "of B"}), InsertOutcome::kInserted);
  reopen();
  EXPECT_EQ(*file_->find("Root/A", "t_a", "k"), bytes);
  EXPECT_EQ(*file_->find("root/a", "T_A", "K"), std::nullopt);
  EXPECT_FALSE(*file_->replace("root/a", "T_A", {"k", "new"}, "not so"));
  EXPECT_TRUE(*file_->replace("root/a", "T_A", {"k", "new"}, bytes));
  EXPECT_EQ(*file_->find("root/a", "T_A", "k"), "new");
  EXPECT_FALSE(*file_->remove_set("root/a", "T_A")) << "it holds something";
  EXPECT_TRUE(*file_->erase("root/a", "T_A", "k"));
  EXPECT_FALSE(*file_->erase("root/a", "T_A", "k"));
  EXPECT_TRUE(*file_->remove_set("root/a", "T_A"));
  EXPECT_EQ(*file_->insert("root/a", "T_A", {"k", "r"}), InsertOutcome::kNoSet);
  EXPECT_TRUE(*file_->has_objects("root/a", "T_B"));
}

TEST_F(ObjectFileTest, GivesPagesInTheOrderOfKeys) {
  ASSERT_TRUE(file_->open_set("root/a", "T_A"));
  for (const char* key : {"d", "b", "a", "c"}) {
    ASSERT_TRUE(file_->insert("root/a", "T_A", {key, "12345678"}));
  }
  const auto first = file_->page("root/a", "T_A", "", 3, 1000);
  ASSERT_EQ(first->size(), 3U);
  EXPECT_EQ(first->back().key, "c");
  EXPECT_EQ(file_->page("root/a", "T_A", "c", 3, 1000)->size(), 1U);
  EXPECT_EQ(file_->page("root/a", "T_A", "", 3, 10)->size(), 2U) << "as many as it takes to reach the bytes";
  EXPECT_TRUE(file_->page("root/a", "T_A", "d", 3, 1000)->empty());
}

TEST_F(ObjectFileTest, KeepsMessagesInOrder) {
  ASSERT_TRUE(file_->push_message("b", {2, "two"}));
  ASSERT_TRUE(file_->push_message("b", {1, "one"}));
  ASSERT_TRUE(file_->push_message("a", {7, "seven", 2}));
  ASSERT_TRUE(file_->remove_message("b", 1));
  reopen();
  auto rows = file_->messages();
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].second.body, "seven");
  EXPECT_EQ((*rows)[0].second.reader, 2);
  EXPECT_EQ((*rows)[1].second.sequence, 2);
  EXPECT_EQ((*rows)[1].second.reader, 0);
  EXPECT_FALSE(file_->push_message("a", {8, "eight", 3})) << "there is no such role";
  ASSERT_TRUE(file_->remove_messages("b"));
  EXPECT_EQ(file_->messages()->size(), 1U);
}

TEST_F(ObjectFileTest, ForgetsWhatATransactionTookBack) {
  {
    auto transaction = Transaction::begin(file_->database());
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(file_->open_set("root/a", "T_A"));
    ASSERT_EQ(*file_->insert("root/a", "T_A", {"k", "r"}), InsertOutcome::kInserted);
  }
  file_->rolled_back();
  EXPECT_EQ(*file_->insert("root/a", "T_A", {"k", "r"}), InsertOutcome::kNoSet);
}

}  // namespace
}  // namespace lunaria::catalogue
