#pragma once

// Which Kerberos principals are whom here: those of trusted realms are the catalogue's users, others have a role of
// their own. Plain values.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "security/principal.h"

namespace lunaria::daemon {

struct KerberosUsers {
  /// Realms of which `user@REALM` is the catalogue's user `user@REALM`, or else `user`. Case counts.
  std::vector<std::string> realms;
  /// Principals that need no user in the catalogue. These go first.
  std::map<std::string, security::Role, std::less<>> roles;
};

/// "backup/host@EXAMPLE.COM=viewer" into the table. Fails with a sentence.
Result<void, std::string> add_kerberos_role(KerberosUsers& users, std::string_view text);

/// The role that a principal has without the catalogue.
std::optional<security::Role> kerberos_role(const KerberosUsers& users, std::string_view principal);

/// Names of the catalogue's user that a principal is, the first that exists; none where its realm is not trusted.
/// Principals of several components ("host/a@REALM") and such with special characters are nobody's.
std::vector<std::string> catalogue_names(const KerberosUsers& users, std::string_view principal);

}  // namespace lunaria::daemon
