#include "daemon/audit_file.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <span>

namespace lunaria::daemon {

using runtime::IoError;

std::string AuditFile::name_of(std::uint32_t age) const {
  return age == 0 ? settings_.path : settings_.path + '.' + std::to_string(age);
}

Result<void, IoError> AuditFile::open() {
  if (const auto made = files_.create_directories(std::filesystem::path(settings_.path).parent_path()); !made) {
    return made;
  }
  if (!files_.status(settings_.path)) {
    return make();
  }
  auto opened = files_.open(settings_.path, {});
  if (!opened) {
    return fail(opened.error());
  }
  const auto size = (*opened)->size();
  if (!size) {
    return fail(size.error());
  }
  file_ = *std::move(opened);
  size_ = *size;
  if (size_ == 0) {
    return {};
  }
  std::array<std::byte, 1> last{};
  if (const auto read = file_->read_at(size_ - 1, last); !read) {
    return fail(read.error());
  }
  return last[0] == std::byte{'\n'} ? Result<void, IoError>() : append("\n");
}

Result<void, IoError> AuditFile::make() {
  auto made = files_.open(settings_.path, {.create_new = true});
  if (!made) {
    return fail(made.error());
  }
  file_ = *std::move(made);
  size_ = 0;
  return {};
}

Result<void, IoError> AuditFile::rotate() {
  file_.reset();
  if (const std::string oldest = name_of(settings_.count_max - 1); files_.status(oldest)) {
    if (const auto removed = files_.remove(oldest); !removed) {
      return removed;
    }
  }
  for (std::uint32_t age = settings_.count_max - 1; age > 0; --age) {
    if (!files_.status(name_of(age - 1))) {
      continue;
    }
    if (const auto renamed = files_.rename(name_of(age - 1), name_of(age)); !renamed) {
      return renamed;
    }
  }
  return make();
}

Result<void, IoError> AuditFile::append(std::string_view lines) {
  if (file_ == nullptr) {  // the last call could not make it
    if (const auto opened = open(); !opened) {
      return opened;
    }
  }
  if (size_ != 0 && size_ + lines.size() > settings_.size_max) {
    if (const auto rotated = rotate(); !rotated) {
      return rotated;
    }
  }
  const auto written = file_->write_at(size_, std::as_bytes(std::span(lines)));
  if (written) {
    size_ += lines.size();
  }
  return written;
}

}  // namespace lunaria::daemon
