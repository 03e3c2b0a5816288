// What the helper and lunariad may be sent by whatever stands at the other end of the pipe.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pam/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(static_cast<const char*>(static_cast<const void*>(data)), size);
  if (const auto question = lunaria::pam::decode_question(bytes)) {
    const auto encoded = encode(*question);
    if (!encoded || encoded->reveal() != bytes) {
      std::abort();
    }
  }
  if (const auto answer = lunaria::pam::decode_answer(bytes)) {
    if (encode(*answer) != bytes) {
      std::abort();
    }
  }
  return 0;
}
