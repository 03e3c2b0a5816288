// REPORT and SET TARGET PORT GROUPS (SPC-5 6.37, 6.45), and what each state lets through.

#include "scsi/alua.h"

#include <algorithm>
#include <utility>

#include "scsi/command_table.h"
#include "scsi/handlers.h"

namespace lunaria::scsi {
namespace {

constexpr std::size_t kHeaderSize = 4;
constexpr std::size_t kDescriptorSize = 4;
using RequestedState = wire::Bits<std::uint8_t, 0, 0, 4>;
using RequestedGroup = wire::BigEndian<std::uint16_t, 2>;
// T_SUP and O_SUP are zero: no group is ever seen in transition or offline.
constexpr std::uint8_t kSupportedStates = 0x0F;  // U_SUP, S_SUP, AN_SUP, AO_SUP

/// The state that is furthest from active in which a command is still carried out.
AccessState worst_state(const CommandRow& row) {
  switch (row.opcode) {
    case 0x03:  // REQUEST SENSE
    case 0x12:  // INQUIRY
    case 0xA0:  // REPORT LUNS
      return AccessState::kTransitioning;
    case 0xA3:  // REPORT TARGET PORT GROUPS, not the other reports of this opcode
      return row.service_action == 0x0A ? AccessState::kTransitioning : AccessState::kActiveNonOptimized;
    case 0xA4:  // SET TARGET PORT GROUPS
    case 0x3B:  // WRITE BUFFER
    case 0x3C:  // READ BUFFER
      return AccessState::kUnavailable;
    case 0x15:  // MODE SELECT, MODE SENSE
    case 0x1A:
    case 0x55:
    case 0x5A:
    case 0x1C:  // RECEIVE DIAGNOSTIC RESULTS, SEND DIAGNOSTIC
    case 0x1D:
    case 0x4C:  // LOG SELECT, LOG SENSE
    case 0x4D:
    case 0x5E:  // PERSISTENT RESERVE IN, PERSISTENT RESERVE OUT
    case 0x5F:
      return AccessState::kStandby;
    default:
      return AccessState::kActiveNonOptimized;
  }
}

std::vector<TargetPort> ports_of(const Nexus& nexus) {
  if (nexus.target_ports != nullptr) {
    return nexus.target_ports->ports;
  }
  return {{nexus.relative_target_port, nexus.target_port_group, nexus.target_port}};
}

std::vector<std::uint16_t> groups_of(const std::vector<TargetPort>& ports) {
  std::vector<std::uint16_t> groups;
  for (const TargetPort& port : ports) {
    if (std::ranges::find(groups, port.group) == groups.end()) {
      groups.push_back(port.group);
    }
  }
  return groups;
}

void put_group(wire::Writer& out, const GroupAccess& access, const std::vector<TargetPort>& ports) {
  out.put_big_endian(access.state);
  out.put_big_endian(kSupportedStates);
  out.put_big_endian(access.group);
  out.put_zeros(1);
  out.put_big_endian(access.status);
  out.put_zeros(1);
  out.put_big_endian(static_cast<std::uint8_t>(std::ranges::count(ports, access.group, &TargetPort::group)));
  for (const TargetPort& port : ports) {
    if (port.group == access.group) {
      out.put_zeros(2);
      out.put_big_endian(port.relative_id);
    }
  }
}

// Every descriptor is checked before the first one is carried out.
Result<std::vector<GroupAccess>, Outcome> read_groups(std::span<const std::byte> list, const Nexus& nexus) {
  const std::vector<std::uint16_t> groups = groups_of(ports_of(nexus));
  std::vector<GroupAccess> wanted;
  for (std::size_t at = kHeaderSize; at < list.size(); at += kDescriptorSize) {
    const auto descriptor = list.subspan(at).first<kDescriptorSize>();
    const std::uint8_t state = RequestedState::get(descriptor);
    const std::uint16_t group = RequestedGroup::get(descriptor);
    if (!is_settable_access_state(state)) {
      return fail(invalid_list(at, std::uint8_t{3}));
    }
    if (std::ranges::find(groups, group) == groups.end()) {
      return fail(invalid_list(at + 2));
    }
    wanted.push_back({group, AccessState{state}, AccessStatus::kExplicit});
  }
  return wanted;
}

}  // namespace

bool is_settable_access_state(std::uint8_t value) {
  return value <= std::to_underlying(AccessState::kUnavailable);
}

GroupAccess AccessStates::find(std::uint16_t group) const {
  const auto found = std::ranges::find(groups_, group, &GroupAccess::group);
  return found == groups_.end() ? GroupAccess{group, AccessState::kActiveOptimized, AccessStatus::kNone} : *found;
}

bool AccessStates::set(GroupAccess access) {
  const bool changes = find(access.group).state != access.state;
  std::erase_if(groups_, [&](const GroupAccess& present) { return present.group == access.group; });
  groups_.push_back(access);
  return changes;
}

Outcome check_access(AccessState state, const CommandRow& row) {
  if (state <= worst_state(row)) {
    return good();
  }
  switch (state) {
    case AccessState::kStandby:
      return check_condition(SenseKey::kNotReady, asc::kTargetPortInStandby);
    case AccessState::kUnavailable:
      return check_condition(SenseKey::kNotReady, asc::kTargetPortUnavailable);
    case AccessState::kTransitioning:
      return check_condition(SenseKey::kNotReady, asc::kAccessStateTransition);
    case AccessState::kActiveOptimized:
    case AccessState::kActiveNonOptimized:
      break;
  }
  return good();
}

Outcome answer_target_port_groups(Execution& x, wire::Writer& out) {
  const std::uint8_t format = cdb::target_port_groups::Format::get(x.cdb());
  if (format > 1) {
    return invalid_cdb(1, std::uint8_t{7});
  }
  const std::vector<TargetPort> ports = ports_of(*x.nexus.nexus);
  const std::vector<std::uint16_t> groups = groups_of(ports);
  const bool extended = format == 1;
  out.put_big_endian(static_cast<std::uint32_t>((extended ? 4 : 0) + 8 * groups.size() + 4 * ports.size()));
  if (extended) {
    out.put_big_endian(std::uint8_t{0x10});  // the extended header
    out.put_zeros(3);
  }
  for (const std::uint16_t group : groups) {
    put_group(out, x.unit.access.find(group), ports);
  }
  return good();
}

runtime::Task<Outcome> run_set_target_port_groups(Execution& x) {
  const std::size_t length = cdb::set_target_port_groups::ListLength::get(x.cdb());
  if (length == 0) {
    co_return good();
  }
  if (length < kHeaderSize || (length - kHeaderSize) % kDescriptorSize != 0) {
    co_return illegal_request(asc::kParameterListLengthError);
  }
  const Outcome received = co_await receive_list(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  const auto wanted = read_groups(x.command.transport.data_out().first(length), *x.nexus.nexus);
  if (!wanted) {
    co_return wanted.error();
  }
  for (const GroupAccess& access : *wanted) {
    x.unit.set_access(access, &x.nexus);
  }
  co_return good();
}

}  // namespace lunaria::scsi
