#pragma once

// User: who may manage the server over the network. Plain values, never a password or its hash.

#include <string>

#include "base/secret.h"
#include "runtime/clock.h"
#include "security/principal.h"

namespace lunaria::service {

struct User {
  std::string name;  ///< 1..64 of a-z A-Z 0-9 . _ - @, unique, case counts
  security::Role role = security::Role::kViewer;
  runtime::WallTime created{};
  friend bool operator==(const User&, const User&) = default;
};

struct AddUser {
  std::string name;
  Secret password;  ///< 8..1024 bytes
  security::Role role = security::Role::kViewer;
};

}  // namespace lunaria::service
