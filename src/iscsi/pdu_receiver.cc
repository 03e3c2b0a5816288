#include "iscsi/pdu_receiver.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "iscsi/digest.h"

namespace lunaria::iscsi {

std::span<std::byte> PduReceiver::buffer() {
  return busy_ ? busy_.memory() : std::span<std::byte>(quiet_);
}

std::span<std::byte> PduReceiver::memory(runtime::BufferPool* pool) {
  direct_ = false;
  if (stage_ == Stage::kData && begin_ == end_ && std::min(sink_.size(), data_left_) >= kDirectReceiveMin) {
    direct_ = true;
    // Large segments want small reads around them, so that as much as possible of the next one is direct again.
    filled_ = false;
    quiet_receives_ = kQuietReceivesMax;
    return sink_.first(std::min(sink_.size(), data_left_));
  }
  adapt(pool);
  const auto whole = buffer();
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ != 0) {
    std::memmove(whole.data(), whole.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  check(end_ < whole.size(), "what is left of a PDU outside its data segment is smaller than the receive memory");
  const auto free = whole.subspan(end_);
  offered_ = caught_up_ ? std::min(free.size(), kFirstReceiveSize) : free.size();
  return free.first(offered_);
}

// A receive that filled the quiet memory says that more is waiting; many small ones say that it is not worth it.
void PduReceiver::adapt(runtime::BufferPool* pool) {
  const std::size_t left = end_ - begin_;
  if (!busy_ && filled_ && pool != nullptr) {
    busy_ = pool->try_allocate(kBusyReceiveSize);
    if (busy_) {
      std::memcpy(busy_.memory().data(), quiet_.data() + begin_, left);
      begin_ = 0;
      end_ = left;
    }
  } else if (busy_ && quiet_receives_ >= kQuietReceivesMax && left < kQuietReceiveSize) {
    std::memcpy(quiet_.data(), busy_.memory().data() + begin_, left);
    begin_ = 0;
    end_ = left;
    busy_.reset();
  }
  filled_ = false;
}

void PduReceiver::received(std::size_t count) {
  if (direct_) {
    check(count <= sink_.size() && count <= data_left_, "no more is received than there was memory for");
    if (data_digest_) {
      crc_ = crc32c_update(crc_, sink_.first(count));
    }
    sink_ = sink_.subspan(count);
    data_left_ -= count;
    return;
  }
  end_ += count;
  caught_up_ = stage_ == Stage::kHeader && count < offered_;
  check(end_ <= buffer().size(), "no more is received than there was memory for");
  filled_ = end_ == buffer().size();
  quiet_receives_ = count < kQuietReceiveSize ? quiet_receives_ + 1 : 0;
}

PduReceiver::Event PduReceiver::next() {
  if (stage_ == Stage::kHeader) {
    return next_header();
  }
  if (stage_ == Stage::kHeaderReady) {
    return Event::kHeader;
  }
  if (stage_ == Stage::kData) {
    move_data();
    if (data_left_ != 0) {
      return Event::kNeedMore;
    }
    stage_ = Stage::kTrailer;
  }
  return next_trailer();
}

PduReceiver::Event PduReceiver::next_header() {
  const auto available = std::span<const std::byte>(buffer()).subspan(begin_, end_ - begin_);
  if (available.size() < bhs::kSize) {
    return Event::kNeedMore;
  }
  const std::size_t ahs_size = std::size_t{bhs::TotalAhsLength::get(available.first<bhs::kSize>())} * 4;
  const std::size_t covered = bhs::kSize + ahs_size;
  const std::size_t total = covered + (header_digest_ ? kDigestSize : 0);
  if (available.size() < total) {
    return Event::kNeedMore;
  }
  if (header_digest_ &&
      !digest_matches(available.subspan(covered).first<kDigestSize>(), crc32c(available.first(covered)))) {
    return Event::kHeaderDigestError;
  }
  header_size_ = total;
  stage_ = Stage::kHeaderReady;
  return Event::kHeader;
}

PduReceiver::Header PduReceiver::header() const {
  const auto whole = busy_ ? std::span<const std::byte>(busy_.memory()) : std::span<const std::byte>(quiet_);
  const auto basic = whole.subspan(begin_).first<bhs::kSize>();
  const std::size_t ahs_size = std::size_t{bhs::TotalAhsLength::get(basic)} * 4;
  return {.basic = basic,
          .additional = whole.subspan(begin_ + bhs::kSize, ahs_size),
          .data_length = bhs::DataSegmentLength::get(basic)};
}

void PduReceiver::accept(std::span<std::byte> sink) {
  check(stage_ == Stage::kHeaderReady, "accept() follows kHeader");
  data_left_ = header().data_length;
  has_data_ = data_left_ != 0;
  caught_up_ = caught_up_ && !has_data_;
  padding_ = padding_after(data_left_);
  sink_ = sink;
  crc_ = kCrc32cSeed;
  begin_ += header_size_;
  stage_ = Stage::kData;
}

void PduReceiver::move_data() {
  const std::size_t count = std::min(end_ - begin_, data_left_);
  if (count == 0) {
    return;
  }
  const auto bytes = std::span<const std::byte>(buffer()).subspan(begin_, count);
  const std::size_t wanted = std::min(count, sink_.size());
  if (wanted != 0) {
    std::memcpy(sink_.data(), bytes.data(), wanted);
    sink_ = sink_.subspan(wanted);
  }
  if (data_digest_) {
    crc_ = crc32c_update(crc_, bytes);
  }
  begin_ += count;
  data_left_ -= count;
}

PduReceiver::Event PduReceiver::next_trailer() {
  const bool digest = data_digest_ && has_data_;
  const std::size_t size = padding_ + (digest ? kDigestSize : 0);
  const auto available = std::span<const std::byte>(buffer()).subspan(begin_, end_ - begin_);
  if (available.size() < size) {
    return Event::kNeedMore;
  }
  Event event = Event::kPdu;
  if (digest) {
    const std::uint32_t crc = crc32c_finish(crc32c_update(crc_, available.first(padding_)));
    if (!digest_matches(available.subspan(padding_).first<kDigestSize>(), crc)) {
      event = Event::kDataDigestError;
    }
  }
  begin_ += size;
  sink_ = {};
  stage_ = Stage::kHeader;
  return event;
}

void PduReceiver::release() {
  busy_.reset();
  begin_ = end_ = 0;
  sink_ = {};
  direct_ = false;
  stage_ = Stage::kHeader;
}

}  // namespace lunaria::iscsi
