#pragma once

// A secret in memory: wiped when it goes, never printed, compared in constant time.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lunaria {

/// Owns a password, CHAP secret or key. Copying is explicit (`clone`), and there is no conversion to text other than
/// `reveal`, which every use can be searched for.
class Secret final {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : bytes_(text) {}
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  Secret clone() const { return Secret(bytes_); }
  /// The bytes themselves, valid while this object lives unchanged.
  std::string_view reveal() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  /// Constant time in the length of the shorter one.
  friend bool operator==(const Secret& left, const Secret& right);

 private:
  void wipe() noexcept;
  std::string bytes_;
};

}  // namespace lunaria
