#include "iscsi/negotiation.h"

#include <algorithm>

namespace lunaria::iscsi {

namespace {

constexpr std::uint8_t kSecurity = static_cast<std::uint8_t>(KeyPhase::kSecurity);
constexpr std::uint8_t kOperational = static_cast<std::uint8_t>(KeyPhase::kOperational);
constexpr std::uint8_t kFullFeature = static_cast<std::uint8_t>(KeyPhase::kFullFeature);
constexpr std::uint8_t kLogin = kSecurity | kOperational;
constexpr std::uint8_t kAll = kLogin | kFullFeature;
constexpr std::uint32_t kSegmentMin = 512;
constexpr std::uint32_t kSegmentMax = (1U << 24) - 1;

using F = KeyFunction;

// RFC 7143 section 13 in its order, then RFC 7144 7.1.1, then what RFC 7143 13.25 made obsolete.
constexpr std::array<KeyRow, kKeyCount> kRows = {{
    {Key::kAuthMethod, "AuthMethod", F::kHandledByLogin, kSecurity, false, false, 0, 0, kTextValueSizeMax},
    {Key::kChapA, "CHAP_A", F::kHandledByLogin, kSecurity, false, false, 0, 0, kTextValueSizeMax},
    {Key::kChapI, "CHAP_I", F::kHandledByLogin, kSecurity, false, false, 0, 255, kTextValueSizeMax},
    {Key::kChapC, "CHAP_C", F::kHandledByLogin, kSecurity, false, false, 0, 0, kTextLargeValueSizeMax},
    {Key::kChapN, "CHAP_N", F::kHandledByLogin, kSecurity, false, false, 0, 0, kTextValueSizeMax},
    {Key::kChapR, "CHAP_R", F::kHandledByLogin, kSecurity, false, false, 0, 0, kTextLargeValueSizeMax},
    {Key::kHeaderDigest, "HeaderDigest", F::kList, kOperational, false, false, 0, 0, kTextValueSizeMax},
    {Key::kDataDigest, "DataDigest", F::kList, kOperational, false, false, 0, 0, kTextValueSizeMax},
    {Key::kMaxConnections, "MaxConnections", F::kMinimum, kOperational, true, true, 1, 65535, kTextValueSizeMax},
    {Key::kSendTargets, "SendTargets", F::kHandledByLogin, kFullFeature, false, false, 0, 0, kTextValueSizeMax},
    {Key::kTargetName, "TargetName", F::kHandledByLogin, kLogin, false, false, 0, 0, kTextValueSizeMax},
    {Key::kInitiatorName, "InitiatorName", F::kHandledByLogin, kLogin, false, false, 0, 0, kTextValueSizeMax},
    {Key::kTargetAlias, "TargetAlias", F::kTargetOnly, kAll, false, false, 0, 0, kTextValueSizeMax},
    {Key::kInitiatorAlias, "InitiatorAlias", F::kHandledByLogin, kAll, false, false, 0, 0, kTextValueSizeMax},
    {Key::kTargetAddress, "TargetAddress", F::kTargetOnly, kAll, false, false, 0, 0, kTextValueSizeMax},
    {Key::kTargetPortalGroupTag, "TargetPortalGroupTag", F::kTargetOnly, kLogin, false, false, 0, 0, kTextValueSizeMax},
    {Key::kInitialR2T, "InitialR2T", F::kOr, kOperational, true, true, 0, 1, kTextValueSizeMax},
    {Key::kImmediateData, "ImmediateData", F::kAnd, kOperational, true, true, 0, 1, kTextValueSizeMax},
    {Key::kMaxRecvDataSegmentLength, "MaxRecvDataSegmentLength", F::kDeclare, kOperational | kFullFeature, false, false,
     kSegmentMin, kSegmentMax, kTextValueSizeMax},
    {Key::kMaxBurstLength, "MaxBurstLength", F::kMinimum, kOperational, true, true, kSegmentMin, kSegmentMax,
     kTextValueSizeMax},
    {Key::kFirstBurstLength, "FirstBurstLength", F::kMinimum, kOperational, true, true, kSegmentMin, kSegmentMax,
     kTextValueSizeMax},
    {Key::kDefaultTime2Wait, "DefaultTime2Wait", F::kMaximum, kOperational, true, false, 0, 3600, kTextValueSizeMax},
    {Key::kDefaultTime2Retain, "DefaultTime2Retain", F::kMinimum, kOperational, true, false, 0, 3600,
     kTextValueSizeMax},
    {Key::kMaxOutstandingR2T, "MaxOutstandingR2T", F::kMinimum, kOperational, true, true, 1, 65535, kTextValueSizeMax},
    {Key::kDataPduInOrder, "DataPDUInOrder", F::kOr, kOperational, true, true, 0, 1, kTextValueSizeMax},
    {Key::kDataSequenceInOrder, "DataSequenceInOrder", F::kOr, kOperational, true, true, 0, 1, kTextValueSizeMax},
    {Key::kErrorRecoveryLevel, "ErrorRecoveryLevel", F::kMinimum, kOperational, true, false, 0, 2, kTextValueSizeMax},
    {Key::kSessionType, "SessionType", F::kHandledByLogin, kLogin, false, false, 0, 0, kTextValueSizeMax},
    {Key::kTaskReporting, "TaskReporting", F::kList, kOperational, true, true, 0, 0, kTextValueSizeMax},
    {Key::kProtocolLevel, "iSCSIProtocolLevel", F::kMinimum, kOperational, true, true, 0, 31, kTextValueSizeMax},
    {Key::kIfMarker, "IFMarker", F::kObsolete, kOperational, false, false, 0, 0, kTextValueSizeMax},
    {Key::kOfMarker, "OFMarker", F::kObsolete, kOperational, false, false, 0, 0, kTextValueSizeMax},
    {Key::kIfMarkInt, "IFMarkInt", F::kObsolete, kOperational, false, false, 0, 0, kTextValueSizeMax},
    {Key::kOfMarkInt, "OFMarkInt", F::kObsolete, kOperational, false, false, 0, 0, kTextValueSizeMax},
}};

constexpr bool rows_are_in_key_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].key) != i) {
      return false;
    }
  }
  return true;
}
static_assert(rows_are_in_key_order());

}  // namespace

const std::array<KeyRow, kKeyCount>& key_rows() {
  return kRows;
}

const KeyRow* find_key(std::string_view name) {
  const auto* row = std::ranges::find(kRows, name, &KeyRow::name);
  return row == kRows.end() ? nullptr : &*row;
}

Result<const KeyRow*, NegotiationError> Negotiator::admit(const TextKey& key, KeyPhase phase) {
  const KeyRow* row = find_key(key.name);
  if (row == nullptr) {
    return row;
  }
  if (key.value.size() > row->value_size_max) {
    return fail(NegotiationError::kValueTooLong);
  }
  const auto index = static_cast<std::size_t>(row->key);
  if (seen_.test(index)) {
    return fail(NegotiationError::kRepeatedKey);
  }
  seen_.set(index);
  // In full feature phase a key out of place is answered, not fatal: the caller sees that it is not allowed.
  if ((row->phases & static_cast<std::uint8_t>(phase)) == 0) {
    return fail(NegotiationError::kWrongPhase);
  }
  if (row->leading_only && !leading_) {
    return fail(NegotiationError::kNotLeading);
  }
  return row;
}

void Negotiator::settle(const KeyRow* row, const TextKey& key, TextBuilder& answer) {
  if (row == nullptr) {
    answer.add(key.name, "NotUnderstood");
    return;
  }
  if (is_irrelevant(*row)) {
    answer.add(row->name, "Irrelevant");
    return;
  }
  switch (row->function) {
    case KeyFunction::kMinimum:
    case KeyFunction::kMaximum:
    case KeyFunction::kDeclare:
      settle_number(*row, key.value, answer);
      return;
    case KeyFunction::kAnd:
    case KeyFunction::kOr:
      settle_flag(*row, key.value, answer);
      return;
    case KeyFunction::kList:
      settle_list(*row, key.value, answer);
      return;
    case KeyFunction::kHandledByLogin:
    case KeyFunction::kObsolete:
    case KeyFunction::kTargetOnly:
      answer.add(row->name, "Reject");
      return;
  }
}

void Negotiator::declare(TextBuilder& answer) {
  if (declared_) {
    return;
  }
  declared_ = true;
  connection_.max_recv_data_segment_length =
      std::clamp(preferences_.max_recv_data_segment_length, kSegmentMin, kSegmentMax);
  answer.add_number(key_rows()[static_cast<std::size_t>(Key::kMaxRecvDataSegmentLength)].name,
                    connection_.max_recv_data_segment_length);
}

void Negotiator::settle_number(const KeyRow& row, std::string_view value, TextBuilder& answer) {
  const auto offered = parse_number(value);
  if (!offered || *offered < row.min || *offered > row.max) {
    declared_ |= row.function == KeyFunction::kDeclare;  // the key stands in an answer once: the default is ours then
    answer.add(row.name, "Reject");
    return;
  }
  if (row.function == KeyFunction::kDeclare) {
    // The initiator's own limit. Ours is declared beside it, so it needs no answer.
    connection_.max_send_data_segment_length = *offered;
    return;
  }
  const std::uint32_t ours = std::clamp(our_number(row.key), row.min, row.max);
  const std::uint32_t outcome =
      row.function == KeyFunction::kMinimum ? std::min(ours, *offered) : std::max(ours, *offered);
  set_number(row.key, outcome);
  answer.add_number(row.name, outcome);
}

void Negotiator::settle_flag(const KeyRow& row, std::string_view value, TextBuilder& answer) {
  if (value != "Yes" && value != "No") {
    answer.add(row.name, "Reject");
    return;
  }
  const bool offered = value == "Yes";
  const bool outcome =
      row.function == KeyFunction::kOr ? (offered || our_flag(row.key)) : (offered && our_flag(row.key));
  set_flag(row.key, outcome);
  answer.add(row.name, outcome ? "Yes" : "No");
}

void Negotiator::settle_list(const KeyRow& row, std::string_view value, TextBuilder& answer) {
  const bool is_digest = row.key != Key::kTaskReporting;
  for (const std::string_view entry : split_list(value)) {
    if (is_digest && (entry == "CRC32C" || entry == "None")) {
      bool& digest = row.key == Key::kHeaderDigest ? connection_.header_digest : connection_.data_digest;
      digest = entry == "CRC32C";
      answer.add(row.name, entry);
      return;
    }
    if (!is_digest && set_task_reporting(entry)) {
      answer.add(row.name, entry);
      return;
    }
  }
  answer.add(row.name, "Reject");
}

/// On one connection the order of StatSN is the fence that RFC 7143 4.2.2.3.4 asks for; across several there is none.
bool Negotiator::set_task_reporting(std::string_view value) {
  if (value == "RFC3720") {
    session_.task_reporting = TaskReporting::kRfc3720;
    return true;
  }
  if (session_.max_connections != 1 || (value != "ResponseFence" && value != "FastAbort")) {
    return false;
  }
  session_.task_reporting = value == "FastAbort" ? TaskReporting::kFastAbort : TaskReporting::kResponseFence;
  return true;
}

bool Negotiator::is_irrelevant(const KeyRow& row) const {
  if (discovery_ && row.irrelevant_in_discovery) {
    return true;
  }
  // RFC 7143 13.14. Only when both are settled: an offer of them may stand later in the same request.
  return row.key == Key::kFirstBurstLength && session_.initial_r2t && !session_.immediate_data &&
         seen_.test(static_cast<std::size_t>(Key::kInitialR2T)) &&
         seen_.test(static_cast<std::size_t>(Key::kImmediateData));
}

std::uint32_t Negotiator::our_number(Key key) const {
  switch (key) {
    case Key::kMaxConnections:
      return std::min<std::uint32_t>(preferences_.max_connections, kConnectionsPerSessionMax);
    case Key::kMaxBurstLength:
      return preferences_.max_burst_length;
    case Key::kFirstBurstLength:
      return std::min(preferences_.first_burst_length, session_.max_burst_length);
    case Key::kDefaultTime2Wait:
      return preferences_.default_time2wait;
    case Key::kDefaultTime2Retain:
      return preferences_.default_time2retain;
    case Key::kMaxOutstandingR2T:
      // RFC 7143 13.19: with recovery and sequences in order only the last one can be asked for again.
      return session_.error_recovery_level != 0 && session_.data_sequence_in_order ? 1U
                                                                                   : preferences_.max_outstanding_r2t;
    case Key::kErrorRecoveryLevel:
      return std::min<std::uint32_t>(preferences_.error_recovery_level, kErrorRecoveryLevelMax);
    default:
      return kProtocolLevelMax;
  }
}

void Negotiator::set_number(Key key, std::uint32_t value) {
  switch (key) {
    case Key::kMaxConnections:
      session_.max_connections = static_cast<std::uint16_t>(value);
      return;
    case Key::kMaxBurstLength:
      session_.max_burst_length = value;
      session_.first_burst_length = std::min(session_.first_burst_length, value);
      return;
    case Key::kFirstBurstLength:
      session_.first_burst_length = value;
      return;
    case Key::kDefaultTime2Wait:
      session_.default_time2wait = static_cast<std::uint16_t>(value);
      return;
    case Key::kDefaultTime2Retain:
      session_.default_time2retain = static_cast<std::uint16_t>(value);
      return;
    case Key::kMaxOutstandingR2T:
      session_.max_outstanding_r2t = static_cast<std::uint16_t>(value);
      return;
    case Key::kErrorRecoveryLevel:
      session_.error_recovery_level = static_cast<std::uint8_t>(value);
      return;
    default:
      session_.protocol_level = static_cast<std::uint8_t>(value);
      return;
  }
}

bool Negotiator::our_flag(Key key) const {
  switch (key) {
    case Key::kInitialR2T:
      return preferences_.initial_r2t;
    case Key::kImmediateData:
      return preferences_.immediate_data;
    default:
      return false;  // data is sent in order, and taken in any
  }
}

void Negotiator::set_flag(Key key, bool value) {
  switch (key) {
    case Key::kInitialR2T:
      session_.initial_r2t = value;
      return;
    case Key::kImmediateData:
      session_.immediate_data = value;
      return;
    case Key::kDataPduInOrder:
      session_.data_pdu_in_order = value;
      return;
    default:
      session_.data_sequence_in_order = value;
      return;
  }
}

}  // namespace lunaria::iscsi
