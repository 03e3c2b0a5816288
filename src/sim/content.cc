#include "sim/content.h"

#include <algorithm>
#include <cstring>

namespace lunaria::sim {

namespace {

const std::shared_ptr<const Page>& zero_page() {
  static const std::shared_ptr<const Page> kPage = std::make_shared<const Page>();
  return kPage;
}

/// One page's part of a range.
struct Part {
  std::uint64_t index;
  std::size_t begin;
  std::size_t count;
};

Part part_at(std::uint64_t offset, std::uint64_t length) {
  const std::size_t begin = offset % kPageSize;
  return {.index = offset / kPageSize,
          .begin = begin,
          .count = static_cast<std::size_t>(std::min<std::uint64_t>(length, kPageSize - begin))};
}

}  // namespace

std::shared_ptr<const Page> Content::find(const Pages& pages, std::uint64_t index) {
  const auto found = pages.find(index);
  return found == pages.end() ? nullptr : found->second;
}

void Content::store(Pages& pages, std::uint64_t index, std::shared_ptr<const Page> page) {
  if (page == nullptr) {
    pages.erase(index);
  } else {
    pages[index] = std::move(page);
  }
}

void Content::put(std::uint64_t index, std::shared_ptr<const Page> page) {
  store(pages_, index, std::move(page));
  dirty_[index] = ++version_;
}

void Content::set_size(std::uint64_t size) {
  if (size != size_) {
    size_ = size;
    size_version_ = ++version_;
  }
}

void Content::make_device(std::uint64_t size) {
  size_ = size;
  durable_size_ = size;
}

void Content::resize(std::uint64_t size) {
  if (size < size_) {
    overwrite(size, {}, std::min<std::uint64_t>(size_ - size, (kPageSize - size % kPageSize) % kPageSize));
    const std::uint64_t first = (size + kPageSize - 1) / kPageSize;
    while (!pages_.empty() && pages_.rbegin()->first >= first) {
      put(std::uint64_t{pages_.rbegin()->first}, nullptr);
    }
  }
  set_size(size);
}

std::size_t Content::read(std::uint64_t offset, std::span<std::byte> memory) const {
  const std::uint64_t end = std::min<std::uint64_t>(offset + memory.size(), size_);
  std::size_t done = 0;
  while (offset + done < end) {
    const Part part = part_at(offset + done, end - offset - done);
    const std::shared_ptr<const Page> page = find(pages_, part.index);
    if (page == nullptr) {
      std::memset(memory.data() + done, 0, part.count);
    } else {
      std::memcpy(memory.data() + done, page->data() + part.begin, part.count);
    }
    done += part.count;
  }
  return done;
}

/// Zeros where `memory` is empty; those leave holes as they are.
void Content::overwrite(std::uint64_t offset, std::span<const std::byte> memory, std::uint64_t length) {
  for (std::uint64_t done = 0; done < length;) {
    const Part part = part_at(offset + done, length - done);
    const std::shared_ptr<const Page> old = find(pages_, part.index);
    if (old != nullptr || !memory.empty()) {
      auto page = old != nullptr ? std::make_shared<Page>(*old) : std::make_shared<Page>();
      if (memory.empty()) {
        std::memset(page->data() + part.begin, 0, part.count);
      } else {
        std::memcpy(page->data() + part.begin, memory.data() + done, part.count);
      }
      put(part.index, std::move(page));
    }
    done += part.count;
  }
}

void Content::write(std::uint64_t offset, std::span<const std::byte> memory) {
  overwrite(offset, memory, memory.size());
  set_size(std::max(size_, offset + memory.size()));
}

void Content::punch(std::uint64_t offset, std::uint64_t length) {
  for (std::uint64_t done = 0; done < length;) {
    const Part part = part_at(offset + done, length - done);
    if (part.count == kPageSize) {
      put(part.index, nullptr);
    } else {
      overwrite(offset + done, {}, part.count);
    }
    done += part.count;
  }
}

void Content::reserve(std::uint64_t offset, std::uint64_t length, bool keep) {
  for (std::uint64_t done = 0; done < length;) {
    const Part part = part_at(offset + done, length - done);
    const std::shared_ptr<const Page> old = find(pages_, part.index);
    if (old == nullptr || (!keep && part.count == kPageSize)) {
      put(part.index, zero_page());
    } else if (!keep) {
      overwrite(offset + done, {}, part.count);
    }
    done += part.count;
  }
  set_size(std::max(size_, offset + length));
}

std::uint64_t Content::missing_pages(std::uint64_t offset, std::uint64_t length) const {
  if (length == 0) {
    return 0;
  }
  const std::uint64_t first = offset / kPageSize;
  const std::uint64_t last = (offset + length - 1) / kPageSize;
  const auto present = std::distance(pages_.lower_bound(first), pages_.upper_bound(last));
  return last - first + 1 - static_cast<std::uint64_t>(present);
}

std::optional<std::uint64_t> Content::next_data(std::uint64_t offset) const {
  if (offset >= size_) {
    return std::nullopt;
  }
  for (auto page = pages_.lower_bound(offset / kPageSize); page != pages_.end(); ++page) {
    if (page->second != zero_page()) {
      const std::uint64_t at = std::max(offset, page->first * kPageSize);
      return at < size_ ? std::optional(at) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Content::next_hole(std::uint64_t offset) const {
  if (offset >= size_) {
    return std::nullopt;
  }
  std::uint64_t index = offset / kPageSize;
  for (auto page = pages_.lower_bound(index); page != pages_.end(); ++page, ++index) {
    if (page->first != index || page->second == zero_page()) {
      break;
    }
  }
  return std::min(std::max(offset, index * kPageSize), size_);
}

Content::Snapshot Content::begin_sync() const {
  Snapshot snapshot{.pages = {}, .size = size_, .size_version = size_version_};
  for (const auto& [index, version] : dirty_) {
    snapshot.pages.push_back({.index = index, .version = version, .page = find(pages_, index)});
  }
  return snapshot;
}

void Content::finish_sync(const Snapshot& snapshot) {
  for (const auto& [index, version, page] : snapshot.pages) {
    if (version > durable_versions_[index]) {
      store(durable_, index, page);
      durable_versions_[index] = version;
    }
    const auto dirty = dirty_.find(index);
    if (dirty != dirty_.end() && dirty->second == version) {
      dirty_.erase(dirty);
    }
  }
  if (snapshot.size_version > durable_size_version_) {
    durable_size_ = snapshot.size;
    durable_size_version_ = snapshot.size_version;
  }
}

// What was freed is in the file system's journal, which a failed write of data does not undo.
void Content::fail_sync() {
  std::erase_if(dirty_, [this](const auto& each) { return find(pages_, each.first) != nullptr; });
}

void Content::make_durable(std::uint64_t offset, std::uint64_t length) {
  if (length == 0) {
    return;
  }
  const std::uint64_t last = (offset + length - 1) / kPageSize;
  for (std::uint64_t index = offset / kPageSize; index <= last; ++index) {
    const auto dirty = dirty_.find(index);
    if (dirty != dirty_.end()) {
      store(durable_, index, find(pages_, index));
      durable_versions_[index] = dirty->second;
      dirty_.erase(dirty);
    }
  }
  durable_size_ = size_;
  durable_size_version_ = size_version_;
}

void Content::power_cut(Dice& dice) {
  enum class Fate { kLost, kKept, kTorn };
  for (const auto& [index, version] : dirty_) {
    const auto fate = static_cast<Fate>(dice.below(3));
    const std::shared_ptr<const Page> now = find(pages_, index);
    if (fate == Fate::kKept) {
      store(durable_, index, now);
    } else if (fate == Fate::kTorn) {
      const std::shared_ptr<const Page> before = find(durable_, index);
      auto page = before != nullptr ? std::make_shared<Page>(*before) : std::make_shared<Page>();
      for (std::size_t at = 0; at < kPageSize; at += kSectorSize) {
        if (dice.below(2) == 0) {
          std::memcpy(page->data() + at, (now != nullptr ? *now : *zero_page()).data() + at, kSectorSize);
        }
      }
      store(durable_, index, std::move(page));
    }
  }
  if (dice.below(2) == 0) {
    durable_size_ = size_;
  }
  pages_ = durable_;
  size_ = durable_size_;
  // What stood past a size that did not survive is gone with it.
  const std::uint64_t first = (size_ + kPageSize - 1) / kPageSize;
  pages_.erase(pages_.lower_bound(first), pages_.end());
  if (size_ % kPageSize != 0) {
    overwrite(size_, {}, kPageSize - size_ % kPageSize);
  }
  durable_ = pages_;
  dirty_.clear();
  durable_versions_.clear();
}

}  // namespace lunaria::sim
