#include <gtest/gtest.h>

#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;

TEST(Read10, ReturnsWhatWrite10Wrote) {
  Harness harness;
  const auto written = harness.run({0x2A, 0, 0, 0, 0, 7, 0, 0, 2, 0}, {.data_out = Bytes(1024, 0x5A)});
  ASSERT_TRUE(written->is_good());
  EXPECT_EQ(written->command.transfer_length, 1024U);
  const auto read = harness.run({0x28, 0, 0, 0, 0, 6, 0, 0, 3, 0});
  ASSERT_TRUE(read->is_good());
  EXPECT_EQ(read->command.transfer_length, 1536U);
  Bytes expected(1536, 0x5A);
  std::fill_n(expected.begin(), 512, std::uint8_t{0});
  EXPECT_EQ(read->data_in(), expected);
}

}  // namespace
}  // namespace lunaria::scsi
