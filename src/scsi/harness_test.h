#pragma once

// For tests and the fuzzer: a logical unit on a volume, initiators, and commands run to their end in one call.

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "block/ram_volume.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "scsi/logical_unit.h"
#include "scsi/lun.h"
#include "sim/world.h"

namespace lunaria::scsi::testing {

using Bytes = std::vector<std::uint8_t>;

/// A transport whose initiator sends `data_out` at once, or when release() is called.
class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(runtime::BufferPool& pool) : pool_(pool) {}
  bool submit(DataOutRequest& request) noexcept override {
    asked_ = request.length;
    if (!hold) {
      return true;
    }
    waiting_ = &request;
    return false;
  }
  std::span<std::byte> data_out() noexcept override { return std::as_writable_bytes(std::span(data)); }
  runtime::BufferPool& buffers() noexcept override { return pool_; }
  bool may_borrow() const noexcept override { return borrows; }
  void on_abort() noexcept override { abort_seen = true; }

  /// Completes a held request: the data has come, or the command was aborted.
  void release() {
    if (waiting_ != nullptr) {
      std::exchange(waiting_, nullptr)->complete();
    }
  }
  bool is_waiting() const { return waiting_ != nullptr; }
  std::size_t asked() const { return asked_; }

  Bytes data;
  bool hold = false;
  bool borrows = false;
  bool abort_seen = false;

 private:
  runtime::BufferPool& pool_;
  DataOutRequest* waiting_ = nullptr;
  std::size_t asked_ = 0;
};

/// A command with the transport it came by.
struct Exchange {
  explicit Exchange(runtime::BufferPool& pool) : transport(pool), command(transport) {}
  FakeTransport transport;
  Command command;
  bool done = false;

  Status status() const { return command.status; }
  bool is_good() const { return done && command.status == Status::kGood; }
  Bytes sense() const { return copy(command.sense.bytes()); }
  Bytes data_in() const { return copy(command.data_in_bytes()); }
  static Bytes copy(std::span<const std::byte> from) {
    Bytes to(from.size());
    std::ranges::transform(from, to.begin(), [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
    return to;
  }
};

/// How an exchange ended, in one line: "GOOD", "RESERVATION CONFLICT", or key, code and field of the sense data, e.g.
/// "5/2400 cdb 2.7" (byte 2, bit 7 of the CDB) or "5/2600 list 4". Understands both formats.
inline std::string outcome(const Exchange& exchange) {
  if (!exchange.done) {
    return "NOT DONE";
  }
  switch (exchange.command.status) {
    case Status::kGood:
      return "GOOD";
    case Status::kReservationConflict:
      return "RESERVATION CONFLICT";
    case Status::kTaskAborted:
      return "TASK ABORTED";
    case Status::kTaskSetFull:
      return "TASK SET FULL";
    case Status::kBusy:
      return "BUSY";
    case Status::kAcaActive:
      return "ACA ACTIVE";
    case Status::kCheckCondition:
      break;
    default:
      return "ANOTHER STATUS";
  }
  const Bytes sense = exchange.sense();
  const bool is_fixed = sense.at(0) == 0x70 || sense.at(0) == 0xF0;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%X/%02X%02X", (is_fixed ? sense.at(2) : sense.at(1)) & 0x0FU,
                is_fixed ? sense.at(12) : sense.at(2), is_fixed ? sense.at(13) : sense.at(3));
  std::string result(text.data());
  std::span<const std::uint8_t> pointer;
  if (is_fixed) {
    pointer = std::span(sense).subspan(15, 3);
  }
  for (std::size_t at = 8; !is_fixed && at < sense.size(); at += sense.at(at + 1) + 2U) {
    if (sense.at(at) == 0x02) {
      pointer = std::span(sense).subspan(at + 4, 3);
    }
  }
  const bool is_illegal_request = ((is_fixed ? sense.at(2) : sense.at(1)) & 0x0F) == 5;
  if (is_illegal_request && !pointer.empty() && (pointer[0] & 0x80) != 0) {
    result += (pointer[0] & 0x40) != 0 ? " cdb " : " list ";
    result += std::to_string(pointer[1] << 8 | pointer[2]);
    if ((pointer[0] & 0x08) != 0) {
      result += "." + std::to_string(pointer[0] & 0x07);
    }
  }
  return result;
}

/// How a command is sent.
struct Options {
  Bytes data_out{};
  std::optional<std::uint64_t> data_in_length{};  ///< 1 MiB unless told
  std::size_t initiator = 0;
  TaskAttribute attribute = TaskAttribute::kSimple;
  std::uint32_t tag = 1;
  bool hold_data_out = false;
  bool read_only = false;
  bool borrows = false;
};

inline runtime::Task<void> run_in_unit(LogicalUnit& unit, Exchange& exchange) {
  co_await unit.execute(exchange.command);
  exchange.done = true;
}
inline runtime::Task<void> run_without_unit(Exchange& exchange) {
  co_await execute_without_unit(exchange.command);
  exchange.done = true;
}

/// Two initiators on one unit, their POWER ON unit attentions already taken. 1 MiB of RAM unless a volume is given.
class Harness final : UnitObserver, ReservationStore {
 public:
  static Identity test_identity() {
    return {"LUNARIA", "Virtual Disk", "0001", "0123456789abcdef", {0x30, 0, 0, 0, 0, 0, 0, 0x2A}};
  }
  static std::unique_ptr<block::Volume> ram(std::uint64_t blocks, std::uint32_t block_size = 512) {
    return *block::RamVolume::create({block_size, 4096, blocks}, false);
  }

  explicit Harness(std::unique_ptr<block::Volume> unit_volume = ram(2048), UnitOptions options = {})
      : volume(std::move(unit_volume)), unit(shard, *volume, test_identity(), options, *this, *this, log) {
    add_initiator();
    add_initiator();
    drain_attentions();
  }
  ~Harness() override {
    spawn(gate_, unit.stop_background());
    world.run_until_idle();
    gate_.close();
  }
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  std::size_t add_initiator() {
    const std::size_t index = nexuses.size();
    auto nexus = std::make_shared<Nexus>();
    nexus->id = NexusId{index + 1};
    nexus->initiator_name = "iqn.2024-01.test:host" + std::to_string(index);
    nexus->initiator_port = nexus->initiator_name + ",i,0x00023d000001";
    nexus->target_name = "iqn.2024-01.test:disk";
    nexus->target_port = nexus->target_name + ",t,0x0001";
    nexus->inventory = std::make_shared<LunInventory>(LunInventory{{encode_lun(0), encode_lun(300)}});
    return add_nexus(std::move(nexus));
  }
  /// A further nexus of the initiator port of `initiator`, through target port 2; all then know of both ports.
  std::size_t add_second_path(std::size_t initiator) {
    auto ports = std::make_shared<TargetPorts>();
    ports->ports = {{1, 1, "iqn.2024-01.test:disk,t,0x0001"}, {2, 2, "iqn.2024-01.test:disk,t,0x0002"}};
    for (const auto& present : nexuses) {
      present->target_ports = ports;
    }
    auto nexus = std::make_shared<Nexus>(*nexuses.at(initiator));
    nexus->id = NexusId{nexuses.size() + 1};
    nexus->target_port = ports->ports[1].name;
    nexus->relative_target_port = 2;
    nexus->target_port_group = 2;
    return add_nexus(std::move(nexus));
  }
  std::size_t add_nexus(std::shared_ptr<Nexus> nexus) {
    unit.attach(nexus);
    nexuses.push_back(std::move(nexus));
    return nexuses.size() - 1;
  }
  /// Runs a command and says how it ended.
  std::string try_out(const Bytes& cdb, const Options& options = {}) { return outcome(*run(cdb, options)); }
  void drain_attentions() {
    for (std::size_t i = 0; i < nexuses.size(); ++i) {
      while (try_out({0x00, 0, 0, 0, 0, 0}, {.initiator = i}).starts_with("6/")) {
      }
    }
  }

  /// Starts a command; it may still wait for something.
  std::unique_ptr<Exchange> start(const Bytes& cdb, const Options& options = {}) {
    auto exchange = prepare(cdb, options);
    spawn(gate_, run_in_unit(unit, *exchange));
    return exchange;
  }
  /// Runs a command to its end.
  std::unique_ptr<Exchange> run(const Bytes& cdb, const Options& options = {}) {
    auto exchange = start(cdb, options);
    world.run_until_idle();
    return exchange;
  }
  /// The same where the nexus has no unit at `lun`.
  std::unique_ptr<Exchange> run_absent(const Bytes& cdb, Lun lun) {
    auto exchange = prepare(cdb, {});
    exchange->command.lun = lun;
    spawn(gate_, run_without_unit(*exchange));
    return exchange;
  }

  sim::World world{{.shuffle = false}};
  sim::SimShard& shard = world.add_shard();
  MemoryLog log;
  std::unique_ptr<block::Volume> volume;
  std::vector<std::string> failures;
  std::vector<SpaceReached> reached;    ///< thresholds that the unit has told of
  std::vector<ReservationState> saved;  ///< what the unit has given its store
  bool save_fails = false;
  bool hold_saves = false;  ///< saving waits for saves_may_end
  runtime::Event saves_may_end;
  std::vector<std::shared_ptr<Nexus>> nexuses;
  LogicalUnit unit;

 private:
  void on_volume_failed(const std::string& reason) override { failures.push_back(reason); }
  void on_space_reached(const SpaceReached& what) override { reached.push_back(what); }
  runtime::Task<bool> save(ReservationState state) override {
    if (hold_saves) {
      co_await saves_may_end.wait();
    }
    if (!save_fails) {
      saved.push_back(std::move(state));
    }
    co_return !save_fails;
  }

  std::unique_ptr<Exchange> prepare(const Bytes& cdb, const Options& options) {
    auto exchange = std::make_unique<Exchange>(shard.buffers());
    Command& command = exchange->command;
    command.nexus = nexuses.at(options.initiator).get();
    command.tag = options.tag;
    command.attribute = options.attribute;
    command.read_only = options.read_only;
    command.cdb_length = static_cast<std::uint8_t>(std::min(cdb.size(), kCdbSizeMax));
    std::ranges::transform(cdb.begin(), cdb.begin() + command.cdb_length, command.cdb_bytes.begin(),
                           [](std::uint8_t byte) { return std::byte{byte}; });
    command.data_out_length = options.data_out.size();
    command.data_in_length = options.data_in_length.value_or(std::uint64_t{1} << 20);
    exchange->transport.data = options.data_out;
    exchange->transport.hold = options.hold_data_out;
    exchange->transport.borrows = options.borrows;
    return exchange;
  }

  runtime::Gate gate_;
};

}  // namespace lunaria::scsi::testing
