// At start: work on files that a crash interrupted is finished or undone, so that every disk has its image and every
// image of ours its disk.

#include <fmt/format.h>

#include "service/core.h"

namespace lunaria::service {
namespace {

/// What happened to one image, worked out and repaired on a worker thread.
struct Verdict {
  bool keep_disk = true;
  std::string note;
};

/// The temporary file is ours and incomplete: it goes. Without it, a complete image under the disk's own name is ours
/// (it was renamed), and so the disk stays; anything else there is not ours and is left alone.
Verdict finish_making(VolumeStore& volumes, const catalogue::IntentRow& intent, const StoreSpec& spec) {
  const Outcome<StoreFacts> temporary = volumes.examine(intent.path);
  if (temporary) {
    const Outcome<void> removed = volumes.remove(intent.path);
    return {false, removed ? "incomplete image removed" : removed.error().message};
  }
  const Outcome<StoreFacts> image = volumes.examine(spec.path);
  if (image && image->size == spec.size) {
    return {true, "image complete"};
  }
  return {false, "image never made"};
}

Verdict finish_removing(VolumeStore& volumes, const catalogue::IntentRow& intent) {
  const Outcome<void> removed = volumes.remove(intent.path);
  return {false, removed ? "image removed" : removed.error().message};
}

Verdict finish_resizing(VolumeStore& volumes, const StoreSpec& spec) {
  const Outcome<void> resized = volumes.resize(spec, spec.size);
  return {true, resized ? "image brought to its size" : resized.error().message};
}

}  // namespace

Reply<void> reconcile(Core& core) {
  const std::map<catalogue::IntentId, catalogue::IntentRow> intents = core.contents.intents;
  for (const auto& [id, intent] : intents) {
    const auto found = core.contents.disks.find(intent.disk);
    const bool has_row = found != core.contents.disks.end();
    const StoreSpec spec = has_row ? core.store_spec(found->second) : StoreSpec{};
    VolumeStore& volumes = core.environment.volumes;
    const Verdict verdict = co_await runtime::run_blocking(core.environment.shard, [&]() -> Verdict {
      switch (intent.kind) {
        case catalogue::IntentKind::kMakeImage:
          return has_row ? finish_making(volumes, intent, spec) : Verdict{};
        case catalogue::IntentKind::kRemoveImage:
          return finish_removing(volumes, intent);
        case catalogue::IntentKind::kResizeImage:
          return has_row ? finish_resizing(volumes, spec) : Verdict{};
      }
      return {};
    });
    catalogue::Changes changes = {catalogue::RemoveIntent{id}};
    if (has_row && !verdict.keep_disk) {
      changes.push_back(catalogue::RemoveDisk{intent.disk});
    }
    core.environment.log.warning("service.reconciled", {{"disk", static_cast<std::uint32_t>(intent.disk)},
                                                        {"path", has_row ? spec.path : intent.path},
                                                        {"outcome", verdict.note}});
    Outcome<void> done = co_await core.commit(std::move(changes));
    if (!done) {
      co_return done;
    }
  }
  co_return Outcome<void>();
}

}  // namespace lunaria::service
