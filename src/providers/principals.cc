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

constexpr security::Authentication to_authentication(cim::Authentication authentication) {
  switch (authentication) {
    case cim::Authentication::kPassword:
      return security::Authentication::kPassword;
    case cim::Authentication::kPeerCredentials:
      return security::Authentication::kPeerCredentials;
    case cim::Authentication::kClientCertificate:
      return security::Authentication::kClientCertificate;
    case cim::Authentication::kKerberos:
      return security::Authentication::kKerberos;
    case cim::Authentication::kPam:
      return security::Authentication::kPam;
    case cim::Authentication::kInternal:
      return security::Authentication::kInternal;
  }
  return security::Authentication::kPassword;
}

}  // namespace

security::Principal to_principal(const cim::OperationContext& context) {
  return {context.principal, to_role(context.role), to_authentication(context.authentication),
          context.peer_address.empty() ? "local socket" : context.peer_address};
}

cim::Authentication to_cim(security::Authentication authentication) {
  switch (authentication) {
    case security::Authentication::kPassword:
      return cim::Authentication::kPassword;
    case security::Authentication::kPeerCredentials:
      return cim::Authentication::kPeerCredentials;
    case security::Authentication::kClientCertificate:
      return cim::Authentication::kClientCertificate;
    case security::Authentication::kKerberos:
      return cim::Authentication::kKerberos;
    case security::Authentication::kPam:
      return cim::Authentication::kPam;
    case security::Authentication::kInternal:
      return cim::Authentication::kInternal;
  }
  return cim::Authentication::kPassword;
}

cim::Role to_cim(security::Role role) {
  switch (role) {
    case security::Role::kViewer:
      return cim::Role::kViewer;
    case security::Role::kOperator:
      return cim::Role::kOperator;
    case security::Role::kAdministrator:
      return cim::Role::kAdministrator;
  }
  return cim::Role::kViewer;
}

}  // namespace lunaria::providers
