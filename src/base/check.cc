#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace lunaria {

void check_failed(std::string_view why, const std::source_location& where) noexcept {
  std::fprintf(stderr, "%s:%u: check failed: %.*s\n", where.file_name(), where.line(), static_cast<int>(why.size()),
               why.data());
  std::abort();
}

}  // namespace lunaria
