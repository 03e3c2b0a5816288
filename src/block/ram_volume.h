#pragma once

// RamVolume: a disk in anonymous memory. Sparse until written; gone with the process. Every request completes at once,
// and what it reads it can lend.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "block/volume.h"
#include "runtime/io_error.h"

namespace lunaria::block {

/// Reserves address space for the whole disk and memory only for what is written; unmapping gives it back. May be used
/// from any one thread at a time.
class RamVolume final : public Volume {
  struct Mapping {
    std::span<std::byte> bytes;
  };

 public:
  /// ENOMEM when the kernel refuses the reservation, EINVAL for an empty geometry.
  static Result<std::unique_ptr<RamVolume>, runtime::IoError> create(Geometry geometry, bool read_only);
  /// Only create() can name its argument.
  RamVolume(Geometry geometry, bool read_only, Mapping mapping);
  RamVolume(const RamVolume&) = delete;
  RamVolume& operator=(const RamVolume&) = delete;
  ~RamVolume() override;

  Geometry geometry() const override { return geometry_; }
  Features features() const override;
  bool submit(Request& request) noexcept override;
  bool lend(std::uint64_t offset, std::span<std::byte> copy, Loan& loan) noexcept override;
  std::optional<std::string> failure() const override { return std::nullopt; }

 private:
  void clear(std::span<std::byte> range) noexcept;
  void mark(std::uint64_t offset, std::uint64_t length) noexcept;
  void report(Request& request) const noexcept;
  void report_space(Request& request) const noexcept;

  Geometry geometry_;
  bool read_only_;
  std::span<std::byte> memory_;
  std::vector<bool> written_;  ///< by page: takes memory
  Loans loans_;
};

}  // namespace lunaria::block
