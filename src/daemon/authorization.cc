#include "daemon/authorization.h"

#include <fmt/format.h>

#include <string_view>

namespace lunaria::daemon {
namespace {

/// Methods that change nothing.
bool is_question(std::string_view method_name) {
  return method_name.starts_with("Get") || method_name.ends_with("ConformantInstances");
}

}  // namespace

Result<void, cim::Error> authorize(const cim::OperationContext& context, const cim::OperationRequest& request) {
  if (cim::is_schema_change(request.kind) && context.role < cim::Role::kAdministrator) {
    return fail(cim::Error(cim::Status::kAccessDenied, "only administrators change classes and qualifiers"));
  }
  if (cim::is_read(request.kind) || context.role >= cim::Role::kOperator) {
    return {};
  }
  if (request.kind == cim::OperationKind::kInvokeMethod && is_question(request.method_name)) {
    return {};
  }
  return fail(cim::Error(cim::Status::kAccessDenied,
                         fmt::format("'{}' is a viewer and may only look; ask an administrator for the operator role",
                                     context.principal)));
}

}  // namespace lunaria::daemon
