#pragma once

// A connection that keeps a number of requests in flight and measures each. Two kinds: an iSCSI session, and the bare
// exchange of fixed-size messages that bench/limit_server answers.

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "histogram.h"

namespace lunaria::bench {

/// What is asked: the same for all sessions of a run.
struct Workload {
  unsigned write_percent = 0;  ///< of the commands; the others read
  bool random = true;
  std::uint32_t block_bytes = 4096;
  std::uint32_t depth = 32;
  std::uint64_t span_bytes = 0;  ///< 0: the whole disk
  std::uint64_t seed = 1;
  std::size_t input_bytes = std::size_t{1} << 20;  ///< of memory that a session reads into
};

/// What came of one session. `recording` is switched on after the warm-up.
struct Outcome {
  bool recording = false;
  std::uint64_t errors = 0;
  Histogram latency;
};

/// One connection. `pump()` is called whenever its socket is readable; output that the socket does not take is kept.
class Session {
 public:
  static constexpr std::size_t kHeaderBytes = 48;
  using Header = std::array<std::byte, kHeaderBytes>;

  /// `input_bytes`: what is read at once.
  Session(int fd, std::size_t input_bytes) : fd_(fd), input_(input_bytes) {}
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool output_waits() const { return next_output_ < output_.size(); }

  /// Puts the first requests into flight.
  void start();
  /// Reads what is there (waits for it where `wait`), completes, asks anew, writes.
  void pump(bool wait);
  /// Writes as much as the socket takes.
  void flush();

 protected:
  /// Fills the pipe as far as depth and window allow, through send().
  virtual void issue(std::uint64_t now) = 0;
  /// A whole header has come. Returns the bytes that follow it and that nobody looks at.
  virtual std::size_t on_header(std::span<const std::byte, kHeaderBytes> header, std::uint64_t now) = 0;

  /// Queues a header and `data_bytes` of filling (at most kPayloadBytesMax).
  void send(const Header& header, std::size_t data_bytes);

  static constexpr std::size_t kPayloadBytesMax = std::size_t{1} << 20;

 private:
  struct Output {
    Header header;
    std::size_t data_bytes;
  };

  void consume(std::uint64_t now);

  int fd_;
  std::vector<std::byte> input_;
  std::size_t held_ = 0;      // bytes at the front of input_ that are not read yet
  std::size_t skipping_ = 0;  // bytes to come that nobody looks at
  std::vector<Output> output_;
  std::size_t next_output_ = 0;
  std::size_t sent_of_next_ = 0;
};

/// Requests and answers of fixed sizes, as an iSCSI read or write has them, and nothing else.
class BareSession final : public Session {
 public:
  /// `request_data` and `answer_data`: bytes after the 48 of the header.
  BareSession(int fd, const Workload& workload, std::size_t request_data, std::size_t answer_data, Outcome& outcome)
      : Session(fd, workload.input_bytes),
        free_(workload.depth),
        started_(workload.depth),
        request_data_(request_data),
        answer_data_(answer_data),
        outcome_(outcome) {}

 private:
  void issue(std::uint64_t now) override;
  std::size_t on_header(std::span<const std::byte, kHeaderBytes> header, std::uint64_t now) override;

  std::size_t free_;
  std::vector<std::uint64_t> started_;  // a ring: answers come in order
  std::size_t oldest_ = 0;
  std::size_t newest_ = 0;
  std::size_t request_data_;
  std::size_t answer_data_;
  Outcome& outcome_;
};

}  // namespace lunaria::bench
