// Parses an Authorization value, and the same as a server's answer; a token that is taken must survive being made
// again.
#include <cstdint>

#include "base/check.h"
#include "http/limits.h"
#include "http/negotiate_authorization.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lunaria::http;
  const std::string_view value{static_cast<const char*>(static_cast<const void*>(data)), size};
  Fields fields;
  fields.add("Authorization", value);
  fields.add("WWW-Authenticate", value);
  const auto token = parse_negotiate_authorization(fields);
  const auto answer = find_negotiate_answer(fields);
  if (!token) {
    return 0;
  }
  lunaria::check(!token->empty() && token->size() <= kNegotiateTokenMax, "what is taken is within its limits");
  lunaria::check(answer && *answer == *token, "both sides read a token alike");
  Fields again;
  again.add("Authorization", negotiate_value(*token));
  const auto parsed = parse_negotiate_authorization(again);
  lunaria::check(parsed && *parsed == *token, "a token has one meaning");
  return 0;
}
