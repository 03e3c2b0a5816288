#include "security/small_file.h"

#include <cerrno>
#include <memory>

namespace lunaria::security {
namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::vector<std::byte>, runtime::IoError> read_small_file(runtime::FileSystem& files, const std::string& path,
                                                                 std::size_t size_max) {
  const auto status = files.status(path);
  if (!status) {
    return fail(status.error());
  }
  if (status->is_directory) {
    return fail(runtime::IoError{EISDIR});
  }
  if (status->size > size_max) {
    return fail(runtime::IoError{EFBIG});
  }
  const auto file = files.open(path, {.write = false});
  if (!file) {
    return fail(file.error());
  }
  std::vector<std::byte> content(static_cast<std::size_t>(status->size));
  std::size_t done = 0;
  while (done < content.size()) {
    const auto count = (*file)->read_at(done, std::span(content).subspan(done));
    if (!count) {
      return fail(count.error());
    }
    if (*count == 0) {
      break;
    }
    done += *count;
  }
  content.resize(done);
  return content;
}

Result<void, runtime::IoError> write_small_file(runtime::FileSystem& files, const std::string& path,
                                                std::span<const std::byte> content, FileAccess access) {
  const std::string temporary = path + ".new";
  const auto leftover = files.status(temporary);
  if (leftover) {  // of a crash in the middle
    const auto removed = files.remove(temporary);
    if (!removed) {
      return fail(removed.error());
    }
  }
  {
    const auto file =
        files.open(temporary, {.write = true, .create_new = true, .owner_only = access == FileAccess::kOwnerOnly});
    if (!file) {
      return fail(file.error());
    }
    const auto written = (*file)->write_at(0, content);
    if (!written) {
      return fail(written.error());
    }
    const auto synced = (*file)->sync();
    if (!synced) {
      return fail(synced.error());
    }
  }
  const auto renamed = files.rename(temporary, path);
  if (!renamed) {
    return fail(renamed.error());
  }
  return files.sync_directory(directory_of(path));
}

}  // namespace lunaria::security
