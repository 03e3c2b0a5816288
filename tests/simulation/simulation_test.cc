// The simulation replays, and finds what it is there to find.
#include "simulation/simulation.h"

#include <gtest/gtest.h>

namespace lunaria::simulation {
namespace {

TEST(Simulation, ReplaysARunFromItsSeed) {
  const SimulationResult first = simulate({.seed = 11});
  const SimulationResult second = simulate({.seed = 11});
  const SimulationResult other = simulate({.seed = 12});
  EXPECT_EQ(first.digest, second.digest);
  EXPECT_EQ(first.events, second.events);
  EXPECT_NE(first.digest, other.digest);
}

TEST(Simulation, PlaysSessionsOfSeveralConnections) {
  std::size_t joined = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    joined += simulate({.seed = seed}).joined_connections;
  }
  EXPECT_GT(joined, 10U);
}

TEST(Simulation, PlaysRecovery) {
  RecoveryCounts counts;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const RecoveryCounts of_seed = simulate({.seed = seed}).recovery;
    counts.replaced_connections += of_seed.replaced_connections;
    counts.logouts += of_seed.logouts;
    counts.reassigned += of_seed.reassigned;
    counts.retried += of_seed.retried;
    counts.sent_again += of_seed.sent_again;
    counts.lost += of_seed.lost;
  }
  EXPECT_GT(counts.replaced_connections, 20U);
  EXPECT_GT(counts.logouts, 2U);
  EXPECT_GT(counts.reassigned, 20U);
  EXPECT_GT(counts.retried, 10U);
  EXPECT_GT(counts.sent_again, 100U);
  EXPECT_GT(counts.lost, 100U);
}

class PlantedBugTest : public ::testing::TestWithParam<PlantedBug> {};

/// What each bug must be found by: a judge, not some accident of the planting.
bool is_its_symptom(PlantedBug bug, const std::string& failure) {
  const auto says = [&failure](std::string_view text) { return failure.find(text) != std::string::npos; };
  switch (bug) {
    case PlantedBug::kStaleReservation:
      return says("reservation");
    case PlantedBug::kDoubleCompletion:
      return says("answered once");
    case PlantedBug::kRenumberedStatus:
      return says("StatSN");
    case PlantedBug::kDataOfLaterWrite:
      return says("sent again");
    case PlantedBug::kRepeatedWrite:
    case PlantedBug::kMisplacedWrite:
    case PlantedBug::kDroppedFlush:
    case PlantedBug::kReorderedWrite:
      return says("it may hold") || says("COMPARE AND WRITE");
    case PlantedBug::kSwallowedFlushError:
      return says("it may hold") || says("cannot verify");
    case PlantedBug::kIgnoredRateLimit:
      return says("a rate limit of");
    case PlantedBug::kForgottenPersistence:
      return says("reservation");
    case PlantedBug::kNone:
      break;
  }
  return false;
}

TEST_P(PlantedBugTest, IsFoundWithinAHundredSeeds) {
  constexpr std::uint64_t kSeedsMax = 100;
  for (std::uint64_t seed = 1; seed <= kSeedsMax; ++seed) {
    const SimulationResult result = simulate({.seed = seed, .planted = GetParam()});
    if (result.failure && is_its_symptom(GetParam(), *result.failure)) {
      return;
    }
  }
  ADD_FAILURE() << to_string(GetParam()) << " was not found";
}

INSTANTIATE_TEST_SUITE_P(Simulation, PlantedBugTest, ::testing::ValuesIn(kPlantedBugs),
                         [](const ::testing::TestParamInfo<PlantedBug>& bug) {
                           std::string name;
                           for (const char c : to_string(bug.param)) {
                             name += c == '-' ? '_' : c;
                           }
                           return name;
                         });

}  // namespace
}  // namespace lunaria::simulation
