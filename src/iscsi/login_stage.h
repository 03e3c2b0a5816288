#pragma once

// The stages of a login as a pure state machine (RFC 7143 6.3, 11.12.3 and 11.12.4).

#include <cstdint>

#include "base/result.h"
#include "iscsi/login.h"

namespace lunaria::iscsi {

enum class LoginStage : std::uint8_t { kSecurity = 0, kOperational = 1, kFullFeature = 3 };

/// Where a login stands. `kStart` is before the first request.
enum class LoginState : std::uint8_t { kStart, kSecurity, kOperational, kFullFeature };

/// The stage bits of one login request.
struct StageRequest {
  std::uint8_t current = 0;
  std::uint8_t next = 0;
  bool transit = false;
  bool more = false;  ///< the C bit: the text goes on in the next request
};

/// The state in which a request is to be handled, or why it may not come now. `next` counts only with `transit`.
constexpr Result<LoginState, LoginStatus> enter_request(LoginState state, StageRequest request) {
  if (request.transit && request.more) {
    return fail(LoginStatus::kInitiatorError);
  }
  if (request.transit && (request.next <= request.current || request.next == 2)) {
    return fail(LoginStatus::kInitiatorError);
  }
  switch (state) {
    case LoginState::kStart:
      if (request.current > 1) {
        return fail(LoginStatus::kInitiatorError);
      }
      return request.current == 0 ? LoginState::kSecurity : LoginState::kOperational;
    case LoginState::kSecurity:
      if (request.current != 0) {
        return fail(LoginStatus::kInitiatorError);
      }
      return state;
    case LoginState::kOperational:
      if (request.current != 1) {
        return fail(LoginStatus::kInitiatorError);
      }
      return state;
    case LoginState::kFullFeature:
      return fail(LoginStatus::kInvalidDuringLogin);
  }
  return fail(LoginStatus::kTargetError);
}

/// The state after the target has agreed to the transition that a valid request asked for.
constexpr LoginState after_transit(StageRequest request) {
  return request.next == 1 ? LoginState::kOperational : LoginState::kFullFeature;
}

}  // namespace lunaria::iscsi
