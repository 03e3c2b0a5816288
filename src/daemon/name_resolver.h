#pragma once

// DnsResolver: asks the name service that the host is configured for (/etc/resolv.conf, /etc/hosts), with time limits
// of its own, which the resolver of the C library does not have.

#include <atomic>
#include <string>
#include <vector>

#include "reactor/descriptor.h"
#include "service/host_names.h"

namespace lunaria::daemon {

/// resolve() on worker threads, several at a time; every call reads the configuration anew.
class DnsResolver final : public service::NameResolver {
 public:
  DnsResolver();
  std::vector<service::NameAnswer> resolve(const std::vector<std::string>& names) override;
  void cancel() override;

 private:
  reactor::Descriptor cancelled_;  // an eventfd that stays readable once cancel() was called
};

}  // namespace lunaria::daemon
