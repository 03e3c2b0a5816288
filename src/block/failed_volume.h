#pragma once

// FailedVolume: stands for a disk that cannot be used: its file is missing, short or cannot be opened. The disk keeps
// its size and identity for initiators and administrators; every operation fails.

#include <string>
#include <utility>

#include "block/volume.h"

namespace lunaria::block {

class FailedVolume final : public Volume {
 public:
  /// The geometry comes from the configuration; the reason says what is wrong and what to do about it.
  FailedVolume(Geometry geometry, Features features, std::string reason)
      : geometry_(geometry), features_(features), reason_(std::move(reason)) {}

  Geometry geometry() const override { return geometry_; }
  Features features() const override { return features_; }
  bool submit(Request& request) noexcept override {
    request.status = IoStatus::kFailed;
    return true;
  }
  std::optional<std::string> failure() const override { return reason_; }

 private:
  Geometry geometry_;
  Features features_;
  std::string reason_;
};

}  // namespace lunaria::block
