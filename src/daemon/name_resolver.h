#pragma once

// DnsResolver: asks the name service that the host is configured for (/etc/resolv.conf, /etc/hosts), with time limits
// of its own, which the resolver of the C library does not have.

#include <memory>
#include <string>
#include <vector>

#include "daemon/name_conversation.h"
#include "reactor/descriptor.h"
#include "service/host_names.h"

namespace lunaria::daemon {

/// resolve() on worker threads, several at a time, beside one conversation. Every call, and every second of the
/// conversation, reads the configuration anew.
class DnsResolver final : public service::NameResolver, public NameConversation {
 public:
  DnsResolver();
  ~DnsResolver() override;
  std::vector<service::NameAnswer> resolve(const std::vector<std::string>& names) override;
  void cancel() override;
  std::vector<service::NameAnswer> go_on(const std::vector<std::string>& names) override;
  void wake() override;

 private:
  class Conversation;

  reactor::Descriptor cancelled_;  // an eventfd that stays readable once cancel() was called
  reactor::Descriptor woken_;      // an eventfd
  std::unique_ptr<Conversation> conversation_;
};

}  // namespace lunaria::daemon
