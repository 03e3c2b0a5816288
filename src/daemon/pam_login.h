#pragma once

// PamLogin: judges passwords of users that the catalogue does not have, by asking PAM, and remembers those that were
// good for a little while: clients send theirs with every request, and asking each time would cost a process and a
// directory.

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/secret.h"
#include "pam/protocol.h"
#include "runtime/async_mutex.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "security/principal.h"
#include "security/verified_passwords.h"

namespace lunaria::daemon {

/// From the settings.
struct PamOptions {
  std::string service;         ///< of PAM; empty: nobody is asked
  std::string administrators;  ///< a group of the system; empty: nobody becomes one this way
  std::string operators;
  std::string viewers;
  std::string helper = LUNARIA_PAM_PROGRAM;  ///< path of lunaria-pam
};

/// Control shard only; what it is given outlives it.
class PamLogin final {
 public:
  /// Helpers at once: one user whose directory hangs leaves room for another. Each takes a worker thread.
  static constexpr std::size_t kHelpersMax = 2;
  /// Logins that wait for a helper, in all.
  static constexpr std::size_t kWaitingMax = 32;
  /// How long a change at PAM's side (a new password, a locked account, another group) may go unnoticed.
  static constexpr std::chrono::seconds kRememberedFor{30};

  /// How long every refusal of a password takes where PAM is asked: longer than PAM mostly does, whatever it says.
  static constexpr std::chrono::seconds kRefusalTime{2};

  /// Asks the helper; called on worker threads, several at once.
  using Ask = std::function<pam::Answer(const pam::Question&)>;

  PamLogin(runtime::Shard& shard, Log& log, PamOptions options, Ask ask);

  /// The user, if this very password was good a moment ago. `peer` describes the client.
  std::optional<security::Principal> remembered(const std::string& user, const Secret& password, std::string peer);
  /// Asks; not about names that are no user's name here. nullopt when the password is wrong, the user in no group that
  /// has a role, or PAM could not tell, which is logged: the client learns no difference. `address` goes to PAM as the
  /// remote host.
  runtime::Task<std::optional<security::Principal>> judge(std::string user, Secret password, std::string address,
                                                          std::string peer);

 private:
  struct Remembered {
    security::Role role;
    runtime::Instant until;
  };
  runtime::AsyncMutex& shortest_queue();

  runtime::Shard& shard_;
  Log& log_;
  PamOptions options_;
  Ask ask_;
  security::VerifiedPasswords verified_;
  std::map<std::string, Remembered, std::less<>> remembered_;  ///< no more than verified_ has
  std::array<runtime::AsyncMutex, kHelpersMax> helpers_;
};

}  // namespace lunaria::daemon
