// Any bytes as a WQL query: the parser answers in bounded time and memory, and what it takes is evaluated over an
// instance of every kind of property. The same bytes as the path of ASSOCIATORS OF.

#include <cstddef>
#include <cstdint>
#include <string>

#include "cim/query/sample_for_test.h"
#include "cim/query/wql_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  lunaria::cim::query::try_query(lunaria::cim::query::Language::kWql, text);
  static_cast<void>(lunaria::cim::query::parse_wql_path(text, [](const auto&) { return std::string("Key"); }));
  return 0;
}
