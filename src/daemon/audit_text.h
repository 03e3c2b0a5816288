#pragma once

// The two written forms of an audit record: one line of JSON for the file, one datagram for the journal. Pure
// functions.

#include <cstdint>
#include <string>
#include <string_view>

#include "cim/audit.h"

namespace lunaria::daemon {

/// MESSAGE_ID of the journal: `journalctl MESSAGE_ID=...` lists the changes, and those who were not let in.
inline constexpr std::string_view kChangeMessageId = "9cf513d23e3d4dd0a27178e9bc3ef2e6";
inline constexpr std::string_view kRefusedLoginMessageId = "00cbf1a6856b44c2979c2051c3d512a4";

/// Longer texts are cut here, longer lists end: a client decides how long the names are that it gives.
inline constexpr std::size_t kAuditTextMax = 1024;
inline constexpr std::size_t kAuditListMax = 16;

/// What could not be recorded since the last record that was.
struct AuditGaps {
  std::uint64_t refusals_left_out = 0;  ///< of credentials, beyond the rate that is recorded
  std::uint64_t records_lost = 0;       ///< the disk was too slow, or full

  AuditGaps& operator+=(const AuditGaps& more) {
    refusals_left_out += more.refusals_left_out;
    records_lost += more.records_lost;
    return *this;
  }
};

/// One JSON object and a newline. Empty members are left out; bytes that are no UTF-8 become U+FFFD.
std::string to_json_line(const cim::AuditRecord& record, const AuditGaps& gaps);
/// Journal Native Protocol: fields LUNARIA_*, MESSAGE, MESSAGE_ID, PRIORITY, SYSLOG_IDENTIFIER. Every text is framed by
/// its length, so that no client can forge a field.
std::string to_journal_datagram(const cim::AuditRecord& record, const AuditGaps& gaps);

}  // namespace lunaria::daemon
