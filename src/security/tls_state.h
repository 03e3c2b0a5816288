#pragma once

// What TLS contexts and engines are made of. For the .cc files of this folder alone.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "security/openssl_handles.h"

namespace lunaria::security::internal {

struct ContextState {
  UniqueSslContext context;
  std::string fingerprint;
  std::string pinned_fingerprint;  ///< clients only: empty when chains are verified
};

/// Bytes on their way between the owner and OpenSSL. Gives its memory back when it runs empty.
class ByteQueue final {
 public:
  std::size_t size() const { return bytes_.size() - first_; }
  std::span<const std::byte> content() const { return std::span(bytes_).subspan(first_); }
  void append(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void drop(std::size_t count) {
    first_ += count;
    if (first_ == bytes_.size()) {
      first_ = 0;
      if (bytes_.capacity() > kKeptCapacity) {
        std::vector<std::byte>().swap(bytes_);
      } else {
        bytes_.clear();
      }
    }
  }

 private:
  static constexpr std::size_t kKeptCapacity = 512;
  std::vector<std::byte> bytes_;
  std::size_t first_ = 0;
};

struct EngineState {
  std::shared_ptr<const ContextState> context;
  UniqueBioMethod method;
  UniqueSsl ssl;
  ByteQueue input;
  ByteQueue output;
  bool input_ended = false;
  bool failed = false;
  std::size_t handshake_bytes = 0;
};

}  // namespace lunaria::security::internal
