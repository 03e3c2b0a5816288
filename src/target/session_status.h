#pragma once

// SessionStatus: a session as the control plane sees it. Plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "runtime/clock.h"
#include "target/config.h"

namespace lunaria::target {

/// One connection as an administrator sees it (WT_Connection).
struct ConnectionStatus {
  std::uint16_t cid = 0;
  IpEndpoint initiator;
  IpEndpoint target;
  bool header_digest = false;
  bool data_digest = false;
  std::uint32_t max_recv_data_segment_length = 0;  ///< ours
  std::uint32_t max_send_data_segment_length = 0;  ///< the initiator's MaxRecvDataSegmentLength
  bool chap = false;
  bool mutual_chap = false;
};

/// One session (WT_Session).
struct SessionStatus {
  std::uint16_t tsih = 0;  ///< unique in the server, never 0
  std::uint64_t isid = 0;  ///< 48 bits
  bool discovery = false;
  std::string initiator_name;
  std::string initiator_alias;
  std::optional<TargetId> target;  ///< none for discovery sessions
  std::string target_name;
  bool initial_r2t = true;
  bool immediate_data = true;
  std::uint32_t first_burst_length = 0;
  std::uint32_t max_burst_length = 0;
  std::uint16_t max_outstanding_r2t = 1;
  std::uint16_t max_connections = 1;
  std::uint16_t default_time2wait = 2;
  std::uint16_t default_time2retain = 0;
  std::uint8_t error_recovery_level = 0;
  bool data_pdu_in_order = true;
  bool data_sequence_in_order = true;
  runtime::WallTime login_time{};
  std::vector<ConnectionStatus> connections;
};

}  // namespace lunaria::target
