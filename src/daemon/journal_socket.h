#pragma once

// JournalSocket: where systemd's journal takes datagrams. Sending never waits: a journal that is not there or does not
// keep up gets nothing.

#include <string>
#include <string_view>

#include "reactor/descriptor.h"

namespace lunaria::daemon {

/// One thread at a time.
class JournalSocket final {
 public:
  /// Where systemd has it.
  static constexpr std::string_view kDefaultPath = "/run/systemd/journal/socket";

  explicit JournalSocket(std::string path);

  /// Whether the kernel has taken it. The path is looked up each time: the journal may come and go.
  bool send(std::string_view datagram);

 private:
  std::string path_;
  reactor::Descriptor socket_;
};

}  // namespace lunaria::daemon
