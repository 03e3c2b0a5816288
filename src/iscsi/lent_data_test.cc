// Data-in that lies in the volume while it waits: sent from there, and whatever the volume does, as it was when it was
// read.

#include <gtest/gtest.h>

#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"
#include "iscsi/testing/steps.h"

namespace lunaria::iscsi {
namespace {

using testing::BedOptions;
using testing::Bytes;
using testing::CommandRequest;
using testing::pattern;
using testing::read_blocks;
using testing::set_key;
using testing::TestBed;

/// A bed whose host lends, with answers of some overlapping reads waiting to be sent.
class Lending {
 public:
  explicit Lending(const std::string& digest) : bed_(options(digest)), original_(pattern(kMedium)) {
    bed_.host.medium = original_;
    bed_.host.begin_lending();
    bed_.log_in();
    bed_.stop_sending = true;
    for (const auto [block, count] : kReads) {
      tags_.push_back(bed_.initiator.send_command(read_blocks(block, count)));
    }
    bed_.pump();
  }

  Connection& connection() { return *bed_.connection; }
  std::span<const iovec> gather() { return bed_.connection->gather(bed_.clock.now()); }
  bool is_in_medium(const iovec& vector) const {
    const auto* const first = static_cast<const std::byte*>(vector.iov_base);
    return first >= bed_.host.medium.data() && first < bed_.host.medium.data() + bed_.host.medium.size();
  }

  /// Sends so many bytes of what is gathered.
  void send(std::size_t count) {
    Bytes bytes;
    for (const iovec& vector : gather()) {
      const auto* const first = static_cast<const std::byte*>(vector.iov_base);
      bytes.insert(bytes.end(), first, first + vector.iov_len);
    }
    bytes.resize(std::min(bytes.size(), count));
    bed_.initiator.on_bytes(bytes);
    bed_.connection->on_sent(bytes.size(), bed_.clock.now());
  }
  void send_rest() {
    bed_.stop_sending = false;
    bed_.pump();
  }

  /// All that the medium holds is written anew.
  void change_medium() {
    bed_.host.loans->recall(0, kMedium);
    std::ranges::fill(bed_.host.medium, std::byte{0xEE});
  }

  void expect_original_data() const {
    for (std::size_t i = 0; i < tags_.size(); ++i) {
      const testing::Outcome& outcome = *bed_.initiator.outcome(tags_[i]);
      EXPECT_TRUE(outcome.done);
      EXPECT_EQ(outcome.status, 0);
      const auto expected = std::span(original_).subspan(kReads[i].block * 512, std::size_t{kReads[i].count} * 512);
      EXPECT_TRUE(std::ranges::equal(outcome.data, expected)) << "read " << i;
    }
  }

 private:
  struct Read {
    std::uint32_t block;
    std::uint16_t count;
  };
  static constexpr std::size_t kMedium = std::size_t{64} * 512;
  static constexpr auto kReads =
      std::to_array<Read>({{0, 8}, {4, 8}, {0, 8}, {16, 1}, {0, 64}, {40, 24}, {41, 2}, {8, 16}});

  static BedOptions options(const std::string& digest) {
    BedOptions options;
    set_key(options, "MaxRecvDataSegmentLength", "4096");
    set_key(options, "HeaderDigest", digest);
    set_key(options, "DataDigest", digest);
    return options;
  }

  TestBed bed_;
  Bytes original_;
  std::vector<std::uint32_t> tags_;
};

TEST(LentData, IsSentFromWhereItLies) {
  Lending lending("None");
  const auto vectors = lending.gather();
  EXPECT_TRUE(lending.connection().has_lent());
  // A header and data by turns.
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    EXPECT_EQ(lending.is_in_medium(vectors[i]), i % 2 == 1) << i;
  }
  lending.send(SIZE_MAX);
  EXPECT_FALSE(lending.connection().wants_send());
  lending.expect_original_data();
}

TEST(LentData, StaysAsItWasUntilItIsGathered) {
  Lending lending("CRC32C");
  lending.change_medium();
  lending.gather();
  EXPECT_FALSE(lending.connection().has_lent());
  lending.send_rest();
  lending.expect_original_data();
}

TEST(LentData, StaysAsItWasWhereverASendEnds) {
  for (const std::string digest : {"None", "CRC32C"}) {
    for (std::size_t count = 0; count < 90'000; count += count < 300 ? 1 : 509) {
      Lending lending(digest);
      lending.send(count);
      EXPECT_FALSE(lending.connection().has_lent());
      for (const iovec& vector : lending.gather()) {
        EXPECT_FALSE(lending.is_in_medium(vector));
      }
      lending.change_medium();
      lending.send_rest();
      lending.expect_original_data();
      if (::testing::Test::HasFailure()) {
        FAIL() << "after " << count << " bytes, digest " << digest;
      }
    }
  }
}

// It may be asked for again long after it was sent.
TEST(LentData, IsNotBorrowedAboveRecoveryLevel0) {
  BedOptions options;
  set_key(options, "ErrorRecoveryLevel", "1");
  options.preferences.error_recovery_level = 1;
  TestBed bed(options);
  bed.host.begin_lending();
  bed.log_in();
  const auto& outcome = testing::run(bed, read_blocks(0, 8));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_FALSE(bed.host.last_started->may_borrow());
}

// Another shard's volume is not this one's to read.
TEST(LentData, IsNotBorrowedFromAnotherShard) {
  TestBed bed;
  testing::FakeShard home(bed.clock);
  bed.host.begin_lending();
  bed.host.home = &home;
  bed.log_in();
  const auto tag = bed.initiator.send_command(read_blocks(0, 8));
  for (int i = 0; i < 8; ++i) {
    bed.pump();
    home.run();
  }
  EXPECT_TRUE(bed.initiator.outcome(tag)->done);
  EXPECT_FALSE(bed.host.last_started->may_borrow());
  bed.end();
}

}  // namespace
}  // namespace lunaria::iscsi
