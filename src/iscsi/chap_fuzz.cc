// The CHAP keys of an initiator that does not know the secret: steps separated by FFh, each the text of a request.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "iscsi/chap.h"
#include "iscsi/testing/fake_shard.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lunaria;
  using namespace lunaria::iscsi;
  if (size > kTextRequestSizeMax) {
    return 0;
  }
  iscsi::testing::FakeRandom random;
  const ChapCredential initiator{.name = "alice", .secret = Secret("a secret that no fuzzer guesses")};
  const ChapCredential target{.name = "disk", .secret = Secret("another such secret")};
  ChapAuthenticator chap(initiator, &target, random);
  std::span<const std::uint8_t> rest(data, size);
  while (!rest.empty()) {
    const auto end = std::ranges::find(rest, std::uint8_t{0xFF});
    std::string text;
    std::transform(rest.begin(), end, std::back_inserter(text), [](std::uint8_t b) { return static_cast<char>(b); });
    rest = rest.subspan(std::min(rest.size(), text.size() + 1));
    const auto keys = parse_text(text);
    if (!keys) {
      continue;
    }
    TextBuilder answer;
    const auto outcome = chap.step(*keys, answer);
    check(outcome || !chap.is_done(), "a failed step does not authenticate");
  }
  check(!chap.is_done(), "nobody is authenticated without the secret");
  return 0;
}
