// simulate: plays seeds of the simulation of the data plane. README.md.

#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "simulation/simulation.h"

namespace {

using lunaria::simulation::PlantedBug;
using lunaria::simulation::SimulationOptions;

constexpr const char* kUsage =
    "simulate [--first SEED] [--seeds COUNT] [--planted BUG] [--keep-going]\n"
    "simulate --seed SEED [--planted BUG] [--trace]\n"
    "\n"
    "Plays COUNT seeds (1) from SEED (1) on and stops at the first that shows unlawful behaviour (status 1), unless\n"
    "told to keep going. --trace prints every event of a seed. Planted bugs: dropped-flush, swallowed-flush-error,\n"
    "reordered-write, misplaced-write, stale-reservation, double-completion, ignored-rate-limit,\n"
    "forgotten-persistence, renumbered-status, data-of-later-write, repeated-write.\n";

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  PlantedBug planted = PlantedBug::kNone;
  bool keep_going = false;
  bool trace = false;
};

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<Arguments> parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--keep-going") {
      arguments.keep_going = true;
      continue;
    }
    if (name == "--trace") {
      arguments.trace = true;
      continue;
    }
    if (++i == count) {
      return std::nullopt;
    }
    const std::string_view value = values[i];
    if (name == "--planted") {
      const auto planted = lunaria::simulation::parse_planted_bug(value);
      if (!planted) {
        return std::nullopt;
      }
      arguments.planted = *planted;
    } else if (!((name == "--first" || name == "--seed") && parse_number(value, arguments.first)) &&
               !(name == "--seeds" && parse_number(value, arguments.count))) {
      return std::nullopt;
    }
  }
  return arguments;
}

}  // namespace

int main(int count, char** values) {
  const std::optional<Arguments> arguments = parse(count, values);
  if (!arguments) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  lunaria::simulation::name_seed_on_abort();
  std::uint64_t failed = 0;
  std::uint64_t events = 0;
  for (std::uint64_t i = 0; i < arguments->count && (failed == 0 || arguments->keep_going); ++i) {
    const SimulationOptions options{
        .seed = arguments->first + i, .planted = arguments->planted, .loud = arguments->trace};
    const auto result = lunaria::simulation::simulate(options);
    events += result.events;
    if (result.failure) {
      ++failed;
      std::printf("seed %llu: %s\nreplay: %s\n", static_cast<unsigned long long>(options.seed), result.failure->c_str(),
                  lunaria::simulation::replay_command(options).c_str());
      std::fflush(stdout);
    }
  }
  std::printf("%llu seeds from %llu, %llu observations, %llu failed\n",
              static_cast<unsigned long long>(arguments->count), static_cast<unsigned long long>(arguments->first),
              static_cast<unsigned long long>(events), static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
