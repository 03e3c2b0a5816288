#pragma once

// DeviceClaims: block devices that are this process's alone. Internal to reactor.

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "base/result.h"
#include "reactor/descriptor.h"
#include "runtime/io_error.h"

namespace lunaria::reactor {

/// The kernel lets a device be open exclusively once, within a process too, but a volume is opened anew before the one
/// that it replaces is closed. So one descriptor holds the claim for all who have the device open. Thread-safe;
/// outlives its claims.
class DeviceClaims final {
 public:
  /// A share in the claim of one device, or in none.
  class Claim final {
   public:
    Claim() = default;
    Claim(DeviceClaims& claims, dev_t device) : claims_(&claims), device_(device) {}
    Claim(Claim&& other) noexcept : claims_(std::exchange(other.claims_, nullptr)), device_(other.device_) {}
    Claim& operator=(Claim&& other) noexcept {
      std::swap(claims_, other.claims_);
      std::swap(device_, other.device_);
      return *this;
    }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim() {
      if (claims_ != nullptr) {
        claims_->release(device_);
      }
    }

   private:
    DeviceClaims* claims_ = nullptr;
    dev_t device_ = 0;
  };
  /// Opens a device exclusively.
  using Open = std::function<Result<Descriptor, runtime::IoError>()>;

  /// Calls `open` where nobody here has the device, and answers its error.
  Result<Claim, runtime::IoError> take(dev_t device, const Open& open);

 private:
  struct Held {
    Descriptor descriptor;
    std::size_t count = 0;
  };
  void release(dev_t device);

  std::mutex mutex_;
  std::map<dev_t, Held> held_;
};

}  // namespace lunaria::reactor
