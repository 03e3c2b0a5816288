#pragma once

// A small iSCSI initiator for measuring: no authentication, no digests, error recovery level 0. It shares no protocol
// code with the target, so that a mistake there is not repeated here, and never looks at the data it reads.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "session.h"

namespace lunaria::bench {

/// iscsi://IP:PORT/TARGET-NAME/LUN
struct Url {
  std::string ip;
  std::uint16_t port = 0;
  std::string target;
  std::uint8_t lun = 0;

  /// Ends the process when the text has another shape.
  static Url parse(const std::string& text);
};

/// Logged in after construction, which blocks. `number` tells the sessions of one run apart.
class IscsiSession final : public Session {
 public:
  IscsiSession(const Url& url, const Workload& workload, unsigned number, Outcome& outcome);

  /// The part of the disk that is used; all of it unless the workload says less.
  [[nodiscard]] std::uint64_t span_bytes() const { return workload_.span_bytes; }

 private:
  struct Slot {
    std::uint64_t started = 0;
    std::uint32_t data_sn = 0;
  };
  struct Reply {
    Header header;
    std::vector<std::byte> data;
  };

  void log_in(const Url& url, unsigned number);
  void read_negotiated(const std::string& answers);
  void read_capacity();
  void write_all(const std::vector<std::byte>& bytes);
  Reply read_pdu();
  void follow_sequence(std::span<const std::byte, kHeaderBytes> header);
  [[nodiscard]] Header command(std::uint32_t tag, bool write, std::uint32_t length);
  [[nodiscard]] std::uint64_t next_offset();

  void issue(std::uint64_t now) override;
  std::size_t on_header(std::span<const std::byte, kHeaderBytes> header, std::uint64_t now) override;
  void complete(std::uint32_t tag, std::uint8_t status, std::uint64_t now);
  void send_data(std::uint32_t tag, std::uint32_t transfer_tag, std::uint32_t offset, std::uint32_t length);
  void answer_ping(std::uint32_t transfer_tag);

  Workload workload_;
  Outcome& outcome_;
  std::mt19937_64 random_;
  std::uint8_t lun_;
  std::uint32_t block_size_ = 512;
  std::uint64_t capacity_bytes_ = 0;
  std::uint64_t next_sequential_ = 0;

  std::uint32_t command_sn_ = 1;
  std::uint32_t command_sn_max_ = 1;
  std::uint32_t expected_status_sn_ = 0;
  std::uint32_t send_length_max_ = 8192;  // what the target takes in one PDU
  std::uint32_t first_burst_max_ = 65536;
  bool immediate_data_ = true;
  bool initial_r2t_ = true;

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace lunaria::bench
