#pragma once

// LoopbackClient: an initiator over a real socket, for tests that run the data plane on real threads.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "iscsi/testing/initiator.h"

namespace lunaria::testing {

/// Logical blocks of 512 bytes on every disk, blocks per command, commands at a time.
inline constexpr std::uint32_t kBlocks = 32768;
inline constexpr std::uint16_t kBlocksPerCommand = 8;
inline constexpr int kQueueDepth = 16;

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// One that the kernel has just given away and taken back.
inline std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

/// A blocking socket with an initiator's engine behind it; belongs to the test's own thread.
class LoopbackClient final {
 public:
  LoopbackClient(std::uint16_t port, iscsi::testing::InitiatorOptions options)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)), initiator_(std::move(options)) {
    const sockaddr_in address = loopback(port);
    is_connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    initiator_.start_login();
    while (is_connected_ && !initiator_.is_logged_in() && !initiator_.refusal()) {
      exchange();
    }
  }
  LoopbackClient(const LoopbackClient&) = delete;
  LoopbackClient& operator=(const LoopbackClient&) = delete;
  ~LoopbackClient() { ::close(socket_); }

  bool is_connected() const { return is_connected_; }
  bool is_logged_in() const { return is_connected_ && initiator_.is_logged_in(); }

  /// Runs `count` commands, so many at a time; false when one did not end well.
  bool run(int count, bool writes, std::uint64_t lun) {
    for (int done = 0; done < count; done += kQueueDepth) {
      std::array<std::uint32_t, kQueueDepth> tags{};
      for (std::uint32_t& tag : tags) {
        tag = initiator_.send_command(request(writes, lun));
      }
      for (const std::uint32_t tag : tags) {
        while (is_connected_ && !initiator_.outcome(tag)->done) {
          exchange();
        }
        if (!is_connected_ || initiator_.outcome(tag)->status != 0) {
          return false;
        }
      }
    }
    return true;
  }
  /// Takes the unit attention of a new nexus.
  void greet(std::uint64_t lun) {
    iscsi::testing::CommandRequest request;
    request.lun = lun << 48;
    request.cdb = iscsi::testing::Bytes(6);
    run(request);
  }
  /// Runs one command; what it says of itself when the connection is lost is that it is not done.
  const iscsi::testing::Outcome& run(const iscsi::testing::CommandRequest& request) { return finish(send(request)); }
  /// The same in two steps. Connections of one session share `command_sn()`.
  std::uint32_t send(const iscsi::testing::CommandRequest& request) {
    const std::uint32_t tag = initiator_.send_command(request);
    flush();
    return tag;
  }
  const iscsi::testing::Outcome& finish(std::uint32_t tag) {
    while (is_connected_ && !initiator_.outcome(tag)->done) {
      exchange();
    }
    return *initiator_.outcome(tag);
  }
  iscsi::testing::Initiator& initiator() { return initiator_; }

 private:
  iscsi::testing::CommandRequest request(bool is_write, std::uint64_t lun) {
    next_block_ = (next_block_ + 4099) % (kBlocks - kBlocksPerCommand);
    iscsi::testing::CommandRequest request;
    request.lun = lun << 48;
    request.cdb = iscsi::testing::Bytes(10);
    request.cdb[0] = is_write ? std::byte{0x2A} : std::byte{0x28};
    for (std::size_t i = 0; i < 4; ++i) {
      request.cdb[2 + i] = static_cast<std::byte>(next_block_ >> (24 - 8 * i));
    }
    request.cdb[8] = std::byte{kBlocksPerCommand};
    if (is_write) {
      request.write_data = iscsi::testing::Bytes(kBlocksPerCommand * 512, std::byte{0x5A});
    } else {
      request.read_length = kBlocksPerCommand * 512;
    }
    return request;
  }

  void flush() {
    const iscsi::testing::Bytes output = initiator_.take_output();
    if (!output.empty() &&
        ::send(socket_, output.data(), output.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(output.size())) {
      is_connected_ = false;
    }
  }

  void exchange() {
    flush();
    iscsi::testing::Bytes input(65536);
    const ssize_t received = ::recv(socket_, input.data(), input.size(), 0);
    if (received <= 0) {
      is_connected_ = false;
      return;
    }
    initiator_.on_bytes(std::span(input).first(static_cast<std::size_t>(received)));
  }

  int socket_;
  bool is_connected_ = false;
  iscsi::testing::Initiator initiator_;
  std::uint32_t next_block_ = 0;
};

}  // namespace lunaria::testing
