#pragma once

// The values of a login: what an initiator asks for, what it is granted or refused, and what came of it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "iscsi/parameters.h"
#include "iscsi/serial.h"

namespace lunaria::iscsi {

/// Status class in the high byte, detail in the low one (RFC 7143 11.13.5).
enum class LoginStatus : std::uint16_t {
  kSuccess = 0x0000,
  kTargetMovedTemporarily = 0x0101,
  kTargetMovedPermanently = 0x0102,
  kInitiatorError = 0x0200,
  kAuthenticationFailure = 0x0201,
  kAuthorizationFailure = 0x0202,
  kNotFound = 0x0203,
  kTargetRemoved = 0x0204,
  kUnsupportedVersion = 0x0205,
  kTooManyConnections = 0x0206,
  kMissingParameter = 0x0207,
  kCannotIncludeInSession = 0x0208,
  kSessionTypeNotSupported = 0x0209,
  kSessionDoesNotExist = 0x020A,
  kInvalidDuringLogin = 0x020B,
  kTargetError = 0x0300,
  kServiceUnavailable = 0x0301,
  kOutOfResources = 0x0302,
};

enum class SessionType : std::uint8_t { kNormal, kDiscovery };

/// Who asks for what. Text views live as long as the call they are passed to.
struct LoginQuery {
  std::string_view initiator_name;   ///< normalised: 1..223 bytes, lower case for iqn., eui. and naa. names
  std::string_view initiator_alias;  ///< may be empty
  std::string_view target_name;      ///< empty for discovery
  SessionType session_type = SessionType::kNormal;
  std::uint64_t isid = 0;  ///< 48 bits
  std::uint16_t tsih = 0;  ///< 0 asks for a new session
  std::uint16_t cid = 0;
  IpEndpoint peer;
  IpEndpoint local;
};

/// A login that may go on.
struct LoginGrant {
  NegotiationPreferences preferences;
  std::optional<ChapCredential> initiator_credential;  ///< set: the initiator must prove itself with it
  std::optional<ChapCredential> target_credential;     ///< set: we prove ourselves when asked
  std::uint16_t portal_group_tag = 1;
  std::string target_alias;  ///< may be empty
};

/// A login that may not.
struct LoginRefusal {
  LoginStatus status = LoginStatus::kTargetError;
  std::string target_address{};  ///< where to go, for the two "moved" statuses: "address:port" or "address", without a
                                 ///< tag (RFC 7143 13.8)
};

/// A login whose negotiation is done: all that is missing is the session.
struct LoginResult {
  std::string initiator_name;
  std::string initiator_alias;
  std::string target_name;  ///< empty for discovery
  SessionType session_type = SessionType::kNormal;
  std::uint64_t isid = 0;
  std::uint16_t tsih =
      0;  ///< 0: a new session, which replaces one of the same initiator, ISID, target and portal group
  std::uint16_t cid = 0;
  std::uint16_t portal_group_tag = 1;
  CommandSn first_command_sn;  ///< CmdSN of the login request; a new session starts there
  SessionParameters session;
  ConnectionParameters connection;
  bool chap = false;         ///< the initiator has proven itself
  bool mutual_chap = false;  ///< and so have we
  bool probe_when_idle = true;
};

}  // namespace lunaria::iscsi
