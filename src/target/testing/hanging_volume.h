#pragma once

// HangingVolume: a backend that hangs.

#include <vector>

#include "block/volume.h"
#include "target/testing/server_bed.h"

namespace lunaria::target::testing {

/// Takes reads and writes and does not answer until it is told to: whoever has made it completes what is in `waiting`.
class HangingVolume final : public block::Volume {
 public:
  explicit HangingVolume(std::vector<block::Request*>& waiting, bool* is_gone = nullptr)
      : waiting_(waiting), is_gone_(is_gone) {}
  ~HangingVolume() override {
    if (is_gone_ != nullptr) {
      *is_gone_ = true;
    }
  }
  HangingVolume(const HangingVolume&) = delete;
  HangingVolume& operator=(const HangingVolume&) = delete;
  block::Geometry geometry() const override { return {512, 4096, kBlocks}; }
  block::Features features() const override { return {}; }
  bool submit(block::Request& request) noexcept override {
    waiting_.push_back(&request);
    return false;
  }
  std::optional<std::string> failure() const override { return std::nullopt; }

 private:
  std::vector<block::Request*>& waiting_;
  bool* is_gone_;
};

}  // namespace lunaria::target::testing
