// Any bytes as a CQL and as an FQL query: the parser answers in bounded time and memory, and what it takes is evaluated
// over an instance of every kind of property.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cim/query/sample_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using lunaria::cim::query::Language;
  const std::string text(data, data + size);
  lunaria::cim::query::try_query(Language::kCql, text);
  lunaria::cim::query::try_query(Language::kFql, text);
  return 0;
}
