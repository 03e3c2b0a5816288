#include "scsi/copy_operations.h"

#include <algorithm>

namespace lunaria::scsi {

CopyOperation* CopyOperations::add(NexusId nexus, std::uint32_t list_id, std::uint8_t service_action) {
  std::erase_if(operations_, [&](const CopyOperation& old) {
    return !old.in_progress && old.nexus == nexus && old.list_id == list_id;
  });
  if (operations_.size() >= kOperationsMax) {
    const auto oldest = std::ranges::find(operations_, false, &CopyOperation::in_progress);
    if (oldest == operations_.end()) {
      return nullptr;
    }
    operations_.erase(oldest);
  }
  CopyOperation& added = operations_.emplace_back();
  added.nexus = nexus;
  added.list_id = list_id;
  added.service_action = service_action;
  return &added;
}

CopyOperation* CopyOperations::find(NexusId nexus, std::uint32_t list_id) {
  const auto found = std::ranges::find_if(operations_, [&](const CopyOperation& operation) {
    return operation.nexus == nexus && operation.list_id == list_id;
  });
  return found == operations_.end() ? nullptr : &*found;
}

void CopyOperations::forget(NexusId nexus) {
  std::erase_if(operations_, [nexus](CopyOperation& operation) {
    const bool is_its = operation.nexus == nexus;
    operation.cancelled = operation.cancelled || is_its;
    return is_its && !operation.in_progress;
  });
}

void CopyOperations::forget(const CopyOperation& operation) {
  std::erase_if(operations_, [&operation](const CopyOperation& other) { return &other == &operation; });
}

void CopyOperations::cancel_all() {
  for (CopyOperation& operation : operations_) {
    operation.cancelled = true;
  }
}

}  // namespace lunaria::scsi
