#include "base/memory_budget.h"

#include <gtest/gtest.h>

#include <optional>

namespace lunaria {
namespace {

constexpr std::size_t kFree = 1000;

TEST(MemoryBudget, IsSharedByAllAndGivenBack) {
  MemoryBudget budget(3000, 0);
  std::optional<MemoryBudget::Share> first(budget);
  MemoryBudget::Share second(budget);
  EXPECT_TRUE(first->hold(2000));
  EXPECT_FALSE(second.hold(2000));
  EXPECT_TRUE(second.hold(1000));
  first.reset();
  EXPECT_TRUE(second.hold(2000));
}

TEST(MemoryBudget, KeepsTheMostThatAHolderHasHeld) {
  MemoryBudget budget(3000, 0);
  MemoryBudget::Share first(budget);
  MemoryBudget::Share second(budget);
  EXPECT_TRUE(first.hold(2000));
  EXPECT_TRUE(first.hold(0));
  EXPECT_FALSE(second.hold(2000));
}

TEST(MemoryBudget, HasRoomForWhatIsOrdinaryWhateverOthersHold) {
  MemoryBudget budget(3000, kFree);
  MemoryBudget::Share large(budget);
  EXPECT_TRUE(large.hold(3000 + kFree));
  MemoryBudget::Share small(budget);
  EXPECT_TRUE(small.hold(kFree));
  EXPECT_FALSE(small.hold(kFree + 1));
}

}  // namespace
}  // namespace lunaria
