// Where logins may be sent: not round in a circle on this server.

#include <fmt/format.h>

#include <algorithm>

#include "service/core.h"
#include "service/names.h"

namespace lunaria::service {
namespace {

/// The tag of our portal at an address; nullopt when it is not ours, or is a name.
std::optional<std::uint16_t> tag_at(const Core& core, std::string_view address, const std::vector<IpAddress>& local) {
  const std::optional<IpEndpoint> endpoint = IpEndpoint::parse(address);
  if (!endpoint) {
    return std::nullopt;
  }
  const bool is_local = endpoint->address.is_loopback() || std::ranges::find(local, endpoint->address) != local.end();
  std::optional<std::uint16_t> any;
  for (const auto& [text, portal] : core.contents.portals) {
    const std::optional<IpAddress> own = IpAddress::parse(text);
    if (!own || portal.port != endpoint->port || !portal.listen) {
      continue;
    }
    if (*own == endpoint->address) {
      return portal.portal_group_tag;
    }
    if (own->is_any() && is_local) {
      any = portal.portal_group_tag;
    }
  }
  return any;
}

const Redirect* redirect_at(const std::vector<Redirect>& redirects, std::uint16_t tag) {
  const auto own = std::ranges::find(redirects, std::optional(tag), &Redirect::portal_group_tag);
  const auto general = std::ranges::find(redirects, std::optional<std::uint16_t>(), &Redirect::portal_group_tag);
  const auto found = own != redirects.end() ? own : general;
  return found == redirects.end() ? nullptr : &*found;
}

Outcome<void> check_way(const Core& core, const Redirect& first, const std::vector<Redirect>& redirects,
                        const std::vector<std::uint16_t>& portal_groups, const std::vector<IpAddress>& local) {
  const Redirect* redirect = &first;
  for (std::size_t hops = 0; redirect != nullptr; ++hops) {
    const std::optional<std::uint16_t> tag = tag_at(core, redirect->address, local);
    if (!tag) {
      return {};
    }
    if (!portal_groups.empty() && !std::ranges::binary_search(portal_groups, *tag)) {
      return fail(Error{ErrorCode::kInvalidArgument,
                        fmt::format("{} is a portal of this server in group {}, where the target is not offered.",
                                    redirect->address, *tag)});
    }
    if (hops > redirects.size()) {
      return fail(
          Error{ErrorCode::kInvalidArgument,
                fmt::format("{} is a portal of this server, and logins there would be sent on for ever. Say for "
                            "which portal group the redirect is, or send them to another server.",
                            first.address)});
    }
    redirect = redirect_at(redirects, *tag);
  }
  return {};
}

}  // namespace

Outcome<void> check_redirects(const Core& core, const std::vector<Redirect>& redirects,
                              const std::vector<std::uint16_t>& portal_groups, const std::vector<IpAddress>& local) {
  for (const Redirect& redirect : redirects) {
    const auto same = std::ranges::count(redirects, redirect.portal_group_tag, &Redirect::portal_group_tag);
    if (same > 1) {
      return fail(Error{ErrorCode::kInvalidArgument, "A portal group has one redirect at most."});
    }
    Outcome<void> known =
        redirect.portal_group_tag ? check_portal_group(core, *redirect.portal_group_tag) : Outcome<void>();
    if (!known) {
      return known;
    }
    Outcome<void> way = check_way(core, redirect, redirects, portal_groups, local);
    if (!way) {
      return way;
    }
  }
  return {};
}

}  // namespace lunaria::service
