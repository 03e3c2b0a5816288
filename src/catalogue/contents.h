#pragma once

// Contents: everything in the catalogue, in memory; Change: one difference to it. The service keeps a Contents, builds
// changes, has them committed, and applies them: then memory and file say the same.

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "catalogue/rows.h"

namespace lunaria::catalogue {

/// Removing what is not there is no error. With a target go its mappings, access rules, portal groups, redirects and
/// CHAP rows, with a mapping what initiators see of it, with a disk its failure, key and reservations; a mapped disk
/// cannot be removed, nor a portal group that a target names.
struct RemoveDisk {
  DiskId id{};
};
struct RemoveTarget {
  TargetId id{};
};
struct RemoveChap {
  TargetId target{};
  ChapDirection direction = ChapDirection::kForward;
};
struct RemoveMapping {
  TargetId target{};
  DiskId disk{};
};
struct RemoveDiskFailure {
  DiskId disk{};
};
struct RemoveReservations {
  DiskId disk{};
};
struct RemoveAccessRule {
  AccessRuleRow rule;
};
struct RemovePortal {
  std::string address;
};
struct RemoveMappingInitiator {
  TargetId target{};
  DiskId disk{};
  std::string initiator;
};
struct RemovePortalGroup {
  std::uint16_t tag = 0;
};
struct RemoveTargetPortalGroup {
  TargetPortalGroupRow row;
};
struct RemoveRedirect {
  TargetId target{};
  std::uint16_t tag = 0;
};
struct RemoveInitiator {
  std::string name;
};
struct RemoveHostAddress {
  std::string name;
};
struct RemoveUser {
  std::string name;
};
struct RemoveJob {
  JobId id{};
};
struct RemoveIntent {
  IntentId id{};
};

/// A row stands for "this row is to be there", replacing the one with the same key.
using AnyChange =
    std::variant<ServerRow, DiskRow, TargetRow, ChapRow, MappingRow, DiskFailureRow, ReservationsRow, AccessRuleRow,
                 PortalRow, UserRow, ServiceStateRow, JobRow, IntentRow, MappingInitiatorRow, PortalGroupRow,
                 TargetPortalGroupRow, RedirectRow, InitiatorRow, HostAddressRow, DiskKeyRow, RemoveDisk, RemoveTarget,
                 RemoveChap, RemoveMapping, RemoveDiskFailure, RemoveReservations, RemoveAccessRule, RemovePortal,
                 RemoveUser, RemoveJob, RemoveIntent, RemoveMappingInitiator, RemovePortalGroup,
                 RemoveTargetPortalGroup, RemoveRedirect, RemoveInitiator, RemoveHostAddress>;
template <class T, class Any>
inline constexpr bool kIsOneOf = false;
template <class T, class... Rows>
inline constexpr bool kIsOneOf<T, std::variant<Rows...>> = (std::same_as<T, Rows> || ...);

/// Never changes; copies share it. What can be done with so many alternatives is compiled in this folder alone: all of
/// `service` plans changes, and would be compiled with them over and over.
class Change final {
 public:
  template <class Row>
    requires kIsOneOf<Row, AnyChange>
  Change(Row row);  // NOLINT(google-explicit-constructor): a row is a change
  const AnyChange& value() const { return *value_; }

 private:
  std::shared_ptr<const AnyChange> value_;
};
/// Committed together or not at all, in this order.
using Changes = std::vector<Change>;

struct Contents {
  std::optional<ServerRow> server;
  std::map<DiskId, DiskRow> disks;
  std::map<TargetId, TargetRow> targets;
  std::map<std::pair<TargetId, ChapDirection>, ChapRow> chap;
  std::map<std::pair<TargetId, DiskId>, MappingRow> mappings;
  std::map<DiskId, DiskFailureRow> disk_failures;
  std::map<DiskId, DiskKeyRow> disk_keys;
  std::map<DiskId, ReservationsRow> reservations;
  std::set<AccessRuleRow> access;
  std::map<std::string, PortalRow> portals;
  std::map<std::tuple<TargetId, DiskId, std::string>, MappingInitiatorRow> mapping_initiators;
  std::map<std::uint16_t, PortalGroupRow> portal_groups;
  std::set<TargetPortalGroupRow> target_portal_groups;
  std::map<std::pair<TargetId, std::uint16_t>, RedirectRow> redirects;
  std::map<std::string, InitiatorRow> initiators;
  std::map<std::string, HostAddressRow> host_addresses;
  std::map<std::string, UserRow> users;
  std::map<std::string, ServiceStateRow> service_states;
  std::map<JobId, JobRow> jobs;
  std::map<IntentId, IntentRow> intents;
  /// The largest id ever given to a row, so that none is given twice.
  DiskId last_disk{};
  TargetId last_target{};
  JobId last_job{};
  IntentId last_intent{};

  /// Does what a commit of the change did to the file.
  void apply(const Change& change);
  void apply(const Changes& changes);
  friend bool operator==(const Contents&, const Contents&) = default;
};

}  // namespace lunaria::catalogue
