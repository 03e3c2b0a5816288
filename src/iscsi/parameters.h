#pragma once

// What login negotiation works towards: what a target offers, and what was agreed (RFC 7143 13).

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/secret.h"

namespace lunaria::iscsi {

/// What we offer; ranges as the RFC's.
struct NegotiationPreferences {
  std::uint32_t max_recv_data_segment_length = 262144;  ///< bytes, 512..2^24-1: what we accept in one PDU
  std::uint32_t max_burst_length = 1048576;             ///< bytes, 512..2^24-1
  std::uint32_t first_burst_length = 262144;            ///< bytes, 512..2^24-1, not above max_burst_length
  std::uint16_t max_outstanding_r2t = 4;                ///< 1..65535
  std::uint16_t max_connections = 1;                    ///< 1..65535
  std::uint16_t default_time2wait = 2;                  ///< seconds, 0..3600
  std::uint16_t default_time2retain = 20;               ///< seconds, 0..3600
  std::uint8_t error_recovery_level = 0;                ///< 0..2
  bool initial_r2t = false;                             ///< false: unsolicited data is welcome
  bool immediate_data = true;
  bool enforce_idle_timeout_detection = true;  ///< probe idle connections with NOP-In and drop dead ones
  friend bool operator==(const NegotiationPreferences&, const NegotiationPreferences&) = default;
};

/// A CHAP name and secret (RFC 7143 12.1.3).
struct ChapCredential {
  std::string name;
  Secret secret;
};

/// How functions that end many tasks report (RFC 7143 13.23).
enum class TaskReporting : std::uint8_t { kRfc3720, kResponseFence, kFastAbort };

/// Agreed for all connections of a session; the RFC's defaults until then.
struct SessionParameters {
  std::uint32_t max_burst_length = 262144;
  std::uint32_t first_burst_length = 65536;
  std::uint16_t max_outstanding_r2t = 1;
  std::uint16_t max_connections = 1;
  std::uint16_t default_time2wait = 2;
  std::uint16_t default_time2retain = 20;
  std::uint8_t error_recovery_level = 0;
  bool initial_r2t = true;
  bool immediate_data = true;
  bool data_pdu_in_order = true;
  bool data_sequence_in_order = true;
  std::uint8_t protocol_level = 1;  ///< RFC 7144 7.1.1
  TaskReporting task_reporting = TaskReporting::kRfc3720;
  friend bool operator==(const SessionParameters&, const SessionParameters&) = default;
};

/// Agreed for one connection.
struct ConnectionParameters {
  std::uint32_t max_send_data_segment_length = 8192;  ///< the initiator's MaxRecvDataSegmentLength
  std::uint32_t max_recv_data_segment_length = 8192;  ///< ours
  bool header_digest = false;
  bool data_digest = false;
  friend bool operator==(const ConnectionParameters&, const ConnectionParameters&) = default;
};

}  // namespace lunaria::iscsi
