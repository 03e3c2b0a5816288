#pragma once

// Board: what everybody in one simulation shares: the judges, the trace, the first failure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world.h"
#include "simulation/model_disk.h"
#include "simulation/model_rate.h"
#include "simulation/model_reservation.h"
#include "simulation/scenario.h"
#include "simulation/timeline.h"

namespace lunaria::simulation {

/// One rate limit with its judge, and what is outstanding under it.
struct JudgedRate {
  ModelRate model;
  Load outstanding;
};

/// What was recovered: a measure of what was tested.
struct RecoveryCounts {
  std::size_t replaced_connections = 0;  ///< whose session went on
  std::size_t logouts = 0;               ///< of failed connections, by another one
  std::size_t reassigned = 0;            ///< commands that another connection has taken over
  std::size_t retried = 0;               ///< commands that had not arrived when their connection failed
  std::size_t lost = 0;                  ///< PDUs of either direction, or damaged
  std::size_t sent_again = 0;            ///< PDUs of the target's
};

/// How the target shows a disk to everybody.
enum class Exposure : std::uint8_t { kHidden, kReadOnly, kReadWrite };

/// What is known of one disk.
struct JudgedDisk {
  JudgedDisk(Ticks& ticks, std::uint32_t number, std::uint64_t sectors)
      : content(ticks, number, sectors), reservation(ticks), exposure(ticks, Exposure::kReadWrite) {}
  ModelDisk content;
  ModelReservation reservation;
  Timeline<Exposure> exposure;
  JudgedRate rate;
  RepeatedWrites repeated_writes;  ///< for PlantedBug::kRepeatedWrite
  /// Who has a PERSISTENT RESERVE OUT under way: one at a time, so that the judge can follow.
  std::optional<std::size_t> reserving;
  /// Since when its store works without fault, and no task was aborted by somebody else; later things are errors.
  Tick last_fault = 0;
  Tick last_reset = 0;
  std::size_t resets = 0;  ///< that are under way, or may still be carried out: they end tasks at any time
  Tick reset_until() const { return resets != 0 ? kNever : last_reset; }
  void end_reset(Tick now) {
    --resets;
    last_reset = now;
  }
};

/// Every event goes into a digest, so that two runs of one seed can be compared, and on request to standard error.
class Trace final {
 public:
  Trace(sim::World& world, bool loud) : world_(world), loud_(loud) {}
  bool is_loud() const { return loud_; }
  void note(std::string_view event, std::initializer_list<std::uint64_t> numbers = {});
  void say(const std::string& text);
  std::uint64_t digest() const { return digest_; }

 private:
  void mix(std::uint64_t value) { digest_ = (digest_ ^ value) * 0x0000'0100'0000'01b3; }
  sim::World& world_;
  bool loud_;
  std::uint64_t digest_ = 0xcbf2'9ce4'8422'2325;
};

struct Board {
  Board(sim::World& board_world, const Scenario& board_scenario, bool loud)
      : world(board_world), scenario(board_scenario), trace(board_world, loud) {
    for (const DiskScenario& disk : scenario.disks) {
      const auto number = static_cast<std::uint32_t>(disks.size());
      disks.push_back(std::make_unique<JudgedDisk>(ticks, number, disk.sectors()));
    }
    for (std::size_t i = 0; i < scenario.initiators.size(); ++i) {
      admitted.emplace_back(ticks, true);
      rates.emplace_back();
    }
  }
  /// A command was sent, is over, or was carried out, which comes after it is over.
  void note_sent(std::size_t initiator, std::size_t disk, const Load& load);
  void note_over(std::size_t initiator, std::size_t disk, const Load& load);
  void note_carried_out(std::size_t initiator, std::size_t disk, const Load& load);
  /// The first failure stays.
  void fail(std::string reason) {
    if (!failure) {
      trace.say("FAILURE: " + reason);
      failure = std::move(reason);
    }
  }
  template <class Judgement>
  void judge(Judgement judgement) {
    if (judgement) {
      fail(*std::move(judgement));
    }
  }

  sim::World& world;
  const Scenario& scenario;
  Ticks ticks;
  Trace trace;
  std::vector<std::unique_ptr<JudgedDisk>> disks;
  std::vector<Timeline<bool>> admitted;  ///< by initiator: whether it may log in
  std::vector<JudgedRate> rates;         ///< by initiator
  RecoveryCounts recovery;
  std::size_t joined_connections = 0;  ///< that joined a session
  Tick last_drop = 0;                  ///< the administrator has ended sessions at this tick
  bool loses_pdus = true;              ///< until all heals
  Tick last_outage = 0;                ///< the target was away or refused everybody at this tick
  bool is_up = false;                  ///< the target runs
  std::optional<std::string> failure;
};

}  // namespace lunaria::simulation
