#include "simulation/initiator.h"

#include <algorithm>
#include <utility>

#include "runtime/submit.h"
#include "simulation/requests.h"

namespace lunaria::simulation {

namespace {

using namespace std::chrono_literals;
using iscsi::TaskFunction;
using iscsi::TaskResponse;

/// After this long without an answer a command is aborted, and after this long without an answer to that the
/// connection is dropped.
constexpr runtime::Duration kPatience = 5s;
constexpr runtime::Duration kLoginPatience = 20s;

}  // namespace

SimulatedInitiator::SimulatedInitiator(Board& board, sim::SimShard& shard, std::size_t index)
    : board_(board),
      shard_(shard),
      index_(index),
      scenario_(board.scenario.initiators[index]),
      dice_(board.scenario.seed * 31 + index),
      operations_left_(scenario_.operations) {
  board.world.network().set_address(shard, scenario_.address);
}

void SimulatedInitiator::start() {
  shard_.run([this] {
    runtime::spawn(gate_, live());
    runtime::spawn(gate_, pace());
  });
}

void SimulatedInitiator::stop() {
  stopping_ = true;
  if (stream_ != nullptr) {
    shard_.run([this] { stream_->shutdown(); });
  }
}

std::string SimulatedInitiator::describe() const {
  return "initiator " + std::to_string(index_) + ": " + std::to_string(operations_left_) + " operations left, " +
         std::to_string(operations_.size()) + " outstanding, " + std::to_string(lost_.size()) + " lost, " +
         std::to_string(script_.size()) + " to verify, " + (was_logged_in_ ? "logged in" : "not logged in");
}

runtime::Task<void> SimulatedInitiator::rest(std::uint64_t max_us) {
  co_await runtime::sleep_for(shard_, std::chrono::microseconds(dice_.between(0, max_us)));
}

// The connection.

runtime::Task<void> SimulatedInitiator::live() {
  while (!stopping_) {
    const bool connected = board_.is_up && co_await connect();
    if (connected && !stopping_) {
      co_await converse();
    }
    co_await end_session();
    co_await rest(20'000);
  }
}

runtime::Task<bool> SimulatedInitiator::connect() {
  runtime::ConnectRequest request;
  request.address = kPortal;
  co_await runtime::submit(shard_.network(), request);
  if (request.result != 0) {
    co_return false;
  }
  stream_ = std::move(request.stream);
  begin_session();
  co_return true;
}

void SimulatedInitiator::begin_session() {
  engine_ = std::make_unique<iscsi::testing::Initiator>(scenario_.options);
  double_completion_.emplace(dice_, board_.scenario.planted == PlantedBug::kDoubleCompletion);
  was_logged_in_ = false;
  login_began_ = board_.ticks.next();
  session_began_ = shard_.clock().now();
  engine_->start_login();
}

runtime::Task<void> SimulatedInitiator::converse() {
  co_await send();
  Bytes memory(65536);
  while (!board_.failure) {
    runtime::ReceiveRequest receive;
    receive.memory = memory;
    co_await runtime::submit(*stream_, receive);
    if (receive.result <= 0) {
      break;
    }
    on_bytes(std::span(memory).first(static_cast<std::size_t>(receive.result)));
    co_await send();
  }
}

/// One sender at a time; it takes along what the others have to say.
runtime::Task<void> SimulatedInitiator::send() {
  if (is_sending_ || stream_ == nullptr) {
    co_return;
  }
  is_sending_ = true;
  for (Bytes output = engine_->take_output(); !output.empty(); output = engine_->take_output()) {
    const iovec vector{output.data(), output.size()};
    runtime::SendRequest request;
    request.memory = {&vector, 1};
    co_await runtime::submit(*stream_, request);
    if (request.result < 0) {
      break;
    }
  }
  is_sending_ = false;
}

void SimulatedInitiator::drop(std::string_view why) {
  board_.trace.note(why, {index_});
  if (stream_ != nullptr) {
    stream_->shutdown();
  }
}

runtime::Task<void> SimulatedInitiator::end_session() {
  if (stream_ == nullptr) {
    co_return;
  }
  board_.trace.note("session.ended", {index_});
  stream_->shutdown();
  while (is_sending_) {  // it sees the end at once
    co_await runtime::yield_on(shard_);
  }
  stream_.reset();
  std::ranges::move(operations_, std::back_inserter(lost_));
  operations_.clear();
  aborted_tags_.clear();
  if (reset_) {
    lost_reset_ = reset_->disk;
    board_.disks[reset_->disk]->last_reset = kNever;  // it may still be carried out
  }
  reset_.reset();
  was_logged_in_ = false;
}

// What comes.

void SimulatedInitiator::on_bytes(std::span<const std::byte> bytes) {
  engine_->on_bytes(double_completion_->pass(bytes));
  if (engine_->violation()) {
    board_.fail("initiator " + std::to_string(index_) + ", not so: " + *engine_->violation());
    drop("session.violation");
    return;
  }
  if (engine_->is_broken()) {
    if (board_.scenario.link.corrupt_per_mille == 0) {
      board_.fail("initiator " + std::to_string(index_) + ": a wrong digest on a link that does not corrupt");
    }
    drop("session.wrong_digest");
    return;
  }
  if (engine_->refusal()) {
    judge_refusal(*engine_->refusal());
    drop("session.refused");
    return;
  }
  if (!was_logged_in_ && engine_->is_logged_in()) {
    on_login();
  }
  if (was_logged_in_) {
    collect_answers();
    collect_aborts();
    issue();
  }
}

void SimulatedInitiator::judge_refusal(iscsi::LoginStatus status) {
  const bool may_be_refused = board_.admitted[index_].any(login_began_, [](bool admitted) { return !admitted; }) ||
                              login_began_ < board_.last_outage || !board_.is_up;
  if (status == iscsi::LoginStatus::kNotFound && !may_be_refused) {
    board_.fail("initiator " + std::to_string(index_) + " was refused though it may log in");
  }
}

void SimulatedInitiator::on_login() {
  was_logged_in_ = true;
  board_.trace.note("session.opened", {index_, engine_->tsih()});
  if (!board_.admitted[index_].any(login_began_, [](bool admitted) { return admitted; })) {
    board_.fail("initiator " + std::to_string(index_) + " has logged in though it may not");
  }
  double_completion_->set_digests(engine_->answers().at("HeaderDigest") == "CRC32C",
                                  engine_->answers().at("DataDigest") == "CRC32C");
  // This session replaces the one before (RFC 7143 6.3.5): whatever that was asked is over.
  for (const Operation& operation : lost_) {
    judge_silence(board_, index_, operation);
  }
  lost_.clear();
  if (lost_reset_) {
    board_.disks[*std::exchange(lost_reset_, std::nullopt)]->last_reset = board_.ticks.next();
  }
}

void SimulatedInitiator::collect_answers() {
  for (std::size_t i = 0; i < operations_.size();) {
    const iscsi::testing::Outcome* outcome = engine_->outcome(operations_[i].tag);
    if (outcome->done) {
      finish(i, *outcome);
    } else {
      ++i;
    }
  }
  for (const std::uint32_t tag : aborted_tags_) {
    if (engine_->outcome(tag)->done) {
      board_.fail("initiator " + std::to_string(index_) + ": tag " + std::to_string(tag) +
                  " was answered after its abort was confirmed");
    }
  }
}

void SimulatedInitiator::finish(std::size_t index, const iscsi::testing::Outcome& outcome) {
  Operation operation = std::move(operations_[index]);
  operations_.erase(operations_.begin() + static_cast<std::ptrdiff_t>(index));
  const Verdict verdict = judge_answer(board_, index_, operation, outcome);
  board_.trace.note("answer", {index_, operation.tag, outcome.status, static_cast<std::uint64_t>(verdict)});
  if (script_.empty()) {
    return;
  }
  // A CLEAR whose answer was lost has removed the registration that the next try needs: the judge has seen to that.
  const bool is_refused_clear = operation.kind == OperationKind::kReserve && verdict == Verdict::kFailed;
  if (verdict == Verdict::kDone || is_refused_clear) {
    script_.pop_front();
  } else if (verdict == Verdict::kFailed) {
    board_.fail("initiator " + std::to_string(index_) + " cannot verify disk " + std::to_string(operation.disk) +
                ": status " + std::to_string(outcome.status));
  }
}

void SimulatedInitiator::collect_aborts() {
  for (std::size_t i = 0; i < operations_.size();) {
    const Operation& operation = operations_[i];
    const iscsi::testing::Outcome* abort = operation.abort_tag ? engine_->outcome(*operation.abort_tag) : nullptr;
    if (abort == nullptr || !abort->done) {
      ++i;
      continue;
    }
    board_.trace.note("aborted", {index_, operation.tag, abort->response});
    const bool was_lost = abort->response == static_cast<std::uint8_t>(TaskResponse::kTaskDoesNotExist);
    if (was_lost && board_.disks[operation.disk]->last_reset < operation.began &&
        operation.began > board_.last_outage) {
      board_.fail("initiator " + std::to_string(index_) + ": tag " + std::to_string(operation.tag) +
                  " was neither answered nor is it there");
    }
    judge_silence(board_, index_, operation);
    aborted_tags_.push_back(operation.tag);
    operations_.erase(operations_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (reset_ && engine_->outcome(reset_->tag)->done) {
    const Reset reset = *std::exchange(reset_, std::nullopt);
    const std::uint8_t response = engine_->outcome(reset.tag)->response;
    board_.trace.note("reset.done", {index_, reset.disk, response});
    board_.disks[reset.disk]->last_reset = board_.ticks.next();
    for (std::size_t i = 0; i < operations_.size();) {
      const bool is_over = response == 0 && operations_[i].disk == reset.disk && operations_[i].began < reset.began;
      if (!is_over) {
        ++i;
        continue;
      }
      judge_silence(board_, index_, operations_[i]);
      aborted_tags_.push_back(operations_[i].tag);
      operations_.erase(operations_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

// What goes.

runtime::Task<void> SimulatedInitiator::pace() {
  while (!stopping_) {
    co_await rest(scenario_.pause_max_us);
    if (stream_ != nullptr) {
      check_time();
      issue();
      co_await send();
    }
    if (!may_issue()) {
      co_await rest(20'000);
    }
  }
}

void SimulatedInitiator::check_time() {
  const runtime::Instant now = shard_.clock().now();
  if (!was_logged_in_) {
    if (now - session_began_ > kLoginPatience) {
      drop("session.login_timeout");
    }
    return;
  }
  if (reset_ && now - reset_->sent > kPatience) {
    drop("session.reset_timeout");
    return;
  }
  for (Operation& operation : operations_) {
    if (now - operation.sent <= kPatience) {
      continue;
    }
    if (operation.abort_tag) {
      drop("session.abort_timeout");
      return;
    }
    operation.abort_tag = engine_->send_task_management(TaskFunction::kAbortTask, operation.request.lun, operation.tag);
    operation.sent = now;
    board_.trace.note("abort", {index_, operation.tag});
  }
}

bool SimulatedInitiator::may_issue() const {
  const bool window_is_open =
      engine_ != nullptr &&
      !iscsi::CommandSn(engine_->command_sn()).is_after(iscsi::CommandSn(engine_->max_command_sn()));
  if (!was_logged_in_ || stopping_ || !board_.is_up || !window_is_open) {
    return false;
  }
  return script_.empty() ? operations_left_ != 0 && operations_.size() < scenario_.depth : operations_.empty();
}

void SimulatedInitiator::issue() {
  while (may_issue()) {
    if (!script_.empty()) {
      send_operation(script_.front());
      continue;
    }
    --operations_left_;
    if (scenario_.uses_task_management && !reset_ && dice_.chance(30)) {
      send_task_management();
    } else {
      send_operation(draw_operation());
    }
  }
}

void SimulatedInitiator::send_operation(Operation operation) {
  JudgedDisk& disk = *board_.disks[operation.disk];
  operation.began = board_.ticks.next();
  operation.sent = shard_.clock().now();
  tamper(operation);
  if (operation.kind == OperationKind::kReserve) {
    disk.reserving = index_;
    disk.reservation.begin(operation.reserve);
  }
  operation.tag = engine_->send_command(operation.request);
  board_.trace.note("request", {index_, operation.tag, static_cast<std::uint64_t>(operation.kind), operation.disk,
                                operation.blocks.first, operation.blocks.count, operation.durable ? 1U : 0U});
  operations_.push_back(std::move(operation));
}

/// PlantedBug::kStaleReservation: the target forgets to carry out what ends a reservation or a registration.
void SimulatedInitiator::tamper(Operation& operation) {
  const ReserveRequest& reserve = operation.reserve;
  const ModelReservation& reservation = board_.disks[operation.disk]->reservation;
  const bool ends_something = operation.kind == OperationKind::kReserve && script_.empty() &&
                              reserve.key == reservation.key_of(index_) && reserve.key != 0 &&
                              (reserve.action == ReserveAction::kClear ||
                               (reserve.action == ReserveAction::kRelease && reserve.type == reservation.type()));
  if (board_.scenario.planted == PlantedBug::kStaleReservation && ends_something && dice_.chance(500)) {
    operation.request = test_unit_ready_request(operation.disk);
  }
}

void SimulatedInitiator::send_task_management() {
  const std::size_t disk = dice_.below(board_.disks.size());
  const TaskFunction functions[] = {TaskFunction::kAbortTaskSet, TaskFunction::kClearTaskSet,
                                    TaskFunction::kLogicalUnitReset};
  const TaskFunction function = functions[dice_.below(3)];
  board_.disks[disk]->last_reset = board_.ticks.next();
  reset_ = Reset{.tag = engine_->send_task_management(function, std::uint64_t{disk} << 48),
                 .disk = disk,
                 .began = board_.ticks.next(),
                 .sent = shard_.clock().now()};
  board_.trace.note("reset", {index_, disk, static_cast<std::uint64_t>(function)});
}

// What to ask.

Blocks SimulatedInitiator::draw_blocks(std::size_t disk) {
  const block::Geometry& geometry = board_.scenario.disks[disk].spec.geometry;
  Blocks blocks;
  blocks.size = geometry.logical_block_size;
  const std::uint64_t count_max = std::min(scenario_.blocks_max, geometry.block_count);
  blocks.count = static_cast<std::uint32_t>(dice_.between(1, count_max));
  blocks.first = dice_.between(0, geometry.block_count - blocks.count);
  if (dice_.chance(500)) {  // where others are
    blocks.first = dice_.between(0, std::min<std::uint64_t>(8, geometry.block_count - blocks.count));
  }
  return blocks;
}

Operation SimulatedInitiator::draw_operation() {
  Operation operation;
  operation.disk = dice_.below(board_.disks.size());
  operation.blocks = draw_blocks(operation.disk);
  const std::uint64_t what = dice_.below(100);
  if (scenario_.uses_reservations && what < 12 && make_reserve(operation)) {
    return operation;
  }
  if (what < 50) {
    make_write(operation);
  } else if (what < 56) {
    make_clear(operation);
  } else if (what < 62 && make_compare(operation)) {
    return operation;
  } else if (what < 76) {
    operation.kind = OperationKind::kFlush;
    operation.request = flush_request(operation.disk, dice_.chance(500));
  } else {
    operation.kind = OperationKind::kRead;
    operation.request = read_request(operation.disk, operation.blocks, dice_.chance(500), dice_.chance(100));
  }
  return operation;
}

void SimulatedInitiator::make_write(Operation& operation) {
  ModelDisk& content = board_.disks[operation.disk]->content;
  const Range range = operation.blocks.range();
  operation.kind = OperationKind::kWrite;
  operation.durable = dice_.chance(150);
  operation.write = content.begin_write(range, false);
  Bytes data(operation.blocks.length());
  fill_sectors(data, content.origin(*operation.write), range.first);
  operation.request =
      write_request(operation.disk, operation.blocks, dice_.chance(500), operation.durable, std::move(data));
}

void SimulatedInitiator::make_clear(Operation& operation) {
  operation.kind = OperationKind::kClear;
  operation.write = board_.disks[operation.disk]->content.begin_write(operation.blocks.range(), true);
  const bool is_thin = board_.scenario.disks[operation.disk].spec.thin;
  operation.may_be_refused = !is_thin;
  operation.request = dice_.chance(500) ? unmap_request(operation.disk, operation.blocks)
                                        : clear_request(operation.disk, operation.blocks, is_thin && dice_.chance(500));
}

/// Expects what an older write of anybody would have left; mostly that is not so.
bool SimulatedInitiator::make_compare(Operation& operation) {
  operation.blocks.count = std::min<std::uint32_t>(operation.blocks.count, 4);
  ModelDisk& content = board_.disks[operation.disk]->content;
  const Range range = operation.blocks.range();
  operation.kind = OperationKind::kCompareAndWrite;
  operation.expected = content.likely(range);
  operation.write = content.begin_write(range, false);
  Bytes data(operation.blocks.length());
  fill_sectors(data, content.origin(*operation.write), range.first);
  data.insert(data.begin(), operation.expected.begin(), operation.expected.end());
  operation.request = compare_request(operation.disk, operation.blocks, std::move(data));
  return true;
}

bool SimulatedInitiator::make_reserve(Operation& operation) {
  if (board_.disks[operation.disk]->reserving) {
    return false;
  }
  operation.kind = OperationKind::kReserve;
  operation.reserve = draw_reserve(operation.disk);
  operation.request = reserve_request(operation.disk, operation.reserve);
  return true;
}

ReserveRequest SimulatedInitiator::draw_reserve(std::size_t disk) {
  using enum ReserveAction;
  const ModelReservation& reservation = board_.disks[disk]->reservation;
  const std::uint8_t types[] = {1, 3, 5, 6, 7, 8};
  ReserveRequest request;
  request.initiator = index_;
  request.key = reservation.key_of(index_);
  request.type = types[dice_.below(6)];
  if (request.key == 0 || dice_.chance(100)) {
    request.action = dice_.chance(500) ? kRegister : kRegisterAndIgnore;
    request.service_action_key = 0x100 * (index_ + 1) + dice_.below(2);
    return request;
  }
  const ReserveAction actions[] = {kReserve, kReserve, kReserve, kRelease, kRelease,
                                   kClear,   kPreempt, kPreempt, kRegister};
  request.action = actions[dice_.below(std::size(actions))];
  if (request.action == kRelease && reservation.type() != 0 && dice_.chance(800)) {
    request.type = reservation.type();
  }
  if (request.action == kPreempt) {
    const std::size_t victim = (index_ + 1 + dice_.below(kInitiatorsMax - 1)) % kInitiatorsMax;
    const std::uint64_t key = reservation.key_of(victim);
    request.service_action_key = key != 0 ? key : 0x100 * (victim + 1);
  }
  if (request.action == kRegister || request.action == kReserve || request.action == kClear) {
    request.type = request.action == kReserve ? request.type : std::uint8_t{0};
  }
  if (dice_.chance(50)) {
    request.key ^= 1;
  }
  return request;
}

// The end.

void SimulatedInitiator::verify() {
  operations_left_ = 0;
  for (std::size_t disk = 0; disk < board_.disks.size(); ++disk) {
    for (const ReserveAction action : {ReserveAction::kRegisterAndIgnore, ReserveAction::kClear}) {
      Operation operation;
      operation.kind = OperationKind::kReserve;
      operation.disk = disk;
      operation.reserve = {.initiator = index_, .action = action, .type = 0, .key = 0, .service_action_key = 0};
      (action == ReserveAction::kClear ? operation.reserve.key : operation.reserve.service_action_key) = 0xCAFE;
      operation.request = reserve_request(disk, operation.reserve);
      script_.push_back(std::move(operation));
    }
    const block::Geometry& geometry = board_.scenario.disks[disk].spec.geometry;
    constexpr std::uint32_t kStep = 32;
    for (std::uint64_t first = 0; first < geometry.block_count; first += kStep) {
      Operation operation;
      operation.disk = disk;
      operation.blocks = {
          .first = first,
          .count = static_cast<std::uint32_t>(std::min<std::uint64_t>(kStep, geometry.block_count - first)),
          .size = geometry.logical_block_size};
      operation.request = read_request(disk, operation.blocks, true, false);
      script_.push_back(std::move(operation));
    }
  }
}

}  // namespace lunaria::simulation
