#pragma once

// check(): what only a bug of ours could break. On in release builds; ends the process with one line.

#include <source_location>
#include <string_view>

namespace lunaria {

/// Prints why and where, then aborts.
[[noreturn]] void check_failed(std::string_view why, const std::source_location& where) noexcept;

/// Ends the process unless `condition` holds. `why` is the reason why it must hold. Never for what a peer, a disk or
/// an administrator can cause: that is a Result.
constexpr void check(bool condition, std::string_view why,
                     const std::source_location& where = std::source_location::current()) {
  if (!condition) [[unlikely]] {
    check_failed(why, where);
  }
}

}  // namespace lunaria
