#include "base/secret.h"

#include <cstring>

namespace lunaria {

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.wipe();
  }
  return *this;
}

bool operator==(const Secret& left, const Secret& right) {
  unsigned char difference = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
    difference |= static_cast<unsigned char>(left.bytes_[i] ^ right.bytes_[i]);
  }
  return difference == 0;
}

void Secret::wipe() noexcept {
  explicit_bzero(bytes_.data(), bytes_.capacity());
  bytes_.clear();
}

}  // namespace lunaria
