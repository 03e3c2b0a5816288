// A fuzzer that must fail. It reads one byte past the end of a heap buffer for inputs that begin with "Luna!"; the
// corpus holds "Luna?". The test passes only when AddressSanitizer reports that read: it shows that fuzzers are
// instrumented, get past their corpus, and that a report reaches the person who runs them.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kMagic = "Luna!";
  if (size < kMagic.size()) {
    return 0;
  }
  for (std::size_t i = 0; i < kMagic.size(); ++i) {
    if (data[i] != static_cast<std::uint8_t>(kMagic[i])) {
      return 0;
    }
  }
  const auto heap = std::make_unique<std::uint8_t[]>(size);
  const volatile std::uint8_t* past_end = heap.get() + size;
  return *past_end == 0 ? 0 : -1;
}
