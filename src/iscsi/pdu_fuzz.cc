// A whole connection with a scripted host. The input is a list of actions: bytes as they come, headers made plausible,
// time that passes, commands that complete late. The first byte says whether the peer is logged in and how.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "iscsi/testing/bed.h"

namespace {

using namespace lunaria;
using namespace lunaria::iscsi;
using testing::Bytes;
using testing::TestBed;

/// The input, consumed from the front; zeros after its end.
class Input final {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}
  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) {
      return 0;
    }
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  Bytes bytes(std::size_t count) {
    Bytes taken(count);
    for (std::byte& byte_of : taken) {
      byte_of = std::byte{byte()};
    }
    return taken;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

/// A header from the input whose length, order and, half of the time, tags are plausible, with data behind it.
void feed_plausible(TestBed& bed, Input& input) {
  const std::uint8_t choices = input.byte();
  testing::Pdu pdu;
  std::ranges::copy(input.bytes(bhs::kSize), pdu.header.begin());
  pdu.set<bhs::TotalAhsLength>(std::uint8_t{0});
  pdu.data.resize(std::size_t{input.byte()} * 16U);
  const Session* session = bed.connection->session();
  if ((choices & 1) != 0 && session != nullptr && pdu.opcode() != Opcode::kDataOut) {
    pdu.set<bhs::CmdSn>(session->expected_command_sn().value());
  }
  if ((choices & 2) != 0) {
    pdu.set<bhs::InitiatorTaskTag>(static_cast<std::uint32_t>(choices >> 5));
  }
  if ((choices & 4) != 0 && pdu.opcode() == Opcode::kDataOut) {
    pdu.set<bhs::TargetTransferTag>((choices & 8) != 0 ? kReservedTag : static_cast<std::uint32_t>(choices >> 4));
  }
  if (pdu.opcode() == Opcode::kSnackRequest) {
    pdu.set<bhs::snack_request::BegRun>(std::uint32_t{input.byte()});
    pdu.set<bhs::snack_request::RunLength>(std::uint32_t{input.byte()});
  } else if ((choices & 16) != 0) {
    pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(std::uint32_t{input.byte()} * 512U);
  }
  if ((choices & 8) != 0) {
    pdu.set<bhs::ExpStatSn>(bed.initiator.next_status_sn());  // which acknowledges the login and nothing else
  }
  bed.initiator.send(std::move(pdu), true);
}

void act(TestBed& bed, Input& input) {
  const std::uint8_t action = input.byte();
  switch (action % 8) {
    case 0:
    case 1:
      bed.feed(input.bytes(input.byte() + std::size_t{1}));
      return;
    case 2:
    case 3:
    case 4:
      feed_plausible(bed, input);
      break;
    case 5:
      bed.advance(std::chrono::milliseconds(std::int64_t{input.byte()} * 100));
      return;
    case 6:
      bed.host.hold_commands = (action & 8) != 0;
      bed.host.hold_management = (action & 16) != 0;
      bed.stop_sending = (action & 32) != 0;
      return;
    case 7:
      bed.host.run_held();
      for (CommandSlot* slot : std::exchange(bed.host.held_management, {})) {
        bed.connection->complete_task_management(*slot, TaskResponse::kFunctionComplete);
      }
      break;
    default:
      break;
  }
  bed.pump();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t setup = input.byte();
  testing::BedOptions options;
  options.buffer_budget = runtime::BufferPool::kSizeMax * 2;
  options.medium_size = 65536;
  if ((setup & 2) != 0) {
    options.initiator.keys = {{"HeaderDigest", "CRC32C"}, {"DataDigest", "CRC32C"}, {"InitialR2T", "No"}};
  }
  if ((setup & 4) != 0) {
    options.receive_piece = 7;
  }
  const int level = setup >> 5 & 3;
  if (level != 0) {
    options.preferences.error_recovery_level = 2;
    options.initiator.keys.emplace_back("MaxRecvDataSegmentLength", "1024");
    std::erase_if(options.initiator.keys, [](const auto& key) {
      return key.first == "ErrorRecoveryLevel" || key.first == "DataPDUInOrder" ||
             (key.first == "MaxRecvDataSegmentLength" && key.second != "1024");
    });
    options.initiator.keys.emplace_back("ErrorRecoveryLevel", std::to_string(level % 3));  // 3: data in any order only
    options.initiator.keys.emplace_back("DataPDUInOrder", "No");
  }
  options.initiator.discovery = (setup & 8) != 0;
  if ((setup & 16) != 0) {
    options.chap = {"alice", "a secret that no fuzzer guesses"};
  }
  TestBed bed(options);
  if ((setup & 1) != 0) {
    bed.log_in();
  }
  bed.discard_answers = true;
  while (!input.empty() && !bed.connection->close_reason()) {
    act(bed, input);
  }
  check((setup & 1) != 0 || (setup & 16) == 0 || bed.connection->session() == nullptr,
        "nobody gets in without the secret");
  const bool may_be_suspended =
      level == 2 && bed.connection->session() != nullptr && bed.connection->session()->type() == SessionType::kNormal;
  if (may_be_suspended) {
    bed.connection->suspend(bed.clock.now());
    bed.host.run_held();
    bed.shard.run();
  }
  bed.end();
  return 0;
}
