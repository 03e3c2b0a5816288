#include "iscsi/send_batch.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace lunaria::iscsi {

bhs::Bytes SendBatch::begin() {
  check(has_room(), "begin() follows has_room()");
  header_at_ = used_;
  const auto header = std::span(frames_).subspan(header_at_).first<bhs::kSize>();
  std::ranges::fill(header, std::byte{});
  return header;
}

void SendBatch::seal(std::span<const std::byte> data) {
  const auto header = std::span(frames_).subspan(header_at_).first<bhs::kSize>();
  bhs::DataSegmentLength::set(header, static_cast<std::uint32_t>(data.size()));
  std::size_t frame_size = bhs::kSize;
  if (header_digest_) {
    write_digest(std::span(frames_).subspan(header_at_ + frame_size).first<kDigestSize>(), crc32c(header));
    frame_size += kDigestSize;
  }
  append(std::span(frames_).subspan(header_at_, frame_size));
  used_ = header_at_ + frame_size;
  ++pdu_count_;
  if (data.empty()) {
    return;
  }
  append(data);
  const std::size_t padding = padding_after(data.size());
  const auto trailer = std::span(frames_).subspan(used_, padding + (data_digest_ ? kDigestSize : 0));
  std::ranges::fill(trailer.first(padding), std::byte{});
  if (data_digest_) {
    const std::uint32_t crc = crc32c_update(crc32c_update(kCrc32cSeed, data), trailer.first(padding));
    write_digest(trailer.subspan(padding).first<kDigestSize>(), crc32c_finish(crc));
  }
  if (!trailer.empty()) {
    append(trailer);
    used_ += trailer.size();
  }
}

void SendBatch::append(std::span<const std::byte> bytes) {
  bytes_ += bytes.size();
  if (vector_count_ != 0) {
    iovec& last = vectors_[vector_count_ - 1];
    if (static_cast<const std::byte*>(last.iov_base) + last.iov_len == bytes.data()) {
      last.iov_len += bytes.size();
      return;
    }
  }
  // iovec has no constness; sending only reads.
  vectors_[vector_count_++] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

bool SendBatch::sent(std::size_t count) {
  while (count != 0) {
    check(first_ < vector_count_, "no more is sent than there was");
    iovec& vector = vectors_[first_];
    if (count < vector.iov_len) {
      vector.iov_base = static_cast<std::byte*>(vector.iov_base) + count;
      vector.iov_len -= count;
      return false;
    }
    count -= vector.iov_len;
    ++first_;
  }
  if (first_ != vector_count_) {
    return false;
  }
  clear();
  return true;
}

bool SendBatch::relocate(std::span<const std::byte> from, std::span<std::byte> to) {
  bool is_found = false;
  for (iovec& vector : std::span(vectors_).subspan(first_, vector_count_ - first_)) {
    const auto* begin = static_cast<const std::byte*>(vector.iov_base);
    const bool is_inside =
        !std::less<>()(begin, from.data()) && !std::less<>()(from.data() + from.size(), begin + vector.iov_len);
    if (is_inside) {
      vector.iov_base = to.data() + (begin - from.data());
      is_found = true;
    }
  }
  return is_found;
}

void SendBatch::clear() {
  first_ = vector_count_ = pdu_count_ = bytes_ = used_ = 0;
}

}  // namespace lunaria::iscsi
