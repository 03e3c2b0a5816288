// Feeds a ServerConnection: the same bytes whole and in small pieces must mean the same requests and failures.
#include <cstdint>

#include "base/check.h"
#include "http/engine_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lunaria::http;
  const std::string_view input(static_cast<const char*>(static_cast<const void*>(data)), size);
  const testing::Exchange whole = testing::run(input, 1U << 30);
  const testing::Exchange bytes = testing::run(input, 1);
  lunaria::check(whole.failure == bytes.failure, "the failure does not depend on how bytes arrive");
  lunaria::check(whole.requests.size() == bytes.requests.size(), "nor do the requests");
  for (std::size_t i = 0; i < whole.requests.size(); ++i) {
    lunaria::check(whole.requests[i].target == bytes.requests[i].target, "nor their targets");
    const bool complete = i + 1 < whole.requests.size() || whole.failure == 0;
    lunaria::check(!complete || whole.bodies[i] == bytes.bodies[i], "nor their bodies");
  }
  return 0;
}
