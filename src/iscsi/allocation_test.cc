// After login and a first command of each kind, commands allocate nothing.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "iscsi/connection.h"
#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) {
    return memory;
  }
  std::abort();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace lunaria::iscsi {
namespace {

using testing::Bytes;
using testing::Pdu;

/// Sends prepared bytes again and again, with CmdSN counted on in place.
class Replay final {
 public:
  Replay(testing::TestBed& bed, Pdu pdu, std::size_t depth) : bed_(bed) {
    for (std::size_t i = 0; i < depth; ++i) {
      pdu.set<bhs::InitiatorTaskTag>(static_cast<std::uint32_t>(i + 100));
      const Bytes wire = testing::encode(pdu);
      size_ = wire.size();
      wire_.insert(wire_.end(), wire.begin(), wire.end());
    }
    sn_ = bed.host.session->expected_command_sn().value();
  }

  void once() {
    for (std::size_t at = 0; at < wire_.size(); at += size_) {
      bhs::CmdSn::set(std::span(wire_).subspan(at).first<bhs::kSize>(), sn_++);
    }
    std::span<const std::byte> rest(wire_);
    while (!rest.empty()) {
      const auto memory = bed_.connection->receive_memory();
      const std::size_t count = std::min(memory.size(), rest.size());
      std::memcpy(memory.data(), rest.data(), count);
      rest = rest.subspan(count);
      bed_.connection->on_received(count, bed_.clock.now());
      while (bed_.connection->wants_send()) {
        std::size_t sent = 0;
        for (const iovec& vector : bed_.connection->gather(bed_.clock.now())) {
          sent += vector.iov_len;
        }
        bed_.connection->on_sent(sent, bed_.clock.now());
      }
    }
  }

 private:
  testing::TestBed& bed_;
  Bytes wire_;
  std::size_t size_ = 0;
  std::uint32_t sn_ = 0;
};

std::size_t allocations_of(const Pdu& pdu, std::size_t rounds) {
  constexpr std::size_t kDepth = 32;
  testing::TestBed bed;
  bed.log_in();
  bed.host.started_tags.reserve(kDepth * (rounds + 2));
  Replay replay(bed, pdu, kDepth);
  replay.once();
  const std::size_t before = allocations;
  for (std::size_t i = 0; i < rounds; ++i) {
    replay.once();
  }
  const std::size_t counted = allocations - before;
  EXPECT_EQ(bed.host.started, kDepth * (rounds + 1));
  return counted;
}

Pdu command(const testing::CommandRequest& request) {
  Pdu pdu(Opcode::kScsiCommand);
  pdu.set<bhs::scsi_command::Read>(request.read_length != 0);
  pdu.set<bhs::scsi_command::Write>(!request.write_data.empty());
  pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(request.read_length +
                                                         static_cast<std::uint32_t>(request.write_data.size()));
  std::ranges::copy(request.cdb, pdu.header.begin() + 32);
  pdu.data = request.write_data;
  return pdu;
}

TEST(Allocation, AReadAllocatesNothing) {
  EXPECT_EQ(allocations_of(command(testing::read_blocks(0, 8)), 1000), 0U);
}

TEST(Allocation, AWriteAllocatesNothing) {
  EXPECT_EQ(allocations_of(command(testing::write_blocks(0, Bytes(4096))), 1000), 0U);
}

}  // namespace
}  // namespace lunaria::iscsi
