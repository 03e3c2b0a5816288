#include "block/loan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "block/ram_volume.h"

namespace lunaria::block {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kBlock = 512;
/// Three times around the buckets, so that loans far apart share one.
constexpr std::uint64_t kSize = 3 * 256 * Loans::kLengthMax;
constexpr Geometry kGeometry{.logical_block_size = kBlock, .physical_block_size = 4096, .block_count = kSize / kBlock};

void change(Volume& volume, IoOperation operation, std::uint64_t offset, Bytes data) {
  const iovec vector{data.data(), data.size()};
  Request request;
  request.operation = operation;
  request.offset = offset;
  request.length = data.size();
  request.memory = std::span(&vector, 1);
  ASSERT_TRUE(volume.submit(request));
  ASSERT_EQ(request.status, IoStatus::kOk);
}

Bytes read(Volume& volume, std::uint64_t offset, std::uint64_t length) {
  Bytes data(length);
  const iovec vector{data.data(), data.size()};
  Request request;
  request.offset = offset;
  request.length = length;
  request.memory = std::span(&vector, 1);
  EXPECT_TRUE(volume.submit(request));
  return data;
}

/// A reader: what it has borrowed, and what that was.
struct Reader {
  Reader(Volume& volume, std::uint64_t offset, std::uint64_t length)
      : expected(read(volume, offset, length)), copy(length) {
    EXPECT_TRUE(volume.lend(offset, copy, loan));
  }
  bool is_served() const { return std::ranges::equal(loan.bytes(), expected); }

  Bytes expected;
  Bytes copy;
  Loan loan;
};

TEST(Loan, ShowsTheVolumeWithoutACopy) {
  const auto volume = *RamVolume::create(kGeometry, false);
  change(*volume, IoOperation::kWrite, 4096, Bytes(4096, std::byte{1}));
  const Reader reader(*volume, 4096, 4096);
  EXPECT_TRUE(reader.loan.is_lent());
  EXPECT_TRUE(reader.is_served());
  EXPECT_TRUE(std::ranges::all_of(reader.copy, [](std::byte each) { return each == std::byte{}; }));
}

TEST(Loan, IsCopiedBeforeAChangeAndByNoOther) {
  for (const IoOperation operation :
       {IoOperation::kWrite, IoOperation::kWriteAtomic, IoOperation::kUnmap, IoOperation::kWriteZeroes}) {
    const auto volume = *RamVolume::create(kGeometry, false);
    change(*volume, IoOperation::kWrite, 0, Bytes(8192, std::byte{1}));
    const Reader reader(*volume, 4096, 2048);
    const Reader neighbour(*volume, 3584, 512);
    const Reader other_neighbour(*volume, 6144, 512);
    change(*volume, operation, 4608, Bytes(512, std::byte{2}));
    EXPECT_FALSE(reader.loan.is_lent());
    EXPECT_TRUE(reader.is_served());
    EXPECT_TRUE(neighbour.loan.is_lent() && neighbour.is_served());
    EXPECT_TRUE(other_neighbour.loan.is_lent() && other_neighbour.is_served());
    EXPECT_FALSE(std::ranges::equal(read(*volume, 4096, 2048), reader.expected));
  }
}

TEST(Loan, OutlivesTheVolume) {
  auto volume = *RamVolume::create(kGeometry, false);
  change(*volume, IoOperation::kWrite, 0, Bytes(4096, std::byte{1}));
  const Reader reader(*volume, 0, 4096);
  volume.reset();
  EXPECT_FALSE(reader.loan.is_lent());
  EXPECT_TRUE(reader.is_served());
}

TEST(Loan, IsOverWhenGivenBack) {
  const auto volume = *RamVolume::create(kGeometry, false);
  Reader reader(*volume, 0, 4096);
  reader.loan.give_back();
  EXPECT_TRUE(reader.loan.bytes().empty());
  change(*volume, IoOperation::kWrite, 0, Bytes(4096, std::byte{1}));
  EXPECT_TRUE(std::ranges::all_of(reader.copy, [](std::byte each) { return each == std::byte{}; }));
  EXPECT_TRUE(volume->lend(0, reader.copy, reader.loan));
  EXPECT_EQ(reader.loan.bytes().front(), std::byte{1});
}

TEST(Loan, IsNotForLongReads) {
  const auto volume = *RamVolume::create(kGeometry, false);
  Bytes copy(Loans::kLengthMax + kBlock);
  Loan loan;
  EXPECT_FALSE(volume->lend(0, copy, loan));
  EXPECT_TRUE(loan.bytes().empty());
}

TEST(Loan, StaysAsItWasWhateverChanges) {
  constexpr std::size_t kReadersMax = 64;
  const auto volume = *RamVolume::create(kGeometry, false);
  std::mt19937_64 random(20);
  // Around the borders of granules, near and far apart.
  const auto place = [&random] {
    constexpr std::array<std::uint64_t, 6> kGranules = {0, 1, 2, 255, 256, 767};
    const std::uint64_t around = kGranules[random() % kGranules.size()] * Loans::kLengthMax + random() % 32 * kBlock;
    return around >= 16 * kBlock ? around - 16 * kBlock : around;
  };
  std::deque<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < 4000; ++i) {
    const std::uint64_t offset = place();
    const bool is_long = random() % 16 == 0;
    const std::uint64_t length = std::min((random() % (is_long ? 2048 : 24) + 1) * kBlock, kSize - offset);
    if (random() % 2 == 0) {
      readers.push_back(std::make_unique<Reader>(*volume, offset, length));
    } else {
      const bool clears = random() % 4 == 0;
      change(*volume, clears ? IoOperation::kUnmap : IoOperation::kWrite, offset,
             Bytes(length, static_cast<std::byte>(random())));
    }
    if (readers.size() > kReadersMax) {
      readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(random() % readers.size()));
    }
    for (const auto& reader : readers) {
      ASSERT_TRUE(reader->is_served()) << "after change " << i;
    }
  }
  Request everything;
  everything.operation = IoOperation::kUnmap;
  everything.length = kSize;
  ASSERT_TRUE(volume->submit(everything));
  for (const auto& reader : readers) {
    EXPECT_TRUE(reader->is_served());
    EXPECT_FALSE(reader->loan.is_lent());
  }
}

}  // namespace
}  // namespace lunaria::block
