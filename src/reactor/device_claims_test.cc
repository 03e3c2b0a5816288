#include "reactor/device_claims.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

namespace lunaria::reactor {
namespace {

using runtime::IoError;

/// A pipe stands in for the device: its reading end reports the end of file once the descriptor of the claim is closed.
class DeviceClaimsTest : public ::testing::Test {
 protected:
  DeviceClaims::Open open() {
    return [this]() -> Result<Descriptor, IoError> {
      ++opens_;
      std::array<int, 2> ends{};
      EXPECT_EQ(::pipe(ends.data()), 0);
      reader_ = Descriptor(ends[0]);
      return Descriptor(ends[1]);
    };
  }
  bool is_closed() const {
    std::array<char, 1> byte{};
    const int flags = ::fcntl(reader_.get(), F_GETFL);
    EXPECT_EQ(::fcntl(reader_.get(), F_SETFL, flags | O_NONBLOCK), 0);
    return ::read(reader_.get(), byte.data(), byte.size()) == 0;
  }

  DeviceClaims claims_;
  int opens_ = 0;
  Descriptor reader_;
};

TEST_F(DeviceClaimsTest, OpensADeviceOnceForAllWhoHaveIt) {
  std::optional first(*claims_.take(1, open()));
  std::optional second(*claims_.take(1, open()));
  EXPECT_EQ(opens_, 1);
  first.reset();
  EXPECT_FALSE(is_closed());
  second.reset();
  EXPECT_TRUE(is_closed());
  const auto again = claims_.take(1, open());
  EXPECT_EQ(opens_, 2) << "it is nobody's in between";
  EXPECT_FALSE(is_closed());
}

TEST_F(DeviceClaimsTest, MovesAShareWithoutGivingItUp) {
  DeviceClaims::Claim kept;
  {
    auto taken = claims_.take(1, open());
    kept = *std::move(taken);
  }
  EXPECT_FALSE(is_closed());
  kept = DeviceClaims::Claim();
  EXPECT_TRUE(is_closed());
}

TEST_F(DeviceClaimsTest, HoldsNothingOfADeviceThatDoesNotOpen) {
  const auto busy = claims_.take(1, [] { return Result<Descriptor, IoError>(fail(IoError{EBUSY})); });
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, EBUSY);
  EXPECT_TRUE(claims_.take(1, open()));
  EXPECT_EQ(opens_, 1);
}

TEST_F(DeviceClaimsTest, TellsDevicesApart) {
  const auto one = claims_.take(1, open());
  const auto other = claims_.take(2, open());
  EXPECT_EQ(opens_, 2);
}

}  // namespace
}  // namespace lunaria::reactor
