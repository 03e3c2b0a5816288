#pragma once

// Negotiation of text keys (RFC 7143 6.2 and 13, RFC 7144 7.1): one row per key says what it is, when it may come and
// how the outcome is found; Negotiator applies the rows to what an initiator offers.

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "iscsi/login.h"
#include "iscsi/parameters.h"
#include "iscsi/text_keys.h"

namespace lunaria::iscsi {

enum class Key : std::uint8_t {
  kAuthMethod,
  kChapA,
  kChapI,
  kChapC,
  kChapN,
  kChapR,
  kHeaderDigest,
  kDataDigest,
  kMaxConnections,
  kSendTargets,
  kTargetName,
  kInitiatorName,
  kTargetAlias,
  kInitiatorAlias,
  kTargetAddress,
  kTargetPortalGroupTag,
  kInitialR2T,
  kImmediateData,
  kMaxRecvDataSegmentLength,
  kMaxBurstLength,
  kFirstBurstLength,
  kDefaultTime2Wait,
  kDefaultTime2Retain,
  kMaxOutstandingR2T,
  kDataPduInOrder,
  kDataSequenceInOrder,
  kErrorRecoveryLevel,
  kSessionType,
  kTaskReporting,
  kProtocolLevel,
  kIfMarker,
  kOfMarker,
  kIfMarkInt,
  kOfMarkInt,
};
inline constexpr std::size_t kKeyCount = 34;

/// Where a key may be sent by an initiator (RFC 7143 13: IO, LO, FFPO, ALL), as bits.
enum class KeyPhase : std::uint8_t { kSecurity = 1, kOperational = 2, kFullFeature = 4 };

/// How the outcome of an offer is found.
enum class KeyFunction : std::uint8_t {
  kHandledByLogin,  ///< names, aliases, session type, authentication: not negotiated here
  kMinimum,
  kMaximum,
  kAnd,
  kOr,
  kList,      ///< the first entry that we support
  kDeclare,   ///< each side says its own
  kObsolete,  ///< answered with Reject (RFC 7143 13.25)
  kTargetOnly,
};

struct KeyRow {
  Key key;
  std::string_view name;
  KeyFunction function;
  std::uint8_t phases;  ///< bits of KeyPhase
  bool leading_only;    ///< only while a session is made (LO)
  bool irrelevant_in_discovery;
  std::uint32_t min;  ///< of a number
  std::uint32_t max;
  std::size_t value_size_max;
};

/// The row of a key, or nullptr when we do not know it. Names are case-sensitive.
const KeyRow* find_key(std::string_view name);
/// Every row, in the order of Key.
const std::array<KeyRow, kKeyCount>& key_rows();

enum class NegotiationError : std::uint8_t {
  kRepeatedKey,   ///< RFC 7143 6.3: the login is rejected
  kWrongPhase,    ///< not allowed in this stage
  kNotLeading,    ///< a session-wide key on a connection that joins a session
  kValueTooLong,  ///< longer than this key's values may be
};

/// One connection's negotiation. The parameters it works on outlive it.
class Negotiator final {
 public:
  Negotiator(SessionParameters& session, ConnectionParameters& connection)
      : session_(session), connection_(connection) {}

  void set_preferences(const NegotiationPreferences& preferences) { preferences_ = preferences; }
  void set_discovery(bool discovery) { discovery_ = discovery; }
  void set_leading(bool leading) { leading_ = leading; }

  /// Notes that a key has come, whoever handles it; an error when it may not (again).
  Result<const KeyRow*, NegotiationError> admit(const TextKey& key, KeyPhase phase);
  /// Settles one offer of an admitted key (row as admit returned it; nullptr for an unknown key) and adds the answer.
  void settle(const KeyRow* row, const TextKey& key, TextBuilder& answer);
  /// Forgets which keys came, for a new exchange in full feature phase.
  void start_exchange() { seen_.reset(); }
  /// Declares our MaxRecvDataSegmentLength, once; it is in force when login is over.
  void declare(TextBuilder& answer);

 private:
  void settle_number(const KeyRow& row, std::string_view value, TextBuilder& answer);
  void settle_flag(const KeyRow& row, std::string_view value, TextBuilder& answer);
  void settle_list(const KeyRow& row, std::string_view value, TextBuilder& answer);
  bool set_task_reporting(std::string_view value);
  bool is_irrelevant(const KeyRow& row) const;
  std::uint32_t our_number(Key key) const;
  void set_number(Key key, std::uint32_t value);
  bool our_flag(Key key) const;
  void set_flag(Key key, bool value);

  SessionParameters& session_;
  ConnectionParameters& connection_;
  NegotiationPreferences preferences_;
  std::bitset<kKeyCount> seen_;
  bool discovery_ = false;
  bool leading_ = true;
  bool declared_ = false;
};

}  // namespace lunaria::iscsi
