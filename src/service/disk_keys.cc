#include "service/disk_keys.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "block/encrypted_volume.h"
#include "runtime/random.h"

namespace lunaria::service {
namespace {

std::string place_of(catalogue::DiskId disk) {
  return fmt::format("disk_keys/{}/key", static_cast<std::uint32_t>(disk));
}

/// None when there is no such disk any more, or its key does not open.
std::optional<Secret> open_key(const Core& core, catalogue::DiskId disk) {
  const auto row = core.contents.disk_keys.find(disk);
  if (row == core.contents.disk_keys.end()) {
    return std::nullopt;
  }
  std::optional<Secret> key = core.open_secret(row->second.sealed_key, place_of(disk));
  return key && key->size() == block::SectorCipher::kKeySize ? std::move(key) : std::nullopt;
}

/// What a volume asks for its key, and for a new one. Does not take the lock: who holds it may be waiting for the
/// unit's commands.
class DiskKeyStore final : public block::KeyStore {
 public:
  DiskKeyStore(Core& core, catalogue::DiskId disk, runtime::Shard& home) : core_(core), disk_(disk), home_(home) {}

  runtime::Task<std::optional<Secret>> present_key() override {
    co_await runtime::move_to(core_.environment.shard);
    std::optional<Secret> key = open_key(core_, disk_);
    co_await runtime::move_to(home_);
    co_return key;
  }
  runtime::Task<Replacement> replace_key() override {
    co_await runtime::move_to(core_.environment.shard);
    Replacement replacement = co_await replace_here();
    co_await runtime::move_to(home_);
    co_return replacement;
  }

 private:
  runtime::Task<Replacement> replace_here() {
    Secret key = new_disk_key(core_);
    const Outcome<void> done = co_await core_.commit({sealed_key(core_, disk_, key)});
    if (!done) {
      report("the old key stays in force", done.error());
      co_return Replacement{};
    }
    Replacement replacement{std::move(key), false};
    const Outcome<void> wiped = co_await core_.wipe_remains();
    if (!wiped) {
      report("the old key may still be in the catalogue's log", wiped.error());
    }
    replacement.old_is_gone = wiped.has_value();
    co_return replacement;
  }
  void report(std::string_view what, const Error& error) {
    core_.environment.log.error(
        "service.key_not_replaced",
        {{"disk", static_cast<std::uint32_t>(disk_)}, {"what", what}, {"reason", error.message}});
  }

  Core& core_;
  catalogue::DiskId disk_;
  runtime::Shard& home_;
};

}  // namespace

Secret new_disk_key(const Core& core) {
  std::string bytes(block::SectorCipher::kKeySize, '\0');
  core.environment.shard.random().fill(std::as_writable_bytes(std::span(bytes)));
  Secret key(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

catalogue::DiskKeyRow sealed_key(const Core& core, catalogue::DiskId disk, const Secret& key) {
  return {disk, core.environment.secrets.seal(key, place_of(disk))};
}

std::unique_ptr<block::Volume> with_encryption(Core& core, catalogue::DiskId disk, runtime::Shard& home,
                                               std::unique_ptr<block::Volume> volume) {
  if (!open_key(core, disk)) {
    return nullptr;
  }
  return std::make_unique<block::EncryptedVolume>(std::move(volume), std::make_unique<DiskKeyStore>(core, disk, home));
}

}  // namespace lunaria::service
