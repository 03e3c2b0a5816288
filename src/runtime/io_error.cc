#include "runtime/io_error.h"

#include <cstring>

namespace lunaria::runtime {

std::string to_string(IoError error) {
  const char* name = strerrorname_np(error.code);
  const char* text = strerrordesc_np(error.code);
  return std::string(text != nullptr ? text : "unknown error") + " (" +
         (name != nullptr ? std::string(name) : std::to_string(error.code)) + ")";
}

}  // namespace lunaria::runtime
