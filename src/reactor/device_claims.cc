#include "reactor/device_claims.h"

namespace lunaria::reactor {

using runtime::IoError;

Result<DeviceClaims::Claim, IoError> DeviceClaims::take(dev_t device, const Open& open) {
  // Opened and closed under the lock: whoever comes while the last share goes would else find the device claimed.
  const std::scoped_lock lock(mutex_);
  auto found = held_.find(device);
  if (found == held_.end()) {
    Result<Descriptor, IoError> opened = open();
    if (!opened) {
      return fail(opened.error());
    }
    found = held_.emplace(device, Held{.descriptor = *std::move(opened), .count = 0}).first;
  }
  ++found->second.count;
  return Claim(*this, device);
}

void DeviceClaims::release(dev_t device) {
  const std::scoped_lock lock(mutex_);
  const auto found = held_.find(device);
  if (--found->second.count == 0) {
    held_.erase(found);
  }
}

}  // namespace lunaria::reactor
