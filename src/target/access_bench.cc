// What the decision on a login costs, and what a publication costs, by the number of rules. Processor time.
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>

#include "target/access.h"

namespace {

using namespace lunaria;
using namespace lunaria::target;

/// Rules of every kind that do not match the initiator, and one at the end that does.
Config make_config(std::size_t rules) {
  Config config;
  TargetConfig target;
  target.id = TargetId{1};
  target.name = "iqn.2026-11.org.lunaria:t";
  for (std::size_t i = 0; i + 1 < rules; ++i) {
    const auto high = static_cast<std::uint8_t>(i >> 8);
    const auto low = static_cast<std::uint8_t>(i);
    if (i % 2 == 0) {
      target.access.emplace_back(InitiatorName{"iqn.1993-08.org.debian:01:" + std::to_string(i)});
    } else {
      const auto length = static_cast<std::uint8_t>(24 + i % 9);
      target.access.emplace_back(IpPrefix{IpAddress::v4({10, high, low, 0}), length});
    }
  }
  target.access.emplace_back(IpPrefix{IpAddress::v4({192, 0, 2, 0}), 24});
  config.targets.push_back(std::move(target));
  config.portals.push_back({*IpEndpoint::parse("192.0.2.1:3260"), 1, true});
  return config;
}

double nanoseconds_each(std::clock_t begin, std::size_t count) {
  return static_cast<double>(std::clock() - begin) * 1e9 / CLOCKS_PER_SEC / static_cast<double>(count);
}

void measure(std::size_t rules) {
  const auto config = std::make_shared<const Config>(make_config(rules));
  constexpr std::size_t kPublications = 20;
  std::clock_t begin = std::clock();
  std::unique_ptr<Published> published;
  for (std::size_t i = 0; i < kPublications; ++i) {
    published = std::make_unique<Published>(config, std::unordered_map<UnitId, UnitPlace>{});
  }
  const double publication = nanoseconds_each(begin, kPublications);
  iscsi::LoginQuery query;
  query.initiator_name = "iqn.1993-08.org.debian:01:nobody";
  query.target_name = "iqn.2026-11.org.lunaria:t";
  query.peer = *IpEndpoint::parse("192.0.2.9:40000");
  query.local = *IpEndpoint::parse("192.0.2.1:3260");
  constexpr std::size_t kLogins = 200'000;
  std::size_t granted = 0;
  begin = std::clock();
  for (std::size_t i = 0; i < kLogins; ++i) {
    granted += authorize(*published, query, std::nullopt) ? 1 : 0;
  }
  std::printf("%6zu rules: login %6.0f ns, publication %9.0f ns, %s\n", rules, nanoseconds_each(begin, kLogins),
              publication, granted == kLogins ? "granted" : "refused");
}

}  // namespace

int main() {
  for (const std::size_t rules :
       {std::size_t{1}, std::size_t{10}, std::size_t{100}, std::size_t{1000}, std::size_t{8192}}) {
    measure(rules);
  }
  return 0;
}
