// Parses an Authorization value; what is taken must survive being made again.
#include <cstdint>

#include "base/check.h"
#include "http/basic_authorization.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lunaria::http;
  Fields fields;
  fields.add("Authorization", {static_cast<const char*>(static_cast<const void*>(data)), size});
  const auto credentials = parse_basic_authorization(fields);
  if (!credentials) {
    return 0;
  }
  Fields again;
  again.add("Authorization", basic_authorization(credentials->user, credentials->password).reveal());
  const auto parsed = parse_basic_authorization(again);
  lunaria::check(parsed && parsed->user == credentials->user && parsed->password == credentials->password,
                 "credentials have one meaning");
  return 0;
}
