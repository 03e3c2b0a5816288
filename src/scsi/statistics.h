#pragma once

// AccessStatistics: what the General and Group Statistics and Performance log pages tell (SPC-5 7.3.10, 7.3.11).

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace lunaria::scsi {

/// Counts of READ and WRITE commands that ended GOOD. They begin at zero when the unit is made.
struct AccessCounts {
  std::uint64_t read_commands = 0;
  std::uint64_t write_commands = 0;
  std::uint64_t blocks_received = 0;     ///< written by initiators
  std::uint64_t blocks_transmitted = 0;  ///< read by initiators

  void count(bool is_write, std::uint64_t blocks) {
    ++(is_write ? write_commands : read_commands);
    (is_write ? blocks_received : blocks_transmitted) += blocks;
  }
};

/// Single shard. The groups take memory when the first command of one comes; a unit without grouping does without.
class AccessStatistics final {
 public:
  static constexpr std::size_t kGroups = 31;  ///< GROUP NUMBER 1 to 31; 0 is no group

  void count(std::size_t group, bool is_write, std::uint64_t blocks) {
    all_.count(is_write, blocks);
    if (group != 0) [[unlikely]] {
      if (groups_ == nullptr) {
        groups_ = std::make_unique<std::array<AccessCounts, kGroups>>();
      }
      groups_->at(group - 1).count(is_write, blocks);
    }
  }
  const AccessCounts& all() const { return all_; }
  AccessCounts of_group(std::size_t group) const {
    return groups_ == nullptr ? AccessCounts{} : groups_->at(group - 1);
  }

 private:
  AccessCounts all_;
  std::unique_ptr<std::array<AccessCounts, kGroups>> groups_;
};

}  // namespace lunaria::scsi
