#include "providers/errors.h"

#include <utility>

namespace lunaria::providers {

cim::Error to_cim(const service::Error& error) {
  return cim::Error(to_status(error.code), error.message);
}

cim::Error invalid_parameter(std::string message) {
  return cim::Error(cim::Status::kInvalidParameter, std::move(message));
}

cim::Error not_found(std::string message) {
  return cim::Error(cim::Status::kNotFound, std::move(message));
}

cim::Error not_supported(std::string message) {
  return cim::Error(cim::Status::kNotSupported, std::move(message));
}

}  // namespace lunaria::providers
