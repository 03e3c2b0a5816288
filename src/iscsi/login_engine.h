#pragma once

// LoginEngine: the login phase of one connection (RFC 7143 6.3), from requests as headers and text to what must be
// answered. Knows nothing of PDU transport; asks its Host who may log in.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "iscsi/bhs.h"
#include "iscsi/chap.h"
#include "iscsi/host.h"
#include "iscsi/login.h"
#include "iscsi/login_stage.h"
#include "iscsi/negotiation.h"
#include "iscsi/text_keys.h"
#include "runtime/random.h"

namespace lunaria::iscsi {

/// What a login request is answered with.
struct LoginReply {
  enum class Action : std::uint8_t {
    kAnswer,     ///< send this and go on
    kEstablish,  ///< as kAnswer, once there is a session; it ends the login
    kRefuse,     ///< send the status and close
  };
  Action action = Action::kAnswer;
  LoginStatus status = LoginStatus::kSuccess;
  bool transit = false;
  std::uint8_t current_stage = 0;
  std::uint8_t next_stage = 0;
  std::string text;
  std::string_view reason;  ///< for logs, when refused
};

/// One login. Host, random and endpoints outlive it. Bounded: kLoginRequestsMax requests, kTextRequestSizeMax of text.
class LoginEngine final {
 public:
  LoginEngine(Host& host, runtime::Random& random, const IpEndpoint& peer, const IpEndpoint& local);

  /// One complete login request. The header's opcode is checked by the caller.
  LoginReply handle(bhs::View header, std::string_view text);
  /// Grows while requests come; complete when a reply says kEstablish.
  const LoginResult& result() const { return result_; }
  /// The initiator has declared another one in full feature phase (RFC 7143 13.12).
  void set_max_send_data_segment_length(std::uint32_t length) {
    result_.connection.max_send_data_segment_length = length;
  }
  /// We have declared another one; what was allowed before stays so.
  void allow_recv_data_segment_length(std::uint32_t length) {
    std::uint32_t& max = result_.connection.max_recv_data_segment_length;
    max = std::max(max, length);
  }
  /// What is known of who asks, for Host::login_refused.
  LoginQuery query() const;
  /// A refusal with the stage of the last request.
  LoginReply refuse(LoginStatus status, std::string_view reason) const;
  /// Whether a refusal tells of a wrong credential, and should come late.
  bool failed_authentication() const { return failed_authentication_; }

 private:
  using Keys = std::vector<TextKey>;

  std::optional<LoginReply> check_header(bhs::View header);
  LoginReply handle_text(StageRequest stage);
  std::optional<LoginReply> read_identity(const Keys& keys);
  std::optional<LoginReply> authorize();
  std::optional<LoginReply> handle_security(const Keys& keys, TextBuilder& answer);
  std::optional<LoginReply> choose_method(std::string_view methods, TextBuilder& answer);
  std::optional<LoginReply> handle_operational(const Keys& keys, TextBuilder& answer);
  LoginReply finish(StageRequest stage, TextBuilder& answer);
  LoginReply refuse_key(NegotiationError error) const;
  LoginReply refuse_authentication(std::string_view reason);
  bool is_authenticated() const;

  Host& host_;
  runtime::Random& random_;
  IpEndpoint peer_;
  IpEndpoint local_;
  LoginState state_ = LoginState::kStart;
  StageRequest last_stage_;
  LoginResult result_;
  Negotiator negotiator_;
  std::optional<LoginGrant> grant_;
  std::unique_ptr<ChapAuthenticator> chap_;
  std::string pending_text_;
  std::uint32_t tag_ = 0;
  unsigned requests_ = 0;
  bool introduced_ = false;  // TargetPortalGroupTag has been said
  bool failed_authentication_ = false;
};

}  // namespace lunaria::iscsi
