#include "catalogue/contents.h"

#include <algorithm>
#include <utility>

namespace lunaria::catalogue {
namespace {

/// One overload per change.
struct Applier {
  Contents& contents;

  void operator()(const ServerRow& row) const { contents.server = row; }
  void operator()(const DiskRow& row) const {
    contents.disks.insert_or_assign(row.id, row);
    contents.last_disk = std::max(contents.last_disk, row.id);
  }
  void operator()(const TargetRow& row) const {
    contents.targets.insert_or_assign(row.id, row);
    contents.last_target = std::max(contents.last_target, row.id);
  }
  void operator()(const ChapRow& row) const {
    contents.chap.insert_or_assign(std::pair(row.target, row.direction), row);
  }
  void operator()(const MappingRow& row) const {
    contents.mappings.insert_or_assign(std::pair(row.target, row.disk), row);
  }
  void operator()(const DiskFailureRow& row) const { contents.disk_failures.insert_or_assign(row.disk, row); }
  void operator()(const DiskKeyRow& row) const { contents.disk_keys.insert_or_assign(row.disk, row); }
  void operator()(const ReservationsRow& row) const { contents.reservations.insert_or_assign(row.disk, row); }
  void operator()(const AccessRuleRow& row) const { contents.access.insert(row); }
  void operator()(const PortalRow& row) const { contents.portals.insert_or_assign(row.address, row); }
  void operator()(const UserRow& row) const { contents.users.insert_or_assign(row.name, row); }
  void operator()(const ServiceStateRow& row) const { contents.service_states.insert_or_assign(row.service, row); }
  void operator()(const JobRow& row) const {
    contents.jobs.insert_or_assign(row.id, row);
    contents.last_job = std::max(contents.last_job, row.id);
  }
  void operator()(const IntentRow& row) const {
    contents.intents.insert_or_assign(row.id, row);
    contents.last_intent = std::max(contents.last_intent, row.id);
  }
  void operator()(const MappingInitiatorRow& row) const {
    contents.mapping_initiators.insert_or_assign(std::tuple(row.target, row.disk, row.initiator), row);
  }
  void operator()(const PortalGroupRow& row) const { contents.portal_groups.insert_or_assign(row.tag, row); }
  void operator()(const TargetPortalGroupRow& row) const { contents.target_portal_groups.insert(row); }
  void operator()(const RedirectRow& row) const {
    contents.redirects.insert_or_assign(std::pair(row.target, row.tag), row);
  }
  void operator()(const InitiatorRow& row) const { contents.initiators.insert_or_assign(row.name, row); }
  void operator()(const HostAddressRow& row) const { contents.host_addresses.insert_or_assign(row.name, row); }
  void operator()(const RemoveDisk& change) const {
    contents.disks.erase(change.id);
    contents.disk_failures.erase(change.id);
    contents.disk_keys.erase(change.id);
    contents.reservations.erase(change.id);
  }
  void operator()(const RemoveTarget& change) const {
    contents.targets.erase(change.id);
    std::erase_if(contents.chap, [&](const auto& entry) { return entry.first.first == change.id; });
    std::erase_if(contents.mappings, [&](const auto& entry) { return entry.first.first == change.id; });
    std::erase_if(contents.access, [&](const AccessRuleRow& rule) { return rule.target == change.id; });
    std::erase_if(contents.mapping_initiators, [&](const auto& entry) { return entry.second.target == change.id; });
    std::erase_if(contents.target_portal_groups,
                  [&](const TargetPortalGroupRow& row) { return row.target == change.id; });
    std::erase_if(contents.redirects, [&](const auto& entry) { return entry.first.first == change.id; });
  }
  void operator()(const RemoveChap& change) const { contents.chap.erase(std::pair(change.target, change.direction)); }
  void operator()(const RemoveMapping& change) const {
    contents.mappings.erase(std::pair(change.target, change.disk));
    std::erase_if(contents.mapping_initiators, [&](const auto& entry) {
      return entry.second.target == change.target && entry.second.disk == change.disk;
    });
  }
  void operator()(const RemoveDiskFailure& change) const { contents.disk_failures.erase(change.disk); }
  void operator()(const RemoveReservations& change) const { contents.reservations.erase(change.disk); }
  void operator()(const RemoveAccessRule& change) const { contents.access.erase(change.rule); }
  void operator()(const RemovePortal& change) const { contents.portals.erase(change.address); }
  void operator()(const RemoveMappingInitiator& change) const {
    contents.mapping_initiators.erase(std::tuple(change.target, change.disk, change.initiator));
  }
  void operator()(const RemovePortalGroup& change) const { contents.portal_groups.erase(change.tag); }
  void operator()(const RemoveTargetPortalGroup& change) const { contents.target_portal_groups.erase(change.row); }
  void operator()(const RemoveRedirect& change) const {
    contents.redirects.erase(std::pair(change.target, change.tag));
  }
  void operator()(const RemoveInitiator& change) const { contents.initiators.erase(change.name); }
  void operator()(const RemoveHostAddress& change) const { contents.host_addresses.erase(change.name); }
  void operator()(const RemoveUser& change) const { contents.users.erase(change.name); }
  void operator()(const RemoveJob& change) const { contents.jobs.erase(change.id); }
  void operator()(const RemoveIntent& change) const { contents.intents.erase(change.id); }
};

}  // namespace

template <class Row>
  requires kIsOneOf<Row, AnyChange>
Change::Change(Row row) : value_(std::make_shared<const AnyChange>(std::move(row))) {}

template Change::Change(ServerRow);
template Change::Change(DiskRow);
template Change::Change(TargetRow);
template Change::Change(ChapRow);
template Change::Change(MappingRow);
template Change::Change(DiskFailureRow);
template Change::Change(ReservationsRow);
template Change::Change(AccessRuleRow);
template Change::Change(PortalRow);
template Change::Change(UserRow);
template Change::Change(ServiceStateRow);
template Change::Change(JobRow);
template Change::Change(IntentRow);
template Change::Change(MappingInitiatorRow);
template Change::Change(PortalGroupRow);
template Change::Change(TargetPortalGroupRow);
template Change::Change(RedirectRow);
template Change::Change(InitiatorRow);
template Change::Change(HostAddressRow);
template Change::Change(DiskKeyRow);
template Change::Change(RemoveDisk);
template Change::Change(RemoveTarget);
template Change::Change(RemoveChap);
template Change::Change(RemoveMapping);
template Change::Change(RemoveDiskFailure);
template Change::Change(RemoveReservations);
template Change::Change(RemoveAccessRule);
template Change::Change(RemovePortal);
template Change::Change(RemoveUser);
template Change::Change(RemoveJob);
template Change::Change(RemoveIntent);
template Change::Change(RemoveMappingInitiator);
template Change::Change(RemovePortalGroup);
template Change::Change(RemoveTargetPortalGroup);
template Change::Change(RemoveRedirect);
template Change::Change(RemoveInitiator);
template Change::Change(RemoveHostAddress);

void Contents::apply(const Change& change) {
  std::visit(Applier{*this}, change.value());
}

void Contents::apply(const Changes& changes) {
  for (const Change& change : changes) {
    apply(change);
  }
}

}  // namespace lunaria::catalogue
