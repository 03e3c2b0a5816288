#include "simulation/planted_bug.h"

#include <algorithm>
#include <list>
#include <utility>
#include <vector>

namespace lunaria::simulation {

namespace {

using block::IoOperation;
using block::IoStatus;
using block::Request;

struct Name {
  PlantedBug bug;
  std::string_view name;
};
constexpr auto kNames = std::to_array<Name>({{PlantedBug::kNone, "none"},
                                             {PlantedBug::kDroppedFlush, "dropped-flush"},
                                             {PlantedBug::kSwallowedFlushError, "swallowed-flush-error"},
                                             {PlantedBug::kReorderedWrite, "reordered-write"},
                                             {PlantedBug::kMisplacedWrite, "misplaced-write"},
                                             {PlantedBug::kStaleReservation, "stale-reservation"},
                                             {PlantedBug::kDoubleCompletion, "double-completion"},
                                             {PlantedBug::kIgnoredRateLimit, "ignored-rate-limit"},
                                             {PlantedBug::kForgottenPersistence, "forgotten-persistence"},
                                             {PlantedBug::kRenumberedStatus, "renumbered-status"},
                                             {PlantedBug::kDataOfLaterWrite, "data-of-later-write"},
                                             {PlantedBug::kRepeatedWrite, "repeated-write"}});

/// A layer that passes everything on; the bugs below change one thing each.
class PassingVolume : public block::Volume {
 public:
  PassingVolume(sim::Dice& dice, std::unique_ptr<block::Volume> below) : dice_(dice), below_(std::move(below)) {}
  block::Geometry geometry() const override { return below_->geometry(); }
  block::Features features() const override { return below_->features(); }
  bool submit(Request& request) noexcept override { return below_->submit(request); }
  std::optional<std::string> failure() const override { return below_->failure(); }

 protected:
  bool now_and_then(std::uint32_t per_mille) { return dice_.chance(per_mille); }
  block::Volume& below() { return *below_; }

 private:
  sim::Dice& dice_;
  std::unique_ptr<block::Volume> below_;
};

class DroppedFlush final : public PassingVolume {
 public:
  using PassingVolume::PassingVolume;
  bool submit(Request& request) noexcept override {
    if (request.operation == IoOperation::kFlush && now_and_then(300)) {
      request.status = IoStatus::kOk;
      return true;
    }
    return below().submit(request);
  }
};

class SwallowedFlushError final : public PassingVolume {
 public:
  using PassingVolume::PassingVolume;
  std::optional<std::string> failure() const override { return std::nullopt; }
  bool submit(Request& request) noexcept override {
    if (request.operation != IoOperation::kFlush) {
      return below().submit(request);
    }
    Flush& flush = flushes_.emplace_back();
    flush.operation = IoOperation::kFlush;
    flush.original = &request;
    flush.on_complete([](runtime::Operation& operation) noexcept {
      auto& done = static_cast<Flush&>(operation);
      done.original->status = IoStatus::kOk;
      done.original->complete();
    });
    if (!below().submit(flush)) {
      return false;
    }
    request.status = IoStatus::kOk;
    return true;
  }

 private:
  struct Flush : Request {
    Request* original = nullptr;
  };
  std::list<Flush> flushes_;
};

/// Does a write that is long answered after the next one, which ends with it.
class LateWrite : public PassingVolume {
 public:
  using PassingVolume::PassingVolume;

 protected:
  bool has_held() const { return held_ != nullptr; }
  std::vector<std::byte>& hold(std::uint64_t offset, std::uint64_t length) {
    held_ = &writes_.emplace_back();
    held_->operation = IoOperation::kWrite;
    held_->offset = offset;
    held_->length = length;
    held_->data.reserve(length);
    return held_->data;
  }
  bool submit_both(Request& request) {
    Overtaking& first = overtaking_.emplace_back();
    first.operation = request.operation;
    first.durable = request.durable;
    first.offset = request.offset;
    first.length = request.length;
    first.memory = request.memory;
    first.volume = this;
    first.original = &request;
    first.held = std::exchange(held_, nullptr);
    first.held->vector = {first.held->data.data(), first.held->data.size()};
    first.held->memory = {&first.held->vector, 1};
    first.on_complete([](runtime::Operation& operation) noexcept {
      auto& done = static_cast<Overtaking&>(operation);
      if (done.volume->submit_held(done)) {
        done.original->complete();
      }
    });
    return below().submit(first) && submit_held(first);
  }

 private:
  struct Held : Request {
    std::vector<std::byte> data;
    iovec vector{};
    Request* original = nullptr;  // of the write that it comes after
  };
  struct Overtaking : Request {
    LateWrite* volume = nullptr;
    Request* original = nullptr;
    Held* held = nullptr;
  };
  bool submit_held(Overtaking& first) {
    first.original->status = first.status;
    Held& held = *first.held;
    held.original = first.original;
    held.on_complete(
        [](runtime::Operation& operation) noexcept { static_cast<Held&>(operation).original->complete(); });
    return below().submit(held);
  }
  std::list<Held> writes_;
  std::list<Overtaking> overtaking_;
  Held* held_ = nullptr;
};

class ReorderedWrite final : public LateWrite {
 public:
  using LateWrite::LateWrite;
  bool submit(Request& request) noexcept override {
    if (request.operation != IoOperation::kWrite) {
      return below().submit(request);
    }
    if (!has_held() && !request.durable && now_and_then(100)) {
      std::vector<std::byte>& data = hold(request.offset, request.length);
      for (const iovec& part : request.memory) {
        const auto* first = static_cast<const std::byte*>(part.iov_base);
        data.insert(data.end(), first, first + part.iov_len);
      }
      request.status = IoStatus::kOk;
      return true;
    }
    return has_held() ? submit_both(request) : below().submit(request);
  }
};

/// Behind the first later write that it undoes something of.
class RepeatingVolume final : public LateWrite {
 public:
  RepeatingVolume(sim::Dice& dice, RepeatedWrites& repeated, std::unique_ptr<block::Volume> below)
      : LateWrite(dice, std::move(below)), repeated_(repeated) {}
  bool submit(Request& request) noexcept override {
    const auto found = std::ranges::find_if(repeated_, [&request](const RepeatedWrite& write) {
      return write.offset < request.offset + request.length && request.offset < write.offset + write.data.size();
    });
    if (request.operation != IoOperation::kWrite || found == repeated_.end()) {
      return below().submit(request);
    }
    hold(found->offset, found->data.size()) = std::move(found->data);
    repeated_.erase(found);
    return submit_both(request);
  }

 private:
  RepeatedWrites& repeated_;
};

class MisplacedWrite final : public PassingVolume {
 public:
  using PassingVolume::PassingVolume;
  bool submit(Request& request) noexcept override {
    const std::uint64_t block = geometry().logical_block_size;
    const bool has_room = request.offset + request.length + block <= geometry().size();
    if (request.operation == IoOperation::kWrite && has_room && now_and_then(20)) {
      request.offset += block;
    }
    return below().submit(request);
  }
};

}  // namespace

std::string_view to_string(PlantedBug bug) {
  return std::ranges::find(kNames, bug, &Name::bug)->name;
}

std::optional<PlantedBug> parse_planted_bug(std::string_view name) {
  const auto found = std::ranges::find(kNames, name, &Name::name);
  return found == kNames.end() ? std::nullopt : std::optional(found->bug);
}

std::unique_ptr<block::Volume> plant(PlantedBug bug, sim::Dice& dice, RepeatedWrites& repeated,
                                     std::unique_ptr<block::Volume> volume) {
  switch (bug) {
    case PlantedBug::kDroppedFlush:
      return std::make_unique<DroppedFlush>(dice, std::move(volume));
    case PlantedBug::kSwallowedFlushError:
      return std::make_unique<SwallowedFlushError>(dice, std::move(volume));
    case PlantedBug::kReorderedWrite:
      return std::make_unique<ReorderedWrite>(dice, std::move(volume));
    case PlantedBug::kMisplacedWrite:
      return std::make_unique<MisplacedWrite>(dice, std::move(volume));
    case PlantedBug::kRepeatedWrite:
      return std::make_unique<RepeatingVolume>(dice, repeated, std::move(volume));
    case PlantedBug::kNone:
    case PlantedBug::kStaleReservation:
    case PlantedBug::kDoubleCompletion:
    case PlantedBug::kIgnoredRateLimit:
    case PlantedBug::kForgottenPersistence:
    case PlantedBug::kRenumberedStatus:
    case PlantedBug::kDataOfLaterWrite:
      break;
  }
  return volume;
}

}  // namespace lunaria::simulation
