#pragma once

// PduReceiver: from a stream of bytes to PDUs. It owns the receive memory, finds headers, checks digests and moves data
// segments to where the caller wants them; it knows nothing of what the PDUs mean.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "iscsi/bhs.h"
#include "iscsi/limits.h"
#include "runtime/buffer_pool.h"

namespace lunaria::iscsi {

/// Pull style: call `next` until it says kNeedMore. After kHeader call `accept` (or return later: the header stays
/// pending and `next` says kHeader again).
class PduReceiver final {
 public:
  enum class Event : std::uint8_t {
    kNeedMore,
    kHeader,             ///< header() is valid until the next call of accept
    kHeaderDigestError,  ///< nothing after it can be trusted
    kPdu,                ///< the accepted PDU is complete
    kDataDigestError,    ///< complete, but its data is not what was sent
  };
  struct Header {
    bhs::View basic;
    std::span<const std::byte> additional;  ///< the AHSs
    std::uint32_t data_length;
  };

  PduReceiver() = default;
  PduReceiver(const PduReceiver&) = delete;
  PduReceiver& operator=(const PduReceiver&) = delete;

  void set_digests(bool header, bool data) {
    header_digest_ = header;
    data_digest_ = data;
  }

  /// Where to receive. May take a busy buffer from the pool, if one is given.
  std::span<std::byte> memory(runtime::BufferPool* pool);
  /// `count` bytes came there.
  void received(std::size_t count);

  Event next();
  Header header() const;
  /// Says where the data segment goes: its first bytes into `sink`, what is longer is dropped. The sink stays in place
  /// until kPdu.
  void accept(std::span<std::byte> sink);

  /// Nothing of a PDU has been received.
  bool is_between_pdus() const { return stage_ == Stage::kHeader && begin_ == end_; }
  /// Gives the busy buffer back; what was in it is lost.
  void release();

 private:
  enum class Stage : std::uint8_t { kHeader, kHeaderReady, kData, kTrailer };

  std::span<std::byte> buffer();
  Event next_header();
  void move_data();
  Event next_trailer();
  void adapt(runtime::BufferPool* pool);

  std::array<std::byte, kQuietReceiveSize> quiet_;
  runtime::Buffer busy_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool header_digest_ = false;
  bool data_digest_ = false;
  bool direct_ = false;      // the last memory() was the sink's
  bool filled_ = false;      // the last receive filled the quiet memory to its end
  bool caught_up_ = false;   // the last receive brought all that there was, and no data segment so far
  std::size_t offered_ = 0;  // room for it
  unsigned quiet_receives_ = 0;

  Stage stage_ = Stage::kHeader;
  std::size_t header_size_ = 0;
  std::size_t data_left_ = 0;
  std::size_t padding_ = 0;
  bool has_data_ = false;
  std::uint32_t crc_ = 0;
  std::span<std::byte> sink_;
};

}  // namespace lunaria::iscsi
