#pragma once

// Principal: who asks for something, as established by authentication, and what its role permits. Plain values, usable
// from any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lunaria::security {

/// What a user may do, ascending: each role may do all that the one before it may.
enum class Role : std::uint8_t { kViewer, kOperator, kAdministrator };

/// Kinds of operation that roles are checked against.
enum class Permission : std::uint8_t {
  kRead,             ///< see configuration, state and statistics; never secrets
  kChangeStorage,    ///< disks, targets, mappings, snapshots, initiators; images where operators may have them
  kUseAnyPath,       ///< images anywhere: with kChangeStorage, whatever the server can read
  kControlServices,  ///< start and stop services, the object manager itself
  kChangeSchema,     ///< classes, qualifiers, namespaces
  kChangeSecurity,   ///< users, roles, certificates
};

/// How a principal proved who it is.
enum class Authentication : std::uint8_t {
  kPassword,
  kPeerCredentials,
  kClientCertificate,
  kKerberos,
  kPam,
  kInternal
};

/// "viewer", "operator", "administrator".
std::string_view to_string(Role role);
/// The exact lower-case name, or nullopt.
std::optional<Role> parse_role(std::string_view name);
/// "password", "peer-credentials", "client-certificate", "kerberos", "pam", "internal".
std::string_view to_string(Authentication authentication);

/// The role table: the least role that a permission needs.
constexpr Role least_role(Permission permission) {
  switch (permission) {
    case Permission::kRead:
      return Role::kViewer;
    case Permission::kChangeStorage:
      return Role::kOperator;
    case Permission::kUseAnyPath:
    case Permission::kControlServices:
    case Permission::kChangeSchema:
    case Permission::kChangeSecurity:
      return Role::kAdministrator;
  }
  return Role::kAdministrator;
}

/// Whether `role` is enough for `permission`.
constexpr bool may(Role role, Permission permission) {
  return role >= least_role(permission);
}

/// One authenticated party. There is no default: a principal is made only where credentials were judged.
struct Principal {
  std::string name;
  Role role;
  Authentication authentication;
  /// Where it speaks from, for the logs: "192.0.2.1:51234", "unix uid=0 pid=17".
  std::string peer;

  bool may(Permission permission) const { return security::may(role, permission); }
  friend bool operator==(const Principal&, const Principal&) = default;
};

/// The daemon acting on its own behalf, e.g. at start.
Principal internal_principal();

}  // namespace lunaria::security
