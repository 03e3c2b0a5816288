#include "target/session_directory.h"

#include <utility>

#include "iscsi/limits.h"

namespace lunaria::target {

std::uint16_t SessionDirectory::free_tsih() {
  if (by_tsih_.size() >= kSessionsMax) {
    return 0;
  }
  do {
    ++last_tsih_;
  } while (last_tsih_ == 0 || by_tsih_.contains(last_tsih_));
  return last_tsih_;
}

runtime::Task<std::uint16_t> SessionDirectory::enter(SessionKey key) {
  co_await runtime::move_to(shard_);
  const bool is_discovery = key.target_name.empty();
  while (!is_discovery) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
      break;
    }
    const std::uint16_t old_tsih = found->second;
    const std::shared_ptr<Entry> old = by_tsih_.at(old_tsih);
    const bool is_first = !std::exchange(old->close_asked, true);
    if (is_first && old->home != nullptr) {
      co_await closer_(*old->home, old_tsih);
      co_await runtime::move_to(shard_);
    }
    co_await old->gone.wait();
  }
  const std::uint16_t tsih = free_tsih();
  if (tsih != 0) {
    auto entry = std::make_shared<Entry>();
    entry->key = key;
    by_tsih_.emplace(tsih, std::move(entry));
    if (!is_discovery) {
      by_key_.emplace(std::move(key), tsih);
    }
  }
  co_return tsih;
}

runtime::Task<void> SessionDirectory::place(std::uint16_t tsih, DataShard& home) {
  co_await runtime::move_to(shard_);
  if (const auto found = by_tsih_.find(tsih); found != by_tsih_.end()) {
    found->second->home = &home;
    if (found->second->close_asked) {
      co_await closer_(home, tsih);
      co_await runtime::move_to(shard_);
    }
  }
}

runtime::Task<void> SessionDirectory::retire(std::uint16_t tsih) {
  co_await runtime::move_to(shard_);
  Patience& patience = retired_[tsih];
  patience.directory = this;
  patience.tsih = tsih;
  patience.on_complete([](runtime::Operation& timer) noexcept {
    const auto& over = static_cast<Patience&>(timer);
    over.directory->free_key(over.tsih);
  });
  shard_.start(patience, iscsi::kTaskEndWait);
}

/// Another session may have the names from now on.
void SessionDirectory::free_key(std::uint16_t tsih) {
  const std::shared_ptr<Entry> entry = by_tsih_.at(tsih);
  if (const auto found = by_key_.find(entry->key); found != by_key_.end() && found->second == tsih) {
    by_key_.erase(found);
  }
  entry->gone.set();
}

runtime::Task<void> SessionDirectory::leave(std::uint16_t tsih) {
  co_await runtime::move_to(shard_);
  if (!by_tsih_.contains(tsih)) {
    co_return;
  }
  if (const auto patience = retired_.find(tsih); patience != retired_.end()) {
    shard_.cancel(patience->second);
    retired_.erase(patience);
  }
  free_key(tsih);
  by_tsih_.erase(tsih);
}

runtime::Task<DataShard*> SessionDirectory::find(std::uint16_t tsih) {
  co_await runtime::move_to(shard_);
  const auto found = by_tsih_.find(tsih);
  co_return found == by_tsih_.end() || found->second->close_asked ? nullptr : found->second->home;
}

}  // namespace lunaria::target
