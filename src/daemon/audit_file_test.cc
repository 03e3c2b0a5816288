#include "daemon/audit_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <span>
#include <string>

#include "security/small_file.h"
#include "sim/file_system.h"
#include "sim/world.h"

namespace lunaria::daemon {
namespace {

class AuditFileTest : public testing::Test {
 protected:
  static constexpr const char* kPath = "/state/audit/audit.jsonl";

  AuditFile make(std::uint64_t size_max = 100, std::uint32_t count_max = 3) {
    return {files_, {.path = kPath, .size_max = size_max, .count_max = count_max}};
  }
  /// "-" when it is not there.
  std::string content(const std::string& suffix = "") {
    const auto read = security::read_small_file(files_, kPath + suffix, 1 << 20);
    std::string text;
    if (!read) {
      return "-";
    }
    for (const std::byte byte : *read) {
      text += static_cast<char>(byte);
    }
    return text;
  }

  sim::World world_;
  sim::SimFileSystem files_{world_};
};

TEST_F(AuditFileTest, AppendsThroughRestarts) {
  AuditFile first = make();
  ASSERT_TRUE(first.open());
  ASSERT_TRUE(first.append("one\n"));
  ASSERT_TRUE(first.append("two\nthree\n"));
  AuditFile second = make();
  ASSERT_TRUE(second.open());
  ASSERT_TRUE(second.append("four\n"));
  EXPECT_EQ(content(), "one\ntwo\nthree\nfour\n");
}

TEST_F(AuditFileTest, EndsALineThatACrashHasCut) {
  AuditFile first = make();
  ASSERT_TRUE(first.open());
  ASSERT_TRUE(first.append("{\"time\":"));
  AuditFile second = make();
  ASSERT_TRUE(second.open());
  ASSERT_TRUE(second.append("{}\n"));
  EXPECT_EQ(content(), "{\"time\":\n{}\n");
}

TEST_F(AuditFileTest, BeginsAnotherWhenFullAndDropsTheOldest) {
  AuditFile file = make(10, 3);
  ASSERT_TRUE(file.open());
  for (const char* line : {"aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "eeee\n", "ffff\n", "gggg\n"}) {
    ASSERT_TRUE(file.append(line));
  }
  EXPECT_EQ(content(), "gggg\n");
  EXPECT_EQ(content(".1"), "eeee\nffff\n");
  EXPECT_EQ(content(".2"), "cccc\ndddd\n");
  EXPECT_EQ(content(".3"), "-");
}

TEST_F(AuditFileTest, OfOneFileKeepsTheLastLines) {
  AuditFile file = make(10, 1);
  ASSERT_TRUE(file.open());
  for (const char* line : {"aaaa\n", "bbbb\n", "cccc\n"}) {
    ASSERT_TRUE(file.append(line));
  }
  EXPECT_EQ(content(), "cccc\n");
  EXPECT_EQ(content(".1"), "-");
}

TEST_F(AuditFileTest, TakesLinesThatAreLargerThanAFile) {
  AuditFile file = make(4, 2);
  ASSERT_TRUE(file.open());
  ASSERT_TRUE(file.append("larger than four\n"));
  ASSERT_TRUE(file.append("and another\n"));
  EXPECT_EQ(content(), "and another\n");
  EXPECT_EQ(content(".1"), "larger than four\n");
}

// Every call on the way fails once: what was acknowledged is there, the next line is taken, nothing is torn.
TEST_F(AuditFileTest, GoesOnAfterAnyCallThatFailed) {
  for (std::uint64_t n = 1;; ++n) {
    sim::World world;
    sim::SimFileSystem files(world);
    AuditFile file(files, {.path = kPath, .size_max = 10, .count_max = 3});
    ASSERT_TRUE(file.open());
    ASSERT_TRUE(file.append("aaaa\n"));
    ASSERT_TRUE(file.append("bbbb\n"));
    files.fail_call(n, sim::Fate::error(ENOSPC));
    const std::uint64_t before = files.call_count();
    const bool taken = file.append("cccc\n").has_value();
    if (files.call_count() - before < n) {
      EXPECT_TRUE(taken);
      EXPECT_GT(n, 3U) << "there are several calls that can fail";
      return;
    }
    ASSERT_TRUE(file.append("dddd\n")) << "call " << n;
    std::string all;
    for (const char* suffix : {".2", ".1", ""}) {
      const auto read = security::read_small_file(files, std::string(kPath) + suffix, 1 << 20);
      for (const std::byte byte : read ? *read : std::vector<std::byte>()) {
        all += static_cast<char>(byte);
      }
    }
    EXPECT_EQ(all, taken ? "aaaa\nbbbb\ncccc\ndddd\n" : "aaaa\nbbbb\ndddd\n") << "call " << n;
  }
}

}  // namespace
}  // namespace lunaria::daemon
