#pragma once

// Initiator: what is set for one initiator, whatever the target. Plain values. An initiator without one is as welcome
// as the targets' rules say.

#include <cstddef>
#include <optional>
#include <string>

#include "runtime/clock.h"
#include "service/chap.h"
#include "service/rate_limit.h"

namespace lunaria::service {

struct Initiator {
  std::string name;  ///< iSCSI name in canonical form
  std::string description;
  bool enabled = true;  ///< false: no login, no discovery, and sessions are dropped
  ChapSettings chap;    ///< it proves itself with this, not with the target's
  ChapSettings reverse_chap;
  RateLimit rate_limit{};  ///< of all its sessions together
  runtime::WallTime created{};
  std::size_t session_count = 0;  ///< now, discovery included
  friend bool operator==(const Initiator&, const Initiator&) = default;
};

/// Makes one or changes one: what is absent keeps its value, or its default. CHAP holds from the next login on.
struct SetInitiator {
  std::string name;
  std::optional<std::string> description;  ///< at most 1024 bytes
  std::optional<bool> enabled;
  SetChap chap;
  SetChap reverse_chap;
  SetRateLimit rate_limit{};  ///< holds at once
  std::size_t secret_bytes_max = kSecretBytesMax;
};

}  // namespace lunaria::service
