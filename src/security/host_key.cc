#include "security/host_key.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <array>
#include <cerrno>

#include "security/small_file.h"

namespace lunaria::security {
namespace {

Result<HostKey, HostKeyError> create(runtime::FileSystem& files, runtime::Random& random, const std::string& path) {
  std::array<std::byte, kHostKeyBytes> bytes{};
  random.fill(bytes);
  const auto written = write_small_file(files, path, bytes, FileAccess::kOwnerOnly);
  if (!written) {
    return fail(HostKeyError{fmt::format("cannot write the host key {}: {}", path, to_string(written.error()))});
  }
  HostKey key{std::span<const std::byte, kHostKeyBytes>(bytes)};
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

}  // namespace

Result<HostKey, HostKeyError> load_or_create_host_key(runtime::FileSystem& files, runtime::Random& random,
                                                      const std::string& path) {
  const auto status = files.status(path);
  if (!status) {
    if (status.error().code == ENOENT) {
      return create(files, random, path);
    }
    return fail(HostKeyError{fmt::format("cannot look at the host key {}: {}", path, to_string(status.error()))});
  }
  constexpr std::uint32_t kOthers = 0077;
  if ((status->permissions & kOthers) != 0) {
    return fail(HostKeyError{
        fmt::format("the host key {} is open to others (mode {:04o}): chmod 600 it", path, status->permissions)});
  }
  auto bytes = read_small_file(files, path, kHostKeyBytes);
  if (!bytes) {
    return fail(HostKeyError{fmt::format("cannot read the host key {}: {}", path, to_string(bytes.error()))});
  }
  if (bytes->size() != kHostKeyBytes) {
    return fail(
        HostKeyError{fmt::format("the host key {} has {} bytes instead of {}: put back the file that the "
                                 "stored secrets were sealed with",
                                 path, bytes->size(), kHostKeyBytes)});
  }
  HostKey key{std::span<const std::byte, kHostKeyBytes>(bytes->data(), kHostKeyBytes)};
  OPENSSL_cleanse(bytes->data(), bytes->size());
  return key;
}

}  // namespace lunaria::security
