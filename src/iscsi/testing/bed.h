#pragma once

// TestBed: a Connection between a scripted host and an Initiator, on one fake shard. Moves bytes in pieces of any size.

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "iscsi/connection.h"
#include "iscsi/testing/fake_shard.h"
#include "iscsi/testing/initiator.h"
#include "runtime/gate.h"
#include "runtime/task.h"

namespace lunaria::iscsi::testing {

/// Answers logins from its public members and commands from a small array of blocks: opcode 28h reads and 2Ah writes
/// 512-byte blocks (READ(10), WRITE(10)), 00h is good, anything else CHECK CONDITION.
class FakeHost final : public Host {
 public:
  static constexpr std::size_t kBlock = 512;

  // Login.
  LoginGrant* grant = nullptr;  // moved out of on the first use
  std::optional<LoginRefusal> refusal;
  bool establish_at_once = true;
  bool establish_pending = false;
  std::vector<DiscoveredTarget> targets;
  std::vector<LoginStatus> refused;
  std::string last_query_initiator;

  // Commands.
  Bytes medium;
  std::unique_ptr<block::Loans> loans;  // of the medium, for a host that lends what is read
  bool hold_commands = false;
  bool hold_management = false;
  runtime::Shard* home = nullptr;  // where commands run, if not on the connection's shard
  runtime::Shard* here = nullptr;
  std::vector<CommandSlot*> held;
  std::vector<CommandSlot*> held_management;
  TaskResponse management_response = TaskResponse::kFunctionComplete;
  std::size_t started = 0;
  std::vector<std::uint32_t> started_tags;
  CommandSlot* last_started = nullptr;

  Connection* connection = nullptr;
  std::unique_ptr<Session> session;
  Session* joins = nullptr;  // a login with a TSIH comes to this one
  FakeClock* clock = nullptr;
  bool woken = false;

  Result<LoginGrant, LoginRefusal> authorize(const LoginQuery& query) override {
    last_query_initiator = query.initiator_name;
    if (refusal) {
      return fail(*refusal);
    }
    return grant == nullptr ? LoginGrant{} : std::move(*grant);
  }
  void establish(const LoginResult& result) override {
    establish_pending = true;
    if (establish_at_once) {
      establish_now(result);
    }
  }
  void establish_now(const LoginResult& result) {
    establish_pending = false;
    if (joins != nullptr) {
      connection->enter_full_feature(*joins, clock->now());
      return;
    }
    session = std::make_unique<Session>(7, result);
    session->nexus = std::make_shared<scsi::Nexus>();
    connection->enter_full_feature(*session, clock->now());
  }
  void login_refused(const LoginQuery& /*query*/, LoginStatus status, std::string_view /*reason*/) override {
    refused.push_back(status);
  }
  void abort_command(CommandSlot& /*slot*/) override {}
  void start_command(CommandSlot& slot) override {
    ++started;
    started_tags.push_back(slot.command().tag);
    last_started = &slot;
    if (hold_commands) {
      held.push_back(&slot);
      return;
    }
    if (home != nullptr) {
      slot.set_home(*home);
      runtime::spawn(gate, run_at_home(slot));
      return;
    }
    runtime::spawn(gate, run(slot));
  }
  void manage_tasks(CommandSlot& slot) override {
    if (hold_management) {
      held_management.push_back(&slot);
      return;
    }
    connection->complete_task_management(slot, management_response);
  }
  std::vector<DiscoveredTarget> send_targets(const SendTargetsQuery& query) override {
    std::vector<DiscoveredTarget> found;
    std::ranges::copy_if(targets, std::back_inserter(found), [&query](const DiscoveredTarget& target) {
      return query.target_name.empty() || target.name == query.target_name;
    });
    return found;
  }
  void wake() override { woken = true; }

  void begin_lending() { loans = std::make_unique<block::Loans>(medium); }
  /// Runs commands that were held.
  void run_held() {
    for (CommandSlot* slot : std::exchange(held, {})) {
      runtime::spawn(gate, run(*slot));
    }
  }
  runtime::Gate gate;

 private:
  runtime::Task<void> run_at_home(CommandSlot& slot) {
    co_await Hop(*home);
    co_await execute(slot);
    co_await Hop(*here);
    slot.connection().complete(slot);
  }
  runtime::Task<void> run(CommandSlot& slot) {
    co_await execute(slot);
    slot.connection().complete(slot);
  }
  /// As runtime::move_to, which fake shards of one thread would take for done.
  class Hop {
   public:
    explicit Hop(runtime::Shard& shard) : shard_(shard) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      message_.resume_on_complete(waiter);
      shard_.post(message_);
    }
    void await_resume() const {}

   private:
    runtime::Shard& shard_;
    runtime::Message message_;
  };
  runtime::Task<void> execute(CommandSlot& slot) {
    scsi::Command& command = slot.command();
    const auto cdb = command.cdb();
    const auto opcode = std::to_integer<std::uint8_t>(cdb[0]);
    const std::size_t offset = wire::BigEndian<std::uint32_t, 2>::get(cdb.first<16>()) * kBlock;
    const std::size_t length = wire::BigEndian<std::uint16_t, 7>::get(cdb.first<16>()) * kBlock;
    if (opcode == 0x28 && offset + length <= medium.size()) {
      command.transfer_length = length;
      command.data_in_size = std::min<std::size_t>(length, command.data_in_length);
      if (command.data_in_size != 0) {
        command.data_in = slot.buffers().try_allocate(command.data_in_size);
        const auto from = std::span(medium).subspan(offset, command.data_in_size);
        if (loans != nullptr && slot.may_borrow()) {
          loans->lend(offset, command.data_in.memory().first(from.size()), command.data_in_loan);
        } else {
          std::ranges::copy(from, command.data_in.memory().begin());
        }
      }
    } else if (opcode == 0x2A && offset + length <= medium.size()) {
      command.transfer_length = length;
      const std::size_t wanted = std::min<std::size_t>(length, command.data_out_length);
      const bool arrived = co_await command.receive(wanted);
      if (arrived && wanted != 0) {
        if (loans != nullptr) {
          loans->recall(offset, wanted);
        }
        std::memcpy(medium.data() + offset, slot.data_out().data(), wanted);
      }
    } else if (opcode != 0) {
      command.status = scsi::Status::kCheckCondition;
      command.sense.size = 18;
      command.sense.storage[0] = std::byte{0x70};
      command.sense.storage[2] = std::byte{0x05};
    }
  }
};

struct BedOptions {
  InitiatorOptions initiator;
  NegotiationPreferences preferences;
  std::optional<std::pair<std::string, std::string>> chap;         ///< name and secret that the initiator must know
  std::optional<std::pair<std::string, std::string>> target_chap;  ///< ours
  std::size_t receive_piece = SIZE_MAX;                            ///< bytes per receive at most
  std::size_t send_piece = SIZE_MAX;
  std::size_t buffer_budget = std::size_t{64} << 20;
  std::size_t slots = 1024;
  std::size_t medium_size = std::size_t{4} << 20;
  Timeouts timeouts;
};

class TestBed final {
 public:
  explicit TestBed(const BedOptions& options = {})
      : options_(options), shard(clock, options.buffer_budget), slots(options.slots), initiator(options.initiator) {
    grant_.preferences = options.preferences;
    grant_.initiator_credential = credential(options.chap);
    grant_.target_credential = credential(options.target_chap);
    host.grant = &grant_;
    host.clock = &clock;
    host.medium.resize(options.medium_size);
    host.here = &shard;
    const ConnectionOptions connection_options{.peer = *IpEndpoint::parse("192.0.2.1:40000"),
                                               .local = *IpEndpoint::parse("192.0.2.9:3260"),
                                               .timeouts = options.timeouts};
    connection = std::make_unique<Connection>(shard, slots, host, log, connection_options, clock.now());
    host.connection = connection.get();
  }
  TestBed(const TestBed&) = delete;
  TestBed& operator=(const TestBed&) = delete;
  ~TestBed() { end(); }

  /// Drops the connection and checks that nothing is left of it.
  void end() {
    if (connection == nullptr) {
      return;
    }
    connection->abandon();
    host.run_held();
    for (CommandSlot* slot : std::exchange(host.held_management, {})) {
      connection->complete_task_management(*slot, TaskResponse::kFunctionComplete);
    }
    shard.run();
    check(connection->is_drained(), "every command ends after its connection");
    connection.reset();
    host.session.reset();
    check(slots.in_use() == 0 && shard.buffers().bytes_in_use() == 0, "nothing is left behind");
  }

  /// Gives bytes to the engine as a socket would.
  void feed(std::span<const std::byte> bytes) {
    to_target_.insert(to_target_.end(), bytes.begin(), bytes.end());
    pump();
  }
  /// Moves everything that can move, both ways.
  void pump() {
    bool moved = true;
    while (moved) {
      moved = shard.run();
      const Bytes output = initiator.take_output();
      to_target_.insert(to_target_.end(), output.begin(), output.end());
      moved |= pump_receive();
      moved |= pump_send();
    }
  }
  void log_in() {
    initiator.start_login();
    pump();
  }
  /// Moves time on and lets the engine see its deadlines.
  void advance(runtime::Duration by) {
    clock.advance(by);
    if (connection->next_deadline() <= clock.now()) {
      connection->on_deadline(clock.now());
    }
    pump();
  }
  std::size_t unread() const { return to_target_.size(); }
  bool stop_sending = false;
  bool discard_answers = false;  ///< the initiator does not see what comes: for tests that make up requests

 private:
  static std::optional<ChapCredential> credential(const std::optional<std::pair<std::string, std::string>>& pair) {
    if (!pair) {
      return std::nullopt;
    }
    return ChapCredential{.name = pair->first, .secret = Secret(pair->second)};
  }
  bool pump_receive() {
    bool moved = false;
    while (!to_target_.empty() && !connection->receive_paused()) {
      const auto memory = connection->receive_memory();
      check(!memory.empty(), "there is room to receive while not paused");
      const std::size_t count = std::min({memory.size(), to_target_.size(), options_.receive_piece});
      std::memcpy(memory.data(), to_target_.data(), count);
      to_target_.erase(to_target_.begin(), to_target_.begin() + static_cast<std::ptrdiff_t>(count));
      connection->on_received(count, clock.now());
      moved = true;
    }
    return moved;
  }
  bool pump_send() {
    bool moved = false;
    while (!stop_sending && connection->wants_send()) {
      Bytes sent;
      for (const iovec& vector : connection->gather(clock.now())) {
        const auto* first = static_cast<const std::byte*>(vector.iov_base);
        sent.insert(sent.end(), first, first + vector.iov_len);
      }
      check(!sent.empty(), "there is something to send when the engine says so");
      sent.resize(std::min(sent.size(), options_.send_piece));
      if (!discard_answers) {
        initiator.on_bytes(sent);
      }
      connection->on_sent(sent.size(), clock.now());
      moved = true;
    }
    return moved;
  }

  BedOptions options_;
  LoginGrant grant_;
  Bytes to_target_;

 public:
  FakeClock clock;
  FakeShard shard;
  SlotPool slots;
  MemoryLog log;
  FakeHost host;
  Initiator initiator;
  std::unique_ptr<Connection> connection;
};

}  // namespace lunaria::iscsi::testing
