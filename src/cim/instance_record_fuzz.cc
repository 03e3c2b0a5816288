// Any bytes as the record of an instance: refused, or read as an instance that is written and read again as the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "cim/instance_record.h"
#include "cim/query/sample_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const lunaria::cim::query::Sample kSample;
  const std::string record(data, data + size);
  for (const lunaria::cim::Instance& instance : kSample.instances) {
    const auto read = lunaria::cim::decode_instance(record, instance.cls(), kSample.repository, kSample.name_space);
    if (!read) {
      continue;
    }
    const auto written = lunaria::cim::encode_instance(*read);
    lunaria::check(written.has_value(), "what was read can be written");
    const auto again = lunaria::cim::decode_instance(*written, instance.cls(), kSample.repository, kSample.name_space);
    lunaria::check(again.has_value(), "what was written can be read");
    const auto rewritten = lunaria::cim::encode_instance(*again);
    lunaria::check(rewritten.has_value() && rewritten.value() == written.value(), "and it is the same");
  }
  return 0;
}
