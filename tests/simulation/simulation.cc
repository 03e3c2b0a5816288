#include "simulation/simulation.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <memory>
#include <vector>

#include "simulation/board.h"
#include "simulation/initiator.h"
#include "simulation/machine.h"

namespace lunaria::simulation {

namespace {

using namespace std::chrono_literals;

/// Virtual time within which everything must come to rest once nothing disturbs it any more.
constexpr runtime::Duration kRestWithin = 5min;
/// And within which initiators do their work in spite of all disturbances.
constexpr runtime::Duration kWorkWithin = 30min;

/// The world of one seed, everything in it, and the course of events.
class Play final {
 public:
  explicit Play(const SimulationOptions& options)
      : scenario_(draw_scenario(options.seed, options.planted)),
        world_({.seed = options.seed}),
        board_(world_, scenario_, options.loud),
        dice_(options.seed ^ 0xD15A'57E5),
        control_(world_.add_shard()),
        machine_(board_, control_, add_data_shards()) {
    world_.network().set_link(scenario_.link);
    for (std::size_t i = 0; i < scenario_.initiators.size(); ++i) {
      initiators_.push_back(std::make_unique<SimulatedInitiator>(board_, world_.add_shard(), i));
    }
  }
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

  void run() {
    if (!run_on_control(machine_.start(), "start")) {
      return;
    }
    for (const auto& initiator : initiators_) {
      initiator->start();
    }
    if (work() && heal() && verify()) {
      board_.trace.note("simulation.lawful");
    }
  }

  /// Ends everything; false when something does not end, and nothing may be destroyed.
  bool wind_up() {
    world_.network().set_link({});
    board_.loses_pdus = false;
    world_.network().set_partitioned(false);
    machine_.release();
    for (const auto& initiator : initiators_) {
      initiator->stop();
    }
    control_.run([this] { runtime::spawn(gate_, stop_machine()); });
    return world_.run_until(
        [this] {
          return gate_.count() == 0 &&
                 std::ranges::all_of(initiators_, [](const auto& initiator) { return initiator->is_over(); });
        },
        kRestWithin);
  }

  SimulationResult result() const {
    return {.failure = board_.failure,
            .digest = board_.trace.digest(),
            .events = board_.ticks.now(),
            .joined_connections = board_.joined_connections,
            .recovery = board_.recovery};
  }
  void fail(std::string reason) { board_.fail(std::move(reason)); }

 private:
  std::vector<runtime::Shard*> add_data_shards() {
    std::vector<runtime::Shard*> shards;
    for (std::size_t i = 0; i < scenario_.data_shards; ++i) {
      shards.push_back(&world_.add_shard());
    }
    return shards;
  }

  /// Turns the world until the predicate holds; false after a failure, and when it takes too long.
  template <class Predicate>
  bool run_until(Predicate predicate, runtime::Duration limit, const char* what) {
    const bool reached = world_.run_until([&] { return board_.failure || predicate(); }, limit);
    if (!reached && !board_.failure) {
      std::string text = std::string("no end of: ") + what;
      for (const auto& initiator : initiators_) {
        text += "\n    " + initiator->describe();
      }
      board_.fail(std::move(text));
    }
    return !board_.failure;
  }

  static runtime::Task<void> note_end(runtime::Task<void> task, bool& done) {
    co_await std::move(task);
    done = true;
  }
  bool run_on_control(runtime::Task<void> task, const char* what) {
    done_ = false;
    control_.run([&] { runtime::spawn(gate_, note_end(std::move(task), done_)); });
    return run_until([this] { return done_; }, kRestWithin, what);
  }

  bool work() {
    control_.run([this] { runtime::spawn(gate_, disturb()); });
    return run_until(
        [this] {
          return std::ranges::all_of(initiators_, [](const auto& initiator) { return initiator->is_finished(); }) &&
                 gate_.count() == 0;
        },
        kWorkWithin, "work under disturbances");
  }

  bool heal() {
    world_.network().set_link({});
    board_.loses_pdus = false;
    return run_on_control(restore(), "restoration") &&
           run_until(
               [this] {
                 return std::ranges::all_of(initiators_,
                                            [](const auto& initiator) { return initiator->is_finished(); });
               },
               kRestWithin, "rest");
  }

  bool verify() {
    if (scenario_.ends_with_power_cut && !run_on_control(cut_power_once(), "a last power cut")) {
      return false;
    }
    SimulatedInitiator& judge = *initiators_.front();
    judge.verify();
    return run_until([&judge] { return judge.has_verified(); }, kRestWithin, "verification");
  }

  // On the control shard.

  runtime::Task<void> pause(std::uint64_t max_ms) {
    co_await runtime::sleep_for(control_, std::chrono::microseconds(dice_.between(0, max_ms * 1000)));
  }

  runtime::Task<void> disturb() {
    for (const Disturbance disturbance : scenario_.disturbances) {
      co_await pause(scenario_.disturbance_pause_max_ms);
      if (board_.failure) {
        break;
      }
      co_await disturb(disturbance);
    }
  }

  runtime::Task<void> disturb(Disturbance disturbance) {
    board_.trace.note("disturbance", {static_cast<std::uint64_t>(disturbance)});
    const std::size_t disk = dice_.below(scenario_.disks.size());
    switch (disturbance) {
      case Disturbance::kPowerCut:
      case Disturbance::kProcessCrash:
        co_await machine_.crash(disturbance == Disturbance::kPowerCut);
        co_await pause(200);
        co_await machine_.start();
        break;
      case Disturbance::kRestart:
        co_await machine_.stop();
        co_await pause(200);
        co_await machine_.start();
        break;
      case Disturbance::kCutConnections:
        world_.network().cut_all();
        break;
      case Disturbance::kDropSession:
        co_await machine_.drop_sessions();
        break;
      case Disturbance::kPartition:
        world_.network().set_partitioned(true);
        co_await pause(dice_.chance(300) ? 60'000 : 500);
        world_.network().set_partitioned(false);
        break;
      case Disturbance::kSlowLinks:
        co_await slow_links();
        break;
      case Disturbance::kDiskHang:
        machine_.hang(disk);
        co_await pause(dice_.chance(300) ? 40'000 : 1000);
        machine_.release();
        break;
      case Disturbance::kDiskErrors:
        machine_.set_error_rate(disk, static_cast<std::uint32_t>(dice_.between(20, 500)));
        co_await pause(100);
        machine_.set_error_rate(disk, 0);
        co_await pause(100);
        co_await machine_.repair_all();
        break;
      case Disturbance::kFlushError:
        machine_.fail_next_flush(disk);
        co_await pause(300);
        co_await machine_.repair_all();
        break;
      case Disturbance::kMappingChange:
        co_await machine_.set_exposure(disk, dice_.chance(500) ? Exposure::kHidden : Exposure::kReadOnly);
        co_await pause(100);
        co_await machine_.set_exposure(disk, Exposure::kReadWrite);
        break;
      case Disturbance::kAccessChange:
        co_await change_access();
        break;
      case Disturbance::kRateLimit:
        co_await change_limit(disk);
        break;
    }
  }

  runtime::Task<void> slow_links() {
    sim::LinkOptions slow = scenario_.link;
    slow.latency_max = 50ms;
    slow.stall_per_mille = 100;
    slow.stall_max = 4s;
    world_.network().set_link(slow);
    world_.network().cut_all();
    co_await pause(5000);
    world_.network().set_link(scenario_.link);
  }

  runtime::Task<void> change_access() {
    const std::size_t initiator = dice_.below(initiators_.size());
    co_await machine_.set_admitted(initiator, false);
    co_await pause(200);
    co_await machine_.set_admitted(initiator, true);
  }

  /// It stays, for a while or for good.
  runtime::Task<void> change_limit(std::size_t disk) {
    const bool is_disks = dice_.chance(500);
    const std::size_t initiator = dice_.below(initiators_.size());
    const scsi::RateLimit limit = draw_rate_limit(dice_);
    co_await (is_disks ? machine_.limit_disk(disk, limit) : machine_.limit_initiator(initiator, limit));
    co_await pause(1000);
    if (dice_.chance(500)) {
      co_await (is_disks ? machine_.limit_disk(disk, {}) : machine_.limit_initiator(initiator, {}));
    }
  }

  runtime::Task<void> restore() {
    co_await machine_.repair_all();
    co_await machine_.lift_limits();
  }

  runtime::Task<void> cut_power_once() {
    co_await machine_.crash(true);
    co_await machine_.start();
  }

  /// After a failure a disturbance may still be under way; it ends first.
  runtime::Task<void> stop_machine() {
    while (gate_.count() > 1) {
      co_await runtime::sleep_for(control_, 10ms);
    }
    if (machine_.is_running()) {
      co_await machine_.stop();
    }
  }

  Scenario scenario_;
  sim::World world_;
  Board board_;
  sim::Dice dice_;
  sim::SimShard& control_;
  Machine machine_;
  std::vector<std::unique_ptr<SimulatedInitiator>> initiators_;
  runtime::Gate gate_;
  bool done_ = false;
};

/// What an aborting process says; made beforehand, for a signal handler may not.
std::array<char, 256> last_words{};

void say_last_words(int signal) {
  static_cast<void>(!::write(STDERR_FILENO, last_words.data(), std::strlen(last_words.data())));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

SimulationResult simulate(const SimulationOptions& options) {
  const std::string words = "simulation: aborted while playing seed " + std::to_string(options.seed) +
                            "; replay: " + replay_command(options) + "\n";
  std::strncpy(last_words.data(), words.c_str(), last_words.size() - 1);
  auto play = std::make_unique<Play>(options);
  play->run();
  if (!play->wind_up()) {
    play->fail("the target does not come to its end");
    const SimulationResult result = play->result();
    static_cast<void>(play.release());  // what still runs would be destroyed under its own feet
    return result;
  }
  return play->result();
}

std::string replay_command(const SimulationOptions& options) {
  std::string command = "build/release/tests/simulation/simulate --seed " + std::to_string(options.seed);
  if (options.planted != PlantedBug::kNone) {
    command += " --planted " + std::string(to_string(options.planted));
  }
  return command + " --trace";
}

void name_seed_on_abort() {
  std::signal(SIGABRT, say_last_words);
  std::signal(SIGSEGV, say_last_words);
}

}  // namespace lunaria::simulation
