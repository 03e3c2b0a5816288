#include "scsi/designator.h"

#include <gtest/gtest.h>

#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

// The descriptors of a page 83h whose association is the logical unit.
std::vector<Designator> unit_designators_in(const testing::Bytes& page) {
  std::vector<Designator> found;
  for (std::size_t at = 4; at + 4 <= page.size(); at += 4 + page[at + 3]) {
    if ((page[at + 1] & 0x30) == 0) {
      const auto begin = page.begin() + static_cast<std::ptrdiff_t>(at + 4);
      found.push_back({static_cast<CodeSet>(page[at] & 0x0F),
                       static_cast<DesignatorType>(page[at + 1] & 0x0F),
                       {begin, begin + page[at + 3]}});
    }
  }
  return found;
}

TEST(Designator, AreThoseThatInquiryAnswers) {
  testing::Harness harness;
  const auto inquiry = harness.run({0x12, 0x01, 0x83, 0x10, 0x00, 0x00});
  ASSERT_TRUE(inquiry->is_good());
  const std::vector<Designator> designators = unit_designators(testing::Harness::test_identity());
  EXPECT_EQ(unit_designators_in(inquiry->data_in()), designators);
  ASSERT_EQ(designators.size(), 3U);
  EXPECT_EQ(designators[0].bytes.size(), 8U + 16U);
  EXPECT_EQ(designators[1].bytes, (std::vector<std::uint8_t>{0x30, 0, 0, 0, 0, 0, 0, 0x2A}));
  const std::string name(designators[2].bytes.begin(), designators[2].bytes.end());
  EXPECT_EQ(name, std::string("naa.300000000000002a") + std::string(4, '\0'));
}

}  // namespace
}  // namespace lunaria::scsi
