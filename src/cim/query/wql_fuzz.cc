// Any bytes as a WQL query: the parser answers in bounded time and memory, and what it takes is evaluated over an
// instance of every kind of property.

#include <cstddef>
#include <cstdint>
#include <string>

#include "cim/query/sample_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lunaria::cim::query::try_query(lunaria::cim::query::Language::kWql, std::string(data, data + size));
  return 0;
}
