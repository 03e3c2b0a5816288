#pragma once

// What every provider works with; all of it outlives the providers. Control shard only.

#include <string>

#include "runtime/clock.h"
#include "service/service.h"

namespace lunaria::cim {
class Instance;
class ObjectPath;
class OperationStatistics;
class Repository;
class SchemaEditor;
}  // namespace lunaria::cim

namespace lunaria::providers {

/// Writes an instance, as far as it is selected, with its whole path, as the protocol has it.
using InstanceText = std::string (*)(const cim::ObjectPath& path, const cim::Instance& instance);

/// How clients may prove who they are, beside HTTP Basic, which is always there.
struct AuthenticationMechanisms {
  bool negotiate = false;            ///< Kerberos tickets through SPNEGO (RFC 4559)
  bool client_certificates = false;  ///< in the TLS handshake
};

struct Environment {
  service::Service& service;
  const cim::Repository& repository;  ///< where classes of embedded objects are found
  const runtime::Clock& clock;
  cim::SchemaEditor* schema_editor = nullptr;      ///< null where namespaces cannot be made
  cim::OperationStatistics* statistics = nullptr;  ///< null where nobody counts operations
  InstanceText instance_text = nullptr;            ///< null where no method answers instances with their paths
  AuthenticationMechanisms authentication{};
};

}  // namespace lunaria::providers
