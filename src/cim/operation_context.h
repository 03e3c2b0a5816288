#pragma once

// Who asks for an operation, from where, and until when.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/clock.h"

namespace lunaria::runtime {
class Shard;
}  // namespace lunaria::runtime

namespace lunaria::cim {

class OperationMeter;

/// What a principal may do, least first; each role includes those before it.
enum class Role : std::uint8_t { kViewer, kOperator, kAdministrator };

/// "viewer", "operator", "administrator".
std::string_view to_string(Role role);

/// How the principal proved who it is.
enum class Authentication : std::uint8_t {
  kPassword,
  kPeerCredentials,
  kClientCertificate,
  kKerberos,
  kPam,
  kInternal
};

/// "password", "peer-credentials", "client-certificate", "kerberos", "pam", "internal".
std::string_view to_string(Authentication authentication);

/// Where the request came from.
enum class Peer : std::uint8_t {
  kLocalSocket,  ///< the Unix socket, authenticated by peer credentials
  kLoopback,     ///< TCP from this machine
  kRemote,
};

/// Owned by the front end; outlives the operation. The front end sets `is_cancelled` when the client has gone, on the
/// shard on which the operation runs; long operations look at it between steps.
struct OperationContext {
  std::string principal;
  Role role = Role::kViewer;
  Peer peer = Peer::kRemote;
  Authentication authentication = Authentication::kPassword;
  std::string_view front{};       ///< the protocol, for the audit trail: "cim-xml"; a text that stays
  std::string_view transport{};   ///< and what carried it: "https", "http", "unix"
  std::string peer_address;       ///< text for logs and audit: "192.0.2.1:51234", "unix uid=0 pid=17"
  std::string accept_language;    ///< as in the HTTP header; "" when there was none
  std::string host{};             ///< by which the client calls this server, as paths show it; "" when nobody said
  runtime::WallTime wall_time{};  ///< when the request came
  std::optional<runtime::Instant> deadline;
  bool is_cancelled = false;
  runtime::Shard* shard = nullptr;  ///< on which the operation runs: long ones let others go first; null in tests
  OperationMeter* meter = nullptr;  ///< while statistics are gathered; as long-lived as this
};

/// The operations of DSP0200 5.3 that are served, for authorization, admission and audit.
enum class OperationKind : std::uint8_t {
  kGetClass,
  kEnumerateClasses,
  kEnumerateClassNames,
  kGetInstance,
  kEnumerateInstances,
  kEnumerateInstanceNames,
  kCreateInstance,
  kModifyInstance,
  kDeleteInstance,
  kInvokeMethod,
  kGetQualifier,
  kEnumerateQualifiers,
  kCreateClass,
  kModifyClass,
  kDeleteClass,
  kSetQualifier,
  kDeleteQualifier,
  kAssociators,
  kAssociatorNames,
  kReferences,
  kReferenceNames,
  kExecQuery,
  kGetProperty,
  kSetProperty,
  kPull,  ///< PullInstances and the like, CloseEnumeration, EnumerationCount
};

/// As DSP0200 names it: "CreateInstance"; "InvokeMethod" for extrinsic methods, "Pull" for what kPull stands for.
std::string_view operation_name(OperationKind kind);

/// Whether it changes classes or qualifier declarations.
constexpr bool is_schema_change(OperationKind kind) {
  return kind >= OperationKind::kCreateClass && kind <= OperationKind::kDeleteQualifier;
}

/// Whether it leaves everything as it is. Methods count as changes.
constexpr bool is_read(OperationKind kind) {
  return kind != OperationKind::kCreateInstance && kind != OperationKind::kModifyInstance &&
         kind != OperationKind::kDeleteInstance && kind != OperationKind::kInvokeMethod &&
         kind != OperationKind::kSetProperty && !is_schema_change(kind);
}

}  // namespace lunaria::cim
