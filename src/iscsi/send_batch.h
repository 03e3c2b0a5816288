#pragma once

// SendBatch: the PDUs of one send: headers, padding and digests in memory of its own, data where it lies.

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>

#include "iscsi/bhs.h"
#include "iscsi/digest.h"
#include "iscsi/limits.h"

namespace lunaria::iscsi {

/// Filled when empty, then sent, then emptied. Neighbouring pieces share a vector, so answers without data leave as
/// one.
class SendBatch final {
 public:
  SendBatch() = default;
  SendBatch(const SendBatch&) = delete;
  SendBatch& operator=(const SendBatch&) = delete;

  /// In force for the PDUs added from now on.
  void set_digests(bool header, bool data) {
    header_digest_ = header;
    data_digest_ = data;
  }

  bool has_room() const {
    return pdu_count_ < kSendPdusMax && vector_count_ + 3 <= kSendVectorsMax && bytes_ < kSendBytesMax;
  }
  bool empty() const { return vector_count_ == 0; }

  /// A zeroed header to fill in; only when has_room(). `seal` ends the PDU.
  bhs::Bytes begin();
  /// Sets DataSegmentLength and adds the data segment, which stays in place until the batch is sent.
  void seal(std::span<const std::byte> data);

  /// What is still to be sent.
  std::span<const iovec> vectors() const { return std::span(vectors_).subspan(first_, vector_count_ - first_); }
  /// So much has been sent; true when that was the rest. The batch is empty then.
  bool sent(std::size_t count);
  /// What is still to be sent of `from` is sent from the same place in `to`; false when there is nothing of it.
  bool relocate(std::span<const std::byte> from, std::span<std::byte> to);
  void clear();
  std::size_t pdu_count() const { return pdu_count_; }

 private:
  static constexpr std::size_t kFrame = bhs::kSize + kDigestSize + kDigestSize + 4;

  void append(std::span<const std::byte> bytes);

  std::array<iovec, kSendVectorsMax> vectors_;
  std::size_t first_ = 0;
  std::size_t vector_count_ = 0;
  std::size_t pdu_count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t used_ = 0;
  std::size_t header_at_ = 0;
  bool header_digest_ = false;
  bool data_digest_ = false;
  std::array<std::byte, kSendPdusMax * kFrame> frames_;
};

}  // namespace lunaria::iscsi
