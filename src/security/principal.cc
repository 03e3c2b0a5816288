#include "security/principal.h"

namespace lunaria::security {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kAdministrator:
      return "administrator";
  }
  return "unknown";
}

std::optional<Role> parse_role(std::string_view name) {
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdministrator}) {
    if (name == to_string(role)) {
      return role;
    }
  }
  return std::nullopt;
}

std::string_view to_string(Authentication authentication) {
  switch (authentication) {
    case Authentication::kPassword:
      return "password";
    case Authentication::kPeerCredentials:
      return "peer-credentials";
    case Authentication::kClientCertificate:
      return "client-certificate";
    case Authentication::kKerberos:
      return "kerberos";
    case Authentication::kPam:
      return "pam";
    case Authentication::kInternal:
      return "internal";
  }
  return "unknown";
}

Principal internal_principal() {
  return {.name = "lunariad",
          .role = Role::kAdministrator,
          .authentication = Authentication::kInternal,
          .peer = "internal"};
}

}  // namespace lunaria::security
