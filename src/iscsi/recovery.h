#pragma once

// Recovery: what a connection keeps until the initiator has acknowledged it, so that it can be sent again
// (RFC 7143 7.1, 11.16). There is none at ErrorRecoveryLevel 0.

#include <cstddef>
#include <deque>
#include <vector>

#include "iscsi/bhs.h"
#include "iscsi/command_slot.h"
#include "iscsi/serial.h"

namespace lunaria::iscsi {

/// Part of one ConnectionState. SCSI answers stay in their slots, buffers included; everything else that has a StatSN
/// is small and copied.
struct Recovery {
  struct Numbered {
    StatusSn status_sn;
    bhs::Storage header{};
    std::vector<std::byte> data;
    bool send_again = false;
  };

  StatusSn acknowledged;  // every StatSN before it has reached the initiator
  CommandSlot* first_retained = nullptr;
  CommandSlot* last_retained = nullptr;
  std::size_t retained_count = 0;
  std::size_t retained_bytes = 0;
  CommandSlot* first_resend = nullptr;  // to be encoded again
  CommandSlot* last_resend = nullptr;
  CommandSlot* first_resent = nullptr;  // in the batch being sent
  std::deque<Numbered> numbered;
  std::size_t numbered_bytes = 0;
  bool numbered_due = false;
  bool numbered_in_batch = false;
  bool acknowledgement_asked = false;
};

}  // namespace lunaria::iscsi
