#pragma once

// AccessList: the access rules of one target as an index, so that a login costs the same with one rule and with
// thousands. Built with each publication, immutable afterwards.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "target/config.h"

namespace lunaria::target {

/// Who wants in. Views live as long as the call they are passed to.
struct Asker {
  std::string_view initiator_name;  ///< normalised: lower case
  IpAddress address;
  std::optional<MacAddress> mac;  ///< none when the peer is not on a link of ours, or nobody has looked
};

class AccessList final {
 public:
  AccessList() = default;
  explicit AccessList(std::span<const AccessRule> rules);

  /// Whether any rule matches; no rules: nobody. Time grows with the logarithm of the number of rules.
  bool allows(const Asker& asker) const;
  /// Whether knowing the MAC address of an asker can make a difference.
  bool has_mac_rules() const { return !macs_.empty(); }

 private:
  void add(const AccessRule& rule);
  bool covers(const IpAddress& address) const;

  bool is_open_to_everyone_ = false;
  std::vector<std::string> names_;  // folded, ascending
  std::vector<IpPrefix> networks_;  // ascending, none within another: at most one can hold an address
  std::vector<MacAddress> macs_;    // ascending
};

}  // namespace lunaria::target
