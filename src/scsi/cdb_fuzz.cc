// Fuzzes the device server. The input is a series of commands for one small unit: a byte of how (initiator, attribute,
// room for data-in), the length of the CDB, the CDB, and the length and bytes of the data-out. Whatever comes, every
// command ends, and stays inside its buffers.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "scsi/harness_test.h"
#include "scsi/limits.h"

namespace {

using lunaria::check;
using lunaria::scsi::Status;
using lunaria::scsi::TaskAttribute;
using lunaria::scsi::testing::Bytes;
using lunaria::scsi::testing::Harness;

constexpr std::size_t kCommandsMax = 32;

/// Takes bytes off the input; zeros when there are none left.
class Input final {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    const Bytes taken = take(1);
    return taken.empty() ? std::uint8_t{0} : taken[0];
  }
  Bytes take(std::size_t length) {
    const std::size_t count = std::min(length, bytes_.size());
    Bytes taken(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count));
    bytes_ = bytes_.subspan(count);
    return taken;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

void run_one(Harness& harness, Input& input) {
  const std::uint8_t how = input.byte();
  const std::size_t cdb_length = input.byte() % (lunaria::scsi::kCdbSizeMax + 1);
  const Bytes cdb = input.take(cdb_length);
  const std::size_t data_length = static_cast<std::size_t>(input.byte()) * ((how & 0x80) != 0 ? 64U : 1U);
  const std::uint64_t room = (how & 0x40) != 0 ? std::uint64_t{1} << 20 : how & 0x3FU;
  const auto exchange =
      harness.run(cdb, {.data_out = input.take(data_length),
                        .data_in_length = room,
                        .initiator = how & 1U,
                        .attribute = (how & 2) != 0 ? TaskAttribute::kOrdered : TaskAttribute::kSimple,
                        .read_only = (how & 0x3C) == 0x3C,
                        .borrows = (how & 4) != 0});
  check(exchange->done, "every command ends");
  check(exchange->command.data_in_size <= room, "no more is sent than there is room for");
  check(exchange->command.data_in_size <= exchange->command.data_in.memory().size(), "what is sent is in the buffer");
  check((exchange->status() == Status::kCheckCondition) == !exchange->command.sense.empty(),
        "sense data comes with CHECK CONDITION alone");
  // Reading it all lets the sanitizers see bytes that nobody wrote.
  check(exchange->data_in().size() == exchange->command.data_in_size, "the data is there");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  Input input(data, size);
  Harness harness(Harness::ram(64, (input.byte() & 1) != 0 ? 4096 : 512), {.removable = true});
  for (std::size_t i = 0; i < kCommandsMax && !input.empty(); ++i) {
    run_one(harness, input);
  }
  return 0;
}
