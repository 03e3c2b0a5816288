#pragma once

// LoginFailures: which failed logins to tell of. The first one of a source is told at once, what follows at most once
// in kLoginFailureInterval, counted: whoever keeps guessing floods neither listeners nor memory. Reads no clock: the
// caller passes the time. Control shard only.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "service/event.h"

namespace lunaria::service {

/// At most kLoginFailureSourcesMax sources are told apart; those beyond count together, per kind.
class LoginFailures final {
 public:
  /// `failure`, when it is to be told now; else take_due() answers it later. Its `count` is not looked at.
  std::optional<LoginsFailed> add(LoginsFailed failure, runtime::Instant now);
  /// What failed since it was told last, the latest failure of each source standing for all of them. Sources that have
  /// been silent since are forgotten.
  std::vector<LoginsFailed> take_due(runtime::Instant now);
  /// How long until take_due() has something to do, at least zero; nullopt while there is no source.
  std::optional<runtime::Duration> time_to_next(runtime::Instant now) const;
  /// For tests.
  std::size_t source_count() const { return sources_.size(); }

 private:
  struct Source {
    LoginsFailed last;  ///< its count: since it was told
    runtime::Instant next{};
  };
  std::map<std::string, Source> sources_;
};

}  // namespace lunaria::service
