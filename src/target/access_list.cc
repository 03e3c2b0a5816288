#include "target/access_list.h"

#include <algorithm>
#include <tuple>

namespace lunaria::target {
namespace {

/// Networks in this order lie side by side: those of one link together, larger ones before those within them.
auto order_of(const IpPrefix& prefix) {
  return std::tuple(prefix.address.is_v4(), prefix.address.scope(), prefix.address.octets(), prefix.length);
}

/// Leaves out what lies within a network that is there.
void drop_covered(std::vector<IpPrefix>& networks) {
  std::vector<IpPrefix> kept;
  for (const IpPrefix& network : networks) {
    const bool is_covered = !kept.empty() && kept.back().address.scope() == network.address.scope() &&
                            kept.back().contains(network.address);
    if (!is_covered) {
      kept.push_back(network);
    }
  }
  networks = std::move(kept);
}

template <class Value>
void sort_and_unite(std::vector<Value>& values) {
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
  values.shrink_to_fit();
}

}  // namespace

AccessList::AccessList(std::span<const AccessRule> rules) {
  for (const AccessRule& rule : rules) {
    add(rule);
  }
  sort_and_unite(names_);
  sort_and_unite(macs_);
  std::ranges::sort(networks_, {}, order_of);
  drop_covered(networks_);
  networks_.shrink_to_fit();
}

void AccessList::add(const AccessRule& rule) {
  if (const auto* name = std::get_if<InitiatorName>(&rule)) {
    if (name->value == "*") {
      is_open_to_everyone_ = true;
    } else {
      names_.push_back(fold_iscsi_name(name->value));
    }
  } else if (const auto* prefix = std::get_if<IpPrefix>(&rule)) {
    networks_.push_back(prefix->network());
  } else if (const auto* host = std::get_if<HostName>(&rule)) {
    for (const IpAddress& address : host->addresses) {
      networks_.push_back({address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)});
    }
  } else {
    macs_.push_back(std::get<MacAddress>(rule));
  }
}

bool AccessList::covers(const IpAddress& address) const {
  const IpPrefix whole{address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)};
  const auto next = std::ranges::upper_bound(networks_, order_of(whole), {}, order_of);
  if (next == networks_.begin()) {
    return false;
  }
  const IpPrefix& nearest = *std::prev(next);
  return nearest.address.scope() == address.scope() && nearest.contains(address);
}

bool AccessList::allows(const Asker& asker) const {
  if (is_open_to_everyone_ || std::ranges::binary_search(names_, asker.initiator_name) || covers(asker.address)) {
    return true;
  }
  // A rule that names no interface is for every link.
  if (asker.address.scope() != 0 && covers(asker.address.without_scope())) {
    return true;
  }
  return asker.mac && std::ranges::binary_search(macs_, *asker.mac);
}

}  // namespace lunaria::target
