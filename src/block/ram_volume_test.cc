#include "block/ram_volume.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace lunaria::block {
namespace {

constexpr Geometry kGeometry{.logical_block_size = 512, .physical_block_size = 4096, .block_count = 64};

// A RAM volume is done at once.
IoStatus submit(Volume& volume, IoOperation operation, std::uint64_t offset, std::span<std::byte> memory,
                std::uint64_t length) {
  const iovec vector{memory.data(), memory.size()};
  Request request;
  request.operation = operation;
  request.offset = offset;
  request.length = length;
  if (!memory.empty()) {
    request.memory = std::span(&vector, 1);
  }
  EXPECT_TRUE(volume.submit(request));
  return request.status;
}

bool is_all(std::span<const std::byte> bytes, std::byte value) {
  return std::ranges::all_of(bytes, [&](std::byte each) { return each == value; });
}

TEST(RamVolume, ReadsZerosUntilWritten) {
  const auto volume = *RamVolume::create(kGeometry, false);
  std::vector<std::byte> bytes(kGeometry.size(), std::byte{1});
  EXPECT_EQ(submit(*volume, IoOperation::kRead, 0, bytes, bytes.size()), IoStatus::kOk);
  EXPECT_TRUE(is_all(bytes, std::byte{0}));
}

TEST(RamVolume, GathersAndScattersOverSeveralParts) {
  const auto volume = *RamVolume::create(kGeometry, false);
  std::vector<std::byte> first(512, std::byte{1});
  std::vector<std::byte> second(1024, std::byte{2});
  const std::array parts{iovec{first.data(), first.size()}, iovec{second.data(), second.size()}};
  Request request;
  request.operation = IoOperation::kWrite;
  request.offset = 512;
  request.length = 1536;
  request.memory = parts;
  ASSERT_TRUE(volume->submit(request));
  std::ranges::fill(first, std::byte{});
  std::ranges::fill(second, std::byte{});
  request.operation = IoOperation::kRead;
  ASSERT_TRUE(volume->submit(request));
  EXPECT_TRUE(is_all(first, std::byte{1}));
  EXPECT_TRUE(is_all(second, std::byte{2}));
}

// Every pair of edges around pages: exactly the range reads as zeros afterwards.
TEST(RamVolume, ClearsExactlyTheRange) {
  for (const IoOperation operation : {IoOperation::kUnmap, IoOperation::kWriteZeroes}) {
    for (std::uint64_t first = 0; first < 20; ++first) {
      for (std::uint64_t end = first; end <= 20; ++end) {
        const auto volume = *RamVolume::create(kGeometry, false);
        std::vector<std::byte> bytes(kGeometry.size(), std::byte{7});
        submit(*volume, IoOperation::kWrite, 0, bytes, bytes.size());
        EXPECT_EQ(submit(*volume, operation, first * 512, {}, (end - first) * 512), IoStatus::kOk);
        submit(*volume, IoOperation::kRead, 0, bytes, bytes.size());
        const std::span all(bytes);
        ASSERT_TRUE(is_all(all.first(first * 512), std::byte{7})) << first << ' ' << end;
        ASSERT_TRUE(is_all(all.subspan(first * 512, (end - first) * 512), std::byte{0})) << first << ' ' << end;
        ASSERT_TRUE(is_all(all.subspan(end * 512), std::byte{7})) << first << ' ' << end;
      }
    }
  }
}

TEST(RamVolume, RefusesChangesWhenReadOnly) {
  const auto volume = *RamVolume::create(kGeometry, true);
  std::vector<std::byte> bytes(512);
  EXPECT_EQ(submit(*volume, IoOperation::kWrite, 0, bytes, 512), IoStatus::kWriteProtected);
  EXPECT_EQ(submit(*volume, IoOperation::kUnmap, 0, {}, 512), IoStatus::kWriteProtected);
  EXPECT_EQ(submit(*volume, IoOperation::kWriteZeroes, 0, {}, 512), IoStatus::kWriteProtected);
  EXPECT_EQ(submit(*volume, IoOperation::kRead, 0, bytes, 512), IoStatus::kOk);
  EXPECT_EQ(submit(*volume, IoOperation::kFlush, 0, {}, 0), IoStatus::kOk);
}

TEST(RamVolume, RefusesGeometriesThatNoMemoryCanHold) {
  EXPECT_EQ(RamVolume::create({512, 4096, 0}, false).error().code, EINVAL);
  EXPECT_EQ(RamVolume::create({4096, 4096, UINT64_MAX}, false).error().code, EINVAL);
  EXPECT_EQ(RamVolume::create({512, 4096, std::uint64_t{1} << 53}, false).error().code, ENOMEM);
}

}  // namespace
}  // namespace lunaria::block
