#include "simulation/planted_bug.h"

#include <algorithm>
#include <cstring>
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
                                             {PlantedBug::kForgottenPersistence, "forgotten-persistence"}});

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

class ReorderedWrite final : public PassingVolume {
 public:
  using PassingVolume::PassingVolume;
  bool submit(Request& request) noexcept override {
    if (request.operation != IoOperation::kWrite) {
      return below().submit(request);
    }
    if (held_ == nullptr && !request.durable && now_and_then(100)) {
      hold(request);
      return true;
    }
    return held_ == nullptr ? below().submit(request) : submit_both(request);
  }

 private:
  struct Held : Request {
    std::vector<std::byte> data;
    iovec vector{};
    Request* original = nullptr;  // of the write that it comes after
  };
  struct Overtaking : Request {
    ReorderedWrite* volume = nullptr;
    Request* original = nullptr;
    Held* held = nullptr;
  };
  // The younger write first, then the one that was held; the younger one ends with it.
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
    first.on_complete([](runtime::Operation& operation) noexcept {
      auto& done = static_cast<Overtaking&>(operation);
      if (done.volume->submit_held(done)) {
        done.original->complete();
      }
    });
    return below().submit(first) && submit_held(first);
  }
  bool submit_held(Overtaking& first) {
    first.original->status = first.status;
    Held& held = *first.held;
    held.original = first.original;
    held.on_complete(
        [](runtime::Operation& operation) noexcept { static_cast<Held&>(operation).original->complete(); });
    return below().submit(held);
  }
  void hold(Request& request) {
    held_ = &writes_.emplace_back();
    for (const iovec& part : request.memory) {
      const auto* first = static_cast<const std::byte*>(part.iov_base);
      held_->data.insert(held_->data.end(), first, first + part.iov_len);
    }
    held_->operation = IoOperation::kWrite;
    held_->offset = request.offset;
    held_->length = request.length;
    held_->vector = {held_->data.data(), held_->data.size()};
    held_->memory = {&held_->vector, 1};
    request.status = IoStatus::kOk;
  }
  std::list<Held> writes_;
  std::list<Overtaking> overtaking_;
  Held* held_ = nullptr;
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

std::unique_ptr<block::Volume> plant(PlantedBug bug, sim::Dice& dice, std::unique_ptr<block::Volume> volume) {
  switch (bug) {
    case PlantedBug::kDroppedFlush:
      return std::make_unique<DroppedFlush>(dice, std::move(volume));
    case PlantedBug::kSwallowedFlushError:
      return std::make_unique<SwallowedFlushError>(dice, std::move(volume));
    case PlantedBug::kReorderedWrite:
      return std::make_unique<ReorderedWrite>(dice, std::move(volume));
    case PlantedBug::kMisplacedWrite:
      return std::make_unique<MisplacedWrite>(dice, std::move(volume));
    case PlantedBug::kNone:
    case PlantedBug::kStaleReservation:
    case PlantedBug::kDoubleCompletion:
    case PlantedBug::kIgnoredRateLimit:
    case PlantedBug::kForgottenPersistence:
      break;
  }
  return volume;
}

void DoubleCompletion::set_digests(bool header, bool data) {
  encoding_.header_digest = header;
  encoding_.data_digest = data;
  stream_.set_digests(header, data);
}

iscsi::testing::Bytes DoubleCompletion::pass(std::span<const std::byte> bytes) {
  iscsi::testing::Bytes passed(bytes.begin(), bytes.end());
  if (!active_) {
    return passed;
  }
  passed.clear();
  stream_.tolerate_wrong_digests();
  stream_.feed(bytes);
  const auto emit = [&](iscsi::testing::Pdu pdu) {
    pdu.set<iscsi::bhs::StatSn>(pdu.get<iscsi::bhs::StatSn>() + extra_);
    const iscsi::testing::Bytes wire = iscsi::testing::encode(std::move(pdu), encoding_);
    passed.insert(passed.end(), wire.begin(), wire.end());
  };
  while (const auto pdu = stream_.next()) {
    emit(*pdu);
    if (pdu->opcode() == iscsi::Opcode::kScsiResponse && dice_.chance(100)) {
      ++extra_;
      emit(*pdu);
    }
  }
  return passed;
}

}  // namespace lunaria::simulation
