#include "http/authorization.h"

#include <algorithm>

namespace lunaria::http {

Result<std::string_view, AuthorizationError> find_credentials(const Fields& fields, std::string_view scheme) {
  const auto value = fields.find("Authorization");
  if (!value) {
    return fail(AuthorizationError::kMissing);
  }
  if (fields.count("Authorization") > 1) {
    return fail(AuthorizationError::kRepeated);
  }
  const std::size_t blank = value->find(' ');
  if (!equals_ignoring_case(value->substr(0, blank), scheme)) {
    return fail(AuthorizationError::kOtherScheme);
  }
  if (blank == std::string_view::npos) {
    return fail(AuthorizationError::kMalformed);
  }
  return value->substr(std::min(value->find_first_not_of(' ', blank), value->size()));
}

}  // namespace lunaria::http
