#pragma once

// MessageStore: where indications wait until their destinations have taken them, so that neither a restart nor a loss
// of power loses one. Implemented over a database by the daemon.

#include <cstdint>
#include <string>
#include <vector>

#include "cim/error.h"
#include "cim/operation_context.h"
#include "runtime/task.h"

namespace lunaria::cim::indication {

struct StoredMessage {
  std::string destination;  ///< name of the listener destination
  std::int64_t sequence = 0;
  std::string body;                    ///< as it is sent
  Role reader = Role::kAdministrator;  ///< the least that may read it
};

/// Interface; control shard only. Changes are on stable storage when they return.
class MessageStore {
 public:
  virtual ~MessageStore() = default;
  /// By destination, oldest first.
  virtual runtime::Task<Result<std::vector<StoredMessage>, Error>> load_messages() = 0;
  virtual runtime::Task<Result<void, Error>> push_message(StoredMessage message) = 0;
  virtual runtime::Task<Result<void, Error>> remove_message(std::string destination, std::int64_t sequence) = 0;
  virtual runtime::Task<Result<void, Error>> remove_messages(std::string destination) = 0;
};

}  // namespace lunaria::cim::indication
