#include "block/fault_volume.h"

namespace lunaria::block {

bool FaultVolume::submit(Request& request) noexcept {
  if (failure_) {
    request.status = IoStatus::kFailed;
    return true;
  }
  if (fault_ && (!fault_->operation || *fault_->operation == request.operation)) {
    ++calls_;
    if (calls_ >= fault_->first_call && calls_ - fault_->first_call < fault_->call_count) {
      if (!fault_->status) {
        hung_.push_back(&request);
        return false;
      }
      if (*fault_->status == IoStatus::kFailed) {
        failure_ = "a test has made this volume fail";
      }
      request.status = *fault_->status;
      return true;
    }
  }
  return below_->submit(request);
}

void FaultVolume::release() {
  for (Request* request : std::exchange(hung_, {})) {
    if (below_->submit(*request)) {
      request->complete();
    }
  }
}

}  // namespace lunaria::block
