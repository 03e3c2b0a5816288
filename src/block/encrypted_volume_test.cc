#include "block/encrypted_volume.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <vector>

#include "base/hex.h"
#include "block/fault_volume.h"
#include "block/ram_volume.h"
#include "runtime/gate.h"

namespace lunaria::block {
namespace {

constexpr std::size_t kSector = 512;
constexpr Geometry kGeometry{.logical_block_size = kSector, .physical_block_size = 4096, .block_count = 4096};

using Bytes = std::vector<std::byte>;

Secret key_of(char filler) {
  std::string bytes(SectorCipher::kKeySize, filler);
  bytes[0] = '\1';  // XTS wants halves that differ
  return Secret(bytes);
}

// IEEE 1619 annex B, vector 10: XTS-AES-256 of one sector.
TEST(SectorCipher, AnswersAsTheStandardSays) {
  const auto key = *from_hex(
      "2718281828459045235360287471352662497757247093699959574966967627"
      "3141592653589793238462643383279502884197169399375105820974944592");
  std::string text;
  std::ranges::transform(key, std::back_inserter(text), [](std::byte byte) { return static_cast<char>(byte); });
  SectorCipher cipher{Secret(text)};
  Bytes plain(kSector);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    plain[i] = static_cast<std::byte>(i);
  }
  Bytes sealed(kSector);
  cipher.encrypt(0xFF, plain, sealed);
  EXPECT_EQ(to_hex(std::span(sealed).first(16)), "1c3b3a102f770386e4836c99e370cf9b");
  EXPECT_EQ(to_hex(std::span(sealed).last(16)), "c4f36ffda9fcea70b9c6e693e148c151");
  cipher.decrypt(0xFF, sealed, sealed);
  EXPECT_EQ(sealed, plain);
}

/// Hands out the keys that the test has put in.
struct FakeKeyStore final : KeyStore {
  explicit FakeKeyStore(std::vector<Replacement>& given) : replacements(given) {}
  std::vector<Replacement>& replacements;
  runtime::Task<std::optional<Secret>> present_key() override { co_return key_of('a'); }
  runtime::Task<Replacement> replace_key() override {
    Replacement next = std::move(replacements.back());
    replacements.pop_back();
    co_return next;
  }
};

/// An encrypted volume on memory, whose lower half the test sees and disturbs.
class EncryptedVolumeTest : public ::testing::Test {
 protected:
  EncryptedVolumeTest() {
    auto faults = std::make_unique<FaultVolume>(*RamVolume::create(kGeometry, false));
    below_ = faults.get();
    volume_ = std::make_unique<EncryptedVolume>(std::move(faults), std::make_unique<FakeKeyStore>(replacements_));
  }

  static IoStatus submit(Volume& volume, IoOperation operation, std::uint64_t offset, std::span<const iovec> parts) {
    Request request;
    request.operation = operation;
    request.offset = offset;
    request.length = std::accumulate(parts.begin(), parts.end(), std::uint64_t{0},
                                     [](std::uint64_t sum, const iovec& part) { return sum + part.iov_len; });
    request.memory = parts;
    EXPECT_TRUE(volume.submit(request)) << "memory answers at once";
    return request.status;
  }
  static IoStatus submit(Volume& volume, IoOperation operation, std::uint64_t offset, Bytes& memory) {
    const iovec part{memory.data(), memory.size()};
    return submit(volume, operation, offset, std::span(&part, 1));
  }
  static Bytes read(Volume& volume, std::uint64_t offset, std::size_t length) {
    Bytes memory(length);
    EXPECT_EQ(submit(volume, IoOperation::kRead, offset, memory), IoStatus::kOk);
    return memory;
  }
  static Bytes counted(std::size_t length) {
    Bytes memory(length);
    for (std::size_t i = 0; i < length; ++i) {
      memory[i] = static_cast<std::byte>(i / 7);
    }
    return memory;
  }
  IoStatus erase() {
    Request request;
    request.operation = IoOperation::kCryptoErase;
    EXPECT_TRUE(volume_->submit(request));
    return request.status;
  }

  std::vector<KeyStore::Replacement> replacements_;
  FaultVolume* below_ = nullptr;
  std::unique_ptr<EncryptedVolume> volume_;
};

// Longer than what is encrypted at once, and an atomic write, which is not cut.
TEST_F(EncryptedVolumeTest, ReadsWhatWasWrittenAndStoresSomethingElse) {
  for (const std::size_t length : {kSector, kSector * 3, std::size_t{300} << 10}) {
    Bytes data = counted(length);
    const Bytes original = data;
    ASSERT_EQ(submit(*volume_, IoOperation::kWrite, kSector * 5, data), IoStatus::kOk);
    EXPECT_EQ(data, original) << "the caller's memory is only read from";
    EXPECT_EQ(read(*volume_, kSector * 5, length), original);
    const Bytes stored = read(*below_, kSector * 5, length);
    for (std::size_t at = 0; at < length; at += kSector) {
      ASSERT_FALSE(std::equal(stored.begin() + static_cast<std::ptrdiff_t>(at),
                              stored.begin() + static_cast<std::ptrdiff_t>(at + kSector),
                              original.begin() + static_cast<std::ptrdiff_t>(at)));
    }
  }
  EXPECT_NE(read(*below_, kSector * 5, kSector), read(*below_, kSector * 12, kSector)) << "equal sectors differ below";
}

// Sectors that lie across the parts of a request, in every way that three parts of one sector can be cut.
TEST_F(EncryptedVolumeTest, TakesSectorsInPieces) {
  const Bytes original = counted(kSector * 2);
  for (std::size_t first = 1; first < kSector * 2 - 1; first += 37) {
    for (std::size_t second = first; second < kSector * 2; second += 101) {
      Bytes data = original;
      const std::array parts{iovec{data.data(), first}, iovec{data.data() + first, second - first},
                             iovec{data.data() + second, data.size() - second}};
      ASSERT_EQ(submit(*volume_, IoOperation::kWrite, 0, parts), IoStatus::kOk);
      ASSERT_EQ(read(*volume_, 0, data.size()), original);
      std::ranges::fill(data, std::byte{});
      ASSERT_EQ(submit(*volume_, IoOperation::kRead, 0, parts), IoStatus::kOk);
      ASSERT_EQ(data, original) << first << ' ' << second;
    }
  }
}

TEST_F(EncryptedVolumeTest, ReadsZerosWhereNothingIsStored) {
  EXPECT_EQ(read(*volume_, 0, kSector), Bytes(kSector));
  Bytes zeros(kSector);
  ASSERT_EQ(submit(*volume_, IoOperation::kWrite, 0, zeros), IoStatus::kOk);
  EXPECT_NE(read(*below_, 0, kSector), zeros) << "zeros that were written are data";
  EXPECT_EQ(read(*volume_, 0, kSector), zeros);
  Request request;
  request.operation = IoOperation::kUnmap;
  request.length = kSector;
  ASSERT_TRUE(volume_->submit(request));
  EXPECT_EQ(read(*volume_, 0, kSector), zeros);
  EXPECT_FALSE(volume_->features().unmapped_reads_zeros) << "which is no promise";
  EXPECT_TRUE(volume_->features().crypto_erase);
}

TEST_F(EncryptedVolumeTest, EraseLeavesNothingReadable) {
  Bytes data = counted(kSector);
  ASSERT_EQ(submit(*volume_, IoOperation::kWrite, 0, data), IoStatus::kOk);
  const Bytes stored = read(*below_, 0, kSector);
  replacements_.push_back({key_of('b'), true});
  EXPECT_EQ(erase(), IoStatus::kOk);
  EXPECT_EQ(read(*below_, 0, kSector), stored);
  EXPECT_NE(read(*volume_, 0, kSector), data);
  ASSERT_EQ(submit(*volume_, IoOperation::kWrite, 0, data), IoStatus::kOk);
  EXPECT_EQ(read(*volume_, 0, kSector), data);
}

TEST_F(EncryptedVolumeTest, AnEraseThatFailsSaysSoAndKeepsToTheKeyInForce) {
  Bytes data = counted(kSector);
  ASSERT_EQ(submit(*volume_, IoOperation::kWrite, 0, data), IoStatus::kOk);
  replacements_.push_back({std::nullopt, false});
  EXPECT_EQ(erase(), IoStatus::kMediumWriteError);
  EXPECT_EQ(read(*volume_, 0, kSector), data) << "the old key is in force";
  replacements_.push_back({key_of('b'), false});
  EXPECT_EQ(erase(), IoStatus::kMediumWriteError) << "the old key may still be found somewhere";
  EXPECT_NE(read(*volume_, 0, kSector), data) << "but the new one is in force";
}

TEST_F(EncryptedVolumeTest, PassesOnHowTheVolumeBelowFails) {
  Bytes data = counted(kSector);
  for (const IoOperation operation : {IoOperation::kRead, IoOperation::kWrite}) {
    below_->set_fault(Fault{.operation = operation, .status = IoStatus::kNoSpace});
    EXPECT_EQ(submit(*volume_, operation, 0, data), IoStatus::kNoSpace);
  }
  below_->set_fault(Fault{.operation = IoOperation::kRead, .status = IoStatus::kFailed});
  EXPECT_EQ(submit(*volume_, IoOperation::kRead, 0, data), IoStatus::kFailed);
  EXPECT_TRUE(volume_->failure().has_value());
}

// More writes at once than there is memory for: the others wait their turn, and all are done in the end.
TEST_F(EncryptedVolumeTest, WritesWaitForMemory) {
  constexpr std::size_t kCount = 9;
  below_->set_fault(Fault{.operation = IoOperation::kWrite, .call_count = 4, .status = {}});
  std::vector<Bytes> data;
  for (std::size_t i = 0; i < kCount; ++i) {
    data.emplace_back(kSector, static_cast<std::byte>(i + 1));
  }
  std::vector<IoStatus> done;
  runtime::Gate gate;
  struct Writing {
    static runtime::Task<void> run(Volume& volume, Bytes& memory, std::size_t at, std::vector<IoStatus>& ended) {
      const IoStatus status = co_await write(volume, at * kSector, memory, false);
      ended.push_back(status);
    }
  };
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(runtime::spawn(gate, Writing::run(*volume_, data[i], i, done)));
  }
  EXPECT_EQ(below_->hung_count(), 4U);
  EXPECT_TRUE(done.empty());
  below_->release();
  EXPECT_EQ(done, std::vector(kCount, IoStatus::kOk));
  for (std::size_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(read(*volume_, i * kSector, kSector), data[i]) << i;
  }
}

}  // namespace
}  // namespace lunaria::block
