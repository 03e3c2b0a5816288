#pragma once

// Content: what a simulated file holds, in the page cache and on the medium. Internal to sim.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sim/dice.h"

namespace lunaria::sim {

inline constexpr std::size_t kPageSize = 4096;
inline constexpr std::size_t kSectorSize = 512;  // what a power cut writes whole or not at all
using Page = std::array<std::byte, kPageSize>;

/// Pages are immutable and shared, so that a version costs a reference. No page: a hole.
class Content final {
 public:
  /// What a sync that has begun will make durable.
  struct Snapshot {
    struct Entry {
      std::uint64_t index;
      std::uint64_t version;
      std::shared_ptr<const Page> page;
    };
    std::vector<Entry> pages;
    std::uint64_t size = 0;
    std::uint64_t size_version = 0;
  };

  std::uint64_t size() const { return size_; }
  /// A device: every byte exists, and its size is fixed.
  void make_device(std::uint64_t size);
  void resize(std::uint64_t size);
  /// Bytes read: short at the end of file only.
  std::size_t read(std::uint64_t offset, std::span<std::byte> memory) const;
  /// Grows the file as needed.
  void write(std::uint64_t offset, std::span<const std::byte> memory);
  /// Whole pages lose their space; the rest of the range is overwritten with zeros.
  void punch(std::uint64_t offset, std::uint64_t length);
  /// Reads as zeros and has space. `keep`: bytes that are there stay (allocation).
  void reserve(std::uint64_t offset, std::uint64_t length, bool keep);
  std::uint64_t pages() const { return pages_.size(); }
  /// Pages that writing or reserving the range would take.
  std::uint64_t missing_pages(std::uint64_t offset, std::uint64_t length) const;
  std::optional<std::uint64_t> next_data(std::uint64_t offset) const;
  std::optional<std::uint64_t> next_hole(std::uint64_t offset) const;

  Snapshot begin_sync() const;
  void finish_sync(const Snapshot& snapshot);
  /// As Linux does: what was not written back is clean now, and gone from the next sync's view.
  void fail_sync();
  /// The pages of a durable write, whole ones as Linux does it.
  void make_durable(std::uint64_t offset, std::uint64_t length);
  /// Sectors that were not made durable are lost, kept or, page by page, mixed.
  void power_cut(Dice& dice);

 private:
  using Pages = std::map<std::uint64_t, std::shared_ptr<const Page>>;
  static std::shared_ptr<const Page> find(const Pages& pages, std::uint64_t index);
  void put(std::uint64_t index, std::shared_ptr<const Page> page);
  void overwrite(std::uint64_t offset, std::span<const std::byte> memory, std::uint64_t length);
  static void store(Pages& pages, std::uint64_t index, std::shared_ptr<const Page> page);

  Pages pages_;
  Pages durable_;
  void set_size(std::uint64_t size);

  // Each change has a number, so that a sync that began earlier never takes a page back behind a later one.
  std::uint64_t version_ = 0;
  std::map<std::uint64_t, std::uint64_t> dirty_;  // page to the version of its last change
  std::map<std::uint64_t, std::uint64_t> durable_versions_;
  std::uint64_t size_ = 0;
  std::uint64_t size_version_ = 0;
  std::uint64_t durable_size_ = 0;
  std::uint64_t durable_size_version_ = 0;
};

}  // namespace lunaria::sim
