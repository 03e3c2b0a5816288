#include "block/nontemporal_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace lunaria::block {
namespace {

TEST(NontemporalCopy, CopiesWhatItIsGivenAndNothingElse) {
  constexpr std::size_t kSlack = 128;
  std::vector<std::byte> source(kNontemporalMin + 4 * kSlack);
  for (std::size_t i = 0; i < source.size(); ++i) {
    source[i] = static_cast<std::byte>(i * 7 + i / 256);
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kNontemporalMin - 1, kNontemporalMin,
                                 kNontemporalMin + 1, kNontemporalMin + kSlack}) {
    for (std::size_t from = 0; from < 65; from += 3) {
      for (std::size_t to = 0; to < 65; ++to) {
        std::vector<std::byte> target(source.size(), std::byte{0xA5});
        auto wanted = target;
        std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(from), size,
                    wanted.begin() + static_cast<std::ptrdiff_t>(to));
        nontemporal_copy(target.data() + to, std::span(source).subspan(from, size));
        ASSERT_TRUE(target == wanted) << size << " bytes from " << from << " to " << to;
      }
    }
  }
}

}  // namespace
}  // namespace lunaria::block
