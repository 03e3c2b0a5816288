#include "simulation/choice.h"

#include <algorithm>
#include <utility>

#include "simulation/requests.h"

namespace lunaria::simulation {

OperationChoice::OperationChoice(Board& board, sim::Dice& dice, std::size_t initiator)
    : board_(board), dice_(dice), initiator_(initiator), scenario_(board.scenario.initiators[initiator]) {}

Blocks OperationChoice::draw_blocks(std::size_t disk) {
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

Operation OperationChoice::draw() {
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
  } else if (what < 62) {
    make_compare(operation);
  } else if (what < 76) {
    operation.kind = OperationKind::kFlush;
    operation.request = flush_request(operation.disk, dice_.chance(500));
  } else {
    operation.kind = OperationKind::kRead;
    operation.request = read_request(operation.disk, operation.blocks, dice_.chance(500), dice_.chance(100));
  }
  return operation;
}

void OperationChoice::make_write(Operation& operation) {
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

void OperationChoice::make_clear(Operation& operation) {
  operation.kind = OperationKind::kClear;
  operation.write = board_.disks[operation.disk]->content.begin_write(operation.blocks.range(), true);
  const bool is_thin = board_.scenario.disks[operation.disk].spec.thin;
  operation.may_be_refused = !is_thin;
  operation.request = dice_.chance(500) ? unmap_request(operation.disk, operation.blocks)
                                        : clear_request(operation.disk, operation.blocks, is_thin && dice_.chance(500));
}

/// Expects what an older write of anybody would have left; mostly that is not so.
void OperationChoice::make_compare(Operation& operation) {
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
}

bool OperationChoice::make_reserve(Operation& operation) {
  if (board_.disks[operation.disk]->reserving) {
    return false;
  }
  operation.kind = OperationKind::kReserve;
  operation.reserve = draw_reserve(operation.disk);
  operation.request = reserve_request(operation.disk, operation.reserve);
  return true;
}

ReserveRequest OperationChoice::draw_reserve(std::size_t disk) {
  using enum ReserveAction;
  const ModelReservation& reservation = board_.disks[disk]->reservation;
  const std::uint8_t types[] = {1, 3, 5, 6, 7, 8};
  ReserveRequest request;
  request.initiator = initiator_;
  request.key = reservation.key_of(initiator_);
  request.type = types[dice_.below(6)];
  if (request.key == 0 || dice_.chance(100)) {
    request.action = dice_.chance(500) ? kRegister : kRegisterAndIgnore;
    request.service_action_key = 0x100 * (initiator_ + 1) + dice_.below(2);
    request.persists = dice_.chance(500);
    return request;
  }
  const ReserveAction actions[] = {kReserve, kReserve, kReserve, kRelease, kRelease,
                                   kClear,   kPreempt, kPreempt, kRegister};
  request.action = actions[dice_.below(std::size(actions))];
  if (request.action == kRelease && reservation.type() != 0 && dice_.chance(800)) {
    request.type = reservation.type();
  }
  if (request.action == kPreempt) {
    const std::size_t victim = (initiator_ + 1 + dice_.below(kInitiatorsMax - 1)) % kInitiatorsMax;
    const std::uint64_t key = reservation.key_of(victim);
    request.service_action_key = key != 0 ? key : 0x100 * (victim + 1);
  }
  if (request.action == kRegister || request.action == kReserve || request.action == kClear) {
    request.type = request.action == kReserve ? request.type : std::uint8_t{0};
  }
  request.persists = request.action == kRegister && dice_.chance(500);
  if (dice_.chance(50)) {
    request.key ^= 1;
  }
  return request;
}

// Ends all reservations, then reads everything there is.
std::deque<Operation> OperationChoice::verification(std::size_t disk) const {
  std::deque<Operation> script;
  for (const ReserveAction action : {ReserveAction::kRegisterAndIgnore, ReserveAction::kClear}) {
    Operation operation;
    operation.kind = OperationKind::kReserve;
    operation.disk = disk;
    operation.reserve = {.initiator = initiator_, .action = action, .type = 0, .key = 0, .service_action_key = 0};
    (action == ReserveAction::kClear ? operation.reserve.key : operation.reserve.service_action_key) = 0xCAFE;
    operation.request = reserve_request(disk, operation.reserve);
    script.push_back(std::move(operation));
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
    script.push_back(std::move(operation));
  }
  return script;
}

}  // namespace lunaria::simulation
