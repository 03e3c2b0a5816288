#pragma once

// Result<T, E>: how a function of ours says that it may fail. Each layer has its own small E; see docs/decisions/0003.

#include <expected>
#include <type_traits>
#include <utility>

namespace lunaria {

/// A value, or the reason why there is none. Dropping one is a compile error (-Werror=unused-result).
template <class T, class E>
class [[nodiscard]] Result : public std::expected<T, E> {
 public:
  using std::expected<T, E>::expected;
};

/// Leaves a function with an error: `return fail(LoginError::kInvalidPhase);`.
template <class E>
[[nodiscard]] constexpr std::unexpected<std::decay_t<E>> fail(E&& error) {
  return std::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace lunaria
