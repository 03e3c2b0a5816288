#pragma once

// FaultVolume: a layer for tests that makes chosen calls to a volume fail or hang.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "block/volume.h"

namespace lunaria::block {

/// Which calls, and what becomes of them.
struct Fault {
  std::optional<IoOperation> operation{};  ///< any one when empty
  std::uint64_t first_call = 1;            ///< of the matching calls, counted from 1 when the fault was set
  std::uint64_t call_count = 1;
  std::optional<IoStatus> status{};  ///< empty: the call hangs until release()
};

/// Owns the volume below. kFailed makes the layer itself stay in the failed state.
class FaultVolume final : public Volume {
 public:
  explicit FaultVolume(std::unique_ptr<Volume> below) : below_(std::move(below)) {}

  /// Replaces the fault; the count of calls begins anew.
  void set_fault(std::optional<Fault> fault) {
    fault_ = fault;
    calls_ = 0;
  }
  /// Lets what hangs go on to the volume below.
  void release();
  std::size_t hung_count() const { return hung_.size(); }
  /// Calls that matched the fault since it was set.
  std::uint64_t call_count() const { return calls_; }

  Geometry geometry() const override { return below_->geometry(); }
  Features features() const override { return below_->features(); }
  bool submit(Request& request) noexcept override;
  std::optional<std::string> failure() const override { return failure_ ? failure_ : below_->failure(); }

 private:
  std::unique_ptr<Volume> below_;
  std::optional<Fault> fault_;
  std::uint64_t calls_ = 0;
  std::vector<Request*> hung_;
  std::optional<std::string> failure_;
};

}  // namespace lunaria::block
