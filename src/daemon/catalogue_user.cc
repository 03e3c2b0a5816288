#include "daemon/catalogue_user.h"

#include <algorithm>

#include "security/principal.h"

namespace lunaria::daemon {

runtime::Task<std::optional<service::User>> find_catalogue_user(service::Service& service, std::string name) {
  const auto users = co_await service.list_users(security::internal_principal());
  std::optional<service::User> found;
  if (users) {
    const auto user = std::ranges::find(*users, name, &service::User::name);
    if (user != users->end()) {
      found = *user;
    }
  }
  co_return found;
}

}  // namespace lunaria::daemon
