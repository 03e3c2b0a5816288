// READ and WRITE must not touch the heap once their pools are warm. Not with the sanitizers, which replace the heap and
// give every coroutine frame an allocation of its own.
#include <gtest/gtest.h>

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

#include <cstdlib>

#include "scsi/harness_test.h"
#include "scsi/rate_limiter.h"

namespace {
std::size_t allocation_count = 0;
}  // namespace

// glibc's own names for what the functions below stand in front of.
extern "C" void* __libc_malloc(std::size_t size);                           // NOLINT(bugprone-reserved-identifier)
extern "C" void* __libc_memalign(std::size_t alignment, std::size_t size);  // NOLINT(bugprone-reserved-identifier)

extern "C" void* malloc(std::size_t size) {
  ++allocation_count;
  return __libc_malloc(size);
}
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocation_count;
  return __libc_memalign(alignment, size);
}

namespace lunaria::scsi {
namespace {

using testing::Exchange;
using testing::FakeTransport;
using testing::Harness;

/// One initiator that writes and reads back, with one command object per command as a transport's slots are.
class HotPath final {
 public:
  explicit HotPath(Harness& harness) : harness_(harness), transport_(harness.shard.buffers()) {
    transport_.data.assign(4096, 0x5A);
  }
  /// Returns whether both commands were good.
  bool write_and_read(std::uint32_t lba) { return run(0x2A, lba) && run(0x28, lba); }

 private:
  bool run(std::uint8_t opcode, std::uint32_t lba) {
    Command command(transport_);
    command.nexus = harness_.nexuses[0].get();
    command.cdb_length = 16;
    command.cdb_bytes[0] = std::byte{opcode};
    command.cdb_bytes[3] = static_cast<std::byte>(lba >> 16);
    command.cdb_bytes[4] = static_cast<std::byte>(lba >> 8);
    command.cdb_bytes[5] = static_cast<std::byte>(lba);
    command.cdb_bytes[8] = std::byte{8};
    command.data_out_length = opcode == 0x2A ? 4096 : 0;
    command.data_in_length = opcode == 0x2A ? 0 : 4096;
    spawn(gate_, harness_.unit.execute(command));
    return gate_.count() == 0 && command.status == Status::kGood;
  }

  Harness& harness_;
  FakeTransport transport_;
  runtime::Gate gate_;
};

void expect_no_allocation(Harness& harness) {
  HotPath path(harness);
  for (std::uint32_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(path.write_and_read(i * 8));
  }
  const std::size_t before = allocation_count;
  bool all_good = true;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    all_good = path.write_and_read(i % 2040) && all_good;
  }
  EXPECT_EQ(allocation_count, before);
  EXPECT_TRUE(all_good);
  EXPECT_GT(before, 0U);  // the counter counts
}

TEST(HotPath, ReadsAndWritesWithoutTheHeap) {
  Harness harness;
  expect_no_allocation(harness);
}

// Time stands still, so that all of it is one burst.
TEST(HotPath, NorDoLimitsNeedIt) {
  const RateLimit limit{.iops = 1'000'000, .iops_burst = 1'000'000, .bandwidth = 1 << 30, .bandwidth_burst = 1U << 31};
  Harness harness(Harness::ram(2048), {.rate_limit = limit});
  harness.unit.set_rate_limiter(harness.nexuses[0]->id, std::make_shared<RateLimiter>(limit));
  expect_no_allocation(harness);
}

}  // namespace
}  // namespace lunaria::scsi

#endif
