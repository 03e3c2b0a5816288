// The engine's own cost per command: requests from memory, answers to nowhere. Prints nanoseconds and commands per
// second of one core; no socket, no SCSI, no disk.
#include <cstdio>
#include <cstring>
#include <ctime>

#include "iscsi/connection.h"
#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"

namespace {

using namespace lunaria;
using namespace lunaria::iscsi;
using testing::Bytes;
using testing::Pdu;

Bytes wire_of(const testing::CommandRequest& request, std::size_t depth, bool digests) {
  Bytes wire;
  for (std::size_t i = 0; i < depth; ++i) {
    Pdu pdu(Opcode::kScsiCommand);
    pdu.set<bhs::scsi_command::Read>(request.read_length != 0);
    pdu.set<bhs::scsi_command::Write>(!request.write_data.empty());
    pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(request.read_length +
                                                           static_cast<std::uint32_t>(request.write_data.size()));
    pdu.set<bhs::InitiatorTaskTag>(static_cast<std::uint32_t>(i + 1));
    std::ranges::copy(request.cdb, pdu.header.begin() + 32);
    pdu.data = request.write_data;
    const Bytes one = testing::encode(pdu, {.data_digest = digests});
    wire.insert(wire.end(), one.begin(), one.end());
  }
  return wire;
}

void measure(const char* name, const testing::CommandRequest& request, std::size_t depth, bool data_digest) {
  testing::BedOptions options;
  options.initiator.keys.emplace_back("DataDigest", data_digest ? "CRC32C" : "None");
  std::erase_if(options.initiator.keys,
                [](const auto& key) { return key.first == "DataDigest" && key.second == "None"; });
  testing::TestBed bed(options);
  bed.log_in();
  const Bytes wire = wire_of(request, depth, data_digest);
  Bytes scratch = wire;
  const std::size_t one = wire.size() / depth;
  std::uint32_t sn = bed.host.session->expected_command_sn().value();
  constexpr std::size_t kCommands = 1'000'000;
  std::size_t sent = 0;
  const std::clock_t begin = std::clock();
  for (std::size_t done = 0; done < kCommands; done += depth) {
    for (std::size_t at = 0; at < scratch.size(); at += one) {
      bhs::CmdSn::set(std::span(scratch).subspan(at).first<bhs::kSize>(), sn++);
    }
    bed.host.started_tags.clear();
    std::span<const std::byte> rest(scratch);
    while (!rest.empty()) {
      const auto memory = bed.connection->receive_memory();
      const std::size_t count = std::min(memory.size(), rest.size());
      std::memcpy(memory.data(), rest.data(), count);
      rest = rest.subspan(count);
      bed.connection->on_received(count, bed.clock.now());
    }
    while (bed.connection->wants_send()) {
      std::size_t size = 0;
      for (const iovec& vector : bed.connection->gather(bed.clock.now())) {
        size += vector.iov_len;
      }
      sent += size;
      bed.connection->on_sent(size, bed.clock.now());
    }
  }
  // Processor time, not the wall's: other work on the machine does not count.
  const double took = static_cast<double>(std::clock() - begin) * 1e9 / CLOCKS_PER_SEC;
  const double each = took / static_cast<double>(kCommands);
  std::printf("%-28s QD%-4zu %7.0f ns  %9.0f /s  %zu MiB sent\n", name, depth, each, 1e9 / each, sent >> 20);
}

}  // namespace

int main() {
  for (const std::size_t depth : {std::size_t{1}, std::size_t{32}, std::size_t{128}}) {
    measure("test unit ready", {.cdb = Bytes(16), .write_data = {}}, depth, false);
    measure("read 4 KiB", testing::read_blocks(0, 8), depth, false);
    measure("read 4 KiB, data digest", testing::read_blocks(0, 8), depth, true);
    measure("write 4 KiB", testing::write_blocks(0, Bytes(4096)), depth, false);
  }
  return 0;
}
