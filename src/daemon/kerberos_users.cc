#include "daemon/kerberos_users.h"

#include <fmt/format.h>

#include <algorithm>

namespace lunaria::daemon {

Result<void, std::string> add_kerberos_role(KerberosUsers& users, std::string_view text) {
  const std::size_t equals = text.rfind('=');
  const std::string_view principal = text.substr(0, std::min(equals, text.size()));
  const auto role = equals == std::string_view::npos ? std::nullopt : security::parse_role(text.substr(equals + 1));
  const std::size_t at = principal.rfind('@');
  if (!role || at == std::string_view::npos || at == 0 || at + 1 == principal.size()) {
    return fail(
        fmt::format("'{}' is not PRINCIPAL@REALM=ROLE; write alice/admin@EXAMPLE.COM=administrator (or "
                    "operator, or viewer)",
                    text));
  }
  if (!users.roles.emplace(principal, *role).second) {
    return fail(fmt::format("{} has two roles", principal));
  }
  return {};
}

std::optional<security::Role> kerberos_role(const KerberosUsers& users, std::string_view principal) {
  const auto found = users.roles.find(principal);
  return found == users.roles.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> catalogue_names(const KerberosUsers& users, std::string_view principal) {
  const std::size_t at = principal.find('@');
  // A backslash hides what follows it: "alice\@EXAMPLE.COM@OTHER" is no alice of EXAMPLE.COM.
  if (at == std::string_view::npos || at == 0 || principal.find_first_of("\\/") != std::string_view::npos ||
      std::ranges::find(users.realms, principal.substr(at + 1)) == users.realms.end()) {
    return {};
  }
  return {std::string(principal), std::string(principal.substr(0, at))};
}

}  // namespace lunaria::daemon
