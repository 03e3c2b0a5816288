// PERSISTENT RESERVE OUT (SPC-5 6.17): its parameter list, and the way of a change into force. The rules are in
// reserve_out.cc.

#include <algorithm>
#include <unordered_map>

#include "scsi/handlers.h"
#include "scsi/reservation_store.h"
#include "scsi/reserve_out.h"
#include "scsi/transport_id.h"

namespace lunaria::scsi {
namespace {

namespace list {  // SPC-5 6.17.3
constexpr std::size_t kSize = 24;
using Key = wire::BigEndian<std::uint64_t, 0>;
using ActionKey = wire::BigEndian<std::uint64_t, 8>;
using NamesInitiators = wire::Bits<bool, 20, 3>;          // SPEC_I_PT
using AllTargetPorts = wire::Bits<bool, 20, 2>;           // ALL_TG_PT
using PersistThroughPowerLoss = wire::Bits<bool, 20, 0>;  // APTPL
}  // namespace list
namespace move {  // SPC-5 6.17.4: the list of REGISTER AND MOVE
using Unregister = wire::Bits<bool, 17, 1>;
using PersistThroughPowerLoss = wire::Bits<bool, 17, 0>;
using RelativeTargetPort = wire::BigEndian<std::uint16_t, 18>;
constexpr std::size_t kTransportIdLengthAt = 20;
constexpr std::size_t kTransportIdAt = 24;
}  // namespace move

using ListBytes = std::span<const std::byte>;

// Scope and type matter to those actions that make or end a reservation.
Outcome check_type(ReserveOutAction action, CdbBytes bytes) {
  using enum ReserveOutAction;
  if (action != kReserve && action != kRelease && action != kPreempt && action != kPreemptAndAbort) {
    return good();
  }
  if (cdb::persistent_reserve_out::Scope::get(bytes) != 0) {
    return invalid_cdb(2, std::uint8_t{7});
  }
  return is_reservation_type(cdb::persistent_reserve_out::Type::get(bytes)) ? good() : invalid_cdb(2, std::uint8_t{3});
}

// The initiator ports that a TransportID names: those that are known when it names a device.
std::vector<std::string> resolve(const UnitState& unit, const TransportId& id) {
  if (id.names_port) {
    return {id.name};
  }
  std::vector<std::string> ports;
  for (const auto& [nexus_id, nexus] : unit.nexuses) {
    if (!nexus.detached && nexus.nexus->initiator_name == id.name) {
      ports.push_back(nexus.nexus->initiator_port);
    }
  }
  std::ranges::sort(ports);
  const auto repeated = std::ranges::unique(ports);
  ports.erase(repeated.begin(), repeated.end());
  return ports;
}

// The TransportIDs of `bytes`, which begin at byte `at` of the list.
Result<std::vector<std::string>, Outcome> read_initiators(const UnitState& unit, ListBytes bytes, std::size_t at) {
  std::vector<std::string> ports;
  wire::Reader reader(bytes);
  while (reader.remaining() > 0) {
    const std::size_t begin = at + bytes.size() - reader.remaining();
    const auto id = take_transport_id(reader);
    const std::vector<std::string> named = id ? resolve(unit, *id) : std::vector<std::string>{};
    if (named.empty()) {
      return fail(invalid_list(begin));
    }
    ports.insert(ports.end(), named.begin(), named.end());
  }
  return ports;
}

// The list of REGISTER AND MOVE beyond the two keys.
Outcome read_move(const UnitState& unit, ListBytes bytes, ReserveOut& request) {
  const auto head = bytes.first<list::kSize>();
  request.unregisters = move::Unregister::get(head);
  request.persists = move::PersistThroughPowerLoss::get(head);
  request.relative_target_port = move::RelativeTargetPort::get(head);
  const std::uint32_t length = wire::BigEndian<std::uint32_t, move::kTransportIdLengthAt>::get(head);
  if (bytes.size() - move::kTransportIdAt != length) {
    return illegal_request(asc::kParameterListLengthError);
  }
  auto initiators = read_initiators(unit, bytes.subspan(move::kTransportIdAt), move::kTransportIdAt);
  if (!initiators) {
    return initiators.error();
  }
  if (initiators->size() != 1) {
    return invalid_list(move::kTransportIdAt);
  }
  request.initiator_ports = std::move(*initiators);
  return good();
}

// Likewise of all the others.
Outcome read_basic(const UnitState& unit, ListBytes bytes, ReserveOut& request) {
  const auto head = bytes.first<list::kSize>();
  const bool registers =
      request.action == ReserveOutAction::kRegister || request.action == ReserveOutAction::kRegisterAndIgnore;
  request.persists = registers && list::PersistThroughPowerLoss::get(head);
  request.all_target_ports = registers && list::AllTargetPorts::get(head);
  request.names_initiators = list::NamesInitiators::get(head);
  if (!request.names_initiators) {
    return bytes.size() == list::kSize ? good() : illegal_request(asc::kParameterListLengthError);
  }
  if (request.action != ReserveOutAction::kRegister) {
    return invalid_list(20, std::uint8_t{3});
  }
  wire::Reader reader(bytes.subspan(list::kSize));
  const auto length = reader.take_big_endian<std::uint32_t>();
  if (!length || *length != reader.remaining()) {
    return illegal_request(asc::kParameterListLengthError);
  }
  auto initiators = read_initiators(unit, bytes.subspan(list::kSize + 4), list::kSize + 4);
  if (!initiators) {
    return initiators.error();
  }
  request.initiator_ports = std::move(*initiators);
  return good();
}

// One change at a time: each is planned on what the one before has put in force. False when aborted meanwhile.
runtime::Task<bool> begin_change(Execution& x) {
  while (x.unit.reservation_change_under_way && !x.command.aborted) {
    co_await x.unit.wait_for_change();
  }
  if (x.command.aborted) {
    co_return false;
  }
  x.unit.reservation_change_under_way = true;
  co_return true;
}

void end_change(UnitState& unit) {
  unit.reservation_change_under_way = false;
  unit.note_change();
}

// What is in force is on stable storage before, so that nobody acts on what a power cut would undo.
runtime::Task<bool> make_durable(UnitState& unit, const ReservationState& next) {
  const ReservationState& now = unit.reservations.state();
  if ((!now.persists && !next.persists) || now == next) {
    co_return true;
  }
  co_return co_await unit.reservation_store.save(next.persists ? next : ReservationState{});
}

std::string key_of(const NexusPorts& ports) {
  return ports.initiator_port + '\n' + ports.target_port;
}

void put_in_force(UnitState& unit, ReservationChange& change) {
  unit.reservations.replace(std::move(change.next));
  if (change.counts) {
    unit.reservations.count_generation();
  }
  std::unordered_map<std::string, NexusState*> attached;
  for (auto& [id, nexus] : unit.nexuses) {
    if (!nexus.detached) {
      unit.reservations.bind(nexus);
      attached[key_of({nexus.nexus->initiator_port, nexus.nexus->target_port})] = &nexus;
    }
  }
  for (const auto& [ports, condition] : change.attentions) {
    if (const auto found = attached.find(key_of(ports)); found != attached.end()) {
      found->second->attentions.establish(condition);
    }
  }
}

// PREEMPT AND ABORT (SPC-5 5.14.11.5): aborts the tasks that came through the nexuses, those of sessions that are gone
// included, and ends when none of them can touch the medium any more.
runtime::Task<void> fence(Execution& x, const std::vector<NexusPorts>& nexuses) {
  UnitState& unit = x.unit;
  const auto is_fenced = [&](const TaskEntry& task) {
    const Nexus& nexus = *task.nexus.nexus;
    return &task.command != &x.command &&
           std::ranges::find(nexuses, NexusPorts{nexus.initiator_port, nexus.target_port}) != nexuses.end();
  };
  for (auto& [id, nexus] : unit.nexuses) {
    if (std::ranges::find(nexuses, NexusPorts{nexus.nexus->initiator_port, nexus.nexus->target_port}) !=
        nexuses.end()) {
      unit.clear_aca(nexus);
    }
  }
  unit.abort_tasks_if(is_fenced, &x.nexus);
  for (TaskEntry* task = unit.tasks.first(); task != nullptr; task = task->next) {
    if (is_fenced(*task)) {
      task->fenced_by = &x.command;
    }
  }
  while (!x.command.aborted && unit.tasks.any_fenced_by(x.command)) {
    co_await unit.wait_for_change();
  }
}

}  // namespace

runtime::Task<Outcome> run_persistent_reserve_out(Execution& x) {
  ReserveOut request;
  request.action = ReserveOutAction{cdb::ServiceAction::get(x.cdb())};
  request.type = ReservationType{cdb::persistent_reserve_out::Type::get(x.cdb())};
  if (const Outcome outcome = check_type(request.action, x.cdb()); !outcome.is_good()) {
    co_return outcome;
  }
  const std::size_t length = cdb::persistent_reserve_out::ListLength::get(x.cdb());
  if (length < list::kSize) {
    co_return illegal_request(asc::kParameterListLengthError);
  }
  const Outcome received = co_await receive_list(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  const ListBytes bytes = x.command.transport.data_out().first(length);
  request.key = list::Key::get(bytes.first<list::kSize>());
  request.action_key = list::ActionKey::get(bytes.first<list::kSize>());
  const bool moves = request.action == ReserveOutAction::kRegisterAndMove;
  if (const Outcome outcome = moves ? read_move(x.unit, bytes, request) : read_basic(x.unit, bytes, request);
      !outcome.is_good()) {
    co_return outcome;
  }
  const bool begun = co_await begin_change(x);
  if (!begun) {
    co_return aborted();
  }
  auto change = plan_reserve_out(x.unit.reservations.state(), request, *x.nexus.nexus);
  if (!change) {
    end_change(x.unit);
    co_return change.error();
  }
  const bool durable = co_await make_durable(x.unit, change->next);
  if (durable) {
    put_in_force(x.unit, *change);
  }
  end_change(x.unit);
  if (!durable) {
    co_return check_condition(SenseKey::kHardwareError, asc::kInternalTargetFailure);
  }
  if (!change->fenced.empty()) {
    co_await fence(x, change->fenced);
  }
  co_return good();
}

}  // namespace lunaria::scsi
