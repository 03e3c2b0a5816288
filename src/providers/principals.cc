#include "providers/principals.h"

namespace lunaria::providers {
namespace {

constexpr security::Role to_role(cim::Role role) {
  switch (role) {
    case cim::Role::kViewer:
      return security::Role::kViewer;
    case cim::Role::kOperator:
      return security::Role::kOperator;
    case cim::Role::kAdministrator:
      return security::Role::kAdministrator;
  }
  return security::Role::kViewer;
}

}  // namespace

security::Principal to_principal(const cim::OperationContext& context) {
  const bool is_local = context.peer == cim::Peer::kLocalSocket;
  return {context.principal, to_role(context.role),
          is_local ? security::Authentication::kPeerCredentials : security::Authentication::kPassword,
          is_local && context.peer_address.empty() ? "local socket" : context.peer_address};
}

}  // namespace lunaria::providers
