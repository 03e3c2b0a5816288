#include "iscsi/login_engine.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lunaria::iscsi {

namespace {

/// Whether the login engine itself looks after the key in the security stage.
bool is_chap_key(const KeyRow* row) {
  return row != nullptr && (row->key == Key::kChapA || row->key == Key::kChapI || row->key == Key::kChapC ||
                            row->key == Key::kChapN || row->key == Key::kChapR);
}

bool is_identity_key(const KeyRow* row) {
  return row != nullptr && (row->key == Key::kInitiatorName || row->key == Key::kInitiatorAlias ||
                            row->key == Key::kTargetName || row->key == Key::kSessionType);
}

}  // namespace

LoginEngine::LoginEngine(Host& host, runtime::Random& random, const IpEndpoint& peer, const IpEndpoint& local)
    : host_(host), random_(random), peer_(peer), local_(local), negotiator_(result_.session, result_.connection) {}

LoginQuery LoginEngine::query() const {
  return {.initiator_name = result_.initiator_name,
          .initiator_alias = result_.initiator_alias,
          .target_name = result_.target_name,
          .session_type = result_.session_type,
          .isid = result_.isid,
          .tsih = result_.tsih,
          .cid = result_.cid,
          .peer = peer_,
          .local = local_};
}

LoginReply LoginEngine::refuse(LoginStatus status, std::string_view reason) const {
  LoginReply reply;
  reply.action = LoginReply::Action::kRefuse;
  reply.status = status;
  reply.current_stage = last_stage_.current;
  reply.reason = reason;
  return reply;
}

LoginReply LoginEngine::refuse_authentication(std::string_view reason) {
  failed_authentication_ = true;
  return refuse(LoginStatus::kAuthenticationFailure, reason);
}

LoginReply LoginEngine::refuse_key(NegotiationError error) const {
  switch (error) {
    case NegotiationError::kRepeatedKey:
      return refuse(LoginStatus::kInitiatorError, "a key came twice");
    case NegotiationError::kWrongPhase:
      return refuse(LoginStatus::kInitiatorError, "a key does not belong to this stage");
    case NegotiationError::kNotLeading:
      return refuse(LoginStatus::kInitiatorError, "a session-wide key on a further connection");
    case NegotiationError::kValueTooLong:
      return refuse(LoginStatus::kInitiatorError, "a value is too long");
  }
  return refuse(LoginStatus::kTargetError, "unknown negotiation error");
}

LoginReply LoginEngine::handle(bhs::View header, std::string_view text) {
  last_stage_ = {.current = bhs::login::CurrentStage::get(header),
                 .next = bhs::login::NextStage::get(header),
                 .transit = bhs::login::Transit::get(header),
                 .more = bhs::login::Continue::get(header)};
  if (auto refused = check_header(header)) {
    return *refused;
  }
  const auto state = enter_request(state_, last_stage_);
  if (!state) {
    return refuse(state.error(), "login stages out of order");
  }
  state_ = *state;
  if (pending_text_.size() + text.size() > kTextRequestSizeMax) {
    return refuse(LoginStatus::kInitiatorError, "the text of a login request is too long");
  }
  pending_text_.append(text);
  if (last_stage_.more) {
    LoginReply reply;
    reply.current_stage = last_stage_.current;
    return reply;
  }
  LoginReply reply = handle_text(last_stage_);
  pending_text_.clear();
  return reply;
}

// RFC 7143 11.12: what must be the same in every request of a login, and the version.
std::optional<LoginReply> LoginEngine::check_header(bhs::View header) {
  if (++requests_ > kLoginRequestsMax) {
    return refuse(LoginStatus::kInitiatorError, "too many login requests");
  }
  const bool first = state_ == LoginState::kStart && requests_ == 1;
  const std::uint64_t isid = bhs::login::Isid::get(header);
  const std::uint16_t tsih = bhs::login::Tsih::get(header);
  const std::uint16_t cid = bhs::login::Cid::get(header);
  const std::uint32_t tag = bhs::InitiatorTaskTag::get(header);
  const CommandSn sn(bhs::CmdSn::get(header));
  if (first) {
    result_.isid = isid;
    result_.tsih = tsih;
    result_.cid = cid;
    result_.first_command_sn = sn;
    tag_ = tag;
    negotiator_.set_leading(tsih == 0);
  }
  if (bhs::login::VersionMin::get(header) > 0) {
    return refuse(LoginStatus::kUnsupportedVersion, "protocol version");
  }
  if (isid != result_.isid || tsih != result_.tsih || cid != result_.cid || tag != tag_ ||
      !(sn == result_.first_command_sn)) {
    return refuse(LoginStatus::kInitiatorError, "login requests differ in ISID, TSIH, CID, tag or CmdSN");
  }
  if (!bhs::Immediate::get(header)) {
    return refuse(LoginStatus::kInitiatorError, "a login request that is not immediate");
  }
  return std::nullopt;
}

LoginReply LoginEngine::handle_text(StageRequest stage) {
  const auto keys = parse_text(pending_text_);
  if (!keys) {
    return refuse(LoginStatus::kInitiatorError, "malformed text");
  }
  if (!grant_) {
    if (auto refused = read_identity(*keys)) {
      return *refused;
    }
    if (auto refused = authorize()) {
      return *refused;
    }
  }
  TextBuilder answer;
  if (!introduced_ && result_.session_type == SessionType::kNormal) {
    // RFC 7143 13.9: with the first answer of a leading login. The text so far is one request, whatever its PDUs.
    if (!grant_->target_alias.empty()) {
      answer.add("TargetAlias", grant_->target_alias);
    }
    answer.add_number("TargetPortalGroupTag", grant_->portal_group_tag);
  }
  introduced_ = true;
  auto refused = state_ == LoginState::kSecurity ? handle_security(*keys, answer) : handle_operational(*keys, answer);
  return refused ? *refused : finish(stage, answer);
}

// The names and the session type stand in the first request (RFC 7143 6.3).
std::optional<LoginReply> LoginEngine::read_identity(const Keys& keys) {
  for (const TextKey& key : keys) {
    const KeyRow* row = find_key(key.name);
    if (!is_identity_key(row)) {
      continue;
    }
    if (key.value.size() > row->value_size_max) {
      return refuse(LoginStatus::kInitiatorError, "a value is too long");
    }
    if (row->key == Key::kSessionType) {
      if (key.value != "Discovery" && key.value != "Normal") {
        return refuse(LoginStatus::kSessionTypeNotSupported, "unknown session type");
      }
      result_.session_type = key.value == "Discovery" ? SessionType::kDiscovery : SessionType::kNormal;
    } else if (row->key == Key::kInitiatorAlias) {
      result_.initiator_alias = key.value;
    } else {
      auto name = normalize_name(key.value);
      if (!name) {
        return refuse(LoginStatus::kInitiatorError, "not an iSCSI name");
      }
      (row->key == Key::kInitiatorName ? result_.initiator_name : result_.target_name) = std::move(*name);
    }
  }
  if (result_.initiator_name.empty()) {
    return refuse(LoginStatus::kMissingParameter, "no InitiatorName");
  }
  if (result_.session_type == SessionType::kNormal && result_.target_name.empty()) {
    return refuse(LoginStatus::kMissingParameter, "no TargetName");
  }
  if (result_.session_type == SessionType::kDiscovery) {
    result_.target_name.clear();
  }
  return std::nullopt;
}

std::optional<LoginReply> LoginEngine::authorize() {
  auto granted = host_.authorize(query());
  if (!granted) {
    LoginReply reply = refuse(granted.error().status, "not authorized");
    failed_authentication_ = granted.error().status == LoginStatus::kAuthenticationFailure;
    if (!granted.error().target_address.empty()) {
      TextBuilder answer;
      answer.add("TargetAddress", granted.error().target_address);
      reply.text = answer.take();
    }
    return reply;
  }
  grant_ = std::move(*granted);
  result_.portal_group_tag = grant_->portal_group_tag;
  result_.probe_when_idle = grant_->preferences.enforce_idle_timeout_detection;
  negotiator_.set_preferences(grant_->preferences);
  negotiator_.set_discovery(result_.session_type == SessionType::kDiscovery);
  return std::nullopt;
}

std::optional<LoginReply> LoginEngine::handle_security(const Keys& keys, TextBuilder& answer) {
  Keys chap_keys;
  for (const TextKey& key : keys) {
    const auto row = negotiator_.admit(key, KeyPhase::kSecurity);
    if (!row) {
      return refuse_key(row.error());
    }
    if (is_identity_key(*row)) {
      continue;
    }
    if (is_chap_key(*row)) {
      chap_keys.push_back(key);
    } else if (*row != nullptr && (*row)->key == Key::kAuthMethod) {
      if (auto refused = choose_method(key.value, answer)) {
        return refused;
      }
    } else {
      negotiator_.settle(*row, key, answer);
    }
  }
  if (chap_keys.empty()) {
    return std::nullopt;
  }
  if (!chap_) {
    return refuse_authentication("CHAP keys without CHAP");
  }
  const auto stepped = chap_->step(chap_keys, answer);
  if (!stepped) {
    return stepped.error() == ChapError::kUnavailable ? refuse(LoginStatus::kTargetError, "digest unavailable")
                                                      : refuse_authentication("CHAP failed");
  }
  result_.chap = chap_->is_done();
  result_.mutual_chap = chap_->is_mutual();
  return std::nullopt;
}

// RFC 7143 13.1: the initiator's order of preference counts, but what we need comes first.
std::optional<LoginReply> LoginEngine::choose_method(std::string_view methods, TextBuilder& answer) {
  const bool needed = grant_->initiator_credential.has_value();
  const auto offered = split_list(methods);
  const std::string_view wanted = needed ? "CHAP" : "None";
  if (std::ranges::find(offered, wanted) == offered.end()) {
    return refuse_authentication("no authentication method in common");
  }
  if (needed) {
    chap_ = std::make_unique<ChapAuthenticator>(
        *grant_->initiator_credential, grant_->target_credential ? &*grant_->target_credential : nullptr, random_);
  }
  answer.add("AuthMethod", wanted);
  return std::nullopt;
}

bool LoginEngine::is_authenticated() const {
  return !grant_->initiator_credential || (chap_ && chap_->is_done());
}

std::optional<LoginReply> LoginEngine::handle_operational(const Keys& keys, TextBuilder& answer) {
  if (!is_authenticated()) {
    return refuse_authentication("authentication is required");
  }
  std::vector<std::pair<const KeyRow*, TextKey>> admitted;
  for (const TextKey& key : keys) {
    const auto row = negotiator_.admit(key, KeyPhase::kOperational);
    if (!row) {
      return refuse_key(row.error());
    }
    if (!is_identity_key(*row)) {
      admitted.emplace_back(*row, key);
    }
  }
  // In whatever order they came: FirstBurstLength depends on MaxBurstLength, InitialR2T and ImmediateData,
  // MaxOutstandingR2T on ErrorRecoveryLevel and DataSequenceInOrder, TaskReporting on MaxConnections.
  const auto depends = [](const KeyRow* row) {
    return row != nullptr && (row->key == Key::kFirstBurstLength || row->key == Key::kMaxOutstandingR2T ||
                              row->key == Key::kTaskReporting);
  };
  for (const bool dependent : {false, true}) {
    for (const auto& [row, key] : admitted) {
      if (depends(row) == dependent) {
        negotiator_.settle(row, key, answer);
      }
    }
  }
  negotiator_.declare(answer);
  return std::nullopt;
}

LoginReply LoginEngine::finish(StageRequest stage, TextBuilder& answer) {
  LoginReply reply;
  reply.current_stage = stage.current;
  reply.text = answer.take();
  // While CHAP is under way the initiator's wish to move on is not granted (RFC 7143 6.3.2).
  if (!stage.transit || (state_ == LoginState::kSecurity && chap_ && !chap_->is_done())) {
    return reply;
  }
  if (!is_authenticated()) {
    return refuse_authentication("authentication is required");
  }
  state_ = after_transit(stage);
  reply.transit = true;
  reply.next_stage = stage.next;
  if (state_ == LoginState::kFullFeature) {
    reply.action = LoginReply::Action::kEstablish;
  }
  return reply;
}

}  // namespace lunaria::iscsi
